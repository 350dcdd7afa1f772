"""What is known about the weights and the data of a measurement: hashes, versions, training, selection."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from ampose import __version__
from ampose.data import MotionCapture, Recordings
from ampose.errors import InputError
from ampose.lifting.lifter import Lifter
from ampose.lifting.weights import find_weights
from ampose.training.recipe import packaged_recipes, read_recipe

MANIFEST = "run.json"


def weights_facts(lifter: Lifter, weights: str | Path, measured: tuple[str, ...]) -> dict[str, str]:
    """Return what is known about weights that are measured on these subjects.

    Args:
        lifter: The weights, loaded.
        weights: Name of bundled weights, or their folder.
        measured: The subjects that are measured.

    Raises:
        InputError: Their run was trained on some of them.
    """
    # The run's config lies beside the weights; of bundled ones it is the recipe that their card names.
    recipe = lifter.facts.get("recipe")
    run = read_run(find_weights(weights)) or (asdict(read_recipe(recipe)) if recipe in packaged_recipes() else {})
    if seen := trained_on(run, measured):
        raise InputError(f"{weights}: weights must not be trained on who is measured, got a run with {', '.join(seen)}")
    return {
        "weights": f"{weights}, sha256 {lifter.weights_hash}",
        "training": describe_run(run),
        "selection": selection_rule(lifter.facts, run, measured),
        "normalisation": lifter.network.config.normalisation,
    }


def data_facts(path: Path, data: MotionCapture | Recordings) -> dict[str, str]:
    """Return what identifies prepared data, and the versions that measure."""
    return {
        "data": f"{path.name}, sha256 {data.sha256} (of the positions)",
        "data source": str(data.provenance.get("source", "not stated")),
        "versions": f"ampose {__version__}, torch {torch.__version__}",
    }


def read_run(folder: Path) -> Mapping[str, Any]:
    """Return the config of the run that wrote a weights folder; empty if no manifest lies beside it.

    Example:
        >>> dict(read_run(Path("no such run") / "last"))
        {}
    """
    try:
        manifest = json.loads((folder.parent / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    config = manifest.get("config") if isinstance(manifest, dict) else None
    return config if isinstance(config, dict) else {}


def describe_run(config: Mapping[str, Any]) -> str:
    """Say in one line what a run was."""
    if not config:
        return "not known: no run.json beside the weights"
    data = config.get("data", {})
    subjects = ", ".join(data.get("train_subjects", ())) or "all that are not held out"
    return (
        f"{', '.join(data.get('files', ()))}; 2D {data.get('keypoints', 'not stated')}; subjects {subjects}; "
        f"{config.get('epochs')} epochs, batch {config.get('batch_size')}, loss {config.get('loss')}, "
        f"mirrored samples {'on' if data.get('flip') else 'off'}, seed {config.get('seed')}"
    )


def trained_on(config: Mapping[str, Any], measured: tuple[str, ...]) -> list[str]:
    """Return those of the measured subjects whom a run was trained on, as far as its manifest tells.

    Example:
        >>> trained_on({"data": {"train_subjects": ["S1", "S9"]}}, ("S9", "S11"))
        ['S9']
        >>> trained_on({"data": {"held_out_subjects": ["S9"]}}, ("S9", "S11"))
        ['S11']
        >>> trained_on({"data": {"held_out_subjects": ["02", "16"]}}, ("TS1", "TS2"))  # another dataset
        []
    """
    data = config.get("data", {})
    trained, held_out = (set(data.get(name, ())) for name in ("train_subjects", "held_out_subjects"))
    if trained:
        return [subject for subject in measured if subject in trained]
    return [subject for subject in measured if subject not in held_out] if held_out & set(measured) else []


def selection_rule(facts: Mapping[str, Any], config: Mapping[str, Any], measured: tuple[str, ...]) -> str:
    """Say how an epoch was chosen.

    Args:
        facts: Of the weights.
        config: Of the run; may be empty.
        measured: The subjects that are measured.

    Example:
        >>> selection_rule({"selection": "best"}, {"data": {"held_out_subjects": ["S9"]}}, ("S9", "S11"))
        'best epoch on S9: TEST-SELECTED'
        >>> selection_rule({"selection": "last", "epoch": 49}, {}, ("S9",))
        'last epoch (number 50)'
    """
    chosen = facts.get("selection")
    if chosen == "last":
        return f"last epoch (number {int(facts.get('epoch', -1)) + 1})"
    if chosen != "best":
        return "not stated by the weights"
    held_out = [str(subject) for subject in config.get("data", {}).get("held_out_subjects", ())]
    if not held_out:
        return "best epoch, on which subjects is not known"
    test_selected = bool(set(held_out) & set(measured))
    return f"best epoch on {', '.join(held_out)}" + (": TEST-SELECTED" if test_selected else "")
