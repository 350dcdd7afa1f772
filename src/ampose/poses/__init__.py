"""Poses: 2D and 3D keypoints over time, skeletons, cameras, and the metrics that compare poses."""
