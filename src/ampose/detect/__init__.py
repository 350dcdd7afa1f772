"""2D detectors, one file each, by name."""
