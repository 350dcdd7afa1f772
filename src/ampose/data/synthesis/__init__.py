"""The data engine: from motion capture to what a camera would have seen.

Random numbers are drawn on torch's default device; callers make that the device of the poses (``with device:``).
"""
