"""Keypoints that other programs wrote, one file format a file, recognised by what is in them.

A file registers its reader with ``@readers.register("qux", title=..., ...)``; outside packages do the same through
the entry-point group ``ampose.keypoint_readers``.
"""

from ampose.files.keypoints.reader import KeypointReader, PeopleFile, ReaderOptions, readers
from ampose.files.keypoints.reading import is_keypoint_file, read_detections, read_keypoints, recognise

__all__ = [
    "KeypointReader",
    "PeopleFile",
    "ReaderOptions",
    "is_keypoint_file",
    "read_detections",
    "read_keypoints",
    "readers",
    "recognise",
]
