"""PyTorch as it is: nothing to build, and on a GPU a recorded CUDA graph for each batch size."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.lifting import Precision
from ampose.lifting.engines.cuda_graph import CudaGraphs
from ampose.lifting.engines.engine import engines
from ampose.lifting.engines.fused import fuse, to_bfloat16
from ampose.models import LifterNetwork

CPU_CHUNK, CUDA_CHUNK = 64, 4096


@engines.register("torch", precisions=("fp32", "tf32", "bf16"))
class TorchEager:
    """Runs the fused network on the GPU if there is one."""

    any_length = True

    def __init__(self, network: LifterNetwork, precision: Precision) -> None:
        fused = fuse(network)
        self.run: Callable[[Tensor], Tensor] = fused
        if precision == "bf16":
            to_bfloat16(fused)
        if torch.cuda.is_available():
            self.chunk = CUDA_CHUNK
            self.run = CudaGraphs(fused.cuda(), tf32=precision == "tf32", largest=CUDA_CHUNK)
        elif precision == "tf32":
            raise InputError("precision must be fp32 or bf16 without a GPU, got tf32")
        else:
            self.chunk = CPU_CHUNK

    @torch.inference_mode()
    def __call__(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint each"]:
        """Return the network's output."""
        return self.run(keypoints)
