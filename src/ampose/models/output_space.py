"""What a network answers in, by the name that its config has.

``metres``, root-relative, is what all lifters answer in, and the only answer that needs no ground truth. A system with
another answer registers its own beside its network, with the way there and back (LCN's image plane:
``ampose.models.networks.lcn``). If the way back needs the true distance of the root, every figure says so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.models.normalisation import to_camera_axes, to_network_axes
from ampose.poses.camera import Intrinsics
from ampose.poses.geometry import root_relative
from ampose.registry import Registry

USES_GT_ROOT_DEPTH = "uses GT root depth"
"""What every figure is labelled with that needs the true distance of the root."""

Rotation = Float[Tensor, "sample frame 3 3"] | None
"""From camera axes to the axes in which the network answers, if they differ."""


@dataclass(frozen=True)
class OutputSpace:
    """The way from absolute positions to what a network answers, and the way back."""

    encode: Callable[[Tensor, Intrinsics[Tensor], int, Tensor | None], Tensor]
    """(positions, intrinsics, root index, rotation) -> what the network should answer."""
    decode: Callable[[Tensor, Intrinsics[Tensor], Tensor | None, Tensor | None], Tensor]
    """(answer, intrinsics, rotation, the root's distance) -> metres in camera axes."""
    needs_root_depth: bool = False
    """Whether the way back needs the true distance of the root."""


output_spaces = Registry[OutputSpace]("target", package="ampose.models.networks")


def encode(
    target: str,
    positions: Float[Tensor, "sample frame joint 3"],
    intrinsics: Intrinsics[Tensor],
    root_index: int,
    rotation: Rotation = None,
) -> Float[Tensor, "sample frame joint 3"]:
    """Return what a network should answer.

    Args:
        target: In what it answers.
        positions: Camera axes, metres, absolute.
        intrinsics: One camera a sample; fields of shape (sample, 2).
        root_index: Of the skeleton.
        rotation: From camera axes to the axes in which the network answers, if they differ.

    Example:
        >>> import torch
        >>> square = torch.tensor([[1000.0, 1000.0]])
        >>> camera = Intrinsics(focal=square, centre=square / 2, image_size=square)
        >>> encode("metres", torch.tensor([[[[0.0, 0.0, 4.0], [0.0, 0.0, 5.0]]]]), camera, 0)[0, 0, 1].tolist()
        [0.0, 0.0, 1.0]
    """
    answer: Tensor = output_spaces.get(target).target.encode(positions, intrinsics, root_index, rotation)
    return answer


def decode(
    target: str,
    answer: Float[Tensor, "sample frame joint 3"],
    intrinsics: Intrinsics[Tensor],
    rotation: Rotation = None,
    root_depth: Float[Tensor, "sample frame"] | None = None,
) -> Float[Tensor, "sample frame joint 3"]:
    """Return an answer in metres and camera axes: what ``encode`` was given, but for where the root is.

    From metres they are root-relative; from the image plane absolute, at the distance that is given.

    Raises:
        InputError: The target needs the root's distance, and it is not known.
    """
    space = output_spaces.get(target).target
    if space.needs_root_depth and (root_depth is None or bool(root_depth.isnan().any())):
        raise InputError(
            f"model must answer in metres where the true distance of the root is not known, got the target {target}; "
            "measure it on data with true positions, or train it with model.target = metres"
        )
    positions: Tensor = space.decode(answer, intrinsics, rotation, root_depth)
    return positions


def needs_root_depth(target: str) -> bool:
    """Whether an answer becomes metres only with the true distance of the root."""
    return output_spaces.get(target).target.needs_root_depth


def caveat_of(target: str) -> str:
    """Return what must stand beside every error of a network with this target; "" for nothing.

    Example:
        >>> caveat_of("image-plane"), caveat_of("metres")
        ('uses GT root depth', '')
    """
    return USES_GT_ROOT_DEPTH if needs_root_depth(target) else ""


output_spaces.add(
    "metres",
    OutputSpace(
        encode=lambda positions, _, root_index, rotation: to_network_axes(
            root_relative(positions, root_index), rotation
        ),
        decode=lambda answer, _, rotation, __: to_camera_axes(answer, rotation),
    ),
)
