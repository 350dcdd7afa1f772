"""Files of keypoints and of 3D poses: read, recognised, written whole or not at all."""
