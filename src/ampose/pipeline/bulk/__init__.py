"""Lifting in bulk: tables of keypoints, or many videos, on one machine or on a cluster."""

ROWS = 131_072
"""Rows of an output table at most: a minute or two of a core's work, and some 40 MB."""
