"""The second stage of Cai et al.: train a pose refinement with a lifter that is trained already.

The samples must be of fixed cameras, because the back-projection needs their intrinsics and the true distance of the
root. Left in the run's folder: ``last`` and ``best``, the lifter's weights, and beside each ``last-refinement`` and
``best-refinement``.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ampose.data.recordings import is_recordings_folder
from ampose.errors import InputError
from ampose.lifting.prediction import predict_samples
from ampose.lifting.refinement import PoseRefinement, RefinementConfig, back_project_pose, refine
from ampose.lifting.weights import Weights, load_weights, save_weights
from ampose.lifting.weights.refinement_weights import SUFFIX, save_refinement
from ampose.models import LifterNetwork
from ampose.models.losses import DISTANCES
from ampose.models.normalisation import normalise, to_camera_axes
from ampose.models.output_space import needs_root_depth
from ampose.poses.camera import Intrinsics
from ampose.poses.geometry import mirror, root_relative
from ampose.poses.metrics.position import mpjpe
from ampose.poses.samples import Samples
from ampose.poses.skeletons import Skeleton
from ampose.training.batches import ONLY_VIRTUAL, FixedCameraBatches, InputSpec
from ampose.training.config import RefinementTraining, TrainConfig
from ampose.training.loop import Trainee
from ampose.training.sampler import BATCH, NETWORK, generator_for, seed_for
from ampose.training.subject_split import read_split


def refinement_trainee(config: TrainConfig, device: torch.device) -> Trainee:
    """Make what the loop needs to train a refinement.

    Raises:
        InputError: The data has no cameras of its own, the lifter's weights are missing, or a setting does not
            go with a second stage.
    """
    settings, weights = _check(config)
    samples, validation, hashes = read_split(config.data, weights.network.config.skeleton)
    torch.manual_seed(seed_for(config.seed, NETWORK))
    network = RefinedLifter(weights.network, settings)
    validation = validation.to(device)
    spec = InputSpec(network.skeleton, weights.network.config.normalisation)

    def save(trained: RefinedLifter, folder: Path, facts: Mapping[str, Any]) -> None:
        """Write the lifter's weights folder, with its own error, and the refinement's beside it."""
        of_lifter = {**facts, "validation_mpjpe_mm": facts["lifted_mpjpe_mm"]}
        digest = save_weights(folder, weights.name, trained.lifter, of_lifter)
        save_refinement(folder.with_name(folder.name + SUFFIX), trained.refinement, digest, facts)

    return Trainee(
        config=replace(config, model_name=weights.name, model=weights.network.config),
        network=network,
        source=WholeSamples(samples, config.data, spec, config.seed),
        loss=RefinementLoss(settings, config.loss),
        validate=lambda trained: validate(trained, validation),
        save=save,
        hashes={**hashes, settings.lifter: weights.sha256},
        train_frames=len(samples),
        validation_frames=len(validation),
    )


def _check(config: TrainConfig) -> tuple[RefinementTraining, Weights]:
    """Refuse what a second stage cannot do; return its settings and the lifter."""
    settings = config.refinement
    if settings is None:
        raise InputError("recipe must have a [refinement] part to be a second stage, got none")
    if not all(is_recordings_folder(Path(file)) for file in config.data.files):
        files = ", ".join(config.data.files)
        raise InputError(f"data.files must be prepared folders of a dataset with its own cameras, got {files}")
    config.data.refuse((*ONLY_VIRTUAL, "noise"), "for a refinement, which does not use it")
    if config.start_from:
        raise InputError(
            f"start_from must be left out for a refinement, got {config.start_from}; use refinement.lifter"
        )
    weights = load_weights(settings.lifter)
    if weights.network.receptive_field > 1:
        raise InputError(
            f"refinement.lifter must look at single frames, got {weights.name} with a receptive field of "
            f"{weights.network.receptive_field}"
        )
    if needs_root_depth(weights.network.config.target):
        raise InputError(
            f"refinement.lifter must answer in metres, got {weights.name} that answers in the image plane; "
            "train it with model.target = metres"
        )
    return settings, weights


class RefinedLifter(nn.Module):
    """A lifter, which may continue to learn, and the refinement of its poses."""

    def __init__(self, lifter: LifterNetwork, settings: RefinementTraining) -> None:
        super().__init__()
        self.skeleton = lifter.skeleton
        self.train_lifter = settings.train_lifter
        self.lifter = lifter.requires_grad_(requires_grad=settings.train_lifter)
        self.refinement = PoseRefinement(
            RefinementConfig(skeleton=self.skeleton.name, width=settings.width, dropout=settings.dropout)
        )

    def train(self, mode: bool = True) -> "RefinedLifter":
        """Switch dropout on or off; it stays off in a lifter that is not trained."""
        super().train(mode)
        self.lifter.train(mode and self.train_lifter)
        return self


class WholeSamples(FixedCameraBatches):
    """Samples with their cameras, which the back-projection needs; half of them mirrored."""

    def batch(self, rows: Int[Tensor, " sample"], epoch: int, step: int) -> tuple[Tensor, ...]:
        """Return pixels, camera-space positions, and the camera's focal lengths, centre and image size."""
        samples = self.gather(rows)
        if self.config.flip:
            chosen = torch.rand(len(rows), generator=generator_for(self.seed, BATCH, epoch, step)) < 0.5
            samples = mirror_samples(samples, chosen.to(self.device), self.spec.skeleton)
        camera = samples.intrinsics
        return samples.keypoints_px, samples.positions, camera.focal, camera.centre, camera.image_size


class RefinementLoss:
    """MPJPE of the refined pose, the symmetry term, and the lifter's own loss if it continues to learn."""

    def __init__(self, settings: RefinementTraining, lifter_loss: str) -> None:
        self.settings, self.compare = settings, DISTANCES[lifter_loss]

    def __call__(
        self,
        network: RefinedLifter,
        keypoints_px: Float[Tensor, "sample 1 joint 2"],
        positions: Float[Tensor, "sample 1 joint 3"],
        *camera: Float[Tensor, "sample 2"],
    ) -> Float[Tensor, ""]:
        """Lift, put the 2D at the lifted depth, refine, and compare."""
        root, settings = network.skeleton.root_index, self.settings
        intrinsics = Intrinsics(focal=camera[0], centre=camera[1], image_size=camera[2])
        keypoints, rotation = normalise(network.lifter.config.normalisation, keypoints_px, intrinsics, root)
        answer = to_camera_axes(network.lifter(keypoints), rotation)  # (sample, 1, joint, xyz)
        target = root_relative(positions, root)
        lifted = root_relative(answer, root)[:, 0]
        depth = positions[:, 0, root, 2]
        back_projected = back_project_pose(lifted, keypoints_px[:, 0], intrinsics, depth, root)
        refined = network.refinement(lifted, back_projected)
        loss: Tensor = mpjpe(refined, target[:, 0]).mean()
        if settings.symmetry_weight:
            loss = loss + settings.symmetry_weight * asymmetry(refined, network.skeleton, settings.symmetry)
        return loss + self.compare(answer, target) if settings.train_lifter else loss


def validate(network: RefinedLifter, samples: Samples) -> tuple[float, Mapping[str, Any]]:
    """Measure the refined poses, and those before refinement: no flip, dropout off."""
    network.eval()
    root, keypoints_px, positions = network.skeleton.root_index, samples.keypoints_px[:, 0], samples.positions[:, 0]
    lifted = predict_samples(network.lifter, samples, flip=False).positions
    refined = refine(network.refinement, lifted, keypoints_px, samples.intrinsics, positions[:, root, 2])
    target = root_relative(positions, root)
    before, after = (1000 * float(mpjpe(poses, target).mean()) for poses in (lifted, refined))
    return after, {"lifted_mpjpe_mm": before}


def mirror_samples(samples: Samples, chosen: Tensor, skeleton: Skeleton) -> Samples:
    """Mirror the chosen samples, and with each its camera: a mirrored image has a mirrored principal point.

    Args:
        samples: Of any cameras.
        chosen: (sample,) bool.
        skeleton: Whose joints they have.
    """
    camera, order = samples.intrinsics, skeleton.flip_order
    width = camera.image_size[:, :1]
    keypoints = mirror(samples.keypoints_px, order)
    keypoints[..., 0] += width[:, None]
    centre = torch.cat([width - camera.centre[:, :1], camera.centre[:, 1:]], dim=1)
    each = chosen[:, None, None, None]
    return Samples(
        keypoints_px=torch.where(each, keypoints, samples.keypoints_px),
        positions=torch.where(each, mirror(samples.positions, order), samples.positions),
        intrinsics=replace(camera, centre=torch.where(chosen[:, None], centre, camera.centre)),
    )


def asymmetry(poses: Float[Tensor, "sample joint 3"], skeleton: Skeleton, how: str = "signed") -> Float[Tensor, ""]:
    """Sum over the left bones of the mean difference in length to their right counterparts, metres.

    Args:
        poses: Metres.
        skeleton: Whose bones they have.
        how: "signed", left minus right, as Cai et al. have it; or "absolute".

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> asymmetry(torch.zeros(1, 17, 3), get_skeleton("human36m_17")).item()
        0.0
    """
    order = torch.from_numpy(skeleton.flip_order)
    pairs = zip(skeleton.bones, skeleton.bone_indices.tolist(), strict=True)
    left = torch.tensor([bone for (_, joint), bone in pairs if skeleton.side_of(joint) == "left"])
    lengths = [(poses[:, bones[:, 1]] - poses[:, bones[:, 0]]).norm(dim=-1) for bones in (left, order[left])]
    difference = lengths[0] - lengths[1]
    return (difference.abs() if how == "absolute" else difference).mean(dim=0).sum()
