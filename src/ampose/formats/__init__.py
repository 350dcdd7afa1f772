"""File formats, one file each, found by the suffix of the file's name.

A file registers its format with ``@formats.register(".qux", reads=..., writes=...)``; outside packages do
the same through the entry-point group ``ampose.formats``.
"""

from ampose.formats.contract import Format, Person, formats, read, suffixes, write

__all__ = ["Format", "Person", "formats", "read", "suffixes", "write"]
