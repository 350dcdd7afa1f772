"""Prepared datasets with their own cameras, split by whole subjects into what is trained on and what validates."""

from pathlib import Path

import numpy as np
import torch

from ampose.data.recordings import Recordings, read_recordings
from ampose.errors import InputError, check_known
from ampose.poses.samples import Samples
from ampose.training.config import DataConfig


def read_split(config: DataConfig, skeleton: str) -> tuple[Samples, Samples, dict[str, str]]:
    """Read prepared folders and split them by whole subjects, in the joints of the model.

    Args:
        config: Folders, 2D source, subjects, and whether to leave takes out.
        skeleton: Name of the model's skeleton.

    Returns:
        All samples to train on, evenly spread samples of the held-out subjects, and the hash of each folder's data.

    Raises:
        InputError: A subject is unknown or on both sides, a side is empty, a source lacks a view, the joints do
            not map, or the folders hold different annotations.
    """
    folders = {file: read_recordings(Path(file)) for file in config.files}
    targets = {views.target for views in folders.values()}
    if len(targets) > 1:
        raise InputError(f"data.files must be of one 3D annotation, got {' and '.join(sorted(targets))}")
    takes = {take for views in folders.values() for take in _takes(views)}
    check_known("data.exclude_takes", config.exclude_takes, takes)
    known = {subject for views in folders.values() for subject in views.subjects}
    held_out, named = set(config.held_out_subjects), set(config.train_subjects)
    check_known("subjects", held_out | named, known)
    if both := sorted(held_out & named):
        raise InputError(f"data.train_subjects must not be held out, got both for {', '.join(both)}")
    parts = {
        side: [part for views in folders.values() for part in _part(views, subjects, config, skeleton)]
        for side, subjects in (("training", (named or known) - held_out), ("validation", held_out))
    }
    for side, samples in parts.items():
        if not samples:
            raise InputError(f"data must leave samples for {side}, got none; change the subjects in [data]")
    hashes = {file: views.fingerprint(config.keypoints) for file, views in folders.items()}
    validation = evenly_spread(_joined(parts["validation"]), config.validation_samples)
    return _joined(parts["training"]), validation, hashes


def _takes(views: Recordings) -> set[str]:
    return {f"{subject} {take}" for subject, take in zip(views.subjects, views.takes, strict=True)}


def _joined(parts: list[Samples]) -> Samples:
    """Join samples, without a copy where there is one part only."""
    return parts[0] if len(parts) == 1 else Samples.concatenate(parts)


def _part(views: Recordings, subjects: set[str], config: DataConfig, skeleton: str) -> list[Samples]:
    """Return the samples of these subjects, or nothing if the folder has none of them."""
    present = sorted(subjects & set(views.subjects))
    if not present:
        return []
    left_out = _takes(views) & set(config.exclude_takes)
    chosen = views.select(subjects=present, exclude_takes=left_out).with_skeleton(skeleton)
    return [chosen.samples(config.keypoints, valid_only=True, whole_takes=True)] if chosen.valid.any() else []


def evenly_spread(samples: Samples, most: int) -> Samples:
    """Return up to ``most`` samples, evenly spread; always the same."""
    rows = np.linspace(0, len(samples) - 1, min(most, len(samples))).astype(np.int64)
    return samples[torch.from_numpy(rows)]
