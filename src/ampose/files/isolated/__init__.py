"""Parsers of others that a damaged file can hang or crash, run in a child process within limits of time and memory.

HDF5 and C3D are read by libraries in C and C++, MATLAB's files by one in part, CDF by one that follows offsets in the
file in circles. In this process a few hundred bytes could end the program, or keep it for ever: no Ctrl-C interrupts
C++. In a child they end the child.
"""

from ampose.files.isolated.child import parse_apart

__all__ = ["parse_apart"]
