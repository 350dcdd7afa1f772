"""Samples keep 2D, 3D and camera of a moment together."""

import pytest
import torch
from torch import Tensor

from ampose.poses.camera import Intrinsics
from ampose.poses.samples import Samples


@pytest.fixture
def samples(generator: torch.Generator) -> Samples:
    def draw(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    camera = Intrinsics(focal=draw(6, 2), centre=draw(6, 2), image_size=draw(6, 2))
    return Samples(keypoints_px=draw(6, 3, 17, 2), positions=draw(6, 3, 17, 3), intrinsics=camera)


def tensors(samples: Samples) -> list[Tensor]:
    camera = samples.intrinsics
    return [samples.keypoints_px, samples.positions, camera.focal, camera.centre, camera.image_size]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(slice(1, 4), id="slice"),
        pytest.param(torch.tensor([5, 0, 0]), id="indices"),
        pytest.param(torch.tensor([True, False] * 3), id="mask"),
        pytest.param(slice(0, 0), id="none"),
    ],
)
def test_the_same_rows_of_everything(samples: Samples, rows: "Tensor | slice") -> None:
    part = samples[rows]
    for whole, chosen in zip(tensors(samples), tensors(part), strict=True):
        torch.testing.assert_close(chosen, whole[rows], rtol=0, atol=0)
    assert len(part) == len(samples.positions[rows])


def test_parts_put_together_are_the_whole(samples: Samples) -> None:
    joined = Samples.concatenate([samples[:2], samples[2:2], samples[2:]])
    for whole, again in zip(tensors(samples), tensors(joined), strict=True):
        torch.testing.assert_close(again, whole, rtol=0, atol=0)


def test_the_middle_of_windows_is_a_window_of_one(samples: Samples) -> None:
    middle = samples.middle
    assert torch.equal(middle.keypoints_px[:, 0], samples.keypoints_px[:, 1])
    assert torch.equal(middle.middle.positions[:, 0], samples.positions[:, 1])


def test_everything_moves_to_another_device(samples: Samples) -> None:
    moved = samples.to(torch.device("meta"))
    assert {tensor.device.type for tensor in tensors(moved)} == {"meta"}
    assert [tensor.shape for tensor in tensors(moved)] == [tensor.shape for tensor in tensors(samples)]
