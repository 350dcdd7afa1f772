"""The second stage of Cai et al.: train a pose refinement with a lifter that is trained already.

The samples must be of fixed cameras (``ampose.training.views_batches``), because the back-projection needs their
intrinsics and the true distance of the root. As in the first stage everything is a function of (seed, epoch, step),
so a run can be stopped and taken up at any step.

Left in the run's folder: ``last`` and ``best``, the lifter's weights, and beside each ``last-refinement`` and
``best-refinement``.
"""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ampose.data.views import is_views_folder
from ampose.errors import InputError
from ampose.geometry import root_relative
from ampose.metrics.position import mpjpe
from ampose.models import LifterNetwork
from ampose.models.prediction import predict
from ampose.models.refinement import PoseRefinement, RefinementConfig, back_project_pose, refine
from ampose.normalisation import normalise, to_camera_axes
from ampose.samples import Samples
from ampose.skeletons import Skeleton, get_skeleton
from ampose.targets import needs_root_depth
from ampose.training.batches import BATCH, DROPOUT, NETWORK, ORDER, generator_for, permutations, seed_for
from ampose.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from ampose.training.config import RefinementTraining, TrainConfig
from ampose.training.log import RunLog
from ampose.training.loop import CHECKPOINT, Report
from ampose.training.loss import DISTANCES
from ampose.training.manifest import hash_config, write_manifest
from ampose.training.optimiser import make_optimiser, set_batch_norm_momentum
from ampose.training.outcome import Outcome
from ampose.training.schedule import learning_rate
from ampose.training.stopping import stop_requests
from ampose.training.views_batches import ONLY_VIRTUAL, mirror_samples, read_split
from ampose.weights import load_weights, save_weights
from ampose.weights.refinement import SUFFIX, save_refinement


@dataclass
class SecondStage:
    """The things that a second stage is made of."""

    config: TrainConfig
    settings: RefinementTraining
    folder: Path
    lifter: LifterNetwork
    samples: Samples
    validation: Samples
    config_hash: str
    report: Report = field(default=lambda done, total, note: None)
    should_stop: Callable[[], bool] = field(default=lambda: False)

    def __post_init__(self) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.skeleton = get_skeleton(self.lifter.config.skeleton)
        torch.manual_seed(seed_for(self.config.seed, NETWORK))
        self.refinement = PoseRefinement(
            RefinementConfig(skeleton=self.skeleton.name, width=self.settings.width, dropout=self.settings.dropout)
        )
        self.modules = nn.ModuleDict({"lifter": self.lifter, "refinement": self.refinement}).to(self.device)
        self.lifter.requires_grad_(requires_grad=self.settings.train_lifter)
        self.optimiser = make_optimiser(self.modules, self.config.optimiser)
        self.progress, self.log = Progress(), RunLog(self.folder)
        self.samples_per_epoch = self.config.data.samples_per_epoch or len(self.samples)
        self.steps_per_epoch = math.ceil(self.samples_per_epoch / self.config.batch_size)
        self.saved_at = time.monotonic()

    @property
    def epoch(self) -> int:
        """The epoch of the next step."""
        return self.progress.step // self.steps_per_epoch

    def resume(self) -> None:
        """Take the run up where its checkpoint left it."""
        path = self.folder / CHECKPOINT
        self.progress = load_checkpoint(path, self.modules, self.optimiser, self.config_hash)
        self.log.cut(self.epoch)

    def save(self) -> None:
        """Write a checkpoint."""
        save_checkpoint(self.folder / CHECKPOINT, self.modules, self.optimiser, self.progress, self.config_hash)
        self.saved_at = time.monotonic()


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
            "train it with --model.target metres"
        )
    config = replace(config, model_name=weights.name, model=weights.network.config)
    samples, validation, hashes = read_split(config.data, config.model.skeleton)
    hashes = {**hashes, settings.lifter: weights.sha256}
    folder.mkdir(parents=True, exist_ok=True)
    with stop_requests(max_minutes) as should_stop:
        stage = SecondStage(
            config=config,
            settings=settings,
            folder=folder,
            lifter=weights.network,
            samples=samples,
            validation=validation,
            config_hash=hash_config(config, hashes),
            report=report or (lambda done, total, note: None),
            should_stop=should_stop,
        )
        if resume:
            stage.resume()
        write_manifest(folder, config, hashes, resumed=resume)
        done = _fit(stage)
    return Outcome(done, stage.progress, folder, len(samples), len(validation))


def _check(config: TrainConfig) -> RefinementTraining:
    """Refuse what a second stage cannot do."""
    if config.refinement is None:
        raise InputError("recipe must have a [refinement] part to be a second stage, got none")
    if not all(is_views_folder(Path(file)) for file in config.data.files):
        files = ", ".join(config.data.files)
        raise InputError(f"data.files must be prepared folders of a dataset with its own cameras, got {files}")
    if config.precision != "32-true" or int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InputError(f"refinement must be trained by one process in 32-true, got {config.precision}")
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


def _fit(stage: SecondStage) -> bool:
    """Train until the last epoch is done or someone asks to stop; return whether it is done."""
    while stage.epoch < stage.config.epochs:
        if not _train_epoch(stage):
            stage.save()
            return False
        _finish_epoch(stage)
    return True


def _train_epoch(stage: SecondStage) -> bool:
    """Do the steps that are left of this epoch; return False if stopped before its end."""
    config, progress = stage.config, stage.progress
    epoch, first = divmod(progress.step, stage.steps_per_epoch)
    generator = generator_for(config.seed, ORDER, epoch)
    order = permutations(len(stage.samples), stage.samples_per_epoch, generator)
    stage.refinement.train()
    stage.lifter.train(stage.settings.train_lifter)
    set_batch_norm_momentum(stage.modules, config.optimiser, epoch, config.epochs)
    for index in range(first, stage.steps_per_epoch):
        if stage.should_stop():
            return False
        started = time.monotonic()
        rows = order[index * config.batch_size : (index + 1) * config.batch_size]
        loss = _step(stage, rows, epoch, index)
        progress.step += 1
        progress.loss_sum += loss
        progress.seconds += time.monotonic() - started
        stage.report(progress.step, stage.steps_per_epoch * config.epochs, f"loss {loss:.5f}")
        if index + 1 < stage.steps_per_epoch and time.monotonic() - stage.saved_at > config.checkpoint_minutes * 60:
            stage.save()
    return True


def _step(stage: SecondStage, rows: Tensor, epoch: int, index: int) -> float:
    """Move the weights by one batch and return the loss."""
    config = stage.config
    torch.manual_seed(seed_for(config.seed, DROPOUT, stage.progress.step))  # dropout, the same after a resume
    rate = learning_rate(config.optimiser, stage.progress.step, stage.steps_per_epoch, config.epochs)
    for group in stage.optimiser.param_groups:
        group["lr"] = rate
    batch = stage.samples[rows]
    if config.data.flip:
        chosen = torch.rand(len(rows), generator=generator_for(config.seed, BATCH, epoch, index)) < 0.5
        batch = mirror_samples(batch, chosen, stage.skeleton)
    stage.optimiser.zero_grad()
    loss = _loss(stage, batch.to(stage.device))
    loss.backward()  # type: ignore[no-untyped-call]
    if config.optimiser.clip_norm is not None:
        nn.utils.clip_grad_norm_(stage.modules.parameters(), config.optimiser.clip_norm)
    stage.optimiser.step()
    return loss.item()


def _loss(stage: SecondStage, batch: Samples) -> Float[Tensor, ""]:
    """MPJPE of the refined pose, the symmetry term, and the lifter's own loss if it goes on learning."""
    root, settings = stage.skeleton.root_index, stage.settings
    seen = normalise(stage.lifter.config.normalisation, batch.keypoints_px, batch.intrinsics, root)
    answer = to_camera_axes(stage.lifter(seen.keypoints[:, None])[:, 0], seen.rotation)
    lifted, target = root_relative(answer, root), root_relative(batch.positions, root)
    there = back_project_pose(lifted, batch.keypoints_px, batch.intrinsics, batch.positions[:, root, 2], root)
    refined = stage.refinement(lifted, there)
    loss = mpjpe(refined, target).mean()
    if settings.symmetry_weight:
        loss = loss + settings.symmetry_weight * asymmetry(refined, stage.skeleton, settings.symmetry)
    if settings.train_lifter:
        loss = loss + DISTANCES[stage.config.loss](answer[:, None], target[:, None])
    return loss


def asymmetry(poses: Float[Tensor, "sample joint 3"], skeleton: Skeleton, how: str = "signed") -> Float[Tensor, ""]:
    """Sum over the left bones of the mean difference in length to their right counterparts, metres.

    Args:
        poses: Metres.
        skeleton: Whose bones they have.
        how: "signed", left minus right, as Cai et al. have it; or "absolute".

    Example:
        >>> from ampose.skeletons import get_skeleton
        >>> asymmetry(torch.zeros(1, 17, 3), get_skeleton("human36m_17")).item()
        0.0
    """
    order = torch.from_numpy(skeleton.flip_order)
    pairs = zip(skeleton.bones, skeleton.bone_indices.tolist(), strict=True)
    left = torch.tensor([bone for (_, joint), bone in pairs if skeleton.side_of(joint) == "left"])
    lengths = [(poses[:, bones[:, 1]] - poses[:, bones[:, 0]]).norm(dim=-1) for bones in (left, order[left])]
    difference = lengths[0] - lengths[1]
    return (difference.abs() if how == "absolute" else difference).mean(dim=0).sum()


def _finish_epoch(stage: SecondStage) -> None:
    """Validate, log, keep the last and the best weights, and write a checkpoint."""
    progress, epoch = stage.progress, stage.epoch - 1
    lifted_mm, refined_mm = _validate(stage)
    row = {
        "epoch": epoch,
        "step": progress.step,
        "loss": progress.loss_sum / stage.steps_per_epoch,
        "learning_rate": stage.optimiser.param_groups[0]["lr"],
        "validation_mpjpe_mm": refined_mm,
        "lifted_mpjpe_mm": lifted_mm,
        "seconds": progress.seconds,
    }
    improved = refined_mm < progress.best_mpjpe_mm
    if improved:
        progress.best_mpjpe_mm, progress.best_epoch = refined_mm, epoch
    progress.loss_sum = 0.0
    for name in ["last", "best"] if improved else ["last"]:
        facts = {"epoch": epoch, "run": stage.config_hash, "selection": name}
        digest = save_weights(
            stage.folder / name, stage.config.model_name, stage.lifter, {**facts, "validation_mpjpe_mm": lifted_mm}
        )
        beside = stage.folder / (name + SUFFIX)
        save_refinement(beside, stage.refinement, digest, {**facts, "validation_mpjpe_mm": refined_mm})
    stage.log.append(row)
    stage.save()


def _validate(stage: SecondStage) -> tuple[float, float]:
    """Return the validation samples' MPJPE in mm before and after refinement: no flip, dropout off."""
    stage.modules.eval()
    root, samples = stage.skeleton.root_index, stage.validation.to(stage.device)
    lifted = predict(stage.lifter, samples.keypoints_px, samples.intrinsics, flip=False)
    depth = samples.positions[:, root, 2]
    refined = refine(stage.refinement, lifted, samples.keypoints_px, samples.intrinsics, depth)
    target = root_relative(samples.positions, root)
    before, after = (1000 * float(mpjpe(poses, target).mean()) for poses in (lifted, refined))
    return before, after
