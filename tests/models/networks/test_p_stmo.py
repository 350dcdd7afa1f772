"""P-STMO against its measured size and cost, and a literal writing of strided attention and of the masking."""

import numpy as np
import pytest
import torch
from tests.models.literal import array, attention, batch_norm, count, encode, layer_norm, linear, relu, shake
from tests.models.tiny import create_tiny

from ampose.errors import InputError
from ampose.models import create_model
from ampose.models.cost import measure_cost

SMALL = {"strides": (3, 3), "channels": 8, "hidden": 12, "depth": 2, "heads": 2}


def test_count_is_that_of_the_public_code_but_for_what_it_never_reads():
    network = create_model("p-stmo")
    kinds = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.BatchNorm1d)
    seen = sum(p.numel() for m in network.modules() if isinstance(m, kinds) for p in m.parameters(recurse=False))
    assert seen == 5_436_006  # what thop saw: the 5.4 M of Table 4
    never_read = 2 * 2 * 256 + (0 + (81 - 27) + (81 - 9)) * 256
    assert count(network) + never_read == 5_527_142


def test_cost_is_half_of_the_printed_flops():
    """Table 4 prints 493 M: twice the multiply-adds that thop saw, the head of all frames included."""
    head_of_all = 81 * (51 * 257 + 2 * 256)
    macs = measure_cost(create_model("p-stmo"), depth=0)[0].weight_macs + head_of_all
    assert round(2 * macs / 1e6) == 493


def frame_block(x, block):
    convolution, norm, *_ = block.layers
    y = batch_norm(x @ array(convolution.weight)[:, :, 0].T + array(convolution.bias), norm)
    return np.where(y > 0, y, 0.2 * y)


def embed(network, window):
    spatial = network.spatial
    x = frame_block(window.reshape(len(window), -1), spatial.first)
    for block in spatial.residual:
        y = frame_block(x if block is spatial.residual[0] else y, block)
    x = x + y
    return x @ array(spatial.last.weight)[:, :, 0].T + array(spatial.last.bias) + array(network.position)


def strided(x, encoder, stride, heads):
    x = x + attention(layer_norm(x, encoder.attention_norm), encoder.attention, heads)
    first, last = encoder.convolutions[0], encoder.convolutions[3]
    hidden = relu(layer_norm(x, encoder.convolution_norm) @ array(first.weight)[:, :, 0].T + array(first.bias))
    padded = np.concatenate([np.zeros_like(hidden[:1]), hidden, np.zeros_like(hidden[:1])])
    out = []
    for start in range(0, len(x), stride):
        joined = array(last.bias) + sum(array(last.weight)[:, :, tap] @ padded[start + tap] for tap in range(3))
        out.append(x[start] + joined)
    return np.stack(out)


def head(x, layer):
    norm, convolution = layer.layers
    answer = batch_norm(x, norm) @ array(convolution.weight)[:, :, 0].T + array(convolution.bias)
    return answer.reshape(len(x), *layer.shape)


def windows(frames=9):
    return torch.randn(2, frames, 17, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(6))


def test_network_computes_the_papers_stages():
    network = shake(create_model("p-stmo", **SMALL))
    of_all, answers = network.with_all_frames(windows())
    torch.testing.assert_close(network(windows()), answers)
    assert answers.shape == (2, 1, 17, 3)
    for window, every, answer in zip(windows().numpy(), array(of_all), array(answers), strict=True):
        x = embed(network, window)
        for encoder in network.temporal:
            x = encode(x, encoder, 2)
        np.testing.assert_allclose(every, head(x, network.head_of_all), rtol=1e-7, atol=1e-8)
        for encoder, position in zip(network.strided, network.strided_positions, strict=True):
            x = strided(x + array(position), encoder, 3, 2)
        np.testing.assert_allclose(answer, head(x, network.head), rtol=1e-7, atol=1e-8)


def test_a_fourth_strided_encoder_has_no_position():
    network = create_model("p-stmo", **{**SMALL, "strides": (3, 1, 1, 3)})
    assert [len(position) for position in network.strided_positions] == [9, 3, 3]
    assert network(windows().float()).shape == (2, 1, 17, 3)


def test_masked_poses_are_restored_as_the_paper_has_it(monkeypatch):
    network = shake(create_model("p-stmo", **SMALL, stage="pretraining"))
    torch.manual_seed(3)
    hidden, joints = network.draw_masks(torch.device("cpu"))
    monkeypatch.setattr(network, "draw_masks", lambda device: (hidden, joints))
    decoder = network.decoder
    for window, restored in zip(windows().numpy(), array(network.restore(windows())), strict=True):
        seen = window.copy()
        seen[joints.numpy()] = array(decoder.joint_token)
        x = embed(network, seen)[~hidden.numpy()]
        for encoder in network.temporal:
            x = encode(x, encoder, 2)
        tokens = np.tile(array(decoder.frame_token), (9, 1))
        tokens[~hidden.numpy()] = linear(layer_norm(x, decoder.norm), decoder.narrow)
        tokens = tokens + array(decoder.position)
        for encoder in decoder.encoders:
            tokens = encode(tokens, encoder, 2)
        np.testing.assert_allclose(restored, head(tokens, decoder.head), rtol=1e-7, atol=1e-8)


def test_hidden_frames_and_joints_have_no_part_in_what_is_restored(monkeypatch):
    network = shake(create_model("p-stmo", **SMALL, stage="pretraining"))
    hidden, joints = network.draw_masks(torch.device("cpu"))
    monkeypatch.setattr(network, "draw_masks", lambda device: (hidden, joints))
    changed = windows()
    changed[:, hidden] += 5
    changed[:, joints] -= 3
    torch.testing.assert_close(network.restore(changed), network.restore(windows()))


def test_restoring_is_trained_in_mixed_precision():
    network = create_model("p-stmo", **SMALL, stage="pretraining")
    with torch.autocast("cpu", torch.bfloat16):
        restored = network.restore(windows().float())
    restored.float().square().mean().backward()
    assert network.decoder.frame_token.grad.isfinite().all()


def test_masks_hide_the_stated_share():
    network = create_model("p-stmo", **SMALL, stage="pretraining")
    torch.manual_seed(0)
    drawn = [network.draw_masks(torch.device("cpu")) for _ in range(60)]
    assert {int(hidden.sum()) for hidden, _ in drawn} == {int(9 * 0.7)}
    assert {int(count) for _, joints in drawn for count in joints.sum(dim=1)} == {2}
    assert torch.stack([joints.any(dim=0) for _, joints in drawn]).any(dim=0).all()  # the last joint too
    assert torch.stack([hidden for hidden, _ in drawn]).any(dim=0).all()


def test_restoring_needs_the_decoder():
    with pytest.raises(InputError, match='must be "pretraining" to restore'):
        create_model("p-stmo", **SMALL).restore(windows().float())


def test_heads_that_count_in_millimetres_answer_in_metres():
    networks = []
    for unit in ("m", "mm"):
        torch.manual_seed(0)
        networks.append(create_tiny("p-stmo", head_unit=unit).eval())
    keypoints = torch.randn(2, networks[0].receptive_field, 17, 2)
    for metres, millimetres in zip(*(network.with_all_frames(keypoints) for network in networks), strict=True):
        torch.testing.assert_close(millimetres, 0.001 * metres)
