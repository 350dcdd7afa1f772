"""BlazePose by its own networks: several people, 33 joints, nothing to download."""
