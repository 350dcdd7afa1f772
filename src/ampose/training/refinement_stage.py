"""The second stage of Cai et al.: train a pose refinement with a lifter that is trained already.

The samples must be of fixed cameras (``ampose.training.subject_split``), because the back-projection needs their
intrinsics and the true distance of the root. As in the first stage everything is a function of (seed, epoch, step),
so a run can be stopped and taken up at any step.

Left in the run's folder: ``last`` and ``best``, the lifter's weights, and beside each ``last-refinement`` and
``best-refinement``.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ampose.data.recordings import is_recordings_folder
from ampose.errors import InputError
from ampose.lifting.prediction import predict_samples
from ampose.lifting.refinement import PoseRefinement, RefinementConfig, back_project_pose, refine
from ampose.lifting.weights import load_weights, save_weights
from ampose.lifting.weights.refinement_weights import SUFFIX, save_refinement
from ampose.models import LifterNetwork
from ampose.models.normalisation import normalise, to_camera_axes
from ampose.models.output_space import needs_root_depth
from ampose.poses.camera import Intrinsics
from ampose.poses.clips import FrameIndex
from ampose.poses.geometry import mirror, root_relative
from ampose.poses.metrics.position import mpjpe
from ampose.poses.samples import Samples
from ampose.poses.skeletons import Skeleton, get_skeleton
from ampose.training.batches import ONLY_VIRTUAL
from ampose.training.config import RefinementTraining, TrainConfig
from ampose.training.loop import Report, Stage, fit
from ampose.training.loss import DISTANCES
from ampose.training.manifest import hash_config, write_manifest
from ampose.training.optimiser import make_optimiser
from ampose.training.outcome import Outcome
from ampose.training.sampler import BATCH, NETWORK, FrameSampler, generator_for, seed_for
from ampose.training.stopping import stop_requests
from ampose.training.subject_split import read_split


@dataclass
class Refining(Stage):
    """A refinement in training, and its lifter, which may go on learning."""

    settings: RefinementTraining
    lifter: LifterNetwork
    samples: Samples
    validation: Samples

    def build(self) -> torch.optim.Optimizer:
        """Make a refinement, and put it beside its lifter onto the device."""
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.skeleton = get_skeleton(self.lifter.config.skeleton)
        torch.manual_seed(seed_for(self.config.seed, NETWORK))
        self.refinement = PoseRefinement(
            RefinementConfig(skeleton=self.skeleton.name, width=self.settings.width, dropout=self.settings.dropout)
        )
        self.modules = nn.ModuleDict({"lifter": self.lifter, "refinement": self.refinement}).to(self.device)
        self.lifter.requires_grad_(requires_grad=self.settings.train_lifter)
        self.sampler = FrameSampler(
            FrameIndex.of_clips(range(len(self.samples) + 1)),
            frames=1,
            output="centre",
            seed=self.config.seed,
            samples_per_epoch=self.config.data.samples_per_epoch,
        )
        return make_optimiser(self.modules, self.config.optimiser)

    @property
    def samples_per_epoch(self) -> int:
        """All samples, if the recipe does not say otherwise."""
        return len(self.sampler)

    @property
    def state(self) -> nn.Module:
        """Both networks."""
        return self.modules

    def order(self, epoch: int) -> Int[Tensor, " sample"]:
        """Permute all samples."""
        return self.sampler.order(epoch)

    def train_mode(self) -> None:
        """Train the refinement, and the lifter if it is to go on."""
        self.refinement.train()
        self.lifter.train(self.settings.train_lifter)

    def step(self, rows: Int[Tensor, " sample"], epoch: int, index: int) -> float:
        """Mirror half of a batch and move the weights."""
        config, batch = self.config, self.samples[rows]
        if config.data.flip:
            chosen = torch.rand(len(rows), generator=generator_for(config.seed, BATCH, epoch, index)) < 0.5
            batch = mirror_samples(batch, chosen, self.skeleton)
        self.optimiser.zero_grad()
        loss = self._loss(batch.to(self.device))
        loss.backward()  # type: ignore[no-untyped-call]
        if config.optimiser.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.modules.parameters(), config.optimiser.clip_norm)
        self.optimiser.step()
        return loss.item()

    def _loss(self, batch: Samples) -> Float[Tensor, ""]:
        """MPJPE of the refined pose, the symmetry term, and the lifter's own loss if it goes on learning."""
        root, settings = self.skeleton.root_index, self.settings
        seen = normalise(self.lifter.config.normalisation, batch.keypoints_px, batch.intrinsics, root)
        answer = to_camera_axes(self.lifter(seen.keypoints), seen.rotation)[:, 0]
        positions = batch.positions[:, 0]
        lifted, target = root_relative(answer, root), root_relative(positions, root)
        there = back_project_pose(lifted, batch.keypoints_px[:, 0], batch.intrinsics, positions[:, root, 2], root)
        refined = self.refinement(lifted, there)
        loss = mpjpe(refined, target).mean()
        if settings.symmetry_weight:
            loss = loss + settings.symmetry_weight * asymmetry(refined, self.skeleton, settings.symmetry)
        if settings.train_lifter:
            loss = loss + DISTANCES[self.config.loss](answer[:, None], target[:, None])
        return loss

    def validate(self) -> tuple[float, dict[str, Any]]:
        """Measure the refined poses, and those before refinement: no flip, dropout off."""
        self.modules.eval()
        root, samples = self.skeleton.root_index, self.validation.to(self.device)
        keypoints_px, positions = samples.keypoints_px[:, 0], samples.positions[:, 0]
        lifted = predict_samples(self.lifter, samples, flip=False).positions
        refined = refine(self.refinement, lifted, keypoints_px, samples.intrinsics, positions[:, root, 2])
        target = root_relative(positions, root)
        before, after = (1000 * float(mpjpe(poses, target).mean()) for poses in (lifted, refined))
        return after, {"lifted_mpjpe_mm": before}

    def save_result(self, name: str, facts: Mapping[str, Any]) -> None:
        """Write the lifter's weights folder, with its own error, and the refinement's beside it."""
        of_lifter = {**facts, "validation_mpjpe_mm": facts["lifted_mpjpe_mm"]}
        digest = save_weights(self.folder / name, self.config.model_name, self.lifter, of_lifter)
        save_refinement(self.folder / (name + SUFFIX), self.refinement, digest, facts)


def train_refinement(
    config: TrainConfig,
    folder: Path,
    *,
    resume: bool = False,
    max_minutes: float | None = None,
    report: Report | None = None,
) -> Outcome:
    """Train a second stage, or go on training it; for the arguments see ``ampose.training.session.train``.

    Raises:
        InputError: The data has no cameras of its own, the lifter's weights are missing, or a setting does not
            go with a second stage.
    """
    settings = _check(config)
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
    config = replace(config, model_name=weights.name, model=weights.network.config)
    samples, validation, hashes = read_split(config.data, config.model.skeleton)
    hashes = {**hashes, settings.lifter: weights.sha256}
    folder.mkdir(parents=True, exist_ok=True)
    with stop_requests(max_minutes) as should_stop:
        stage = Refining(
            config=config,
            folder=folder,
            config_hash=hash_config(config, hashes),
            settings=settings,
            lifter=weights.network,
            samples=samples,
            validation=validation,
            report=report,
            should_stop=should_stop,
        )
        if resume:
            stage.resume()
        write_manifest(folder, config, hashes, resumed=resume)
        done = fit(stage)
    return Outcome(done, stage.progress, folder, len(samples), len(validation))


def _check(config: TrainConfig) -> RefinementTraining:
    """Refuse what a second stage cannot do."""
    if config.refinement is None:
        raise InputError("recipe must have a [refinement] part to be a second stage, got none")
    if not all(is_recordings_folder(Path(file)) for file in config.data.files):
        files = ", ".join(config.data.files)
        raise InputError(f"data.files must be prepared folders of a dataset with its own cameras, got {files}")
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if config.precision != "32-true" or processes > 1:
        raise InputError(f"refinement must be trained by one process in 32-true, got {processes} in {config.precision}")
    config.data.refuse((*ONLY_VIRTUAL, "noise"), "for a refinement, which does not use it")
    if config.start_from:
        raise InputError(
            f"start_from must be left out for a refinement, got {config.start_from}; use refinement.lifter"
        )
    if config.micro_batch is not None:
        raise InputError(f"micro_batch must be left out for a refinement, got {config.micro_batch}")
    if config.optimiser.average is not None:
        raise InputError(f"optimiser.average must be left out for a refinement, got {config.optimiser.average}")
    return config.refinement


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
        intrinsics=Intrinsics(
            focal=camera.focal,
            centre=torch.where(chosen[:, None], centre, camera.centre),
            image_size=camera.image_size,
        ),
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
