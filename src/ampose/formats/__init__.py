"""File formats, one file each, by suffix."""
