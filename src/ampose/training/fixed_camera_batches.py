"""Batches from datasets with fixed, calibrated cameras: what the field's papers train on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from ampose.data.human36m.human36m_dataset import drift_takes
from ampose.data.recordings import Views, read_views
from ampose.data.synthesis.detector_noise import as_detected
from ampose.errors import InputError
from ampose.poses.camera import Intrinsics
from ampose.poses.geometry import mirror
from ampose.poses.samples import Samples
from ampose.poses.skeletons import Skeleton
from ampose.training.batches import ORDER, Batch, DeviceBatches, Normalised, generator_for, mirror_half, permutations
from ampose.training.config import DataConfig

ONLY_VIRTUAL = (
    "balance", "cameras", "focal_mistake", "evolution", "proportions", "definitions", "missing", "left_out_clips"
)  # fmt: skip
"""Settings of the data engine: fixed cameras have nothing that they could change."""


class FixedCameraBatches(DeviceBatches):
    """Samples of fixed cameras: an epoch is a permutation of all of them.

    The samples are held in contiguous tensors (1.56 million of Human3.6M take 0.57 GB), from which a batch is
    gathered.

    Args:
        samples: What to train on; see ``read_split``.
        config: Flip, noise, samples of an epoch.
        normalise_as: How pixels become the network's input.
        seed: Of the order, the flips and the noise.

    Raises:
        InputError: A setting is given that only virtual cameras have.
    """

    def __init__(self, samples: Samples, config: DataConfig, normalise_as: Normalised, seed: int) -> None:
        config.refuse(ONLY_VIRTUAL, "with fixed cameras, which it cannot change")
        self.samples = samples
        self.config = config
        self.normalise_as = normalise_as
        self.seed = seed

    def __len__(self) -> int:
        return self.config.samples_per_epoch or len(self.samples)

    def order(self, epoch: int) -> Int[Tensor, " sample"]:
        """Permute all samples (several times over if an epoch has more than there are)."""
        return permutations(len(self.samples), len(self), generator_for(self.seed, ORDER, epoch))

    def to(self, device: torch.device) -> None:
        """Hold the samples there."""
        self.samples, self.device = replace(self.samples, footage=None).to(device), device

    def _make(self, frames: Int[Tensor, "sample *frame"], generator: torch.Generator) -> Batch:
        """Gather, add noise, normalise, mirror half."""
        chosen, skeleton = self.samples[frames], self.normalise_as.skeleton
        seen = replace(chosen, keypoints_px=as_detected(chosen.keypoints_px, skeleton, self.config.noise, generator))
        keypoints, target = self.normalise_as(seen)
        if self.config.flip:
            keypoints, target = mirror_half(keypoints, target, skeleton, generator)
        return keypoints[:, None], target[:, None]


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
    folders = {file: read_views(Path(file)) for file in config.files}
    targets = {views.target for views in folders.values()}
    if len(targets) > 1:
        raise InputError(f"data.files must be of one 3D annotation, got {' and '.join(sorted(targets))}")
    if config.exclude_drift_takes and not any(drift_takes(views) for views in folders.values()):
        raise InputError("data.exclude_drift_takes must be left out: none of this data is one of S9's takes that drift")
    training, held_out = _sides(config, {subject for views in folders.values() for subject in views.subjects})
    parts = {
        side: [part for views in folders.values() for part in _part(views, subjects, config, skeleton)]
        for side, subjects in (("training", training), ("validation", held_out))
    }
    for side, samples in parts.items():
        if not samples:
            raise InputError(f"data must leave samples for {side}, got none; change the subjects in [data]")
    hashes = {file: views.fingerprint(config.keypoints) for file, views in folders.items()}
    validation = evenly_spread(_joined(parts["validation"]), config.validation_samples)
    return _joined(parts["training"]), validation, hashes


def _joined(parts: list[Samples]) -> Samples:
    """Join samples, without a copy where there is one part only."""
    return parts[0] if len(parts) == 1 else Samples.concatenate(parts)


def _sides(config: DataConfig, known: set[str]) -> tuple[set[str], set[str]]:
    """Subjects to train on and to hold out."""
    held_out, named = set(config.held_out_subjects), set(config.train_subjects)
    unknown = sorted((held_out | named) - known)
    if unknown:
        raise InputError(
            f"subject must be one that the data has, got {', '.join(unknown)}; it has {', '.join(sorted(known))}"
        )
    if held_out & named:
        raise InputError(
            f"data.train_subjects must not be held out, got both for {', '.join(sorted(held_out & named))}"
        )
    return (named or known) - held_out, held_out


def _part(views: Views, subjects: set[str], config: DataConfig, skeleton: str) -> list[Samples]:
    """Return the samples of these subjects, or nothing if the folder has none of them."""
    present = sorted(subjects & set(views.subjects))
    if not present:
        return []
    left_out = drift_takes(views) if config.exclude_drift_takes else ()
    chosen = views.select(subjects=present, exclude_takes=left_out).with_skeleton(skeleton)
    return [chosen.samples(config.keypoints, valid_only=True, whole_takes=True)] if chosen.valid.any() else []


def evenly_spread(samples: Samples, most: int) -> Samples:
    """Return up to ``most`` samples, evenly spread; always the same."""
    rows = np.linspace(0, len(samples) - 1, min(most, len(samples))).astype(np.int64)
    return samples[torch.from_numpy(rows)]


def mirror_samples(samples: Samples, chosen: Tensor, skeleton: Skeleton) -> Samples:
    """Mirror the chosen samples, and with each its camera: a mirrored picture has a mirrored principal point.

    Args:
        samples: Of any cameras.
        chosen: (sample,) bool.
        skeleton: Whose joints they have.
    """
    camera, order = samples.intrinsics, skeleton.flip_order
    width = camera.image_size[:, :1]
    keypoints = mirror(samples.keypoints_px, order)
    keypoints[..., 0] += width
    centre = torch.cat([width - camera.centre[:, :1], camera.centre[:, 1:]], dim=1)
    each = chosen[:, None, None]
    return Samples(
        keypoints_px=torch.where(each, keypoints, samples.keypoints_px),
        positions=torch.where(each, mirror(samples.positions, order), samples.positions),
        intrinsics=Intrinsics(
            focal=camera.focal,
            centre=torch.where(chosen[:, None], centre, camera.centre),
            image_size=camera.image_size,
        ),
    )
