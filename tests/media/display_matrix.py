"""Display matrices in MP4 files, such as FFmpeg's own tools do not write."""

import struct
from collections.abc import Sequence
from pathlib import Path


def set_matrix(path: Path, matrix: Sequence[float]) -> Path:
    """Write a, b, c and d into the track header of an MP4 with one track (ISO/IEC 14496-12, 8.3.2)."""
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 44
    a, b, c, d = (round(65536 * one) for one in matrix)
    struct.pack_into(">9i", content, place, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path
