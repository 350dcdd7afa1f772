"""The data engine: from motion capture to what a camera would have seen."""
