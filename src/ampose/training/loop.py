"""The training loop, top to bottom: go through epochs, validate, save.

``fit`` is the loop. What a step is, a stage says: ``ampose.training.lifting`` trains a lifter,
``ampose.training.refinement_stage`` what refines its poses. A stage can be stopped and killed at any step: a
checkpoint holds the state, and everything else is a function of (seed, epoch, step).
"""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor, nn

from ampose.models.output_space import said_of
from ampose.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from ampose.training.config import TrainConfig
from ampose.training.log import RunLog
from ampose.training.optimiser import set_batch_norm_momentum
from ampose.training.sampler import DROPOUT, seed_for
from ampose.training.schedule import learning_rate

Report = Callable[[int, int | None, str], None]
CHECKPOINT = "checkpoint.safetensors"


@dataclass
class Stage(ABC):
    """What the loop goes through: what is trained, on what, and where it is left."""

    config: TrainConfig
    folder: Path
    config_hash: str
    report: Report | None = field(default=None, kw_only=True)
    should_stop: Callable[[], bool] = field(default=lambda: False, kw_only=True)

    def __post_init__(self) -> None:
        self.progress, self.log = Progress(), RunLog(self.folder)
        self.optimiser = self.build()
        self.steps_per_epoch = math.ceil(self.samples_per_epoch / self.config.batch_size)
        self.saved_at = time.monotonic()

    @abstractmethod
    def build(self) -> torch.optim.Optimizer:
        """Set up what is trained, and return what moves its weights."""

    @property
    @abstractmethod
    def samples_per_epoch(self) -> int:
        """Samples that an epoch goes through."""

    @property
    @abstractmethod
    def state(self) -> nn.Module:
        """Everything with weights that a checkpoint must hold."""

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return True

    @abstractmethod
    def order(self, epoch: int) -> Int[Tensor, " sample"]:
        """Rows of the samples of an epoch, in their order."""

    @abstractmethod
    def train_mode(self) -> None:
        """Switch dropout on where it belongs, before an epoch and after each validation."""

    @abstractmethod
    def step(self, rows: Int[Tensor, " sample"], epoch: int, index: int) -> float:
        """Move the weights by one batch and return its loss."""

    @abstractmethod
    def validate(self) -> tuple[float, dict[str, Any]]:
        """Return the validation samples' MPJPE in mm, and what else the log is to say."""

    @abstractmethod
    def save_result(self, name: str, facts: Mapping[str, Any]) -> None:
        """Write the weights as they are into a folder of that name."""

    def asked_to_stop(self) -> bool:
        """Whether to stop before the next step."""
        return self.should_stop()

    @property
    def epoch(self) -> int:
        """The epoch of the next step."""
        return self.progress.step // self.steps_per_epoch

    def resume(self) -> None:
        """Take the run up where its checkpoint left it."""
        path = self.folder / CHECKPOINT
        self.progress = load_checkpoint(path, self.state, self.optimiser, self.config_hash)
        self.log.cut(self.epoch)

    def save(self) -> None:
        """Write a checkpoint (one process only)."""
        if self.leads:
            path = self.folder / CHECKPOINT
            save_checkpoint(path, self.state, self.optimiser, self.progress, self.config_hash)
        self.saved_at = time.monotonic()


def fit(stage: Stage) -> bool:
    """Train until the last epoch is done or someone asks to stop; return whether it is done."""
    while stage.epoch < stage.config.epochs:
        if not _train_epoch(stage):
            stage.save()
            return False
        _finish_epoch(stage)
    return True


def _train_epoch(stage: Stage) -> bool:
    """Do the steps that are left of this epoch; return False if stopped before its end."""
    config, progress = stage.config, stage.progress
    epoch, first = divmod(progress.step, stage.steps_per_epoch)
    order = stage.order(epoch)
    stage.train_mode()
    set_batch_norm_momentum(stage.state, config.optimiser, epoch, config.epochs)
    for index in range(first, stage.steps_per_epoch):
        if stage.asked_to_stop():
            return False
        started = time.monotonic()
        rows = order[index * config.batch_size : (index + 1) * config.batch_size]
        loss = _step(stage, rows, epoch, index)
        progress.step += 1
        progress.loss_sum += loss
        progress.seconds += time.monotonic() - started
        _tell(stage, loss, len(rows) / (time.monotonic() - started))
        # Not after the last step: an epoch ends with its validation, and a checkpoint between the two would skip it.
        if index + 1 < stage.steps_per_epoch and time.monotonic() - stage.saved_at > config.checkpoint_minutes * 60:
            stage.save()
    return True


def _step(stage: Stage, rows: Int[Tensor, " sample"], epoch: int, index: int) -> float:
    """Do a step with the dropout and the learning rate that are its own, also after a resume."""
    torch.manual_seed(seed_for(stage.config.seed, DROPOUT, stage.progress.step))
    rate = learning_rate(stage.config.optimiser, stage.progress.step, stage.steps_per_epoch, stage.config.epochs)
    for group in stage.optimiser.param_groups:
        group["lr"] = rate
    return stage.step(rows, epoch, index)


def _tell(stage: Stage, loss: float, speed: float) -> None:
    if stage.report is None or not stage.leads:
        return
    total = stage.steps_per_epoch * stage.config.epochs
    best = stage.progress.best_mpjpe_mm
    validated = f", best {best:.1f} mm{said_of(stage.config.model.target)}" if math.isfinite(best) else ""
    stage.report(stage.progress.step, total, f"loss {loss:.5f}, {speed:,.0f} samples/s{validated}")


def _finish_epoch(stage: Stage) -> None:
    """Validate, log, keep the last and the best weights, and write a checkpoint."""
    progress, epoch = stage.progress, stage.epoch - 1
    error_mm, more = stage.validate()
    row = {
        "epoch": epoch,
        "step": progress.step,
        "loss": progress.loss_sum / stage.steps_per_epoch,
        "learning_rate": stage.optimiser.param_groups[0]["lr"],
        "validation_mpjpe_mm": error_mm,
        "samples_per_second": stage.samples_per_epoch * (epoch + 1) / progress.seconds,
        "seconds": progress.seconds,
        **more,
    }
    improved = error_mm < progress.best_mpjpe_mm
    if improved:
        progress.best_mpjpe_mm, progress.best_epoch = error_mm, epoch
    progress.loss_sum = 0.0
    if stage.leads:
        facts = {"epoch": epoch, "validation_mpjpe_mm": error_mm, "run": stage.config_hash, **more}
        for name in ["last", "best"] if improved else ["last"]:
            stage.save_result(name, {**facts, "selection": name})
        stage.log.append(row)
    stage.save()
