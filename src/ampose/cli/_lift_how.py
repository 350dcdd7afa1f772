"""How keypoints become 3D, as the options of ``ampose lift`` say it: the camera above all."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ampose.cli._lift_options import Filming, Settings
from ampose.errors import InputError
from ampose.poses.camera import DEFAULT_FIELD_OF_VIEW, field_of_view

if TYPE_CHECKING:
    from ampose.pipeline.video import DetectedPeople, Lifting
    from ampose.poses.camera import Intrinsics


def read_how(settings: Settings, image_size: tuple[int, int], field_of_view: float | None = None) -> "Lifting":
    """Return how keypoints of pictures of this size become 3D.

    Args:
        settings: What the user said.
        image_size: (width, height) in pixels.
        field_of_view: What the pictures themselves say of the camera, in degrees; the user knows better.

    Raises:
        InputError: A setting is wrong.
    """
    from ampose.pipeline.video import Lifting
    from ampose.processing.postprocess import Finish

    finding, filming = settings.finding, settings.filming
    if filming.focal is not None and filming.field_of_view is not None:
        raise InputError("--focal and --field-of-view must not be given together, got both; the focal length says more")
    if not 0 <= finding.min_confidence < 1:
        raise InputError(f"--min-confidence must be at least 0 and below 1, got {finding.min_confidence}")
    return Lifting(
        intrinsics=None if filming.focal is None else read_focal(filming.focal, image_size),
        field_of_view=_first(filming.field_of_view, field_of_view, DEFAULT_FIELD_OF_VIEW),
        flip=finding.flip,
        min_confidence=finding.min_confidence,
        keep_sides=finding.keep_sides,
        spread=finding.spread,
        finish=Finish(**asdict(settings.finishing), camera_tilt=filming.camera_tilt),
    )


def read_focal(text: str, image_size: tuple[int, int]) -> "Intrinsics":
    """Read ``f`` or ``fx,fy,cx,cy`` in pixels; without a centre it is the middle of the picture."""
    from ampose.poses.camera import Intrinsics

    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 4) or not all(0 < number < float("inf") for number in numbers):
        raise InputError(f"--focal must be pixels, as in 1145, or fx,fy,cx,cy; got {text!r}")
    middle = [side / 2 for side in image_size]
    focal, centre = (numbers[:2], numbers[2:]) if len(numbers) == 4 else (2 * numbers, middle)
    as_array = (np.array(pair, dtype=np.float32) for pair in (focal, centre, image_size))
    return Intrinsics(**dict(zip(("focal", "centre", "image_size"), as_array, strict=True)))


def pictured_field_of_view(source: Path, filming: Filming, seen: "DetectedPeople | None" = None) -> float | None:
    """Return what a picture's EXIF data or a keypoint file say of the camera, where the user said nothing.

    Args:
        source: The input.
        filming: What the user said.
        seen: Whom a keypoint file holds; None for pictures.

    Returns:
        Degrees; None if nobody says it.
    """
    from ampose.media import exif
    from ampose.media.images import is_picture

    if filming.focal is not None or filming.field_of_view is not None:
        return None
    if seen is not None:
        pose = seen.people[0].pose2d
        return None if pose.focal_px is None else field_of_view(pose.image_size, pose.focal_px)
    return exif.field_of_view(source) if source.is_file() and is_picture(source) else None


def describe_camera(filming: Filming, pictured: float | None, *, of_file: bool = False) -> str:
    """Say which camera was taken, and who said so."""
    if filming.focal is not None:
        return f"focal length {filming.focal} pixels, as given"
    if filming.field_of_view is not None:
        return f"field of view {filming.field_of_view:g} degrees, as given"
    if pictured is not None:
        said_by = "keypoint file" if of_file else "picture's EXIF data"
        return f"field of view {pictured:.1f} degrees, from the {said_by}"
    return f"field of view {DEFAULT_FIELD_OF_VIEW:g} degrees, assumed: --focal or --field-of-view would say it"


def _first(*values: float | None) -> float:
    """Return the first that is there."""
    return next(value for value in values if value is not None)
