"""Samples a second of a training step: forward, backward, optimiser; and of making a batch."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from benchmarks.literal import literal
from benchmarks.timing import gemm, take_turns
from torch import nn
from torch.utils.data import DataLoader, Dataset

from ampose.models import create_model
from ampose.models.cost import measure_cost
from ampose.models.losses import LOSSES

CASES = (("ampose-small", 128), ("ampose-small", 256), ("ampose-small", 1024), ("ampose-full", 128))
SAMPLES, DATA_BATCHES = 200_000, (128, 1024)
MICRO_BATCH = 256
IN_PARTS = f"fp32 in parts of {MICRO_BATCH}"
BACKWARD = 3
"""A step's products over a forward pass's: forward, and backward to the input and to the weights."""

Row = dict[str, Any]


def measure(seconds: float) -> list[Row]:
    """Measure the literal form with a plain loop of an optimiser, and ours in float32 and bfloat16."""
    return [row for model, batch in CASES for row in _measure_case(model, batch, seconds)]


def _measure_case(model: str, batch: int, seconds: float) -> list[Row]:
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = create_model(model)
    written = literal(network)
    x, y = torch.randn(batch, 1, 17, 2, device=device), torch.randn(batch, 1, 17, 3, device=device)
    product, product_gflop = gemm()
    steps = {
        "literal fp32": make_step(written.to(device), x, y, fused=False),
        "fp32": make_step(create_model(model).to(device), x, y),
        "bf16": make_step(create_model(model).to(device), x, y, dtype=torch.bfloat16),
    }
    if batch > MICRO_BATCH:
        steps[IN_PARTS] = make_step(create_model(model).to(device), x, y, micro_batch=MICRO_BATCH)
    times = take_turns({"matrix product": product, **steps}, seconds, least=3)
    gflop = BACKWARD * measure_cost(network, depth=0)[0].flops / 1e9
    ceiling = product_gflop / times["matrix product"].median
    return [
        {
            "model": model,
            "batch": batch,
            "what": name,
            "samples/s": batch / times[name].median,
            "low": batch / times[name].high,
            "high": batch / times[name].low,
            "GFLOP/s": batch * gflop / times[name].median,
            "share of fp32 ceiling": batch * gflop / times[name].median / ceiling,
        }
        for name in steps
    ]


def make_step(
    network: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    fused: bool = True,
    dtype: torch.dtype | None = None,
    micro_batch: int | None = None,
) -> Callable[[], None]:
    """Return a training step; ``dtype`` is autocast's, and the batch goes through in parts as in the loop."""
    size = micro_batch or len(x)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-5, **({"fused": True} if fused else {"foreach": False}))

    def step() -> None:
        optimiser.zero_grad()
        for some_x, some_y in zip(x.split(size), y.split(size), strict=True):
            with torch.autocast(x.device.type, dtype) if dtype else nullcontext():
                loss = LOSSES["mpjpe"].compute(network, some_x, some_y) * (len(some_x) / len(x))
            loss.backward()
        optimiser.step()
        loss.item()  # waits for a GPU

    return step


class PerSample(Dataset):
    """One sample at a time, as the field's loaders take them."""

    def __init__(self, keypoints: torch.Tensor, positions: torch.Tensor) -> None:
        self.keypoints, self.positions = keypoints.numpy(), positions.numpy()

    def __len__(self) -> int:
        return len(self.keypoints)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return one input and its target."""
        return torch.from_numpy(self.keypoints[index]), torch.from_numpy(self.positions[index])


def _forever(batches: Iterable[Any]) -> Iterator[Any]:
    while True:
        yield from batches


def measure_batching(seconds: float) -> list[Row]:
    """Compare indexing contiguous tensors with a loader that collates samples."""
    keypoints, positions = torch.randn(SAMPLES, 17, 2), torch.randn(SAMPLES, 17, 3)
    order = torch.randperm(SAMPLES)
    rows = []
    for batch in DATA_BATCHES:
        loader = _forever(DataLoader(PerSample(keypoints, positions), batch_size=batch, sampler=order.tolist()))
        parts = _forever(order.split(batch))

        def indexed(parts: Any = parts) -> None:
            rows_now = next(parts)
            keypoints.index_select(0, rows_now), positions.index_select(0, rows_now)

        times = take_turns({"indexed": indexed, "loader": partial(next, loader)}, min(seconds, 0.2), least=5)
        rows += [{"batch": batch, "what": name, "samples/s": batch / spread.median} for name, spread in times.items()]
    return rows
