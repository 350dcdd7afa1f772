"""What every registered lifter promises. A new model is tested here the moment it is registered."""

import warnings
from dataclasses import fields

import pytest
import torch
from tests.models.tiny import NAMES, create_tiny
from tests.unchecked import unchecked
from torch import nn

from ampose.errors import InputError
from ampose.lifting.prediction import predict
from ampose.lifting.weights import load_weights, save_weights
from ampose.models import create_model, find_loss, find_model
from ampose.models.cost import measure_cost
from ampose.models.layers.attention import DropPath
from ampose.poses.camera import Intrinsics
from ampose.poses.geometry import mirror
from ampose.poses.skeletons import get_skeleton

KINDS = {find_model(name).network: name for name in reversed(NAMES)}.values()
"""One size of each, for what takes longer."""
BODIES = ("human36m_17", "human36m_16")


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def network(name):
    torch.manual_seed(0)
    return create_tiny(name)


def inputs(network, batch=3, frames=None):
    joints = network.skeleton.num_joints
    return torch.randn(batch, frames or network.receptive_field, joints, 2, generator=torch.Generator().manual_seed(1))


def loss_of(name):
    """What the model's paper trains it with."""
    return find_loss(name, find_model(name).facts.loss or "mse")


def target_of(name, network, x):
    """Poses for all frames that the loss compares; they hold still, for MixSTE's loss asks for smooth ones."""
    frames = x.shape[1] if loss_of(name).targets == "sequence" else network(x).shape[1]
    pose = torch.randn(len(x), 1, x.shape[2], 3, generator=torch.Generator().manual_seed(2))
    return pose.repeat(1, frames, 1, 1)


@pytest.mark.parametrize("batch", [1, 3])
def test_shape_type_and_finiteness(network, batch):
    x = inputs(network, batch)
    y = network(x)
    assert y.shape[0] == batch
    assert y.shape[2:] == (x.shape[2], 3)
    assert y.dtype == torch.float32
    assert torch.isfinite(y).all()


def test_gradients_reach_all_parameters(name, network):
    with torch.no_grad():
        for parameter in network.parameters():  # a gain that starts at 0 keeps gradients from what is before it
            parameter.add_(0.01 * torch.randn_like(parameter))
    x = inputs(network, 8)
    loss_of(name).compute(network, x, target_of(name, network, x)).backward()
    dead = [key for key, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert dead == []
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


def test_weights_round_trip_through_a_folder(name, network, tmp_path):
    save_weights(tmp_path / "weights", name, network)
    twin = load_weights(tmp_path / "weights").network
    x = inputs(network)
    torch.testing.assert_close(twin.eval()(x), network.eval()(x), rtol=0, atol=0)


def test_same_seed_gives_the_same_network_and_answer(name, network):
    torch.manual_seed(0)
    twin = create_tiny(name)
    x = inputs(network)
    answers = [one.eval()(x) for one in (network, network, twin)]
    assert torch.equal(answers[0], answers[1])
    assert torch.equal(answers[0], answers[2])


def test_samples_of_a_batch_do_not_see_each_other(network):
    network.eval()
    x = inputs(network, 4)
    torch.testing.assert_close(network(x)[2:3], network(x[2:3]), rtol=1e-4, atol=1e-5)


def test_double_precision_agrees(network):
    network.eval()
    x = inputs(network)
    single = network(x)
    torch.testing.assert_close(network.double()(x.double()).float(), single, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("body", BODIES)
def test_both_bodies_of_human36m_fit(name, body):
    network = create_tiny(name, skeleton=body).eval()
    x = inputs(network, 2)
    assert network(x).shape[2] == get_skeleton(body).num_joints == x.shape[2]


@pytest.mark.parametrize("name", KINDS)
def test_a_few_poses_are_learnt_by_heart(name, network):
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if isinstance(module, DropPath):
            module.rate = 0.0
    x = inputs(network, 4)[:, :1].repeat(1, network.receptive_field, 1, 1)  # people who hold still
    target = 0.3 * target_of(name, network, x)
    target -= target[:, :, :1]
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)
    first = loss_of(name).compute(network, x, target).item()
    for _ in range(250):
        optimiser.zero_grad()
        loss = loss_of(name).compute(network, x, target)
        if loss.item() < 0.1 * first:
            return
        loss.backward()
        optimiser.step()
    pytest.fail(f"the loss went from {first} to {loss.item()} alone")


@pytest.mark.parametrize("name", KINDS)
def test_onnx_export_answers_the_same(name, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    entry = find_model(name)
    torch.manual_seed(0)
    once = {key: 1 for key in ("depth", "stacks") if key in [field.name for field in fields(entry.config)]}
    network = create_tiny(name, **once).eval()  # one of each layer: export time grows with depth
    with warnings.catch_warnings(), unchecked():
        warnings.simplefilter("ignore")  # of torch's own exporter
        batch = {"keypoints": {0: torch.export.Dim("batch")}}
        program = torch.onnx.export(
            network, (inputs(network, 2),), dynamo=True, dynamic_shapes=batch, optimize=False, verbose=False
        )
        program.save(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    x = inputs(network, 5)
    (answer,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    torch.testing.assert_close(torch.tensor(answer), network(x).detach(), rtol=1e-3, atol=1e-4)


def test_facts_and_cost_are_stated(name, network):
    entry = find_model(name)
    assert entry.facts.paper
    assert entry.facts.licence
    whole = measure_cost(network, depth=0)[0]
    assert whole.parameters > 0
    assert whole.macs > 0
    assert network.training  # counting leaves the mode as it was


def camera_of(samples):
    ones = torch.ones(samples, 2)
    return Intrinsics(focal=1000 * ones, centre=500 * ones, image_size=1000 * ones)


def test_flipped_prediction_commutes_with_mirroring(network):
    network.eval()
    order = network.skeleton.flip_order
    x = 100 * inputs(network)
    plain, mirrored = (
        predict(network, 500 + points, camera_of(3), flip=True).positions for points in (x, mirror(x, order))
    )
    torch.testing.assert_close(mirror(mirrored, order), plain, rtol=1e-4, atol=1e-5)


def test_prediction_is_root_relative_and_the_same_in_chunks(network, monkeypatch):
    network.eval()
    keypoints = 500 + 100 * inputs(network, 10)[:, :1]
    whole = predict(network, keypoints, camera_of(10), flip=True).positions
    assert whole[:, network.skeleton.root_index].abs().max() == 0
    monkeypatch.setattr(network, "chunk", 3)
    in_parts = predict(network, keypoints, camera_of(10), flip=True).positions
    torch.testing.assert_close(in_parts, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [{"block": "convnex"}, {"activation": "swish"}, {"norm": "group"}, {"position": "x"}, {"normalisation": "x"}],
)
def test_a_value_that_there_is_not_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(InputError, match=f"{name} .*must be"):
        create_model("ampose-small", **wrong)
