"""Every engine, and the fast form of every lifter, answers what the readable network answers in float64."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from tests.models.tiny import NAMES, create_tiny
from tests.unchecked import unchecked
from torch import nn

from ampose.lifting.engines import Runners, create_engine, engines
from ampose.lifting.engines.agreement import example_keypoints, measure_agreement
from ampose.lifting.engines.engine import is_installed
from ampose.lifting.engines.fused import FusedEncoder, FusedGraphConvolution, fuse, to_bfloat16
from ampose.lifting.weights import bundled_weights, load_weights
from ampose.models import create_model, find_model
from ampose.models.layers.attention import TransformerEncoder
from ampose.models.layers.graph_convolution import GraphConvolution

FAST = [
    name
    for name in NAMES
    if any(isinstance(layer, TransformerEncoder | GraphConvolution) for layer in create_tiny(name).modules())
]
BUILT = ["onnxruntime", "openvino"]
DESIGNS = [
    {"block": block, "partition": partition, "norm": norm, "position": position, "qkv_bias": bias}
    for block, partition, norm, position, bias in [
        ("ours", "none", "layer", "per-layer", False),
        ("two-residual", "hops", "batch", "once", True),
        ("transformer", "hops", "none", "once", True),
        ("convnext", "none", "none", "once", False),
    ]
]


def keypoints(network, count=32):
    return example_keypoints(network, network.skeleton.num_joints, count)


def disturbed(network):
    """With norms that do something: a new network's scale by 1 and shift by 0."""
    generator = torch.Generator().manual_seed(1)
    for part in network.modules():
        if isinstance(part, nn.LayerNorm | nn.BatchNorm1d) and part.weight is not None:
            part.weight.data = 1 + 0.3 * torch.randn(part.weight.shape, generator=generator)
            part.bias.data = 0.3 * torch.randn(part.bias.shape, generator=generator)
    return network.eval()


@pytest.mark.parametrize("name", FAST)
def test_the_fast_form_of_every_lifter_that_has_one(name):
    torch.manual_seed(0)
    network = disturbed(create_tiny(name))
    assert measure_agreement(fuse(network), network, keypoints(network)).largest_mm < 0.01


@pytest.mark.parametrize("design", DESIGNS)
def test_the_fast_form_of_every_design(design):
    torch.manual_seed(0)
    network = disturbed(create_model("ampose-small", depth=2, **design))
    assert measure_agreement(fuse(network), network, keypoints(network)).largest_mm < 0.01


def test_ampose_has_a_fast_form_without_parameters_in_its_norms():
    fused = fuse(create_model("ampose-small", depth=2))
    kinds = [type(part) for part in fused.modules()]
    assert kinds.count(FusedEncoder) == 2
    assert kinds.count(FusedGraphConvolution) == 4
    assert nn.LayerNorm not in kinds


def test_fusing_leaves_the_network_alone():
    network = disturbed(create_model("ampose-small", depth=1))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fuse(network)
    assert not any(isinstance(part, FusedEncoder) for part in network.modules())
    torch.testing.assert_close(network.state_dict(), before, rtol=0, atol=0)
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("weights", bundled_weights())
@pytest.mark.parametrize("engine", ["torch", *BUILT])
@unchecked()
def test_engines_on_the_bundled_weights(engine, weights):
    if not is_installed(engine):
        pytest.skip(f"the package of {engine} is not installed")
    network = load_weights(weights).network
    made = create_engine(engine, network)
    x = keypoints(network, 100)
    agreement = measure_agreement(made, network, x)
    assert agreement.largest_mm < 0.02
    torch.testing.assert_close(made(x[:1]), made(x)[:1], rtol=0, atol=2e-5)


def test_less_precision_is_less_precise_but_not_wrong():
    network = load_weights("ampose-small").network
    exact = create_engine("torch", network, "fp32")
    rough = create_engine("torch", network, "bf16")
    x = keypoints(network)
    of_exact, of_rough = (measure_agreement(engine, network, x) for engine in (exact, rough))
    assert of_exact.mean_mm * 100 < of_rough.mean_mm < 20


def test_bfloat16_leaves_the_first_and_the_last_layer():
    fused = to_bfloat16(fuse(create_model("ampose-small", depth=1)))
    assert fused.embedding.weight.dtype == fused.head.weight.dtype == torch.float32
    assert {part.weight.dtype for part in fused.encoders.modules() if isinstance(part, nn.Linear)} == {torch.bfloat16}


def test_every_engine_states_its_precisions():
    for entry in engines.entries():
        assert entry.facts.precisions[0] == "fp32"
        assert not entry.facts.packages or entry.facts.extra


def test_a_double_network_stays_double():
    network = create_model(find_model("ampose-small").name, depth=1).double().eval()
    x = keypoints(network).double()
    torch.testing.assert_close(fuse(network)(x), network(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("engine", ["torch", *BUILT])
@unchecked()
def test_missing_joints_go_through_every_engine(engine):
    if not is_installed(engine):
        pytest.skip(f"the package of {engine} is not installed")
    network = disturbed(create_model("ampose-small", depth=1, missing_token=True, error_head=True))
    network.missing.data += 1
    x = keypoints(network)
    x[::2, 0, 4] = torch.nan
    answer = create_engine(engine, network)(x)
    assert answer.isfinite().all()
    torch.testing.assert_close(answer, network(x), rtol=0, atol=2e-5)


@pytest.mark.parametrize("engine", ["torch", *BUILT])
@unchecked()
def test_threads_do_not_mix_up_their_poses(engine):
    if not is_installed(engine):
        pytest.skip(f"the package of {engine} is not installed")
    network = disturbed(create_model("ampose-small", depth=1))
    run = create_engine(engine, network)
    people = [keypoints(network, count) for count in (1, 5, 17, 40)] * 8
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(run, people))
    for answer, x in zip(answers, people, strict=True):
        torch.testing.assert_close(answer, network(x), rtol=0, atol=2e-5)


@pytest.mark.parametrize("engine", ["torch", *BUILT])
@unchecked()
def test_every_engine_tells_the_expected_error(engine):
    """In the pass that lifts: there is no other."""
    if not is_installed(engine):
        pytest.skip(f"the package of {engine} is not installed")
    network = disturbed(create_model("ampose-small", depth=1, error_head=True))
    running = Runners(network, engine).get(poses=100)
    x = keypoints(network, 100)
    for answer, expected in zip(running.with_expected_error(x), network.with_expected_error(x), strict=True):
        torch.testing.assert_close(answer, expected, rtol=0, atol=2e-5)
    torch.testing.assert_close(running(x), network(x), rtol=0, atol=2e-5)


def test_a_network_that_tells_no_error_tells_none_on_an_engine():
    running = Runners(create_model("ampose-small", depth=1)).get(poses=1)
    with pytest.raises(TypeError, match="predicts no expected error"):
        running.with_expected_error(torch.zeros(1, 1, 17, 2))
