"""Reproduce the paper's tables and Figure 4 with our rows, or compare networks trained alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from ampose import Progress
from ampose.errors import InputError, changed_fields
from ampose.packages import require
from ampose.pipeline.progress import progress

if TYPE_CHECKING:
    from ampose.evaluation.open.open_benchmark import Summary, Trial
    from ampose.evaluation.paper.paper_tables import Measured
    from ampose.evaluation.paper.rows import TableRow
    from ampose.training.config import TrainConfig

What = Literal["table1", "table2", "table3", "table4", "table5", "figure4", "open"]
Output = Annotated[Path | None, tyro.conf.arg(aliases=["-o"])]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to measure, and how."""

    weights: tuple[str, ...] = ()
    """Weights folders that training wrote, of AMPose or of a compared system. Which row each is for is seen from its
    settings; RECIPE=FOLDER says it. Of several for one row, trained with other seeds, the table has the mean and the
    standard deviation."""
    data: tuple[Path, ...] = ()
    """Prepared folder to measure on; default: where ampose prepare puts it. For figure4 there may be several; for open
    files of motion, default: the recipe's."""
    train: bool = False
    """Train the recipes of all rows of AMPose for which no weights are given, or go on training them, first."""
    runs: Path = Path("runs")
    """Where --train keeps its runs."""
    recipes: Path | None = None
    """Folder with recipes of the same names to train instead of those of the package."""
    root: Literal["subtract", "zero", "keep"] = "subtract"
    """What is done with the predicted root before measuring."""
    exclude_takes: tuple[str, ...] = ()
    """Takes to leave out, as SUBJECT TAKE. Human3.6M's three that drift, which published figures keep, are
    "S9 Greeting", "S9 SittingDown 1" and "S9 Waiting 1"."""
    examples: int = 6
    """Rows of figure4."""
    systems: tuple[str, ...] = ()
    """For open: names of models; default: all that lift single frames, but larger AMPoses, MixSTE, and JointFormer's
    refinement, which needs a trained JointFormer."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """For open: each system is trained once with each."""
    recipe: str = "cmu-open"
    """For open: what all systems share, a recipe's name or file."""
    epochs: int | None = None
    """For open: another budget than the recipe's."""


def run(what: What, /, *, output: Output = None, options: Options = Options()) -> None:
    """Show a table of the paper: published rows, ours, the difference, the protocol and footnotes.

    Without weights the published rows stand alone, and the commands that make ours are shown. open trains systems by
    one loop on the same samples for the same steps, measures them alike, and goes on where it was stopped.

    Args:
        what: Which table, figure4, or open.
        output: Folder for the table as Markdown, CSV, JSON and text, or for the picture; default: tables.
        options: What to measure, and how.
    """
    # An option without effect would let a number pass for another.
    used = {"figure4": _OF_FIGURE4, "open": _OF_OPEN}.get(what, _OF_TABLES)
    for name, value in changed_fields(options, (_OF_TABLES | _OF_FIGURE4 | _OF_OPEN) - used):
        option = name.replace("_", "-")
        raise InputError(f"--{option} must be left out for {what}, which does not use it, got {value}")
    if what == "figure4":
        _figure4(options, output or Path("tables"))
    elif what == "open":
        _open(options, output or Path("tables"))
    elif len(options.data) > 1:
        raise InputError(f"--data must be one folder for a table, got {len(options.data)}")
    else:
        _table(what, options, output)


_OF_TABLES = {"weights", "train", "root", "exclude_takes"}
_OF_FIGURE4 = {"weights", "examples"}
_OF_OPEN = {"systems", "seeds", "recipe", "epochs"}


def _table(table: str, options: Options, output: Path | None) -> None:
    from ampose.evaluation.paper.measure_rows import measure_row
    from ampose.evaluation.paper.paper_tables import assemble, protocol_text, write_tables

    folders = _assign(table, options.weights)
    if options.train:
        folders = _train_missing(table, folders, options)
    measured = []
    for row, folder in folders:
        data = options.data[0] if options.data else Path(row.data)
        how = {"root": options.root, "exclude_takes": options.exclude_takes}
        with progress(f"measuring {row.recipe}", unit="samples") as report:
            measured.append(measure_row(row, folder, data, progress=report, **how))
    parts = assemble(table, measured)
    print("\n\n".join(part.as_text() for part in parts))
    if measured:
        print("", protocol_text(measured, every_variant=False), "(the files say the same of the other rows)", sep="\n")
    _print_commands(table, measured)
    if output is not None or measured:
        files = write_tables(output or Path("tables"), table, parts, measured)
        print("", *(f"written: {path}" for path in files), sep="\n")


def _assign(table: str, weights: Sequence[str]) -> "list[tuple[TableRow, Path]]":
    """Find the row of each weights folder; a row may have several, of different seeds."""
    from ampose.evaluation.facts import MANIFEST
    from ampose.evaluation.paper.measure_rows import find_row
    from ampose.evaluation.paper.rows import rows_of

    found: list[tuple[TableRow, Path]] = []
    known = {row.recipe: row for row in rows_of(table)}
    for given in weights:
        recipe, _, folder = given.rpartition("=")
        if recipe and recipe not in known:
            raise InputError(f"--weights must name a recipe of {table} ({', '.join(known)}), got {recipe!r}")
        row = known[recipe] if recipe else find_row(table, Path(folder))
        run = Path(folder).resolve().parent
        for other in (path for one, path in found if one == row):
            # The best and the last weights of one run are no two seeds.
            same_run = other.resolve().parent == run and (run / MANIFEST).is_file()
            if same_run or other.resolve() == Path(folder).resolve():
                raise InputError(f"--weights of {row.recipe} must be of different runs, got {other} and {folder}")
        found.append((row, Path(folder)))
    return [one for row in known.values() for one in found if one[0] == row]


def _train_missing(
    table: str, folders: "Sequence[tuple[TableRow, Path]]", options: Options
) -> "list[tuple[TableRow, Path]]":
    """Train what no weights were given for; a run that is there is gone on with, or taken as it is."""
    from ampose.evaluation.paper.measure_rows import recipe_for
    from ampose.evaluation.paper.rows import ROWS, rows_of

    given: dict[str, list[Path]] = {}
    for row, folder in folders:
        given.setdefault(row.recipe, []).append(folder)
    for row in ROWS[table]:
        if row.recipe not in given:
            run_folder = options.runs / row.recipe
            lifter = next(iter(given.get(row.second_stage_of, [])), None)
            config = recipe_for(row, lifter=lifter, recipes=options.recipes)
            with progress(f"training {row.recipe}", unit="steps") as report:
                _train_to_the_end(config, run_folder, report)
            given[row.recipe] = [run_folder / "last"]
    return [(row, folder) for row in rows_of(table) for folder in given.get(row.recipe, ())]


def _print_commands(table: str, measured: "Sequence[Measured]") -> None:
    """Say what makes the rows that are missing."""
    from ampose.evaluation.paper.paper_tables import missing_rows

    missing = missing_rows(table, measured)
    if not missing:
        return
    print("\nTo add our rows, prepare the data (each recipe says how), then:")
    for row in missing:
        print(f"  ampose train {row.recipe}")
    weights = " ".join(f"runs/{row.recipe}/last" for row in missing)
    print(f"  ampose benchmark {table} --weights {weights} --data {missing[0].data}")
    print(f"or both in one: ampose benchmark {table} --train")


def _figure4(options: Options, folder: Path) -> None:
    from ampose.evaluation.paper.figure4 import choose_examples, write_figure4

    if len(options.weights) != 1 or not options.data:
        raise InputError(
            "figure4 must be given one weights folder and prepared data, "
            f"got {len(options.weights)} and {len(options.data)}; add --weights FOLDER --data FOLDER"
        )
    examples, title = choose_examples(Path(options.weights[0].rpartition("=")[2]), options.data, options.examples)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "figure4.png"
    write_figure4(path, examples, title=title)
    print(title, *(example.caption for example in examples), f"written: {path}", sep="\n")


def _open(options: Options, folder: Path) -> None:
    from ampose.data.motion_capture import concatenate, read_motion
    from ampose.evaluation.open.open_benchmark import (
        OpenBenchmark,
        as_markdown,
        as_plain,
        default_systems,
        summarise,
        winner,
    )
    from ampose.training.recipe import read_recipe

    require("lightning_fabric", "matplotlib", extra="train", purpose="training")
    if not options.seeds or len(set(options.seeds)) != len(options.seeds):
        raise InputError(f"--seeds must be one or more different numbers, got {options.seeds}")
    common = read_recipe(options.recipe)
    if options.data:
        common = replace(common, data=replace(common.data, files=tuple(map(str, options.data))))
    if options.epochs is not None:
        common = replace(common, epochs=options.epochs)
    motion = concatenate([read_motion(Path(file)) for file in common.data.files])
    benchmark = OpenBenchmark(common, motion, options.runs / "open", _train_to_the_end)
    systems = options.systems or default_systems()
    trials: list[Trial] = []
    with progress("open benchmark", unit="trials") as report:
        for seed in options.seeds:  # all systems once before any a second time: a stopped benchmark is even
            for system in systems:
                report(len(trials), len(systems) * len(options.seeds), f"{system}, seed {seed}")
                trials.append(benchmark.run(system, seed))
    summaries = summarise(trials)
    print(as_markdown(summaries), winner(summaries), sep="\n\n")
    files = _write_open(folder, summaries, as_plain(benchmark, trials))
    print("", *(f"written: {path}" for path in files), sep="\n")


def _train_to_the_end(config: "TrainConfig", folder: Path, report: Progress | None = None) -> None:
    """Train, or go on with a run that is there, and stop everything if somebody asks to stop."""
    from ampose.training.loop import CHECKPOINT
    from ampose.training.session import train

    outcome = train(config, folder, resume=(folder / CHECKPOINT).exists(), report=report)
    if not outcome.done:
        raise KeyboardInterrupt  # asked to stop: what is done so far is kept, and the next call goes on


def _write_open(folder: Path, summaries: "Sequence[Summary]", plain: "dict[str, Any]") -> list[Path]:
    """Write the table as Markdown, everything as JSON, and the picture."""
    import json

    from ampose.atomic import replacing
    from ampose.drawing.error_cost import Point, write_error_cost
    from ampose.evaluation.open.open_benchmark import as_markdown, winner

    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        folder / "open.md": f"{as_markdown(summaries)}\n\n{winner(summaries)}\n",
        folder / "open.json": json.dumps(plain, indent=2, default=str) + "\n",
    }
    for path, text in texts.items():
        with replacing(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    points = [Point(row.system, row.trials[0].macs, row.mpjpe_mm.mean, row.mpjpe_mm.deviation) for row in summaries]
    write_error_cost(folder / "open.png", points, error="MPJPE, mm, people held out, ideal 2D")
    return [*texts, folder / "open.png"]
