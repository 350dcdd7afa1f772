"""The training loop, from top to bottom: forward, loss, backward, step; and after each epoch validate and save.

What is trained, and on what, is a ``Trainee``: ``ampose.training.lifter_stage`` makes one of a network that lifts,
``ampose.training.refinement_stage`` one of a network that refines what a lifter answers. The loop is the same.

It can be stopped and killed at any step: a checkpoint holds the state, and everything else is a function of (seed,
epoch, step).
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int
from lightning_fabric import Fabric
from torch import Tensor, nn

from ampose import Progress
from ampose.errors import InputError, RunLostError
from ampose.training.batches import BatchSource
from ampose.training.checkpoint import RunState, load_checkpoint, save_checkpoint
from ampose.training.config import TrainConfig
from ampose.training.log import RunLog
from ampose.training.optimiser import learning_rate, make_average, make_optimiser, set_batch_norm_momentum
from ampose.training.sampler import DROPOUT, seed_for

CHECKPOINT = "checkpoint.safetensors"
_ADVICE = "lower optimiser.learning_rate, or set optimiser.clip_norm"


@dataclass(frozen=True, kw_only=True)
class Trainee:
    """What is trained, on what, and what becomes of it.

    Args:
        config: The recipe, with the settings of the network that is really trained.
        network: Holds all weights.
        source: Its batches.
        loss: ``(network, *batch)`` -> what a step minimises, a mean over the batch's samples.
        validate: Network -> the validation samples' MPJPE in mm, and what else the log is to say.
        save: Writes (network, into a folder, with these facts).
        hashes: Of everything that goes in: the data's, then those of the weights that it starts from.
        train_frames: How many frames there are to train on.
        validation_frames: How many of held-out people.
        caveat: Must stand beside every error, as in "uses GT root depth"; "" for nothing.
    """

    config: TrainConfig
    network: nn.Module
    source: BatchSource
    loss: Callable[..., Tensor]
    validate: Callable[[Any], tuple[float, Mapping[str, Any]]]
    save: Callable[[Any, Path, Mapping[str, Any]], object]
    hashes: Mapping[str, str]
    train_frames: int
    validation_frames: int
    caveat: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is around the loop.

    Args:
        folder: Where checkpoints, weights and log go.
        config_hash: Identifies what the run computes.
        fabric: The devices.
        report: Is told (steps done, steps in all, note).
        should_stop: Is asked between two steps.
    """

    folder: Path
    config_hash: str
    fabric: Fabric
    report: Progress | None = None
    should_stop: Callable[[], bool] = lambda: False

    def check_folder(self) -> None:
        """Refuse to go on where the folder is gone: writing would make it again, with the later part of the run alone.

        Raises:
            RunLostError: It is.
        """
        if self.leads and not self.folder.is_dir():
            raise RunLostError(f"{self.folder}: the run's folder is gone; nothing more can be written to it")

    @property
    def leads(self) -> bool:
        """Whether this process, of several, is the one that writes and speaks."""
        return self.fabric.global_rank == 0


class NetworkWithLoss(nn.Module):
    """A network whose forward pass ends in the loss.

    Fabric prepares what it wraps for several processes and other precisions, in its forward pass alone; in here a loss
    may ask the network for more than its answer.
    """

    def __init__(self, network: nn.Module, loss: Callable[..., Tensor]) -> None:
        super().__init__()
        self.network, self.loss = network, loss

    def forward(self, *batch: Tensor) -> Tensor:
        """Return the loss of a batch."""
        return self.loss(self.network, *batch)


class Loop:
    """Trains a trainee, epoch by epoch, step by step.

    Args:
        trainee: What is trained.
        run: What is around it.
        resume: Continue from the run folder's checkpoint.

    Raises:
        InputError: There is no checkpoint to resume from, or it belongs to another run.
    """

    def __init__(self, trainee: Trainee, run: Run, *, resume: bool = False) -> None:
        config, self.trainee, self.run = trainee.config, trainee, run
        self.optimiser = make_optimiser(trainee.network, config.optimiser)
        with_loss = NetworkWithLoss(trainee.network, trainee.loss)
        self.model, self.fabric_optimiser = run.fabric.setup(with_loss, self.optimiser)
        trainee.source.to(run.fabric.device)
        # After setup, which moves the network: the average, a copy of it, then lies on the same device.
        self.average = make_average(trainee.network, config.optimiser)
        # A checkpoint holds the network, and the average over its steps if there is one; that is then what is validated
        # and saved.
        self.checkpointed = trainee.network if self.average is None else nn.ModuleList([trainee.network, self.average])
        self.validated: nn.Module = trainee.network if self.average is None else self.average.module
        self.steps_per_epoch = math.ceil(len(trainee.source.sampler) / config.batch_size)
        self.run_state, self.log = RunState(), RunLog(run.folder)
        if resume:
            path = run.folder / CHECKPOINT
            self.run_state = load_checkpoint(path, self.checkpointed, self.optimiser, run.config_hash)
            self.log.cut(self.run_state.step // self.steps_per_epoch)  # keeps the epochs that the checkpoint has done
        self.saved_at = time.monotonic()

    def fit(self) -> bool:
        """Train until the last epoch is done or someone asks to stop; return whether it is done.

        Raises:
            InputError: The loss or a weight is infinite or not a number.
        """
        config, fabric, run_state = self.trainee.config, self.run.fabric, self.run_state
        while (epoch := run_state.step // self.steps_per_epoch) < config.epochs:
            order = self.trainee.source.sampler.order(epoch)  # of (seed, epoch): a resume draws the same
            self.model.train()
            set_batch_norm_momentum(self.trainee.network, config.optimiser, epoch, config.epochs)
            for index in range(run_state.step % self.steps_per_epoch, self.steps_per_epoch):
                stop = self.run.should_stop()
                if fabric.world_size > 1:  # all processes stop at the same step: the first one decides
                    stop = bool(fabric.broadcast(stop))
                if stop:
                    self._save_checkpoint()
                    return False
                started = time.perf_counter()
                rows = order[index * config.batch_size : (index + 1) * config.batch_size]
                loss = self._step(rows, epoch, index)  # its .item() waits for the device: what is timed is done
                if not math.isfinite(loss):  # before it is counted: the last checkpoint stays as it is
                    raise InputError(f"loss must be a number, got {loss} at step {run_state.step}; {_ADVICE}")
                took = time.perf_counter() - started
                run_state.step += 1
                run_state.loss_sum += loss
                run_state.seconds += took
                self._report(loss, len(rows) / took)
                # Not after the last step: an epoch ends with its validation, and a checkpoint between the two would
                # skip it.
                due = time.monotonic() - self.saved_at > config.checkpoint_minutes * 60
                if due and index + 1 < self.steps_per_epoch:
                    self._save_checkpoint()
            self._finish_epoch(epoch)
        return True

    def _step(self, rows: Int[Tensor, " sample"], epoch: int, index: int) -> float:
        """Make a batch, send it through the network, and move the weights; return its loss."""
        config, fabric, step = self.trainee.config, self.run.fabric, self.run_state.step
        # Dropout and the learning rate of a step are its own, also after a resume. The seed is the same on every
        # process: masks are alike there, samples are not.
        torch.manual_seed(seed_for(config.seed, DROPOUT, step))
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(config.optimiser, step, self.steps_per_epoch, config.epochs)
        # Every process makes the whole batch and takes its share: with two, samples 0, 2, 4... and 1, 3, 5...
        share = slice(fabric.global_rank, None, fabric.world_size)
        batch = [tensor[share].to(fabric.device) for tensor in self.trainee.source.batch(rows, epoch, index)]
        # A share may be empty, of an epoch's last batch; it stays one empty part, for every process must take part in
        # the exchange of gradients.
        size = config.micro_batch or max(1, len(batch[0]))
        parts = list(zip(*(torch.split(tensor, size) for tensor in batch), strict=True))
        self.fabric_optimiser.zero_grad()
        total = torch.zeros((), device=fabric.device)
        for number, part in enumerate(parts, start=1):
            # Gradients of parts add up, those of processes are averaged after the last part: so a part's loss counts
            # by its share of the whole batch, times the number of processes.
            weight = len(part[0]) * fabric.world_size / len(rows)
            with fabric.no_backward_sync(self.model, enabled=number < len(parts)):
                loss = self.model(*part) * weight
                fabric.backward(loss)
            if len(part[0]):  # the mean of nothing is not a number
                total += loss.detach()
        # After all parts: what is clipped is the gradient of the whole batch.
        if config.optimiser.clip_norm is not None:
            limit = config.optimiser.clip_norm  # a norm of no number makes the weights so, which no checkpoint takes
            fabric.clip_gradients(self.model, self.fabric_optimiser, max_norm=limit, error_if_nonfinite=False)
        self.fabric_optimiser.step()
        if self.average is not None:
            self.average.update_parameters(self.trainee.network)
        if fabric.world_size > 1:
            # Each total has the number of processes as a factor (see weight), so their mean is the batch's.
            mean = fabric.all_reduce(total, reduce_op="mean")
            assert isinstance(mean, Tensor)  # noqa: S101 (a tensor in gives a tensor out)
            total = mean
        return total.item()

    def _finish_epoch(self, epoch: int) -> None:
        """Validate, log, keep the last and the best weights, and write a checkpoint."""
        run_state, run = self.run_state, self.run
        run.check_folder()
        self._check_weights()
        self.validated.eval()  # every process validates; ``fit`` turns training on again
        error_mm, more = self.trainee.validate(self.validated)
        if self.trainee.caveat:
            more = {**more, "caveat": self.trainee.caveat}
        row = {
            "epoch": epoch,
            "step": run_state.step,
            "loss": run_state.loss_sum / self.steps_per_epoch,  # of the whole epoch: a checkpoint holds the sum, too
            "learning_rate": self.optimiser.param_groups[0]["lr"],
            "validation_mpjpe_mm": error_mm,
            # Since the run began, in the time of steps alone: without validation and checkpoints.
            "samples_per_second": len(self.trainee.source.sampler) * (epoch + 1) / run_state.seconds,
            "seconds": run_state.seconds,
            **more,
        }
        improved = error_mm < run_state.best_mpjpe_mm
        if improved:
            run_state.best_mpjpe_mm, run_state.best_epoch = error_mm, epoch
        run_state.loss_sum = 0.0
        if run.leads:
            facts = {"epoch": epoch, "validation_mpjpe_mm": error_mm, "run": run.config_hash, **more}
            for name in ["last", "best"] if improved else ["last"]:
                self.trainee.save(self.validated, run.folder / name, {**facts, "selection": name})
            self.log.append(row)
        self._save_checkpoint()

    def _check_weights(self) -> None:
        """Refuse weights of no number, from a gradient of none, before they take the place of good ones.

        Raises:
            InputError: They are.
        """
        if not all(bool(weight.isfinite().all()) for weight in self.trainee.network.parameters()):
            raise InputError(f"weights must be numbers, got others at step {self.run_state.step}; {_ADVICE}")

    def _save_checkpoint(self) -> None:
        self.run.check_folder()
        self._check_weights()
        if self.run.leads:
            path = self.run.folder / CHECKPOINT
            save_checkpoint(path, self.checkpointed, self.optimiser, self.run_state, self.run.config_hash)
        self.saved_at = time.monotonic()

    def _report(self, loss: float, speed: float) -> None:
        if self.run.report is None or not self.run.leads:
            return
        best = self.run_state.best_mpjpe_mm
        caveat = self.trainee.caveat and f" ({self.trainee.caveat})"
        validated = f", best {best:.1f} mm{caveat}" if math.isfinite(best) else ""
        total = self.steps_per_epoch * self.trainee.config.epochs
        self.run.report(self.run_state.step, total, f"loss {loss:.5f}, {speed:,.0f} samples/s{validated}")
