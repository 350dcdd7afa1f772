"""Train a lifter from a recipe."""

import itertools
import os
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from ampose.cli.arguments import call_with_arguments
from ampose.errors import InputError
from ampose.packages import require
from ampose.pipeline.progress import progress

if TYPE_CHECKING:
    from ampose.training.session import Outcome

_USAGE = """usage: ampose train RECIPE [options]

RECIPE is a TOML file, a model's name (with the paper's recipe), or a packaged recipe of the list below.
Every key of the recipe is an option: ampose train RECIPE --help lists them.
"""


def run(*args: str) -> None:
    """Read the recipe, let options change it, train, and print the result."""
    # Several processes would each remark on a setting that they need; PyTorch reads this when it is imported.
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    from ampose.training.config import TrainConfig
    from ampose.training.recipe import packaged_recipes, read_recipe
    from ampose.training.session import train

    if not args or args[0].startswith("-"):
        if args and args[0] in ("-h", "--help"):
            print(_USAGE)
            for name, path in packaged_recipes().items():  # beside the first sentence of the comment at its head
                text = path.read_text(encoding="utf-8").splitlines()
                head = " ".join(line[2:] for line in itertools.takewhile(lambda line: line.startswith("#"), text))
                sentence = re.split(r"(?<=\.)(?<!al\.)\s+", head)[0]  # "Zhang et al. 2022" ends no sentence
                line = f"{name:26}{sentence}"
                print(textwrap.fill(line, width=100, subsequent_indent=" " * 26, break_on_hyphens=False))
            return
        raise InputError(
            f"ampose train must be followed by a recipe, got {args[0] if args else 'nothing'}; known: "
            + ", ".join(packaged_recipes())
        )
    require("lightning_fabric", "matplotlib", extra="train", purpose="training")
    recipe, *words = args
    default = read_recipe(recipe)

    def train_recipe(
        *,
        output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None,
        resume: bool = False,
        max_minutes: float | None = None,
        config: TrainConfig = default,
    ) -> None:
        """Train a lifter. Every key of the recipe is an option.

        Args:
            output: Run folder; default: runs/<recipe>.
            resume: Go on from the run folder's checkpoint.
            max_minutes: Stop cleanly after this time.
            config: What the recipe says.
        """
        folder = output or Path("runs") / Path(recipe).stem
        with progress("training", unit="steps") as report:
            outcome = train(config, folder, resume=resume, max_minutes=max_minutes, report=report)
        if outcome.process == 0:
            _print_summary(outcome)

    call_with_arguments(train_recipe, f"train {recipe}", words, takes_none=True)


def _print_summary(outcome: "Outcome") -> None:
    """Print how the session ended and where things are."""
    made, folder = outcome.run_state, outcome.folder
    best = "no epoch is finished yet"
    if made.best_epoch >= 0:
        best = f"{made.best_mpjpe_mm:.2f} mm MPJPE after epoch {made.best_epoch + 1} (chosen on validation)"
    rows = [
        ("training", f"{outcome.train_frames:,} frames; {made.step:,} steps in {made.seconds / 60:.1f} min"),
        ("validation", f"{outcome.validation_frames:,} frames of held-out subjects"),
        ("best", best + (f" ({outcome.caveat})" if outcome.caveat else "")),
    ]
    if made.best_epoch >= 0:
        rows += [
            ("weights", f"{folder / 'best'}, {folder / 'last'}"),
            ("curves", f"{folder / 'loss.png'}, {folder / 'log.jsonl'}"),
        ]
    print("done" if outcome.done else f"stopped; continue with: --resume --output {folder}")
    for name, text in rows:
        print(f"  {name:<11} {text}")
