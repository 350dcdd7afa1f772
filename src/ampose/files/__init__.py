"""Files of keypoints and of 3D poses: recognised, read, and written whole or not at all."""
