"""Measure weights, and baselines, on prepared data: for the command line, the paper's tables and the model cards."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ampose import __version__
from ampose.data import MotionCapture, Recordings
from ampose.errors import InputError
from ampose.evaluation.baselines import LinearRegression, NearestNeighbour
from ampose.evaluation.fixed_cameras import Lift
from ampose.evaluation.held_out import HeldOut, view_others
from ampose.evaluation.protocol import Protocol
from ampose.evaluation.report import Report
from ampose.evaluation.run import Predict, evaluate
from ampose.evaluation.training_facts import describe_run, read_run, selection_rule, trained_on
from ampose.lifting.lifter import Lifter
from ampose.lifting.prediction import predict_samples
from ampose.lifting.weights import find_weights
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton
from ampose.training.recipe import packaged_recipes, read_recipe

Tell = Callable[[int, int | None, str], None]
"""(done, total, note) -> None."""

CHUNK = 4096
BASELINE_CHUNK = 1024
BASELINE_FRAMES = 50_000


def lift_with(lifter: Lifter, tell: Tell | None = None) -> Lift:
    """Return how a lifter answers: on the GPU if there is one, the root where the network puts it."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = lifter.network.to(device)

    def lift(samples: Samples, flip: bool) -> Tensor:
        def predict(part: Samples) -> Tensor:
            return predict_samples(network, part.to(device), flip=flip, keep_root=True).positions.cpu()

        return _in_chunks(predict, samples, CHUNK, tell, "with flip" if flip else "without flip")

    return lift


def measure_motion(
    lifter: Lifter,
    held_out: HeldOut,
    protocol: Protocol,
    *,
    facts: Mapping[str, str] | None = None,
    tell: Tell | None = None,
) -> Report:
    """Measure a lifter on recorded motion, seen by the protocol's cameras; see also ``measure_recordings``.

    Args:
        lifter: With the joints of the protocol.
        held_out: What ``view_held_out`` saw of the motion, by the protocol and the lifter's receptive field.
        protocol: The settings.
        facts: Hashes, files, versions.
        tell: Is told how far it is.
    """
    lift = lift_with(lifter, tell)
    return _measure(lambda samples: lift(samples, protocol.flip), lifter.name, held_out, protocol, facts or {})


def measure_baselines(
    others: MotionCapture,
    held_out: HeldOut,
    protocol: Protocol,
    *,
    facts: Mapping[str, str],
    tell: Tell | None = None,
) -> list[Report]:
    """Measure what a lifter must beat: linear regression and the nearest neighbour.

    Args:
        others: What they learn from: the subjects in it that the protocol does not measure.
        held_out: What ``view_held_out`` saw, by the protocol.
        protocol: The settings.
        facts: Of the data; that what they learn from is known is for the caller to say (``training data``).
        tell: Is told how far it is; the note names the baseline.

    Raises:
        InputError: There is nobody to learn from.
    """
    training, skeleton = view_others(others, protocol, BASELINE_FRAMES), get_skeleton(protocol.skeleton)
    reports = []
    for baseline in (LinearRegression, NearestNeighbour):
        fitted = baseline.fit(training, skeleton)

        def predict(samples: Samples, fitted: Predict = fitted, name: str = fitted.name) -> Tensor:
            return _in_chunks(fitted, samples, BASELINE_CHUNK, tell, name)

        reports.append(_measure(predict, fitted.name, held_out, protocol, facts))
    return reports


def facts_of(lifter: Lifter, weights: str | Path, measured: tuple[str, ...]) -> dict[str, str]:
    """Return what is known about weights that are measured on these subjects.

    Args:
        lifter: The weights, loaded.
        weights: Name of bundled weights, or their folder.
        measured: The subjects that are measured.

    Raises:
        InputError: Their run was trained on some of them.
    """
    run = _run_of(lifter, find_weights(weights))
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


def _run_of(lifter: Lifter, folder: Path) -> Mapping[str, Any]:
    """Return the config of the run: beside the weights, or, of bundled ones, the recipe that their card names."""
    recipe = lifter.facts.get("recipe")
    return read_run(folder) or (asdict(read_recipe(recipe)) if recipe in packaged_recipes() else {})


def _in_chunks(predict: Predict, samples: Samples, chunk: int, tell: Tell | None, note: str) -> Tensor:
    parts = []
    for start in range(0, len(samples), chunk):
        parts.append(predict(samples[start : start + chunk]))
        if tell:
            tell(min(start + chunk, len(samples)), len(samples), note)
    return torch.cat(parts)


def _measure(predict: Predict, method: str, held_out: HeldOut, protocol: Protocol, facts: Mapping[str, str]) -> Report:
    names = {"actions": held_out.actions, "subjects": held_out.subjects}
    return replace(evaluate(predict, held_out.samples, protocol=protocol, method=method, **names), facts=facts)
