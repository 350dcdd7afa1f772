"""From an image, a video or a camera to 3D poses."""
