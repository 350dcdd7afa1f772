"""What a worker does with a piece of a keypoint table: read, lift and write it, batch by batch.

A worker keeps its lifter, and with it one engine. Memory holds the rows of one piece at most, however large tables are.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from ampose.errors import InputError
from ampose.files.tables.keypoint_table import KeypointRows, rows_of, skeleton_of_table
from ampose.files.tables.pose_table import ROWS_KEY, pose_rows, pose_schema
from ampose.packages import arrow
from ampose.pipeline.bulk.plan import Piece
from ampose.pipeline.bulk.storage import Storage
from ampose.pipeline.lift_options import LiftOptions
from ampose.poses.camera import DEFAULT_FIELD_OF_VIEW, Intrinsics
from ampose.poses.skeletons import SkeletonMapping, find_mapping

SET_ASIDE = "_set_aside"
"""Folder, among the outputs, of the rows that could not be lifted; readers of folders of Parquet files skip it."""

_BATCH = 8192
"""Rows that are lifted at a time."""

_GROUP = 65_536
"""Rows of a group of the output."""

Report = Callable[[int], None]
"""Is told of so many more rows."""


@dataclass(frozen=True, kw_only=True)
class TableTask:
    """How pieces of tables are lifted; it is sent to every worker.

    Args:
        options: Those that hold for single frames.
        settings: What of them decides the poses, as the outputs say it.
        output: The folder of outputs.
        mapping: From the joints of tables that do not say which they hold; None if all do.
        rows: In all tables: the engine is chosen for so many.
    """

    options: LiftOptions
    settings: Mapping[str, Any]
    output: str
    mapping: SkeletonMapping | None
    rows: int


class TableWorker:
    """Lifts piece after piece.

    Args:
        task: How.
        threads: Of the engine.
    """

    def __init__(self, task: TableTask, threads: int) -> None:
        self.task = task
        torch.set_num_threads(threads)
        options = task.options
        self.lifter = options.load_lifter()
        if self.lifter.weights_hash != task.settings["weights"]:
            raise InputError(
                f"the weights of {options.model} on this machine are {self.lifter.weights_hash[:12]}, not "
                f"{task.settings['weights'][:12]} as where the run was started; install the same ones"
            )
        self.output = Storage(task.output)

    def __call__(self, job: Mapping[str, Any], report: Report) -> dict[str, Any]:
        """Lift a piece and return what became of it, and what it took.

        Raises:
            InputError: The input is damaged or was changed, none of its rows can be lifted, or there is no room.
        """
        pa = arrow()
        piece, start, before = Piece(**job), time.perf_counter(), time.process_time()
        try:
            made = self._lift(piece, report)
        except (pa.ArrowException, UnicodeDecodeError, EOFError) as error:
            raise InputError(
                f"must be a whole Parquet file, got one with {' '.join(str(error).split())[:200]}"
            ) from error
        spent = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - before}
        return {"output": piece.output, "source": piece.identity, **made, **spent}

    def _lift(self, piece: Piece, report: Report) -> dict[str, Any]:
        pq = arrow("parquet")
        storage = Storage(piece.source)
        info = storage.system.get_file_info(piece.path)
        if (info.size, info.mtime_ns or 0) != (piece.mark["size"], piece.mark["mtime"]):
            raise InputError("was changed since the run began; run again")
        # An object store is slow to answer: what will be needed is asked for at once.
        with (
            storage.system.open_input_file(piece.path) as stream,
            pq.ParquetFile(stream, pre_buffer=not storage.local) as table,
        ):
            given = None if self.task.mapping is None else self.task.mapping.source
            skeleton = skeleton_of_table(table.schema_arrow, given)
            mapping = self.task.mapping if skeleton == given else None
            mapping = mapping or find_mapping(skeleton, self.lifter.skeleton)
            facts = {
                "provenance": self.lifter.describe(mapping, flip=self.task.options.flip),
                "settings": self.task.settings,
                "source": piece.identity,
            }
            error = self.lifter.config.predicts_error
            schema = pose_schema(table.schema_arrow, self.lifter.skeleton, error=error, facts=facts)
            with self.output.writing(piece.output) as sink, _PieceWriter(sink, schema) as writing:
                batches, clock = _batches(table, piece), writing.clock
                while (batch := clock.measure("reading", next, batches, None)) is not None:
                    self._lift_batch(batch, mapping, writing)
                    report(batch.num_rows)
                result = writing.close()
                # First what was set aside, then the output: where that is, nothing is missing.
                self._write_set_aside(piece, table.schema_arrow, writing.aside)
        return result

    def _lift_batch(self, batch: Any, mapping: SkeletonMapping, writing: "_PieceWriter") -> None:
        """Lift the rows of a batch that can be lifted, and set the others aside."""
        pa, measure = arrow(), writing.clock.measure
        rows = measure("checking", rows_of, batch, mapping.source)
        reasons = dict(rows.reasons)
        if not self.lifter.config.takes_missing:
            lost = np.isnan(mapping.map_points(rows.keypoints)).any(axis=2)
            for row in np.flatnonzero(lost.any(axis=1) & ~lost.all(axis=1)).tolist():
                reasons.setdefault(row, "joints are missing, and this model does not infer them")
        kept = np.ones(len(rows), dtype=bool)
        kept[list(reasons)] = False
        writing.set_aside(batch, reasons)
        options = self.task.options
        keypoints, confidence = rows.keypoints[kept], rows.confidence[kept]
        unsure = confidence < options.min_confidence
        keypoints[unsure], confidence[unsure] = np.nan, 0
        cameras = self._cameras(rows)[kept]
        lift = partial(self.lifter.lift_frames, flip=options.flip, expected=self.task.rows)
        lifted = measure("lifting", lift, keypoints, confidence, mapping, cameras)
        writing.engine = lifted.engine
        poses = pose_rows(
            batch.filter(pa.array(kept)),
            writing.schema,
            positions=lifted.positions,
            confidence=lifted.confidence,
            expected_error=lifted.expected_error,
        )
        measure("writing", writing.add, poses, int(np.isnan(lifted.positions).all(axis=(1, 2)).sum()))

    def _cameras(self, rows: KeypointRows) -> Intrinsics:
        """Return a camera for each row: as the options say, or else the table, or else the assumed field of view."""
        options, size = self.task.options, rows.image_size.astype(np.float64)
        known = np.isfinite(rows.camera).all(axis=1)[:, None]
        if options.focal is not None:
            one = options.focal.intrinsics((1, 1))
            focal = np.broadcast_to(one.focal, size.shape)
            centre = size / 2 if options.focal.centre is None else np.broadcast_to(one.centre, size.shape)
        else:
            degrees = options.field_of_view or DEFAULT_FIELD_OF_VIEW
            # ``Intrinsics.from_field_of_view`` for images of many sizes.
            focal = np.repeat(size.max(axis=1, keepdims=True) / 2 / np.tan(np.radians(degrees) / 2), 2, axis=1)
            centre = size / 2
            if options.field_of_view is None:
                focal, centre = np.where(known, rows.camera[:, :2], focal), np.where(known, rows.camera[:, 2:], centre)
        focal_px, centre_px, size_px = (np.asarray(each, dtype=np.float32) for each in (focal, centre, size))
        return Intrinsics(focal=focal_px, centre=centre_px, image_size=size_px)

    def _write_set_aside(self, piece: Piece, schema: Any, aside: list[Any]) -> None:
        """Write the rows that were set aside, with their reasons; what an earlier run set aside goes."""
        pa = arrow()
        pq = arrow("parquet")
        name = f"{SET_ASIDE}/{piece.output}"
        if not aside:
            self.output.delete(name)
            return
        with self.output.writing(name) as sink:
            pq.write_table(pa.concat_tables(aside), sink)


class _Clock:
    """Adds up the CPU time of stages."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def measure(self, stage: str, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function, and count its time for a stage."""
        before = time.process_time()
        answer = function(*args)
        self.seconds[stage] += time.process_time() - before  # type: ignore[assignment]  # numbers of any kind
        return answer


class _PieceWriter:
    """Writes the output of a piece in groups of rows, and counts them."""

    def __init__(self, sink: Any, schema: Any) -> None:
        pa = arrow()
        pq = arrow("parquet")
        self.schema = schema
        # Floats of lists hardly repeat: a dictionary of them, or their extremes, would be made in vain.
        plain = [field.name for field in schema if not pa.types.is_fixed_size_list(field.type)]
        self._writer = pq.ParquetWriter(sink, schema, use_dictionary=plain, write_statistics=plain)
        self.engine, self.clock = "", _Clock()
        self.aside: list[Any] = []
        self._reasons: Counter[str] = Counter()
        self._waiting: list[Any] = []
        self._rows = self._not_lifted = 0

    def __enter__(self) -> "_PieceWriter":
        return self

    def __exit__(self, *error: object) -> None:
        # The file goes when the block ends with an error; on a full disk not even its end can be written.
        with suppress(OSError):
            self._writer.close()

    def add(self, table: Any, not_lifted: int) -> None:
        """Add rows, of which some have no positions because too few joints were seen."""
        self._rows += table.num_rows
        self._not_lifted += not_lifted
        self._waiting.append(table)
        if sum(each.num_rows for each in self._waiting) >= _GROUP:
            self._flush()

    def set_aside(self, batch: Any, reasons: Mapping[int, str]) -> None:
        """Set rows aside."""
        if not reasons:
            return
        pa = arrow()
        rows = sorted(reasons)
        self._reasons.update(reasons.values())
        bad = pa.Table.from_batches([batch]).take(rows)
        self.aside.append(bad.append_column("reason", pa.array([reasons[row] for row in rows])))

    def close(self) -> dict[str, Any]:
        """Complete the file; returns what became of the rows.

        Raises:
            InputError: Not one row could be lifted: that is no poison among the rows, but another table.
        """
        aside = sum(self._reasons.values())
        if aside and not self._rows:
            reason, _ = self._reasons.most_common(1)[0]
            raise InputError(f"none of {aside} rows can be lifted: {reason}")
        self.clock.measure("writing", self._flush)
        result = {
            "rows": self._rows,
            "not_lifted": self._not_lifted,
            "set_aside": aside,
            "reasons": dict(self._reasons.most_common()),
            "engine": self.engine,
        }
        self._writer.add_key_value_metadata({ROWS_KEY: json.dumps(result).encode()})
        self.clock.measure("writing", self._writer.close)
        return {**result, "stages": {stage: round(spent, 4) for stage, spent in self.clock.seconds.items()}}

    def _flush(self) -> None:
        pa = arrow()
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting).combine_chunks())
            self._waiting = []


def _batches(table: Any, piece: Piece) -> Iterator[Any]:
    """Read the rows of a piece; of the groups of rows in the file only those that it touches."""
    first = offset = 0  # the rows of the file with which the first of the groups, and each group, begins
    groups: list[int] = []
    for group in range(table.metadata.num_row_groups):
        count = table.metadata.row_group(group).num_rows
        if offset < piece.stop and offset + count > piece.start:
            first = first if groups else offset
            groups.append(group)
        offset += count
    for batch in table.iter_batches(batch_size=_BATCH, row_groups=groups) if groups else ():
        wanted = batch[max(piece.start - first, 0) : max(piece.stop - first, 0)]
        first += batch.num_rows
        if wanted.num_rows:
            yield wanted
