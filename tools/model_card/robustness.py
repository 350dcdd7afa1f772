"""How the error grows when something is wrong or unusual: curves on people that no training has seen.

Each curve changes one thing and leaves the rest as the wide protocol has it. All curves of all weights see the same
frames.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ampose.data import MotionCapture
from ampose.data.synthesis.virtual_cameras import draw_cameras, render
from ampose.evaluation.protocol import Protocol
from ampose.evaluation.protocols.cmu import CMU_HELD_OUT_WIDE
from ampose.lifting.prediction import predict_samples
from ampose.models import LifterNetwork
from ampose.models.normalisation import rotation_to_optical_axis
from ampose.poses.camera import Intrinsics
from ampose.poses.geometry import root_relative
from ampose.poses.metrics.position import joint_errors, p_mpjpe
from ampose.poses.samples import Samples
from ampose.poses.skeletons import Skeleton, find_mapping

MISSING: Mapping[str, tuple[str, ...]] = {
    "nothing": (),
    "one wrist": ("right_wrist",),
    "one arm": ("right_elbow", "right_wrist"),
    "both ankles": ("left_ankle", "right_ankle"),
    "both legs": ("left_knee", "right_knee", "left_ankle", "right_ankle"),
    "legs and hips": ("left_knee", "right_knee", "left_ankle", "right_ankle", "left_hip", "right_hip", "hip"),
    "head and spine": ("head", "spine"),
}
"""Parts of the body that are lost together."""

NOISE_PERCENT = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0)
FOCAL_FACTORS = (0.5, 0.7, 1.0, 1.5, 2.0)
BODY_HEIGHTS = (0.75, 0.85, 1.0, 1.1, 1.2)
OFF_CENTRE = (0.0, 0.3, 0.6, 0.9)
PITCHES = (-40.0, -20.0, 0.0, 20.0, 40.0, 60.0)


@dataclass(frozen=True)
class Point:
    """One place of a curve: means in millimetres, and other figures by name."""

    at: float | str
    mpjpe: float
    p_mpjpe: float
    other: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Curve:
    """What changes, and what it does."""

    name: str
    axis: str
    """What ``at`` counts, with its unit."""
    points: tuple[Point, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


class Robustness:
    """Measures curves.

    Args:
        network: In evaluation mode, looking at single frames.
        motion: With the protocol's people.
        samples: About how many frames; they are evenly spread.
        protocol: Whose people and cameras.
    """

    def __init__(
        self,
        network: LifterNetwork,
        motion: MotionCapture,
        *,
        samples: int = 2048,
        protocol: Protocol = CMU_HELD_OUT_WIDE,
    ) -> None:
        self.network = network
        self.source = protocol.source
        self.skeleton: Skeleton = network.skeleton
        chosen = motion.select(subjects=protocol.subjects or None)
        rows = np.linspace(0, len(chosen) - 1, min(samples, len(chosen))).round().astype(np.int64)
        mapping = find_mapping(chosen.skeleton.name, network.config.skeleton)
        self.positions = torch.from_numpy(mapping.map_points(chosen.positions[rows]))

    def curves(self) -> Iterator[Curve]:
        """Measure all of them; that of missing joints only if the network takes such input."""
        yield self.pixel_noise()
        yield self.focal_mistake("focal mistake, person in the middle", off_centre=0.0)
        yield self.focal_mistake("focal mistake, person anywhere", off_centre=None)
        yield self.body_height()
        yield self.off_centre()
        yield self.pitch()
        if self.network.config.takes_missing:
            yield self.missing_joints()

    def look(self, *, height: float = 1.0, **cameras: tuple[float, float]) -> Samples:
        """Look at the frames, at bodies of another height or with other ranges for the cameras."""
        generator = torch.Generator().manual_seed(self.source.seed)
        ranges = replace(self.source.cameras, **cameras)
        drawn = draw_cameras(len(self.positions), ranges, generator)
        return render(self.positions[:, None] * height, drawn, self.skeleton)

    def pixel_noise(self) -> Curve:
        """Move each joint by Gaussian noise; percent of the person's height in the picture."""
        seen = self.look()
        box = (seen.keypoints_px[:, 0].amax(dim=1) - seen.keypoints_px[:, 0].amin(dim=1)).amax(dim=1)[:, None, None]
        generator = torch.Generator().manual_seed(self.source.seed)
        noise = box * torch.randn(seen.keypoints_px[:, 0].shape, generator=generator) / 100
        return self._curve(
            "pixel noise",
            "standard deviation, % of the person's height",
            NOISE_PERCENT,
            lambda percent: self._measure(percent, seen, keypoints_px=seen.keypoints_px[:, 0] + percent * noise),
        )

    def focal_mistake(self, name: str, *, off_centre: float | None) -> Curve:
        """Take another focal length for the true one.

        Off the middle of the picture a wrong focal length turns the ray to the person, and the body with it. The
        other figures are this turn in degrees, and the error without it (``mpjpe_own_ray``): what is left when both
        bodies are seen along their own rays.
        """
        seen = self.look() if off_centre is None else self.look(off_centre=(off_centre, off_centre))
        return self._curve(
            name, "assumed focal length / true one", FOCAL_FACTORS, lambda factor: self._with_focal(seen, factor)
        )

    def _with_focal(self, seen: Samples, factor: float) -> Point:
        camera = replace(seen.intrinsics, focal=seen.intrinsics.focal * factor)
        root = seen.keypoints_px[:, 0, self.skeleton.root_index]
        right, wrong = (_turn_to_root(root, one) for one in (seen.intrinsics, camera))
        turn = (wrong[:, 2] * right[:, 2]).sum(dim=1).clamp(-1, 1).arccos().rad2deg().mean().item()
        predicted = predict_samples(self.network, replace(seen, intrinsics=camera), flip=True).positions
        along_ray = predicted @ wrong.mT @ right
        own_ray = joint_errors(along_ray, self._truth(seen)).mean().item() * 1000
        return self._point(factor, predicted, seen, {"turn_degrees": turn, "mpjpe_own_ray": own_ray})

    def missing_joints(self) -> Curve:
        """Lose parts of the body; the other figures are the errors of the joints that are lost and of the rest."""
        seen = self.look()
        generator = torch.Generator().manual_seed(self.source.seed)
        three = torch.rand(seen.keypoints_px[:, 0].shape[:2], generator=generator).argsort(dim=1) < 3
        parts = {name: self._mask(joints).expand_as(three) for name, joints in MISSING.items()}
        parts["3 random joints"] = three
        return self._curve(
            "missing joints", "what is missing", list(parts), lambda part: self._without(seen, part, parts)
        )

    def _without(self, seen: Samples, part: str, parts: Mapping[str, Tensor]) -> Point:
        lost = parts[part]
        keypoints = seen.keypoints_px[:, 0].masked_fill(lost[..., None], torch.nan)
        partly = replace(seen, keypoints_px=keypoints[:, None])
        predicted = predict_samples(self.network, partly, flip=True).positions
        errors = joint_errors(predicted, self._truth(seen)) * 1000
        other = {"seen_joints": errors[~lost].mean().item()}
        if lost.any():
            other["lost_joints"] = errors[lost].mean().item()
        return self._point(part, predicted, seen, other)

    def body_height(self) -> Curve:
        """Make the same bodies smaller and taller; the other figure is the error as if they were not."""
        return self._curve("body height", "height / recorded height", BODY_HEIGHTS, self._with_height)

    def _with_height(self, height: float) -> Point:
        point = self._measure(height, self.look(height=height))
        return replace(point, other={"mpjpe_by_height": point.mpjpe / height})

    def off_centre(self) -> Curve:
        """Put the person nearer to the edge of the picture."""
        return self._curve(
            "place in the picture",
            "hip off the middle, share of half the longer side",
            OFF_CENTRE,
            lambda share: self._measure(share, self.look(off_centre=(share, share))),
        )

    def pitch(self) -> Curve:
        """Look from below and from above."""
        return self._curve(
            "pitch",
            "camera looks down, degrees",
            PITCHES,
            lambda pitch: self._measure(pitch, self.look(pitch_degrees=(pitch, pitch))),
        )

    def _curve(self, name: str, axis: str, places: Sequence[Any], measure: Callable[[Any], Point]) -> Curve:
        return Curve(name, axis, tuple(measure(place) for place in places))

    def _measure(
        self, at: float | str, seen: Samples, *, keypoints_px: Float[Tensor, "sample joint 2"] | None = None
    ) -> Point:
        samples = seen if keypoints_px is None else replace(seen, keypoints_px=keypoints_px[:, None])
        return self._point(at, predict_samples(self.network, samples, flip=True).positions, seen, {})

    def _point(self, at: float | str, predicted: Tensor, seen: Samples, other: Mapping[str, float]) -> Point:
        truth = self._truth(seen)
        mean = joint_errors(predicted, truth).mean().item() * 1000
        return Point(at, mean, p_mpjpe(predicted, truth).mean().item() * 1000, other)

    def _truth(self, seen: Samples) -> Float[Tensor, "sample joint 3"]:
        return root_relative(seen.positions[:, 0], self.skeleton.root_index)

    def _mask(self, joints: tuple[str, ...]) -> Tensor:
        return torch.tensor([joint in joints for joint in self.skeleton.joints])


def _turn_to_root(root_px: Float[Tensor, "sample 2"], camera: Intrinsics) -> Float[Tensor, "sample 3 3"]:
    """Return the rotation that makes the ray to the root the optical axis; its last row is the ray."""
    return rotation_to_optical_axis((root_px - camera.centre) / camera.focal)
