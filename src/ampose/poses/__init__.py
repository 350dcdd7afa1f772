"""What a pose is: keypoints and positions over time, skeletons, cameras, and the metrics that compare poses."""
