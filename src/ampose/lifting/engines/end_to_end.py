"""A lifter as one module from pixels to metres: what is exported, so that nobody writes the normalisation again."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ampose.lifting.engines.export_formats import INPUT, OUTPUT, Examples
from ampose.lifting.engines.fused import fuse
from ampose.lifting.prediction import has_enough_joints, predict_chunk
from ampose.models import LifterNetwork
from ampose.poses.camera import Intrinsics

CAMERA, ERROR = "camera", "expected_error"


class EndToEndLifter(nn.Module):
    """Normalises, runs the fused network (twice with flip) and turns back.

    Args:
        network: A lifter of single frames.
        flip: Average with the mirrored prediction.
    """

    def __init__(self, network: LifterNetwork, *, flip: bool) -> None:
        super().__init__()
        self.network = fuse(network)
        self.flip = flip

    def forward(
        self, keypoints: Float[Tensor, "sample joint 2"], camera: Float[Tensor, "sample 6"]
    ) -> tuple[Tensor, ...]:
        """Lift pixels.

        Args:
            keypoints: Pixels; NaN for missing joints.
            camera: Focal lengths x and y, centre x and y, width and height of the image; all in pixels.

        Returns:
            Positions (sample, joint, 3), metres, root-relative, camera axes; and, if the network predicts it, the
            expected error of each joint (sample, joint), metres. NaN where too few joints are known, as in
            ``Lifter.lift``.
        """
        intrinsics = Intrinsics(focal=camera[:, :2], centre=camera[:, 2:4], image_size=camera[:, 4:])
        # A single frame is a still: the window of a network over time is that frame, repeated.
        windows = keypoints[:, None].expand(-1, self.network.receptive_field, -1, -1)  # sample frame joint xy
        answer = predict_chunk(self.network, windows, intrinsics, flip=self.flip)
        nobody = ~has_enough_joints(keypoints)
        middle = answer.positions.shape[1] // 2
        positions = answer.positions[:, middle].masked_fill(nobody[:, None, None], torch.nan)
        if answer.expected_error is None:
            return (positions,)
        return positions, answer.expected_error[:, middle].masked_fill(nobody[:, None], torch.nan)


def output_names(network: LifterNetwork) -> tuple[str, ...]:
    """Return the names of the outputs of an ``EndToEndLifter`` of this network, in order."""
    return (OUTPUT, ERROR) if network.config.predicts_error else (OUTPUT,)


def example_people(network: LifterNetwork, count: int) -> Examples:
    """Return random keypoints in the middle of an image of 1000 x 1000 pixels, and its camera; the same every time.

    Example:
        >>> from ampose.models import create_model
        >>> people = example_people(create_model("ampose-small"), 3)
        >>> {name: tuple(values.shape) for name, values in people.items()}
        {'keypoints': (3, 17, 2), 'camera': (3, 6)}
    """
    generator = torch.Generator().manual_seed(0)
    joints = network.skeleton.num_joints
    camera = Intrinsics.from_field_of_view((1000, 1000))
    row = torch.cat([torch.from_numpy(field) for field in vars(camera).values()])
    return {INPUT: 500 + 100 * torch.randn(count, joints, 2, generator=generator), CAMERA: row.expand(count, 6).clone()}
