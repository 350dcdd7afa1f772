"""One session of a training run: read the data, build the network, train, leave everything in the run's folder."""

from dataclasses import dataclass
from pathlib import Path

import torch

from ampose.data.motion import Motion, concatenate, read_motion
from ampose.errors import InputError
from ampose.models import find_model
from ampose.skeletons import Skeleton, get_skeleton
from ampose.training.batches import NETWORK, Normalised, VirtualCameraBatches, seed_for, validation_samples
from ampose.training.checkpoint import Progress
from ampose.training.config import DataConfig, TrainConfig
from ampose.training.log import RunLog
from ampose.training.loop import CHECKPOINT, Report, Run, fit, make_fabric
from ampose.training.manifest import hash_config, write_manifest
from ampose.training.stopping import stop_requests


@dataclass(frozen=True)
class Outcome:
    """How a session ended."""

    done: bool
    progress: Progress
    folder: Path
    train_frames: int
    validation_frames: int


def train(
    config: TrainConfig,
    folder: Path,
    *,
    resume: bool = False,
    max_minutes: float | None = None,
    report: Report | None = None,
) -> Outcome:
    """Train, or go on training, and leave weights, log, picture, manifest and checkpoint in the folder.

    Args:
        config: What to train.
        folder: Where to write; created if needed.
        resume: Go on from the folder's checkpoint.
        max_minutes: Stop cleanly after this time; the run can be resumed.
        report: Is told (steps done, steps in all, note).

    Raises:
        InputError: The data is missing or damaged, the folder holds another run, or there is nothing to resume.
    """
    if not resume and (folder / CHECKPOINT).exists():
        raise InputError(f"{folder} must be a new folder, got one with a run; go on with --resume or choose another -o")
    motion, hashes = _read(config.data)
    training, held_out = _split(motion, config.data)
    folder.mkdir(parents=True, exist_ok=True)
    fabric = make_fabric(config)
    torch.manual_seed(seed_for(config.seed, NETWORK))
    network = find_model(config.model_name).network(config.model)
    normalise_as = Normalised(_check_skeleton(motion, config), config.model.normalisation)
    with stop_requests(max_minutes) as should_stop:
        run = Run(
            config=config,
            folder=folder,
            fabric=fabric,
            network=network,
            source=VirtualCameraBatches(training, config.data, normalise_as, config.seed),
            validation=validation_samples(held_out, config.data),
            log=RunLog(folder),
            config_hash=hash_config(config, hashes),
            report=report if report and fabric.global_rank == 0 else lambda done, total, note: None,
            should_stop=should_stop,
        )
        if resume:
            run.resume()
        if fabric.global_rank == 0:
            write_manifest(folder, config, hashes, resumed=resume)
        done = fit(run)
    return Outcome(done, run.progress, folder, len(training), len(held_out))


def _read(config: DataConfig) -> tuple[Motion, dict[str, str]]:
    motions = [read_motion(Path(file)) for file in config.files]
    return concatenate(motions), {file: motion.sha256 for file, motion in zip(config.files, motions, strict=True)}


def _split(motion: Motion, config: DataConfig) -> tuple[Motion, Motion]:
    """Split by whole subjects."""
    held_out = motion.select(subjects=config.held_out_subjects)
    return motion.select(exclude=config.held_out_subjects, exclude_clips=config.left_out_clips), held_out


def _check_skeleton(motion: Motion, config: TrainConfig) -> Skeleton:
    """The data's joints must be the model's."""
    skeleton = get_skeleton(config.model.skeleton)
    if skeleton.as_dict() != motion.skeleton.as_dict():
        raise InputError(f"model.skeleton must be the data's, {motion.skeleton.name}, got {skeleton.name}")
    return skeleton
