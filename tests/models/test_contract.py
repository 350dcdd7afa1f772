"""What every registered lifter promises. A new model is tested here the moment it is registered."""

import pytest
import torch

from ampose.camera import Intrinsics
from ampose.models import create_model, find_model, list_models
from ampose.models.cost import measure_cost
from ampose.models.prediction import forward_flipped, predict
from ampose.skeletons import get_skeleton

SMALLEST = [name for name in list_models() if "full" not in name and name != "ampose"]


@pytest.fixture(params=SMALLEST)
def network(request):
    torch.manual_seed(0)
    return create_model(request.param)


def inputs(network, batch=3, frames=None):
    joints = get_skeleton(network.config.skeleton).num_joints
    return torch.randn(batch, frames or network.receptive_field, joints, 2, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("batch", [1, 3])
def test_shape_and_finiteness(network, batch):
    x = inputs(network, batch)
    y = network(x)
    assert y.shape[0] == batch
    assert y.shape[2:] == (x.shape[2], 3)
    assert torch.isfinite(y).all()


def test_gradients_reach_all_parameters(network):
    network(inputs(network, 8)).square().sum().backward()
    assert all(torch.isfinite(p.grad).all() and p.grad.abs().sum() > 0 for p in network.parameters())


def test_state_round_trip(network):
    twin = create_model(next(name for name in SMALLEST if type(network) is find_model(name).network))
    twin.load_state_dict(network.state_dict())
    x = inputs(network)
    torch.testing.assert_close(twin.eval()(x), network.eval()(x), rtol=0, atol=0)


def test_samples_of_a_batch_do_not_see_each_other(network):
    network.eval()
    x = inputs(network, 4)
    torch.testing.assert_close(network(x)[2:3], network(x[2:3]), rtol=1e-4, atol=1e-5)


def test_double_precision_agrees(network):
    network.eval()
    x = inputs(network)
    single = network(x)
    torch.testing.assert_close(network.double()(x.double()).float(), single, rtol=1e-3, atol=1e-5)


def test_facts_and_cost_are_stated(network):
    entry = next(find_model(name) for name in SMALLEST if find_model(name).network is type(network))
    assert {"paper", "year", "licence"} <= set(entry.facts)
    whole = measure_cost(network, depth=0)[0]
    assert whole.parameters > 0
    assert whole.macs > 0
    assert network.training  # counting leaves the mode as it was


def test_flipped_prediction_commutes_with_mirroring(network):
    from ampose.geometry import mirror

    network.eval()
    skeleton = get_skeleton(network.config.skeleton)
    x = inputs(network)[:, 0]
    mirrored = forward_flipped(network, mirror(x, skeleton.flip_order), skeleton)
    torch.testing.assert_close(mirror(mirrored, skeleton.flip_order), forward_flipped(network, x, skeleton))


def test_prediction_is_root_relative_and_the_same_in_chunks(network, monkeypatch):
    network.eval()
    skeleton = get_skeleton(network.config.skeleton)
    keypoints = 500 + 100 * inputs(network, 10)[:, 0]
    ones = torch.ones(10, 2)
    camera = Intrinsics(focal=1000 * ones, centre=500 * ones, image_size=1000 * ones)
    whole = predict(network, keypoints, camera, flip=True)
    assert whole[:, skeleton.root_index].abs().max() == 0
    monkeypatch.setattr(network, "chunk", 3)
    torch.testing.assert_close(predict(network, keypoints, camera, flip=True), whole, rtol=1e-4, atol=1e-5)
