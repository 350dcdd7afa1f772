"""What is to be done: the pieces of all tables, and which of them are done already.

A piece is at most so many rows of one input file, and becomes one output file. Its name, and what the output file says
of itself, follow from the input alone: whoever plans again finds what is done, and nothing is lifted twice.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ampose.errors import InputError
from ampose.files.tables.keypoint_table import KEY, skeleton_of_table
from ampose.files.tables.pose_table import ROWS_KEY
from ampose.packages import arrow
from ampose.pipeline.bulk.storage import Storage, StoredFile
from ampose.poses.skeletons import Skeleton

_PIECE = re.compile(r"-\d{5}-of-\d{5}(?=\.parquet$)")
"""What tells the outputs of one input apart."""

_READERS = 16
"""Footers read at the same time: an object store answers slowly, but many at once."""


@dataclass(frozen=True)
class Piece:
    """Rows of one input file, which become one output file.

    Args:
        source: The location of the input that was named.
        path: Of the input file, in its file system.
        output: Name of the output file, in the folder of outputs.
        mark: The input file's name, size and time of writing.
        start: The first row.
        stop: The row after the last.
    """

    source: str
    path: str
    output: str
    mark: Mapping[str, Any]
    start: int
    stop: int

    @property
    def rows(self) -> int:
        """How many rows."""
        return self.stop - self.start

    @property
    def identity(self) -> dict[str, Any]:
        """What the output file says of its origin."""
        return {**self.mark, "rows": [self.start, self.stop]}

    def as_job(self) -> dict[str, Any]:
        """Return it in plain values, to be sent to another process."""
        return asdict(self)


@dataclass
class Plan:
    """What is to be done.

    Args:
        pieces: Those that are not done.
        done: What is known of each output file that is done already, by its name.
        failures: Why an input file cannot be lifted, by its name.
        rows: In all input files that can be read, done or not.
    """

    pieces: list[Piece] = field(default_factory=list)
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    rows: int = 0


def plan(sources: Sequence[str], output: Storage, settings: Mapping[str, Any], skeleton: Skeleton | None) -> Plan:
    """Plan the pieces of all input files.

    Output files that say they are of an input file as it no longer is are deleted.

    Args:
        sources: Files, folders of files, or URIs of them.
        output: The folder of outputs.
        settings: How it is lifted; ``rows`` of them are the most of a piece.
        skeleton: Of tables that do not say it.

    Raises:
        InputError: There is no such input, no Parquet file in it, or two have the same name.
    """
    inputs = _inputs(sources)
    made, wanted = Plan(), dict[str, Piece]()
    whole = set()  # outputs of the inputs that can be read, as if each were one piece
    with ThreadPoolExecutor(_READERS) as readers:
        cut = readers.map(lambda each: _cut(each[0], each[1], settings["rows"], skeleton), inputs)
        for (_, file), pieces in zip(inputs, cut, strict=True):
            if isinstance(pieces, str):
                made.failures[file.name] = pieces
                continue
            whole.add(_output_of(file.name))
            for piece in pieces:
                if piece.output in wanted:
                    raise InputError(f"{file.name}: another input's output is called {piece.output} too; rename one")
                wanted[piece.output] = piece
        there = {file.name for file in output.files()} if output.exists() else set()
        # An input that was replaced by one with more or fewer rows has old outputs beside the new ones.
        ours = [name for name in there if name in wanted or _PIECE.sub("", name) in whole]
        records = dict(zip(ours, readers.map(lambda name: record_of(output, name), ours), strict=True))
    made.rows = sum(piece.rows for piece in wanted.values())
    _compare(made, wanted, records, output, settings)
    settled = made.done.keys() | made.failures.keys()
    made.pieces = [piece for name, piece in wanted.items() if name not in settled]
    return made


def _inputs(sources: Sequence[str]) -> list[tuple[Storage, StoredFile]]:
    """Return all input files with where they are from."""
    inputs = [(storage, file) for storage in map(Storage, sources) for file in storage.files()]
    if not inputs:
        raise InputError(f"{', '.join(sources)}: there is no Parquet file")
    for name, times in Counter(file.name for _, file in inputs).items():
        if times > 1:
            raise InputError(f"{name} is the name of {times} input files, and so of their outputs; rename one")
    return inputs


def _compare(
    made: Plan,
    wanted: Mapping[str, Piece],
    records: Mapping[str, dict[str, Any] | None],
    output: Storage,
    settings: Mapping[str, Any],
) -> None:
    """Find out which outputs are done, and delete those of inputs that were replaced."""
    for record in records.values():
        if record is None or record["settings"] == settings:
            continue
        before = record["settings"]
        changed = next(key for key in [*settings, *before] if before.get(key) != settings.get(key))
        raise InputError(
            f"{output.location} holds poses that were lifted with other options, {changed} {before.get(changed)} and "
            f"not {settings.get(changed)}; name another folder",
            field="output",
        )
    for name, record in records.items():
        if record is None:
            made.failures[name] = f"in {output.location} is a file of this name that is none of ours; move it away"
        elif name not in wanted:
            output.delete(name)
        elif record["source"] == wanted[name].identity:
            made.done[name] = record


def record_of(output: Storage, name: str) -> dict[str, Any] | None:
    """Return what an output file says of itself; None if it is none of ours, or damaged."""
    pa = arrow()
    pq = arrow("parquet")
    try:
        with output.system.open_input_file(output.under(name)) as stream:
            metadata = pq.read_metadata(stream).metadata or {}
        about = json.loads(metadata[KEY])
        return {key: about[key] for key in ("source", "settings")} | {"output": name} | json.loads(metadata[ROWS_KEY])
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        return None


def _cut(storage: Storage, file: StoredFile, rows: int, skeleton: Skeleton | None) -> "list[Piece] | str":
    """Return the pieces of an input file, or why it has none."""
    pa = arrow()
    pq = arrow("parquet")
    try:
        with storage.system.open_input_file(file.path) as stream, pq.ParquetFile(stream) as table:
            count = table.metadata.num_rows
            skeleton_of_table(table.schema_arrow, skeleton)
    except InputError as error:
        return str(error)
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as error:
        return f"must be a whole Parquet file, got one with {' '.join(str(error).split())[:200]}"
    mark = {"name": file.name, "size": file.size, "mtime": file.mtime}
    number = max(1, -(-count // rows))
    whole = _output_of(file.name)
    stem = whole.removesuffix(".parquet")
    outputs = [whole] if number == 1 else [f"{stem}-{n:05d}-of-{number:05d}.parquet" for n in range(number)]
    return [
        Piece(storage.location, file.path, name, mark, n * rows, min((n + 1) * rows, count))
        for n, name in enumerate(outputs)
    ]


def _output_of(name: str) -> str:
    """Return the name of the output of an input file that is one piece."""
    return f"{name.removesuffix(PurePosixPath(name).suffix)}.parquet"
