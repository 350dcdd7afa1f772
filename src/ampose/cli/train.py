"""Train a lifter from a recipe."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from ampose.errors import InputError
from ampose.packages import require
from ampose.pipeline.progress import progress

if TYPE_CHECKING:
    from ampose.training.checkpoint import RunState
    from ampose.training.config import TrainConfig
    from ampose.training.session import Outcome


@dataclass(frozen=True, kw_only=True)
class _RunOptions:
    """Where the run lives and how long it may take."""

    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None
    """Run folder; default: runs/<recipe>."""
    resume: bool = False
    """Go on from the run folder's checkpoint."""
    max_minutes: float | None = None
    """Stop cleanly after this time."""


def run(args: Sequence[str]) -> None:
    """Read the recipe, let options change it, train, and print the result."""
    # Several processes would each remark on a setting that they need; PyTorch reads this when it is imported.
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    from ampose.training.recipe import packaged_recipes, read_recipe

    if not args or args[0].startswith("-"):
        names = ", ".join(packaged_recipes())
        if args and args[0] in ("-h", "--help"):
            print(_USAGE.format(names=names))
            return
        raise InputError(
            f"ampose train must be followed by a recipe, got {args[0] if args else 'nothing'}; known: {names}"
        )
    require("lightning_fabric", "matplotlib", extra="train", purpose="training")
    recipe = args[0]
    _train(recipe, read_recipe(recipe), args[1:])


_USAGE = """usage: ampose train RECIPE [options]

RECIPE is a TOML file, a packaged recipe ({names}), or a model's name (with the paper's recipe).
Every key of the recipe is an option: ampose train RECIPE --help lists them."""


def _train(recipe: str, default: "TrainConfig", args: Sequence[str]) -> None:
    from ampose.training.config import TrainConfig
    from ampose.training.session import train

    @dataclass(frozen=True)
    class Arguments:
        run: Annotated[_RunOptions, tyro.conf.arg(name="")]
        config: Annotated[TrainConfig, tyro.conf.arg(name="")]

    chosen = tyro.cli(
        Arguments, prog=f"ampose train {recipe}", args=list(args), default=Arguments(_RunOptions(), default)
    )
    options: _RunOptions = chosen.run
    folder = options.output or Path("runs") / Path(recipe).stem
    with progress("training", unit="steps") as report:
        outcome = train(chosen.config, folder, resume=options.resume, max_minutes=options.max_minutes, report=report)
    if outcome.process == 0:
        _print_summary(outcome)


def _print_summary(outcome: "Outcome") -> None:
    """Print how the session ended and where things are."""
    made, folder = outcome.progress, outcome.folder
    rows = [
        (
            "training",
            f"{outcome.train_frames:,} frames; {made.step:,} steps in {made.seconds / 60:.1f} min",
        ),
        ("validation", f"{outcome.validation_frames:,} frames of held-out subjects"),
        ("best", _describe_best(made) + (f" ({outcome.caveat})" if outcome.caveat else "")),
    ]
    if made.best_epoch >= 0:
        rows += [
            ("weights", f"{folder / 'best'}, {folder / 'last'}"),
            ("curves", f"{folder / 'loss.png'}, {folder / 'log.jsonl'}"),
        ]
    print("done" if outcome.done else f"stopped; continue with: --resume --output {folder}")
    for name, text in rows:
        print(f"  {name:<11} {text}")


def _describe_best(made: "RunState") -> str:
    if made.best_epoch < 0:
        return "no epoch is finished yet"
    return f"{made.best_mpjpe_mm:.2f} mm MPJPE after epoch {made.best_epoch + 1} (chosen on validation)"
