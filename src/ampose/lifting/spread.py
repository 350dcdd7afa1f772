"""How sure a lifter is of each joint, from its own answers: their spread when what it is shown changes a little.

For networks that cannot say how far off they expect to be. A detector's keypoints are never exact, and a person in the
mirror is the same person: a joint whose place hangs on such things is not to be trusted. It is a lower bound: what the
lifter gets wrong in the same way every time does not show.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.lifting.lifter import Lifter
from ampose.poses.camera import Intrinsics
from ampose.poses.pose import Pose2D, Pose3D

NOISE = 0.01
"""Standard deviation of the perturbations, by the size of the person in the picture: about a detector's own error."""

SPREAD = "own spread under flip and small changes of the keypoints"
"""What a pose's provenance says of ``expected_error``."""


def lift_with_spread(
    lifter: Lifter,
    pose: Pose2D,
    *,
    times: int = 8,
    intrinsics: Intrinsics | None = None,
    flip: bool = True,
    seed: int = 0,
) -> Pose3D:
    """Lift a pose, with the lifter's own spread as the expected error.

    The keypoints are lifted ``times`` more, each time moved by Gaussian noise of 1 % of the person's size, every
    second time in the mirror. The spread is the root of the joint's mean squared distance from the mean of these.

    Args:
        lifter: What ``ampose.load_model`` returns.
        pose: One person.
        times: How often; at least 2.
        intrinsics: As in ``Lifter.lift``.
        flip: As in ``Lifter.lift``; of the pose itself.
        seed: Of the noise.

    Returns:
        What ``Lifter.lift`` returns, with ``expected_error`` in metres; NaN where the person is missing.

    Raises:
        InputError: As in ``Lifter.lift``; or ``times`` is less than 2.

    Example:
        >>> import ampose
        >>> seen = np.random.default_rng(0).uniform(300, 700, (1, 17, 2))
        >>> lifter = ampose.load_model("ampose-small")
        >>> pose = Pose2D.from_array(seen, skeleton=lifter.skeleton, image_size=(1000, 1000))
        >>> lift_with_spread(lifter, pose, times=2).expected_error.shape
        (1, 17)
    """
    if times < 2:
        raise InputError(f"times must be at least 2, got {times}; a single answer has no spread")
    camera = intrinsics or Intrinsics.from_field_of_view(pose.image_size)
    lifted = lifter.lift(pose, intrinsics=camera, flip=flip)
    rng = np.random.default_rng(seed)
    answers = np.stack([_lift_changed(lifter, _moved(pose, rng), camera, mirrored=bool(n % 2)) for n in range(times)])
    squared = ((answers - answers.mean(axis=0)) ** 2).sum(axis=(0, -1)) / (times - 1)
    return replace(
        lifted,
        expected_error=np.sqrt(squared).astype(np.float32),
        provenance={**lifted.provenance, "expected_error": f"{SPREAD}, {times} times"},
    )


def _moved(pose: Pose2D, rng: np.random.Generator) -> Pose2D:
    """Move each joint a little, by the person's size in each frame: the diagonal of the box around them."""
    noise = rng.normal(0.0, NOISE, pose.keypoints.shape)
    points = np.where(pose.missing[:, None, None], 0.0, pose.keypoints)
    size = np.linalg.norm(np.nanmax(points, axis=1) - np.nanmin(points, axis=1), axis=1)
    return replace(pose, keypoints=(pose.keypoints + noise * size[:, None, None]).astype(pose.keypoints.dtype))


def _lift_changed(
    lifter: Lifter, pose: Pose2D, camera: Intrinsics, *, mirrored: bool
) -> Float[np.ndarray, "frame joint 3"]:
    """Lift once; of the mirrored person, the answer is turned back."""
    if not mirrored:
        return lifter.lift(pose, intrinsics=camera, flip=False).positions
    order, width = pose.skeleton.flip_order, pose.image_size[0]
    flipped = replace(
        pose,
        keypoints=(pose.keypoints[:, order] * (-1, 1) + (width, 0)).astype(pose.keypoints.dtype),
        confidence=pose.confidence[:, order],
    )
    centre = np.array([width - camera.centre[0], camera.centre[1]], dtype=np.float32)
    answer = lifter.lift(flipped, intrinsics=replace(camera, centre=centre), flip=False)
    return answer.positions[:, lifter.skeleton.flip_order] * np.array([-1, 1, 1], dtype=np.float32)
