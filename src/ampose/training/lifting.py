"""The stage that trains a lifter: one loss, one or several processes on any device."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from jaxtyping import Int
from lightning_fabric import Fabric
from torch import Tensor, nn

from ampose.lifting.prediction import predict_samples
from ampose.lifting.weights import save_weights
from ampose.models import LifterNetwork
from ampose.models.output_space import needs_root_depth
from ampose.poses.geometry import root_relative
from ampose.poses.metrics.position import mpjpe
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton
from ampose.training.batches import BatchSource
from ampose.training.config import TrainConfig
from ampose.training.loop import Stage
from ampose.training.loss import LOSSES
from ampose.training.optimiser import make_average, make_optimiser


@dataclass
class Lifting(Stage):
    """A lifter in training."""

    fabric: Fabric
    network: LifterNetwork
    source: BatchSource
    validation: Samples

    def build(self) -> torch.optim.Optimizer:
        """Hand network and optimiser to the devices."""
        optimiser = make_optimiser(self.network, self.config.optimiser)
        self.model, self.fabric_optimiser = self.fabric.setup(self.network, optimiser)
        self.model.mark_forward_method("with_expected_error")
        self.average = make_average(self.network, self.config.optimiser)
        return optimiser

    @property
    def samples_per_epoch(self) -> int:
        """As many as the source has in an epoch."""
        return len(self.source.sampler)

    @property
    def result(self) -> LifterNetwork:
        """What is validated and saved: the network, or the average over its steps."""
        return self.network if self.average is None else cast("LifterNetwork", self.average.module)

    @property
    def state(self) -> nn.Module:
        """The network, and the average over its steps if there is one."""
        return self.network if self.average is None else nn.ModuleList([self.network, self.average])

    @property
    def leads(self) -> bool:
        """The first of several processes leads."""
        return self.fabric.global_rank == 0

    def order(self, epoch: int) -> Int[Tensor, " sample"]:
        """As the source has them."""
        return self.source.sampler.order(epoch)

    def train_mode(self) -> None:
        """Train the whole network."""
        self.model.train()

    def step(self, rows: Int[Tensor, " sample"], epoch: int, index: int) -> float:
        """Make one batch, of which each process takes its share, and move the weights."""
        fabric = self.fabric
        share = slice(fabric.global_rank, None, fabric.world_size)
        keypoints, target = (tensor[share].to(fabric.device) for tensor in self.source.batch(rows, epoch, index))
        self.fabric_optimiser.zero_grad()
        loss = self._add_gradients(keypoints, target, of=len(rows))
        if self.config.optimiser.clip_norm is not None:
            fabric.clip_gradients(self.model, self.fabric_optimiser, max_norm=self.config.optimiser.clip_norm)
        self.fabric_optimiser.step()
        if self.average is not None:
            self.average.update_parameters(self.network)
        return _mean_over_processes(fabric, loss)

    def _add_gradients(self, keypoints: Tensor, target: Tensor, *, of: int) -> Tensor:
        """Send a process's share ``of`` so many samples through, in parts if it is to be; return its loss."""
        fabric, loss = self.fabric, target.new_zeros(())
        size = self.config.micro_batch or len(keypoints)
        parts = list(zip(torch.split(keypoints, size), torch.split(target, size), strict=True))
        for number, (some_keypoints, some_target) in enumerate(parts, start=1):
            # Processes average their gradients after the last part: weights are shares of the batch, times their
            # number.
            weight = len(some_target) * fabric.world_size / of
            with fabric.no_backward_sync(self.model, enabled=number < len(parts)):
                part = LOSSES[self.config.loss](self.model, some_keypoints, some_target) * weight
                fabric.backward(part)
            if len(some_target):  # the mean of nothing is not a number
                loss += part.detach()
        return loss

    def asked_to_stop(self) -> bool:
        """All processes stop at the same step: the first one decides."""
        if self.fabric.world_size == 1:
            return self.should_stop()
        return bool(self.fabric.broadcast(self.should_stop()))

    def validate(self) -> tuple[float, dict[str, Any]]:
        """Measure the result; say so where the answer needs the root's true depth."""
        told = {"uses_gt_root_depth": True} if needs_root_depth(self.config.model.target) else {}
        return validate(self.result, self.validation, self.fabric.device), told

    def save_result(self, name: str, facts: Mapping[str, Any]) -> None:
        """Write a weights folder."""
        save_weights(self.folder / name, self.config.model_name, self.result, facts)


def make_fabric(config: TrainConfig) -> Fabric:
    """Set up devices: those of torchrun if it started us, else one GPU if there is one, else the CPU."""
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    nodes = int(os.environ.get("WORLD_SIZE", "1")) // processes
    strategy = "auto"
    if processes * nodes > 1:
        # A loss may leave parts of a network alone (a head that says how sure it is), which DDP must be told.
        strategy = "ddp_find_unused_parameters_true"
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


def validate(network: LifterNetwork, samples: Samples, device: torch.device) -> float:
    """Return the mean MPJPE of the samples in mm: root subtracted, no flip, no alignment."""
    network.eval()
    root = get_skeleton(network.config.skeleton).root_index
    there = samples.to(device)
    lifted = predict_samples(network, there, flip=False).positions
    return float(mpjpe(lifted, root_relative(there.middle.positions[:, 0], root)).mean()) * 1000


def _mean_over_processes(fabric: Fabric, loss: Tensor) -> float:
    if fabric.world_size == 1:
        return loss.item()
    mean = fabric.all_reduce(loss, reduce_op="mean")
    assert isinstance(mean, Tensor)  # noqa: S101 (a tensor in gives a tensor out)
    return mean.item()
