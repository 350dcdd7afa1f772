"""OpenVINO on the CPU: the most poses a second."""

import threading

import torch
from jaxtyping import Float
from torch import Tensor

from ampose.lifting import Precision
from ampose.lifting.engines.engine import engines
from ampose.lifting.engines.export_formats import network_examples, openvino_model
from ampose.lifting.engines.fused import fuse
from ampose.models import LifterNetwork

HINTS = {"fp32": "f32", "bf16": "bf16"}


@engines.register("openvino", precisions=tuple(HINTS), extra="openvino", packages=("openvino", "onnxscript"))
class OpenVino:
    """Runs the fused network on as many threads as PyTorch.

    The precision is always set: by default OpenVINO uses bfloat16 where the processor has it.
    """

    chunk = 64
    any_length = False

    def __init__(self, network: LifterNetwork, precision: Precision) -> None:
        import openvino

        settings = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "ENABLE_CPU_PINNING": False,  # pinned to a core that others use, it waits for them
        }
        model = openvino_model(fuse(network), network_examples(network))
        self.compiled = openvino.compile_model(model, "CPU", settings)
        self.of_thread = threading.local()

    def __call__(self, keypoints: Float[Tensor, "batch frame joint 2"]) -> Float[Tensor, "batch out_frame joint each"]:
        """Return the network's output."""
        if not hasattr(self.of_thread, "request"):  # a request has one input: threads that share it mix up their poses
            self.of_thread.request = self.compiled.create_infer_request()
        lifted = self.of_thread.request.infer({0: keypoints.numpy(force=True)}, share_inputs=True)[0]
        return torch.from_numpy(lifted).to(keypoints.device)
