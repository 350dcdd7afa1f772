"""Keypoint tables become pose tables: plan, lift each piece on Ray, and leave a manifest."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

from ampose.atomic import claimed
from ampose.errors import InputError, changed_fields
from ampose.lifting.lifter import Lifter
from ampose.packages import require
from ampose.pipeline.bulk import ROWS
from ampose.pipeline.bulk.on_ray import ClusterOptions, ray_cluster, results
from ampose.pipeline.bulk.plan import Plan, plan
from ampose.pipeline.bulk.storage import Storage
from ampose.pipeline.bulk.table_worker import TableTask, TableWorker
from ampose.pipeline.lift_options import DEFAULT_OPTIONS, LiftOptions
from ampose.poses.skeletons import find_mapping, get_skeleton

MANIFEST = "_manifest.jsonl"
"""Among the outputs: a line for each with the rows of the input that it holds; readers of Parquet folders skip it."""

_DECIDE = ("model", "flip", "engine", "precision", "field_of_view", "focal", "min_confidence")
"""The options that decide the poses; no other has an effect on single frames, which the rows of a table are."""

Event = Mapping[str, Any]


@dataclass
class BulkResult:
    """How a run ended.

    Args:
        outputs: What each output file holds, by its name; those of earlier runs too.
        failures: Why an input file or an output file is missing, by its name.
        rows: Rows of all inputs that can be read.
        lifted_rows: Rows that this run lifted.
        seconds: How long the workers had work, from when Ray was there.
        worker_seconds: How long the workers took, together.
        cpu_seconds: Of CPU time, the workers together.
        stages: The CPU time of reading, checking, lifting and writing.
    """

    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    lifted_rows: int = 0
    seconds: float = 0.0
    worker_seconds: float = 0.0
    cpu_seconds: float = 0.0
    stages: Counter = field(default_factory=Counter)

    def add(self, name: str, found: Mapping[str, Any]) -> None:
        """Add what a worker made of a piece."""
        record = dict(found)
        self.worker_seconds += record.pop("seconds")
        self.cpu_seconds += record.pop("cpu_seconds")
        self.lifted_rows += record["rows"]
        self.stages.update(record.pop("stages"))
        self.outputs[name] = record

    def count(self, name: str) -> int:
        """Return the sum of a number over all outputs: ``rows``, ``not_lifted`` or ``set_aside``."""
        return sum(record[name] for record in self.outputs.values())


def lift_tables(
    sources: Sequence[str],
    output: str,
    options: LiftOptions = DEFAULT_OPTIONS,
    cluster: ClusterOptions = ClusterOptions(),  # noqa: B008 - frozen
    *,
    rows: int = ROWS,
    tell: Callable[[Event], None] = lambda _: None,
) -> BulkResult:
    """Lift tables of keypoints to tables of poses; what is done already is not done again.

    Every output file appears whole or not at all, and says which rows of which input it holds.

    Args:
        sources: Parquet files, folders of them, or URIs of either; ``ampose.files.tables.keypoint_table`` says what is
            in them.
        output: The folder to write to, or a URI of one.
        options: Those that hold for single frames: the model, the camera and the least confidence.
        cluster: Where it runs.
        rows: Of an output file, at most.
        tell: Is told what happens.

    Raises:
        InputError: There is no such input, an option has no effect on single frames, the folder holds the outputs of
            other options, another run writes there, or nothing can be written there.
        MissingExtraError: Ray is not installed.
    """
    require("ray", "pyarrow", extra="ray", purpose="lifting in bulk")
    if rows < 1:
        raise InputError(f"rows of a file must be at least 1, got {rows}", field="rows")
    for name, value in changed_fields(options, {each.name for each in fields(options)} - {*_DECIDE, "skeleton"}):
        raise InputError(
            f"{name} {value} has no effect on a table, whose rows are single frames; leave it out", field=name
        )
    target = Storage(output)
    for storage in map(Storage, sources):  # the outputs would be inputs next time
        inside = (target.path + "/").startswith(storage.path.rstrip("/") + "/")
        if type(storage.system) is type(target.system) and inside:
            raise InputError(
                f"{target.location} is inside the input {storage.location}; name a folder beside it", field="output"
            )
    lifter = options.load_lifter()
    if lifter.config.receptive_field > 1:
        raise InputError(
            f"{options.model} looks at {lifter.config.receptive_field} frames, and the rows of a table are single "
            "frames; take another model, or lift clips",
            field="model",
        )
    skeleton = None if options.skeleton is None else get_skeleton(options.skeleton)
    mapping = None if skeleton is None else find_mapping(skeleton, lifter.skeleton)
    settings = bulk_settings(lifter, options, rows)
    with claimed(Path(target.path)) if target.local else nullcontext():
        made = plan(sources, target, settings, skeleton)
        target.clear_unfinished()
        result = BulkResult(outputs=dict(made.done), failures=dict(made.failures), rows=made.rows)
        task = TableTask(options=options, settings=settings, output=output, mapping=mapping, rows=made.rows)
        try:
            _run(made, task, cluster, result, tell)
        finally:  # also after Ctrl-C: what is done is known
            if result.outputs:
                lines = (json.dumps(result.outputs[name]) + "\n" for name in sorted(result.outputs))
                with target.writing(MANIFEST) as stream:
                    stream.write("".join(lines).encode())
    return result


def bulk_settings(lifter: Lifter, options: LiftOptions, rows: int) -> dict[str, Any]:
    """Return what decides the outputs, in plain values: those of other settings are not what is asked for."""
    decided = {name: getattr(options, name) for name in _DECIDE}
    return {**json.loads(json.dumps(decided)), "weights": lifter.weights_hash, "rows": rows}


def _run(
    made: Plan, task: TableTask, cluster: ClusterOptions, result: BulkResult, tell: Callable[[Event], None]
) -> None:
    """Lift the pieces that are not done, and put down what becomes of each."""
    done = sum(record["rows"] + record["set_aside"] for record in made.done.values())
    for name, reason in made.failures.items():
        tell({"event": "failure", "name": name, "reason": reason})
    if not made.pieces:
        return
    jobs = {piece.output: piece.as_job() for piece in made.pieces}
    with ray_cluster(cluster) as workers:
        start = time.perf_counter()
        tell({"event": "start", "rows": made.rows, "done": done, "outputs": len(jobs), "workers": workers})

        def progress(rows: int) -> None:
            speed = rows / (time.perf_counter() - start)
            so_far = min(done + rows, made.rows)
            tell({"event": "progress", "rows": so_far, "of": made.rows, "poses_per_second": round(speed, 1)})

        for name, found in results(jobs, partial(TableWorker, task), workers, cluster.threads, progress):
            if "failure" in found:
                result.failures[name] = found["failure"]
                tell({"event": "failure", "name": name, "reason": found["failure"]})
                continue
            result.add(name, found)
            tell({"event": "output", **found})
        result.seconds = time.perf_counter() - start
