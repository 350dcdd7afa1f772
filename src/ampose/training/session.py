"""One session of a training run: read the data, build the network, train, leave everything in the run's folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch

from ampose.data.motion_capture import MotionCapture, concatenate, read_motion
from ampose.data.recordings import is_recordings_folder
from ampose.errors import InputError
from ampose.lifting.weights import Weights, load_weights
from ampose.models import LifterNetwork, find_model
from ampose.models.networks.ampose import AMPose, AMPoseConfig
from ampose.models.widening import widen
from ampose.poses.clips import Output
from ampose.poses.samples import Samples
from ampose.poses.skeletons import Skeleton, get_skeleton
from ampose.training.batches import (
    BatchSource,
    FixedCameraBatches,
    InputSpec,
    VirtualCameraBatches,
    validation_samples,
)
from ampose.training.config import DataConfig, TrainConfig
from ampose.training.lifting import Lifting, disconnect, make_fabric
from ampose.training.loop import CHECKPOINT, Report, fit
from ampose.training.loss import OF_WINDOWS, OWNED, TRAINED_PART
from ampose.training.manifest import hash_config, write_manifest
from ampose.training.outcome import Outcome
from ampose.training.refinement_stage import train_refinement
from ampose.training.sampler import NETWORK, seed_for
from ampose.training.stopping import stop_requests
from ampose.training.subject_split import read_split

__all__ = ["Outcome", "TrainingData", "read_data", "train"]


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
        raise InputError(f"{folder} holds a run; choose another folder, or resume that run", field="resume")
    if config.refinement is not None:
        return train_refinement(config, folder, resume=resume, max_minutes=max_minutes, report=report)
    data = read_data(config)
    folder.mkdir(parents=True, exist_ok=True)
    fabric = make_fabric(config)
    data.source.to(fabric.device)
    torch.manual_seed(seed_for(config.seed, NETWORK))
    network = find_model(config.model_name).network(config.model)
    hashes = dict(data.hashes)
    if config.start_from:
        earlier = start_from(network, Path(config.start_from), TRAINED_PART.get(config.loss, ""))
        hashes[config.start_from] = earlier.sha256
    with stop_requests(max_minutes) as should_stop:
        stage = Lifting(
            config=config,
            folder=folder,
            config_hash=hash_config(config, hashes),
            fabric=fabric,
            network=network,
            source=data.source,
            validation=data.validation,
            report=report,
            should_stop=should_stop,
        )
        if resume:
            stage.resume()
        if stage.leads:
            write_manifest(folder, config, hashes, resumed=resume)
        done = fit(stage)
    disconnect(fabric)
    return Outcome(done, stage.progress, folder, data.train_frames, data.validation_frames, fabric.global_rank)


def start_from(network: LifterNetwork, folder: Path, trained_part: str = "") -> Weights:
    """Give a network the weights of an earlier stage, wherever both have a tensor of that name and shape.

    An AMPose with fewer channels is widened first.

    Args:
        network: Is changed.
        folder: Weights of the earlier stage.
        trained_part: If only a part of the network is trained, its name: the rest is frozen, and must come from the
            earlier stage.

    Returns:
        The earlier stage's weights.

    Raises:
        InputError: There are no such weights, or no tensor fits, or not all that must.
    """
    weights = load_weights(folder)
    earlier, own = _as_wide_as(network, weights.network).state_dict(), network.state_dict()
    fitting = {key: value for key, value in earlier.items() if key in own and own[key].shape == value.shape}
    still = [key for key in own if trained_part and not key.startswith(f"{trained_part}.")]
    if len(still) == len(own):
        raise InputError(f"model must have a {trained_part} for a loss that trains it alone, got one without")
    if not fitting or not set(still) <= set(fitting):
        fits = "not every tensor of the part that holds still fits" if fitting else "no tensor fits"
        raise InputError(f"start_from must be weights of the same model, got {folder}, of which {fits}")
    network.load_state_dict({**own, **fitting})
    for key, parameter in network.named_parameters():
        parameter.requires_grad_(key not in still)
    return weights


def _as_wide_as(network: LifterNetwork, earlier: LifterNetwork) -> LifterNetwork:
    if isinstance(network, AMPose) and isinstance(earlier, AMPose):
        channels = cast("AMPoseConfig", network.config).channels
        if channels > cast("AMPoseConfig", earlier.config).channels:
            return widen(earlier, channels)
    return earlier


@dataclass(frozen=True)
class TrainingData:
    """What a run learns from and is validated on."""

    source: BatchSource
    validation: Samples
    hashes: dict[str, str]
    train_frames: int
    validation_frames: int


def read_data(config: TrainConfig) -> TrainingData:
    """Read motion for virtual cameras, or datasets with their own, whichever the files are.

    Raises:
        InputError: The data is missing or damaged, is of both kinds, or does not fit the model or the settings.
    """
    folders = [is_recordings_folder(Path(file)) for file in config.data.files]
    if any(folders) and not all(folders):
        raise InputError(
            "data.files must be all files of motion or all folders with their own cameras, "
            f"got both in {', '.join(config.data.files)}"
        )
    return _read_views(config) if any(folders) else _read_motion(config)


def _read_views(config: TrainConfig) -> TrainingData:
    training, validation, hashes = read_split(config.data, config.model.skeleton)
    spec = _input_spec(config, get_skeleton(config.model.skeleton))
    source = FixedCameraBatches(training, config.data, spec, config.seed)
    return TrainingData(source, validation, hashes, len(training), len(validation))


def _read_motion(config: TrainConfig) -> TrainingData:
    config.data.refuse(("keypoints", "exclude_drift_takes"), "with motion and virtual cameras")
    motions = [read_motion(Path(file)) for file in config.data.files]
    motion = concatenate(motions)
    training, held_out = _split(motion, config.data)
    spec = _input_spec(config, _check_skeleton(motion, config))
    return TrainingData(
        source=VirtualCameraBatches(training, config.data, spec, config.seed),
        validation=validation_samples(held_out, config.data, spec.frames),
        hashes={file: motion.sha256 for file, motion in zip(config.data.files, motions, strict=True)},
        train_frames=len(training),
        validation_frames=len(held_out),
    )


def _input_spec(config: TrainConfig, skeleton: Skeleton) -> InputSpec:
    """Return what the model looks at.

    Raises:
        InputError: The loss is another model's.
    """
    network = find_model(config.model_name).network
    if config.loss in OWNED and config.loss not in network.own_losses:
        raise InputError(
            f"loss must be one that {config.model_name} has an answer for, got {config.loss}, which is another "
            "model's; use mpjpe"
        )
    targets: Output = "sequence" if config.loss in OF_WINDOWS else network.output
    model = config.model
    return InputSpec(skeleton, model.normalisation, model.receptive_field, network.output, targets, model.target)


def _split(motion: MotionCapture, config: DataConfig) -> tuple[MotionCapture, MotionCapture]:
    """Split by whole subjects."""
    held_out = motion.select(subjects=config.held_out_subjects)
    training = motion.select(
        subjects=config.train_subjects or None, exclude=config.held_out_subjects, exclude_clips=config.left_out_clips
    )
    return training, held_out


def _check_skeleton(motion: MotionCapture, config: TrainConfig) -> Skeleton:
    """The data's joints must be the model's."""
    skeleton = get_skeleton(config.model.skeleton)
    if skeleton.as_dict() != motion.skeleton.as_dict():
        raise InputError(f"model.skeleton must be the data's, {motion.skeleton.name}, got {skeleton.name}")
    return skeleton
