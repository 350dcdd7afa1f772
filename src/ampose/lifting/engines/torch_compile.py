"""PyTorch's compiler: needs a C++ compiler on the machine, and up to a minute before the first answer."""

import os
import shutil

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.lifting.engines.engine import Precision, engines
from ampose.lifting.engines.fused import fold, to_bfloat16
from ampose.models import LifterNetwork

_COMPILERS = ("g++", "clang++", "c++", "cl")


@engines.register("torch-compile", precisions=("fp32", "bf16"))
class TorchCompile:
    """Runs the folded network, compiled for any batch size.

    Raises:
        InputError: There is no C++ compiler.
    """

    chunk = 64

    def __init__(self, network: LifterNetwork, precision: Precision) -> None:
        folded = fold(network)
        if precision == "bf16":
            to_bfloat16(folded)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if self.device.type == "cuda":
            self.chunk = 4096
        elif not any(map(shutil.which, (os.environ.get("CXX", "g++"), *_COMPILERS))):
            raise InputError("engine torch-compile must have a C++ compiler, found none; install g++, or take another")
        self.run = torch.compile(folded.to(self.device), dynamic=True)

    @torch.inference_mode()
    def __call__(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint each"]:
        """Answer what the network answers."""
        lifted: Tensor = self.run(keypoints.to(self.device))
        return lifted.to(keypoints.device)
