"""The text of a file, in whatever letters its computer has."""

import codecs
from pathlib import Path

_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path) -> str:
    """Return a file's text: UTF-8, UTF-16 with its mark, as Windows' PowerShell writes it, or else Windows' letters.

    Raises:
        ValueError: There are bytes in it that are no text.
    """
    return decode(path.read_bytes())


def letters_of(path: Path) -> str:
    """Return how to decode a file that is too large to hold at once: its first bytes tell, or else it is UTF-8."""
    with path.open("rb") as stream:
        return "utf-16" if stream.read(2) in _MARKS else "utf-8-sig"


def decode(data: bytes) -> str:
    r"""Return the text of bytes; see ``read_text``.

    Example:
        >>> [decode("né".encode(letters)) for letters in ("utf-8", "utf-8-sig", "utf-16", "cp1252")]
        ['né', 'né', 'né', 'né']
    """
    if data.startswith(_MARKS):
        return data.decode("utf-16")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")  # which some bytes are no letters of
    if "\0" in text:
        raise ValueError("bytes that are no text")
    return text
