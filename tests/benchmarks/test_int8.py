"""A quantised network still is the network, and is off by more than rounding."""

import pytest
import torch

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


@pytest.mark.filterwarnings("ignore")  # of the quantiser's own
def test_a_quantised_network_is_near_the_exact_one(tmp_path):
    import int8
    from ampose.engines.agreement import measure_agreement
    from ampose.models import create_model

    torch.manual_seed(0)
    network = create_model("ampose-small", channels=8, depth=1).eval()
    inputs = 0.3 * torch.randn(64, 1, 17, 2)
    file = tmp_path / "int8.onnx"
    int8.quantise(network, inputs, int8.METHODS["int8, range from the extremes"], file)
    run = int8.runner(file)
    spread_mm = 1000 * float(network(inputs).detach().std())
    agreement = measure_agreement(run, network, inputs)
    assert 1e-3 < agreement.mean_mm < 0.2 * spread_mm
