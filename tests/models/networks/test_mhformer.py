"""MHFormer against its measured sizes, and a literal writing of hypotheses, their mixing and their attention."""

import numpy as np
import pytest
import torch
from tests.models.literal import array, attention, batch_norm, count, encode, gelu, layer_norm, linear, shake, softmax

from ampose.errors import InputError
from ampose.models import create_model
from ampose.models.cost import measure_cost


@pytest.mark.parametrize(("frames", "parameters"), [(9, 19_087_161), (27, 19_181_445), (81, 19_837_545)])
def test_counts_are_those_of_the_public_code(frames, parameters):
    with torch.device("meta"):
        network = create_model(f"mhformer-{frames}")
    assert count(network) == parameters  # 9 frames: 19.09 M, 27 frames: 19.18 M


def test_cost_of_9_frames_is_the_measured_one():
    assert measure_cost(create_model("mhformer-9"), depth=0)[0].macs // 1_000_000 == 172


def mix(hypotheses, mixing):
    joined = np.concatenate(hypotheses, axis=-1)
    joined = joined + linear(gelu(linear(layer_norm(joined, mixing.norm), mixing.mlp[0])), mixing.mlp[3])
    return np.split(joined, 3, axis=-1)


def cross(query, key, value, layer):
    """One head and one frame at a time."""
    q, k, v = linear(query, layer.query), linear(key, layer.key), linear(value, layer.value)
    width = q.shape[-1] // layer.heads
    out = np.zeros_like(q)
    for head in range(layer.heads):
        part = slice(head * width, (head + 1) * width)
        for t in range(len(q)):
            weights = softmax(np.array([q[t, part] @ k[s, part] for s in range(len(k))]) / np.sqrt(width))
            out[t, part] = sum(w * v[s, part] for s, w in enumerate(weights))
    return linear(out, layer.out)


def interact(hypotheses, block):
    """Updated in turn; queries and keys are the two others in their order."""
    x = list(hypotheses)
    for own, (first, second) in enumerate([(1, 2), (0, 2), (0, 1)]):
        normed = [
            layer_norm(x[which], norms[own])
            for which, norms in ((first, block.query_norms), (second, block.key_norms), (own, block.value_norms))
        ]
        x[own] = x[own] + cross(*normed, block.attentions[own])
    return mix(x, block.mixing)


def lift(network, window):
    config = network.config
    x = window.reshape(len(window), -1).T  # coordinate, frame
    hypotheses = []
    for generation, embedding, position in zip(network.generation, network.embeddings, network.positions, strict=True):
        y = layer_norm(x, generation.norm) + array(generation.position)
        for encoder in generation.layers:
            y = encode(y, encoder, config.generation_heads)
        x = x + layer_norm(y, generation.final_norm)
        hypotheses.append(linear(x.T, embedding) + array(position))
    for block in network.refinement:
        refined = [
            h + attention(layer_norm(h, norm), layer, config.heads)
            for h, norm, layer in zip(hypotheses, block.norms, block.attentions, strict=True)
        ]
        hypotheses = mix(refined, block.mixing)
    for block in network.interaction:
        hypotheses = interact(hypotheses, block)
    joined = batch_norm(layer_norm(np.concatenate(hypotheses, axis=-1), network.norm), network.head[0])
    answer = joined @ array(network.head[1].weight)[:, :, 0].T + array(network.head[1].bias)
    return answer.reshape(len(window), -1, 3)


def test_network_computes_the_papers_three_stages():
    settings = {"channels": 8, "hidden": 10, "heads": 2, "generation_depth": 2, "generation_heads": 3}
    network = shake(create_model("mhformer", receptive_field=9, **settings))
    windows = torch.randn(2, 9, 17, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    whole, middle = array(network(windows, whole=True)), array(network(windows))
    assert middle.shape == (2, 1, 17, 3)
    for window, all_frames, answer in zip(windows.numpy(), whole, middle, strict=True):
        expected = lift(network, window)
        np.testing.assert_allclose(all_frames, expected, rtol=1e-7, atol=1e-8)
        np.testing.assert_array_equal(answer[0], all_frames[4])


@pytest.mark.parametrize("frames", [10, 18, 7])
def test_windows_that_do_not_fit_are_refused(frames):
    with pytest.raises(InputError, match="receptive_field must be an odd multiple of generation_heads"):
        create_model("mhformer", receptive_field=frames)
