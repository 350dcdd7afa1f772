"""What each ingredient of the data engine gives: the recipe wild-strong with one of them off in turn, same budget.

With ``--start-from``, finished weights go on without each ingredient: what is still needed after a long training.
Without it networks start from nothing, and what changes the network itself is compared: its input.

A run that is finished is not done again, and one that was killed goes on, so this may be stopped at any time. Seeds are
the outer loop: what is done so far is a full table of fewer seeds.

    python -m research.ablation --prepared prepared
    python -m research.ablation --prepared prepared --start-from runs/wild-strong/last
    python -m research.ablation --only-write-page
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import tyro
from research.held_out_sets import HeldOut, Scores, held_out_sets, judge

from ampose.atomic import replacing
from ampose.data.motion_capture import MotionCapture, concatenate, read_motion
from ampose.data.synthesis.detector_noise import NoiseConfig
from ampose.data.synthesis.joint_definitions import DefinitionConfig
from ampose.data.synthesis.missing_joints import MissingConfig
from ampose.data.synthesis.pose_augmentation import AugmentationConfig
from ampose.data.synthesis.proportions import ProportionConfig
from ampose.data.synthesis.virtual_cameras import VirtualCameraConfig
from ampose.lifting.weights import load_weights
from ampose.training.config import DataConfig, TrainConfig
from ampose.training.loop import CHECKPOINT
from ampose.training.recipe import read_recipe
from ampose.training.session import train
from research import ablation_page

RECIPE, GENTLER = "wild-strong", "wild-small"
BATCH, WARMUP = 64, 0.05
"""A short run needs smaller steps and a shorter warm-up (this share of it) than the recipe's."""

SCRATCH, ON = ablation_page.STARTS
SAMPLES = {SCRATCH: 40_000, ON: 25_600}
"""Of each run. Whole batches, so that no run ends on a smaller one."""

ON_RATE = 3e-4
"""Learning rate of weights that go on: finished ones are moved by smaller steps."""

FRAMES = 1024
"""Of each held-out set."""

Change = Callable[[TrainConfig], TrainConfig]


def _data(**changes: Any) -> Change:
    return lambda config: replace(config, data=replace(config.data, **changes))


def _augmentation(**changes: float) -> Change:
    return lambda config: _data(augmentation=replace(config.data.augmentation, **changes))(config)


def _girdles(metres: float) -> Change:
    return lambda config: _data(definitions=replace(config.data.definitions, girdles_m=metres))(config)


def _normalisation(name: str) -> Change:
    return lambda config: replace(config, model=replace(config.model, normalisation=name))


def _gentler() -> dict[str, Any]:
    """Return what the bundled weights are trained with at half strength."""
    data = read_recipe(GENTLER).data
    return {"proportions": data.proportions, "definitions": data.definitions, "noise": data.noise}


_OFF: dict[str, Any] = {
    "cameras": VirtualCameraConfig(),
    "proportions": ProportionConfig(),
    "definitions": DefinitionConfig(),
    "augmentation": AugmentationConfig(),
    "noise": NoiseConfig(),
    "missing": MissingConfig(),
    "focal_mistake": 1.0,
}
"""Each part of the recipe's [data] as if it were not there."""

VARIANTS: dict[str, Change] = {
    "everything": lambda config: config,
    "studio cameras": _data(cameras=_OFF["cameras"]),
    "no augmentation": _data(augmentation=_OFF["augmentation"]),
    "no exchange of limbs": _augmentation(exchange=0.0),
    "no turned joints": _augmentation(turn=0.0),
    "no free arms": _augmentation(free_arms=0.0),
    "no free legs": _augmentation(free_legs=0.0),
    "no free trunk": _augmentation(free_trunk=0.0),
    "no tilt": _augmentation(tilt=0.0),
    "no poses as recorded": _augmentation(recorded=0.0),
    "bodies as recorded": _data(proportions=_OFF["proportions"]),
    "definitions as recorded": _data(definitions=_OFF["definitions"]),
    "hips and shoulders not moved alike": _girdles(0.0),
    "no 2D noise": _data(noise=_OFF["noise"]),
    "no missing joints": _data(missing=_OFF["missing"]),
    "no wrong focal length": _data(focal_mistake=_OFF["focal_mistake"]),
    "input person-rays": _normalisation("person-rays"),
    "input image-width": _normalisation("image-width"),
    f"gentler: as {GENTLER}": _data(**_gentler()),
    "loss mse": lambda config: replace(config, loss="mse"),
    "nothing": _data(**_OFF),
}
"""The recipe, the recipe without one thing, all at half strength, and the recorded motion before studio cameras."""


def start_of(weights: Path | None) -> str:
    """Return which kind of runs these are."""
    return SCRATCH if weights is None else ON


def budgeted(config: TrainConfig, seed: int, start_from: Path | None) -> TrainConfig:
    """Give a recipe a small budget: one short epoch, from scratch or from finished weights."""
    samples = SAMPLES[start_of(start_from)]
    data = replace(config.data, samples_per_epoch=samples, validation_samples=64)
    optimiser = replace(config.optimiser, warmup_steps=round(WARMUP * samples / BATCH))
    if start_from is not None:
        optimiser = replace(optimiser, learning_rate=ON_RATE)
        config = replace(config, start_from=str(start_from))
    return replace(config, data=data, optimiser=optimiser, batch_size=BATCH, epochs=1, seed=seed)


def run(config: TrainConfig, folder: Path, sets: dict[str, HeldOut]) -> Scores:
    """Train and judge, or return what was found before; exits if somebody asks to stop, and goes on the next time.

    Sets that are new since the run was judged are judged now.
    """
    found = folder / "scores.json"
    scores: Scores = json.loads(found.read_text()) if found.exists() else {}
    if not scores and not train(config, folder, resume=(folder / CHECKPOINT).exists()).done:
        raise SystemExit(f"stopped; {folder} goes on with the next call")
    new = {name: held_out for name, held_out in sets.items() if name not in scores}
    if new:
        scores |= judge(load_weights(folder / "last").network, new)
        with replacing(found) as unfinished:
            unfinished.write_text(json.dumps({name: scores[name] for name in sets}, indent=1))
    return scores


def folder_of(runs: Path, start: str, variant: str, seed: int) -> Path:
    """Return where a run is kept."""
    return runs / f"{start}-{SAMPLES[start]}" / f"{variant.replace(' ', '-')}-{seed}"


def finished(runs: Path, start: str, seeds: int) -> Iterator[dict[str, Any]]:
    """Give the scores of all runs that are done."""
    for seed in range(seeds):
        for variant in VARIANTS:
            found = folder_of(runs, start, variant, seed) / "scores.json"
            if found.exists():
                yield {"variant": variant, "seed": seed, "scores": json.loads(found.read_text())}


def read_held_out(data: DataConfig) -> MotionCapture:
    """Read the motion of the subjects that are never trained on."""
    return concatenate([read_motion(Path(file)) for file in data.files]).select(subjects=data.held_out_subjects)


def main(
    prepared: Path = Path("prepared"),
    runs: Path = Path("runs/ablation"),
    seeds: int = 3,
    *,
    start_from: Path | None = None,
    only_write_page: bool = False,
) -> None:
    """Train all variants and write research/ablation.md.

    Args:
        prepared: Folder of the recipe's prepared files.
        runs: Where the runs are kept.
        seeds: Runs of each variant.
        start_from: Folder of finished weights that go on; None: from scratch, what changes the network itself.
        only_write_page: Train nothing; write the page from the runs that are done.
    """
    if not only_write_page:
        torch.set_num_threads(1)
        recipe = read_recipe(RECIPE)
        files = tuple(str(prepared / Path(file).name) for file in recipe.data.files)
        recipe = _data(files=files)(recipe)
        sets = held_out_sets(read_held_out(recipe.data), recipe.data, FRAMES)
        start = start_of(start_from)
        for seed in range(seeds):
            for variant, change in VARIANTS.items():
                config = change(budgeted(recipe, seed, start_from))
                same_network = config.model == recipe.model
                if variant != ablation_page.FIRST and same_network != (start == ON):
                    continue
                scores = run(config, folder_of(runs, start, variant, seed), sets)
                print(seed, variant, {name: round(score["mpjpe_mm"], 1) for name, score in scores.items()}, flush=True)
    done = {start: list(finished(runs, start, seeds)) for start in SAMPLES}
    ablation_page.write({"samples": SAMPLES, "batch": BATCH, "runs": done})


if __name__ == "__main__":
    tyro.cli(main)
