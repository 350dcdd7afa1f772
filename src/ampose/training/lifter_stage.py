"""What the loop trains, most of the time: a network that lifts, on motion or on a dataset with its own cameras."""

from dataclasses import dataclass
from pathlib import Path

import torch

from ampose.data.motion_capture import concatenate, read_motion
from ampose.data.recordings import is_recordings_folder
from ampose.errors import InputError
from ampose.lifting.prediction import predict_samples
from ampose.lifting.weights import Weights, load_weights, save_weights
from ampose.models import LifterNetwork, find_loss, find_model
from ampose.models.output_space import caveat_of
from ampose.poses.geometry import root_relative
from ampose.poses.metrics.position import mpjpe
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton
from ampose.training.batches import BatchSource, FixedCameraBatches, InputSpec, VirtualCameraBatches, validation_samples
from ampose.training.config import TrainConfig
from ampose.training.loop import Trainee
from ampose.training.sampler import NETWORK, seed_for
from ampose.training.subject_split import read_split


@dataclass(frozen=True)
class TrainingData:
    """What a lifter learns from and is validated on."""

    source: BatchSource
    validation: Samples
    hashes: dict[str, str]
    train_frames: int
    validation_frames: int


def lifter_trainee(config: TrainConfig, device: torch.device) -> Trainee:
    """Make what the loop needs to train a lifter.

    Raises:
        InputError: The data or the earlier stage's weights are missing, damaged, or do not fit the model.
    """
    data = read_data(config)
    loss = find_loss(config.model_name, config.loss)
    torch.manual_seed(seed_for(config.seed, NETWORK))
    network = find_model(config.model_name).network(config.model)
    hashes = dict(data.hashes)
    if config.start_from:
        hashes[config.start_from] = start_from(network, Path(config.start_from), loss.trains).sha256
    return Trainee(
        config=config,
        network=network,
        source=data.source,
        loss=loss.compute,
        validate=lambda trained: (validate(trained, data.validation, device), {}),
        save=lambda trained, folder, facts: save_weights(folder, config.model_name, trained, facts),
        caveat=caveat_of(config.model.target),
        hashes=hashes,
        train_frames=data.train_frames,
        validation_frames=data.validation_frames,
    )


def validate(network: LifterNetwork, samples: Samples, device: torch.device) -> float:
    """Return the mean MPJPE of the samples in mm: root subtracted, no alignment, no flip, for half the time.

    Of motion the 2D is exact.
    """
    network.eval()
    here = samples.to(device)
    lifted = predict_samples(network, here, flip=False).positions
    target = root_relative(here.middle.positions[:, 0], network.skeleton.root_index)
    return float(mpjpe(lifted, target).mean()) * 1000


def start_from(network: LifterNetwork, folder: Path, trained_part: str = "") -> Weights:
    """Give a network the weights of an earlier stage, wherever both have a tensor of that name and shape.

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
    earlier, own = weights.network.state_dict(), network.state_dict()
    fitting = {key: value for key, value in earlier.items() if key in own and own[key].shape == value.shape}
    frozen = [key for key in own if trained_part and not key.startswith(f"{trained_part}.")]
    if not fitting or not set(frozen) <= set(fitting):
        fits = "not every tensor of the part that is frozen fits" if fitting else "no tensor fits"
        raise InputError(f"start_from must be weights of the same model, got {folder}, of which {fits}")
    network.load_state_dict({**own, **fitting})
    for key, parameter in network.named_parameters():
        parameter.requires_grad_(key not in frozen)
    return weights


def read_data(config: TrainConfig) -> TrainingData:
    """Read motion for virtual cameras, or datasets with their own, whichever the files are.

    Raises:
        InputError: The data is missing or damaged, is of both kinds, or does not fit the model or the settings.
    """
    data, model = config.data, config.model
    output, loss = find_model(config.model_name).network.output, find_loss(config.model_name, config.loss)
    spec = InputSpec(
        skeleton=get_skeleton(model.skeleton),
        normalisation=model.normalisation,
        frames=model.receptive_field,
        output=output,
        targets=loss.targets or output,
        target=model.target,
    )
    folders = [is_recordings_folder(Path(file)) for file in data.files]
    if any(folders) and not all(folders):
        raise InputError(
            "data.files must be all files of motion or all folders with their own cameras, "
            f"got both in {', '.join(data.files)}"
        )
    if any(folders):
        samples, validation, hashes = read_split(data, model.skeleton)
        source = FixedCameraBatches(samples, data, spec, config.seed)
        return TrainingData(source, validation, hashes, len(samples), len(validation))
    data.refuse(("keypoints", "exclude_takes"), "with motion and virtual cameras")
    motions = [read_motion(Path(file)) for file in data.files]
    hashes = {file: motion.sha256 for file, motion in zip(data.files, motions, strict=True)}
    motion = concatenate(motions)
    del motions
    if spec.skeleton.as_dict() != motion.skeleton.as_dict():
        raise InputError(f"model.skeleton must be the data's, {motion.skeleton.name}, got {spec.skeleton.name}")
    # Split by whole subjects.
    held_out = motion.select(subjects=data.held_out_subjects, exclude_clips=data.left_out_clips)
    training = motion.select(
        subjects=data.train_subjects or None,
        clips=data.train_clips or None,
        exclude=data.held_out_subjects,
        exclude_clips=data.left_out_clips,
    )
    validation = validation_samples(held_out, data, spec.frames)
    views = VirtualCameraBatches(training, data, spec, config.seed)
    return TrainingData(views, validation, hashes, len(training), len(validation))
