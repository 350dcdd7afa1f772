"""ONNX Runtime on the CPU: the shortest time for a single pose."""

import tempfile
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.lifting import Precision
from ampose.lifting.engines.engine import engines
from ampose.lifting.engines.export_formats import INPUT, network_examples, write_onnx
from ampose.lifting.engines.fused import fuse
from ampose.models import LifterNetwork


@engines.register("onnxruntime", precisions=("fp32",), extra="onnxruntime", packages=("onnxruntime", "onnxscript"))
class OnnxRuntime:
    """Runs the fused network as an ONNX graph, on as many threads as PyTorch."""

    chunk = 64
    any_length = False

    def __init__(self, network: LifterNetwork, precision: Precision) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.onnx"
            write_onnx(fuse(network), network_examples(network), file)
            self.session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def __call__(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint each"]:
        """Return the network's output."""
        (lifted,) = self.session.run(None, {INPUT: keypoints.numpy(force=True)})
        return torch.from_numpy(lifted).to(keypoints.device)
