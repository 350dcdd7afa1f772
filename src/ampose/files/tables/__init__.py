"""Tables in Parquet, a row for each person in each image: keypoints to lift in bulk, and the poses they become."""
