"""One file a lifting network; each registers itself by name."""
