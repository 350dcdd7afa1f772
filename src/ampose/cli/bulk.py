"""Lift tables of keypoints, or many videos, on all cores or on a cluster."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ampose.cli.lift.batch import FAILED
from ampose.cli.pose_files import Rows, as_text, counted
from ampose.errors import InputError
from ampose.packages import require
from ampose.pipeline.bulk.on_ray import ClusterOptions
from ampose.pipeline.lift_options import DEFAULT_OPTIONS, LiftOptions
from ampose.pipeline.progress import progress

if TYPE_CHECKING:
    from ampose.pipeline.bulk.tables import BulkResult

_HERE = ClusterOptions()
_LISTED = 20
"""Failures that are named one by one."""

_MILLION = 1e6


def run(
    sources: Annotated[tuple[str, ...], tyro.conf.arg(metavar="INPUT [INPUT ...]")],
    /,
    *,
    output: Annotated[str | None, tyro.conf.arg(aliases=["-o"])] = None,
    rows: int | None = None,
    json_lines: bool = False,
    cluster: Annotated[tyro.conf.OmitArgPrefixes[ClusterOptions], tyro.conf.arg(name="Cluster", help="")] = _HERE,
    options: LiftOptions = DEFAULT_OPTIONS,
) -> None:
    """Lift tables of keypoints on all cores of this machine or of a Ray cluster.

    Tables are Parquet files, as ampose convert writes them: a row for each person in each image. Each becomes a table
    of poses, whole or not at all. What is done already is not done again, and what fails does not stop the rest.

    Args:
        sources: Parquet files, folders of them, or URIs such as s3://bucket/folder.
        output: The folder to write to, or a URI.
        rows: Rows of an output file at most; larger inputs become several files. By default 131072.
        json_lines: Print a JSON object in a line for everything that happens, for programs.
        cluster: Where it runs.
        options: How to lift; only the camera, the model and the least confidence have an effect on single frames.
    """
    require("ray", "pyarrow", extra="ray", purpose="lifting in bulk")
    from ampose.pipeline.bulk.tables import ROWS, lift_tables

    if not sources:
        raise InputError("there is nothing to lift; name a Parquet file, or a folder of them")
    if output is None:
        raise InputError("there is no folder to write to; name one, as in -o lifted", field="output")
    with _printed(json_lines=json_lines) as tell:
        result = lift_tables(sources, output, options, cluster, rows=ROWS if rows is None else rows, tell=tell)
    facts = _facts(result, cluster)
    if json_lines:
        print(json.dumps({"event": "summary", **facts, "failures": result.failures}), flush=True)
    else:
        print(as_text(_rows(result, facts, output)))
    if result.failures:
        raise SystemExit(FAILED)


@contextmanager
def _printed(*, json_lines: bool) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Give what prints events: as JSON lines, or as a bar."""
    if json_lines:
        yield lambda event: print(json.dumps(event), flush=True)
        return
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
        rows.append(("speed", f"{facts['poses_per_second']:,.0f} poses a second, {facts['lifted_now']:,} in this run"))
        price = f", at the price given {facts['cost_per_million']:g}" if "cost_per_million" in facts else ""
        cost = f"{facts['cpu_seconds_per_million']:,.0f} seconds of processor time, "
        rows.append(("cost", f"a million poses: {cost}{facts['worker_hours_per_million']:.3g} worker hours{price}"))
    else:
        rows.append(("", "all was done already"))
    failures = [f"{name}: {reason}" for name, reason in sorted(result.failures.items())]
    if failures:
        listed = failures[:_LISTED]
        listed += [f"and {len(failures) - _LISTED} more"] if len(failures) > _LISTED else []
        rows += [("" if number else "failed", text) for number, text in enumerate(listed)]
    return rows
