"""File formats, one file each, found by the suffix of the file's name.

A file registers its format with ``@formats.register(".qux", carries=..., up=...)``; outside packages do
the same through the entry-point group ``ampose.formats``.
"""

from ampose.files.poses.angle_table import write_angles
from ampose.files.poses.pose_format import (
    PARTS,
    FormatFacts,
    PoseReader,
    PoseWriter,
    carries,
    check_writable,
    formats,
    losses,
    read,
    suffixes,
    up_axis,
    write,
    write_each,
)

__all__ = [
    "PARTS",
    "FormatFacts",
    "PoseReader",
    "PoseWriter",
    "carries",
    "check_writable",
    "formats",
    "losses",
    "read",
    "suffixes",
    "up_axis",
    "write",
    "write_angles",
    "write_each",
]
