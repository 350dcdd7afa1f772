"""The training loop, top to bottom: build, go through epochs, validate, save.

``fit`` is the loop. It can be stopped and killed at any step: a checkpoint holds the state, and everything else
is a function of (seed, epoch, step).
"""

import math
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import nn

from ampose.geometry import root_relative
from ampose.metrics.position import mpjpe
from ampose.models import LifterNetwork
from ampose.models.window_prediction import predict_samples
from ampose.samples import Samples
from ampose.skeletons import get_skeleton
from ampose.targets import needs_root_depth, said_of
from ampose.training.batches import DROPOUT, BatchSource, seed_for
from ampose.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from ampose.training.config import TrainConfig
from ampose.training.log import RunLog
from ampose.training.loss import LOSSES
from ampose.training.optimiser import make_average, make_optimiser, set_batch_norm_momentum
from ampose.training.schedule import learning_rate
from ampose.weights import save_weights

Report = Callable[[int, int | None, str], None]
CHECKPOINT = "checkpoint.safetensors"


@dataclass
class Run:
    """The things that a run is made of."""

    config: TrainConfig
    folder: Path
    fabric: Fabric
    network: LifterNetwork
    source: BatchSource
    validation: Samples
    log: RunLog
    config_hash: str
    report: Report = field(default=lambda done, total, note: None)
    should_stop: Callable[[], bool] = field(default=lambda: False)

    def __post_init__(self) -> None:
        self.progress = Progress()
        self.optimiser = make_optimiser(self.network, self.config.optimiser)
        self.model, self.fabric_optimiser = self.fabric.setup(self.network, self.optimiser)
        self.model.mark_forward_method("with_expected_error")
        self.average = make_average(self.network, self.config.optimiser)
        self.steps_per_epoch = math.ceil(len(self.source) / self.config.batch_size)
        self.saved_at = time.monotonic()

    @property
    def epoch(self) -> int:
        """The epoch of the next step."""
        return self.progress.step // self.steps_per_epoch

    @property
    def result(self) -> LifterNetwork:
        """What is validated and saved: the network, or the average over its steps."""
        return self.network if self.average is None else cast("LifterNetwork", self.average.module)

    @property
    def state(self) -> nn.Module:
        """Everything with weights that a checkpoint must hold."""
        return self.network if self.average is None else nn.ModuleList([self.network, self.average])

    def resume(self) -> None:
        """Take the run up where its checkpoint left it."""
        path = self.folder / CHECKPOINT
        self.progress = load_checkpoint(path, self.state, self.optimiser, self.config_hash)
        self.log.cut(self.epoch)

    def save(self) -> None:
        """Write a checkpoint (one process only)."""
        if self.fabric.global_rank == 0:
            path = self.folder / CHECKPOINT
            save_checkpoint(path, self.state, self.optimiser, self.progress, self.config_hash)
        self.saved_at = time.monotonic()


def make_fabric(config: TrainConfig) -> Fabric:
    """Set up devices: those of torchrun if it started us, else one GPU if there is one, else the CPU."""
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    nodes = int(os.environ.get("WORLD_SIZE", "1")) // processes
    strategy = "auto"
    if processes * nodes > 1:
        # A loss may leave parts of a network alone (a head that says how sure it is), which DDP must be told.
        strategy = "ddp_find_unused_parameters_true"
        warnings.filterwarnings("ignore", "find_unused_parameters=True was specified")
    fabric = Fabric(
        accelerator="auto", devices=processes, num_nodes=nodes, strategy=strategy, precision=config.precision
    )
    fabric.launch()
    return fabric


def disconnect(fabric: Fabric) -> None:
    """End the connection of several processes once all are done.

    Left to the end of the interpreter, its threads now and then outlive what they use, and a training that is done
    aborts.
    """
    if fabric.world_size > 1:
        fabric.barrier()
        torch.distributed.destroy_process_group()


def fit(run: Run) -> bool:
    """Train until the last epoch is done or someone asks to stop; return whether it is done."""
    while run.epoch < run.config.epochs:
        if not _train_epoch(run):
            run.save()
            return False
        _finish_epoch(run)
    return True


def _train_epoch(run: Run) -> bool:
    """Do the steps that are left of this epoch; return False if stopped before its end."""
    epoch, first = divmod(run.progress.step, run.steps_per_epoch)
    order = run.source.order(epoch)
    run.model.train()
    set_batch_norm_momentum(run.network, run.config.optimiser, epoch, run.config.epochs)
    for index in range(first, run.steps_per_epoch):
        if _asked_to_stop(run):
            return False
        started = time.monotonic()
        rows = order[index * run.config.batch_size : (index + 1) * run.config.batch_size]
        loss = _step(run, rows, epoch, index)
        run.progress.step += 1
        run.progress.loss_sum += loss
        run.progress.seconds += time.monotonic() - started
        _tell(run, loss, len(rows) / (time.monotonic() - started))
        # Not after the last step: an epoch ends with its validation, and a checkpoint between the two would skip it.
        if index + 1 < run.steps_per_epoch and time.monotonic() - run.saved_at > run.config.checkpoint_minutes * 60:
            run.save()
    return True


def _step(run: Run, rows: torch.Tensor, epoch: int, index: int) -> float:
    """Make one batch, of which each process takes its share, and move the weights; return the loss."""
    config, fabric = run.config, run.fabric
    torch.manual_seed(seed_for(config.seed, DROPOUT, run.progress.step))  # dropout, the same after a resume
    rate = learning_rate(config.optimiser, run.progress.step, run.steps_per_epoch, config.epochs)
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    share = slice(fabric.global_rank, None, fabric.world_size)
    keypoints, target = (tensor[share].to(fabric.device) for tensor in run.source.batch(rows, epoch, index))
    run.fabric_optimiser.zero_grad()
    loss = _add_gradients(run, keypoints, target, of=len(rows))
    if config.optimiser.clip_norm is not None:
        fabric.clip_gradients(run.model, run.fabric_optimiser, max_norm=config.optimiser.clip_norm)
    run.fabric_optimiser.step()
    if run.average is not None:
        run.average.update_parameters(run.network)
    return _mean_over_processes(fabric, loss)


def _add_gradients(run: Run, keypoints: torch.Tensor, target: torch.Tensor, *, of: int) -> torch.Tensor:
    """Send a process's share ``of`` so many samples through the network, in parts if it is to be; return its loss."""
    fabric, loss = run.fabric, target.new_zeros(())
    size = run.config.micro_batch or len(keypoints)
    parts = list(zip(torch.split(keypoints, size), torch.split(target, size), strict=True))
    for number, (some_keypoints, some_target) in enumerate(parts, start=1):
        # Processes average their gradients after the last part: weights are shares of the batch, times their number.
        weight = len(some_target) * fabric.world_size / of
        with fabric.no_backward_sync(run.model, enabled=number < len(parts)):
            part = LOSSES[run.config.loss](run.model, some_keypoints, some_target) * weight
            fabric.backward(part)
        if len(some_target):  # the mean of nothing is not a number
            loss += part.detach()
    return loss


def _mean_over_processes(fabric: Fabric, loss: torch.Tensor) -> float:
    if fabric.world_size == 1:
        return loss.item()
    mean = fabric.all_reduce(loss, reduce_op="mean")
    assert isinstance(mean, torch.Tensor)  # noqa: S101 (a tensor in gives a tensor out)
    return mean.item()


def _asked_to_stop(run: Run) -> bool:
    """All processes stop at the same step: the first one decides."""
    if run.fabric.world_size == 1:
        return run.should_stop()
    return bool(run.fabric.broadcast(run.should_stop()))


def _tell(run: Run, loss: float, speed: float) -> None:
    total = run.steps_per_epoch * run.config.epochs
    best = run.progress.best_mpjpe_mm
    validated = f", best {best:.1f} mm{said_of(run.config.model.target)}" if math.isfinite(best) else ""
    run.report(run.progress.step, total, f"loss {loss:.5f}, {speed:,.0f} samples/s{validated}")


def _finish_epoch(run: Run) -> None:
    """Validate, log, keep the last and the best weights, and write a checkpoint."""
    progress = run.progress
    epoch = run.epoch - 1
    error_mm = validate(run.result, run.validation, run.fabric.device)
    told = {"uses_gt_root_depth": True} if needs_root_depth(run.config.model.target) else {}
    row = {
        "epoch": epoch,
        "step": progress.step,
        "loss": progress.loss_sum / run.steps_per_epoch,
        "learning_rate": run.optimiser.param_groups[0]["lr"],
        "validation_mpjpe_mm": error_mm,
        "samples_per_second": run.steps_per_epoch * run.config.batch_size * (epoch + 1) / progress.seconds,
        "seconds": progress.seconds,
        **told,
    }
    improved = error_mm < progress.best_mpjpe_mm
    if improved:
        progress.best_mpjpe_mm, progress.best_epoch = error_mm, epoch
    progress.loss_sum = 0.0
    if run.fabric.global_rank == 0:
        facts = {"epoch": epoch, "validation_mpjpe_mm": error_mm, "run": run.config_hash, **told}
        for name in ["last", "best"] if improved else ["last"]:
            save_weights(run.folder / name, run.config.model_name, run.result, {**facts, "selection": name})
        run.log.append(row)
    run.save()


def validate(network: LifterNetwork, samples: Samples, device: torch.device) -> float:
    """Return the mean MPJPE of the samples in mm: root subtracted, no flip, no alignment."""
    network.eval()
    root = get_skeleton(network.config.skeleton).root_index
    there = samples.to(device)
    lifted = predict_samples(network, there, flip=False)
    return float(mpjpe(lifted, root_relative(there.positions, root)).mean()) * 1000
