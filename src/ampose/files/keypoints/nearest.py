"""What to say of a file that is in no known format: what it looks like, which format is nearest, and what is off."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from ampose.errors import printable
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.reader import readers

_DEPTH, _WIDTH, _SHOWN = 6, 50, 8


def no_known_format(content: Content) -> str:
    """Return the message, without the file's name."""
    words = set(_words(content))
    if any(word.endswith("_x_m") for word in words):
        return "holds 3D poses already, no 2D keypoints; ampose convert and ampose view take it"
    shares = {
        entry.name: len(words & set(entry.facts.words)) / len(entry.facts.words)
        for entry in readers.entries()
        if entry.facts.words
    }
    found = f"is in no known keypoint format; it holds {_described(content)}"
    best = max(shares, key=lambda name: shares[name], default="")
    if not shares.get(best):
        titles = ", ".join(entry.facts.title for entry in readers.entries())
        return f"{found}. Known are {titles}"
    facts = readers.get(best).facts
    lacking = ", ".join(word for word in facts.words if word not in words)
    off = f"; here there is no {lacking}" if lacking else ""
    return f"{found}. Nearest is {facts.title}, {facts.looks_for}{off}"


def _words(content: Content) -> Iterator[str]:
    """Yield the keys of the first things in JSON, the cells of the first lines of a table, or the names of arrays."""
    if content.kind in ("npz", "hdf5"):
        yield from content.names
        return
    first = content.first
    if first is None or first.kind in ("npz", "hdf5"):
        return
    if first.json is not None:
        yield from _keys(first.json, _DEPTH)
    for row in first.rows[:_SHOWN]:
        yield from islice((cell.strip() for cell in row), _WIDTH)


def _keys(data: Any, depth: int) -> Iterator[str]:
    if depth and isinstance(data, dict):
        yield from islice(data, _WIDTH)
        for value in islice(data.values(), _WIDTH):
            yield from _keys(value, depth - 1)
    elif depth and isinstance(data, list):
        for value in data[:_SHOWN]:
            yield from _keys(value, depth - 1)


def _described(content: Content) -> str:
    """Return what is in it, in some words."""
    if content.kind == "folder":
        frames = content.frames
        kind, first = "file" if len(frames) == 1 else "files", next(iter(frames.values()))
        return f"{len(frames)} {kind}, the first ({printable(first.path.name)}) with {_described(first)}"
    if content.kind in ("npz", "hdf5"):
        return f"arrays called {_listed(sorted(content.names))}"
    if content.json is not None:
        return _described_json(content.json)
    if not content.rows:
        return "nothing"
    return f"a table with the columns {_listed(content.rows[0])}"


def _described_json(data: Any) -> str:
    if isinstance(data, dict):
        return f"a JSON object with {_listed(list(data))}"
    if not isinstance(data, list) or not data:
        return "an empty JSON list" if data == [] else "a single JSON value"
    first = next((entry for entry in data if entry), data[0])
    if isinstance(first, dict):
        return f"a JSON list of objects with {_listed(list(first))}"
    return f"a JSON list of {'lists' if isinstance(first, list) else f'values such as {printable(str(first))[:20]}'}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable(str(name))[:24] or "''" for name in names[:_SHOWN])
    return f"{shown}, ... ({len(names)} in all)" if len(names) > _SHOWN else shown or "nothing in it"
