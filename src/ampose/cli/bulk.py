"""Lift tables of keypoints, or many videos, on all cores or on a cluster."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ampose.cli.lift import OUTPUTS, Outputs, inputs_of
from ampose.cli.lift.batch import (
    FAILED,
    LiftOne,
    Results,
    done_already,
    lift_unless_done,
    name_folders,
    print_lines,
    settings_of,
)
from ampose.cli.lift.outputs import OutputOptions, lift_to_folder
from ampose.cli.pose_files import Rows, as_text, counted
from ampose.errors import InputError, printable
from ampose.packages import require
from ampose.pipeline.bulk import ROWS
from ampose.pipeline.bulk.on_ray import ClusterOptions, ray_cluster, results
from ampose.pipeline.lift_options import DEFAULT_OPTIONS, LiftOptions
from ampose.pipeline.progress import progress

if TYPE_CHECKING:
    from ampose.pipeline.bulk.bulk_tables import BulkResult

_TABLES = (".parquet", ".pq")
_LISTED = 20
"""Failures that are named one by one."""

_MILLION = 1e6


@dataclass(frozen=True, kw_only=True)
class BulkOptions(ClusterOptions):
    """Bulk."""

    rows: int = ROWS
    """Rows of an output table at most; larger inputs become several files."""
    json_lines: bool = False
    """Print a JSON object in a line for everything that happens, for programs."""


_DEFAULTS = BulkOptions()


def run(
    sources: Annotated[tuple[str, ...], tyro.conf.arg(metavar="INPUT [INPUT ...]")],
    /,
    *,
    output: Annotated[str | None, tyro.conf.arg(aliases=["-o"])] = None,
    bulk: Annotated[tyro.conf.OmitArgPrefixes[BulkOptions], tyro.conf.arg(name="Bulk", help="")] = _DEFAULTS,
    options: LiftOptions = DEFAULT_OPTIONS,
    outputs: Outputs = OUTPUTS,
) -> None:
    """Lift tables of keypoints, or many videos, on all cores of this machine or of a Ray cluster.

    Tables are Parquet files, as ampose convert writes them: a row for each person in each image. Each becomes a table
    of poses. Videos, images and keypoint files become what ampose lift makes of them, one task each. What is done
    already is not done again, and what fails does not stop the rest.

    Args:
        sources: Parquet files, folders of them, or URIs such as s3://bucket/folder; or videos, or a folder of videos.
        output: The folder to write to; for tables also a URI.
        bulk: Where it runs.
        options: How to lift; only the camera, the model and the least confidence have an effect on rows of tables.
        outputs: What to write for a video.
    """
    require("ray", "pyarrow", extra="ray", purpose="lifting in bulk")
    if not sources:
        raise InputError("there is nothing to lift; name tables or videos")
    if output is None:
        raise InputError("there is no folder to write to; name one, as in -o lifted", field="output")
    tables = [  # or folders with one in them: by names alone
        source
        for source, path in zip(sources, map(Path, sources), strict=True)
        if "://" in source or path.suffix.lower() in _TABLES or (path.is_dir() and any(path.rglob("*.parquet")))
    ]
    if not tables:
        _lift_videos([Path(source) for source in sources], Path(output), bulk, options, outputs)
    elif len(tables) < len(sources):
        other = next(source for source in sources if source not in tables)
        raise InputError(f"{tables[0]} is of tables and {other} is not; lift them one after the other")
    else:
        _lift_tables(tables, output, bulk, options)


def _lift_videos(
    sources: list[Path], output: Path, bulk: BulkOptions, options: LiftOptions, outputs: OutputOptions
) -> None:
    """Lift videos, images or keypoint files, one task each."""
    folders = name_folders(inputs_of(sources), output)
    lift_one = partial(lift_to_folder, options=options, outputs=outputs)
    settings = settings_of(options, outputs)
    make = partial(_VideoWorker, lift_one, settings)
    jobs = {
        str(source): {"source": str(source.absolute()), "folder": str(folder.absolute())}
        for source, folder in folders.items()
    }

    def lines() -> Results:
        for source, folder in folders.items():
            with suppress(InputError, OSError):  # a worker says what is wrong with it
                if (line := done_already(source, folder, settings)) is not None:
                    del jobs[str(source)]
                    yield source, line, True
        if not jobs:  # Ray takes seconds to start
            return
        with ray_cluster(bulk) as workers:
            for name, found in results(jobs, make, workers, bulk.threads, lambda _: None):
                yield (
                    Path(name),
                    found.get("line", f"{name}: failed: {found.get('failure')}"),
                    found.get("worked", False),
                )

    if not bulk.json_lines:
        print_lines(lines(), len(folders))
        return
    failed = []
    with _json_lines() as tell:
        for source, line, worked in lines():
            tell({"event": "output" if worked else "failure", "name": str(source), "line": line})
            failed += [] if worked else [str(source)]
        tell({"event": "summary", "outputs": len(folders) - len(failed), "failures": failed})
    if failed:
        raise SystemExit(FAILED)


class _VideoWorker:
    """Lifts one video after the other, each into its folder."""

    def __init__(self, lift_one: LiftOne, settings: str, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self._lift_one, self._settings = lift_one, settings

    def __call__(self, job: Mapping[str, str], _report: Callable[[int], None]) -> dict[str, Any]:
        line, worked = lift_unless_done(Path(job["source"]), Path(job["folder"]), self._lift_one, self._settings)
        return {"line": line, "worked": worked}


def _lift_tables(sources: list[str], output: str, bulk: BulkOptions, options: LiftOptions) -> None:
    """Lift tables, and print how it went."""
    from ampose.pipeline.bulk.bulk_tables import lift_tables

    with _json_lines() if bulk.json_lines else _bar() as tell:
        result = lift_tables(sources, output, options, bulk, rows=bulk.rows, tell=tell)
        facts = _facts(result, bulk)
        tell({"event": "summary", **facts, "failures": result.failures})
    if not bulk.json_lines:
        print(as_text(_rows(result, facts, output)))
    if result.failures:
        raise SystemExit(FAILED)


@contextmanager
def _json_lines() -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Give what prints events; all else that is printed meanwhile, such as Ray's remarks, goes to standard error."""
    out = sys.stdout
    with redirect_stdout(sys.stderr):
        yield lambda event: print(json.dumps(event), file=out, flush=True)


@contextmanager
def _bar() -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Give what shows events as a bar."""
    with progress("lifting", unit="poses") as report:

        def tell(event: Mapping[str, Any]) -> None:
            if event["event"] == "start":
                report(event["done"], event["rows"], "")
            elif event["event"] == "progress":
                report(event["rows"], event["of"], f"{event['poses_per_second']:,.0f} a second")

        yield tell


def _facts(result: "BulkResult", cluster: ClusterOptions) -> dict[str, Any]:
    """Return the numbers of a run."""
    facts: dict[str, Any] = {
        "rows": result.rows,
        "outputs": len(result.outputs),
        "rows_written": result.count("rows"),
        "not_lifted": result.count("not_lifted"),
        "set_aside": result.count("set_aside"),
        "lifted_now": result.lifted_rows,
        "seconds": round(result.seconds, 2),
    }
    if result.lifted_rows:
        per_million = _MILLION / result.lifted_rows
        facts["poses_per_second"] = round(result.lifted_rows / result.seconds, 1)
        facts["cpu_seconds_per_million"] = round(result.cpu_seconds * per_million, 1)
        facts["stages"] = {stage: round(spent * per_million, 1) for stage, spent in result.stages.items()}
        facts["worker_hours_per_million"] = round(result.worker_seconds * per_million / 3600, 4)
        if cluster.price is not None:
            facts["cost_per_million"] = round(facts["worker_hours_per_million"] * cluster.price, 4)
    return facts


def _rows(result: "BulkResult", facts: Mapping[str, Any], output: str) -> Rows:
    """Return the summary as people read it."""
    told = [f"{facts['rows_written']:,} in {counted(facts['outputs'], 'file')} -> {output}"]
    if facts["not_lifted"]:
        told.append(f"{facts['not_lifted']:,} without positions: too few joints were seen")
    if facts["set_aside"]:
        told.append(f"{facts['set_aside']:,} rows set aside, with their reasons, in {output}/_set_aside")
    rows: Rows = [("" if number else "poses", text) for number, text in enumerate(told)]
    if "poses_per_second" in facts:
        rows.append(("speed", f"{facts['poses_per_second']:,.0f} poses/s, {facts['lifted_now']:,} in this run"))
        price = f", at the price given {facts['cost_per_million']:g}" if "cost_per_million" in facts else ""
        cost = f"{facts['cpu_seconds_per_million']:,.0f} CPU s, "
        rows.append(("cost", f"a million poses: {cost}{facts['worker_hours_per_million']:.3g} worker hours{price}"))
    else:
        rows.append(("", "all was done already"))
    failures = [printable(f"{name}: {reason}") for name, reason in sorted(result.failures.items())]
    if failures:
        listed = failures[:_LISTED]
        listed += [f"and {len(failures) - _LISTED} more"] if len(failures) > _LISTED else []
        rows += [("" if number else "failed", text) for number, text in enumerate(listed)]
    return rows
