"""CUDA graphs: a forward pass is recorded once for a batch size and replayed, without Python in between."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.models import LifterNetwork

WARM_UP_PASSES = 3


class CudaGraphs:
    """Runs a network on the GPU by replaying graphs.

    A batch is filled up to the next power of two, so that a few graphs serve all sizes.

    Args:
        network: On the GPU, in evaluation mode.
        tf32: Whether float32 products may be taken in TF32.
        largest: Batches are at most this large.
    """

    def __init__(self, network: LifterNetwork, *, tf32: bool, largest: int) -> None:
        self.network = network
        self.tf32 = tf32
        self.largest = largest
        self.turn = threading.Lock()  # all threads write into the same input
        self.recorded: dict[torch.Size, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}

    def __call__(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint each"]:
        """Return the network's output on the device of the keypoints."""
        if keypoints.shape[1] != self.network.receptive_field:  # a whole clip: hardly two are of one length
            with _products_in(tf32=self.tf32):
                return self.network(keypoints.cuda()).to(keypoints.device)
        with self.turn:
            count = len(keypoints)
            size = torch.Size((min(1 << (count - 1).bit_length(), self.largest), *keypoints.shape[1:]))
            if size not in self.recorded:
                self.recorded[size] = self._record(size)
            graph, into, out = self.recorded[size]
            into[:count].copy_(keypoints)
            graph.replay()
            return out[:count].to(keypoints.device, copy=True)  # the next replay overwrites ``out``

    def _record(self, size: torch.Size) -> tuple[torch.cuda.CUDAGraph, Tensor, Tensor]:
        into = torch.zeros(size, device="cuda")
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        with _products_in(tf32=self.tf32):
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(WARM_UP_PASSES):
                    self.network(into)
            torch.cuda.current_stream().wait_stream(aside)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                out = self.network(into)
        return graph, into, out


@contextmanager
def _products_in(*, tf32: bool) -> Iterator[None]:
    """Set how float32 products are taken, which a recording keeps."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
