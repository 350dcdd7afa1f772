"""How a video becomes 3D: one class that is the options of ``ampose lift`` and the argument of ``ampose.lift_video``.

A field here is an option of the command line, an argument in Python and part of the record by which a batch skips
finished inputs; the text under it is its help. A new option is a field here and the place that uses it.

The fields are grouped in sections, one base class each, whose docstring is the heading in the help. Values that need
reading (``1920x1080``) have types of their own with a ``parse``, so that nothing behind this file meets a string that
may be wrong.
"""

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import numpy as np
import tyro

from ampose import DEFAULT_MODEL
from ampose.errors import InputError, changed_fields, check_field_values
from ampose.lifting.weights.locations import WEIGHTS, find_weights
from ampose.packages import require
from ampose.poses.boxes import Box
from ampose.poses.camera import DEFAULT_FIELD_OF_VIEW, Intrinsics, check_field_of_view
from ampose.processing.ground import check_tilt
from ampose.processing.person_selection import PersonChoice
from ampose.processing.placement import check_height
from ampose.processing.smoothing import FilterName

if TYPE_CHECKING:
    from ampose.lifting.lifter import Lifter


class ImageSize(NamedTuple):
    """Width and height in pixels.

    Example:
        >>> ImageSize.parse("1920x1080")
        ImageSize(width=1920, height=1080)
    """

    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> "ImageSize":
        """Read ``WIDTHxHEIGHT``; raises InputError if it is something else."""
        width, _, height = text.lower().partition("x")
        if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
            raise InputError(
                f"image size must be width x height in pixels, as in 1920x1080, got {text!r}", field="image_size"
            )
        return cls(int(width), int(height))


class Focal(NamedTuple):
    """Focal length of a camera in pixels and, if it is known, the principal point.

    Example:
        >>> Focal(1145.0).intrinsics((1000, 1000)).centre.tolist()
        [500.0, 500.0]
        >>> Focal.parse("1145,1143,512,515")
        Focal(x=1145.0, y=1143.0, centre=(512.0, 515.0))
    """

    x: float
    y: float | None = None
    centre: tuple[float, float] | None = None

    @classmethod
    def parse(cls, text: str) -> "Focal":
        """Read ``F`` or ``FX,FY,CX,CY``; raises InputError if it is something else."""
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError:
            numbers = []
        fine = all(map(math.isfinite, numbers)) and min(numbers[:2], default=0) > 0  # a cropped image may lie beside it
        if len(numbers) not in (1, 4) or not fine:
            raise InputError(f"focal length must be in pixels, as in 1145, or fx,fy,cx,cy, got {text!r}", field="focal")
        return cls(numbers[0]) if len(numbers) == 1 else cls(numbers[0], numbers[1], (numbers[2], numbers[3]))

    def intrinsics(self, image_size: tuple[int, int]) -> Intrinsics:
        """Return the camera; a principal point that is not known is the middle of the image."""
        width, height = image_size
        values = ((self.x, self.y or self.x), self.centre or (width / 2, height / 2), image_size)
        focal, centre, size = (np.array(pair, dtype=np.float32) for pair in values)
        return Intrinsics(focal=focal, centre=centre, image_size=size)


class DetectorOption(NamedTuple):
    """An option of a detector's own.

    Example:
        >>> DetectorOption.parse("skeleton=coco_17")
        DetectorOption(name='skeleton', value='coco_17')
    """

    name: str
    value: str

    @classmethod
    def parse(cls, text: str) -> "DetectorOption":
        """Read ``NAME=VALUE``; raises InputError if it is something else."""
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InputError(
                f"detector option must be name=value, as in skeleton=coco_17, got {text!r}", field="detector_option"
            )
        return cls(name, value)

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


@dataclass(frozen=True, kw_only=True)
class InputOptions:
    """Input."""

    fps: float | None = None
    """Frame rate, for a keypoint file that does not store it or a folder of images that form a video."""
    format: str | None = None
    """Format of a keypoint file; detected from its content by default."""
    skeleton: str | None = None
    """Skeleton of a keypoint file, by name or as a TOML file; inferred from its keypoints by default."""
    image_size: ImageSize | None = None
    """Size of the images in pixels, as in 1920x1080, for a keypoint file that does not store it."""
    video: str | None = None
    """Which video to lift, if the keypoint file covers several."""
    min_score: float | None = None
    """Leave out detections of a keypoint file that have a lower score."""


@dataclass(frozen=True, kw_only=True)
class CameraOptions:
    """Camera."""

    field_of_view: float | None = None
    """Field of view across the longer side of the image, in degrees; by default from the file, or else 60."""
    focal: Focal | None = None
    """Focal length in pixels, as in 1145, or fx,fy,cx,cy; used instead of a field of view."""

    def __post_init__(self) -> None:
        if self.focal is not None and self.field_of_view is not None:
            raise InputError("focal length and field of view must not both be given; leave one out", field="focal")
        if self.field_of_view is not None:
            check_field_of_view(self.field_of_view)

    def camera(self, image_size: tuple[int, int], known_field_of_view: float | None = None) -> Intrinsics:
        """Return the camera of images of this size.

        Args:
            image_size: (width, height) in pixels.
            known_field_of_view: What a file says of the camera, in degrees; the user knows better.
        """
        if self.focal is not None:
            return self.focal.intrinsics(image_size)
        degrees = self.field_of_view or known_field_of_view or DEFAULT_FIELD_OF_VIEW
        return Intrinsics.from_field_of_view(image_size, degrees)


@dataclass(frozen=True, kw_only=True)
class DetectionOptions:
    """Detection."""

    detector: str = "blazepose"
    """Name of the 2D detector, such as blazepose or rtmlib."""
    detector_option: Annotated[tuple[DetectorOption, ...], tyro.conf.UseAppendAction] = ()
    """An option of the detector itself, as in skeleton=coco_17."""
    min_confidence: float = 0.0
    """Treat joints of lower confidence as missing."""
    fix_left_right_swaps: bool = True
    """Correct temporary left/right swaps by the detector, using neighbouring frames."""

    def __post_init__(self) -> None:
        if not 0 <= self.min_confidence < 1:
            raise InputError(
                f"the least confidence must be at least 0 and below 1, got {self.min_confidence:g}",
                field="min_confidence",
            )


@dataclass(frozen=True, kw_only=True)
class PeopleOptions:
    """People."""

    people: int | None = None
    """Maximum number of people to track, if the detector supports it; by default all."""
    person: Literal["all", "largest"] | int = "all"
    """Which people to lift: all, the largest, or the one with this id."""
    box: Box | None = None
    """Lift the person inside this box, x,y,width,height in pixels."""


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Model."""

    model: str = DEFAULT_MODEL
    """Name of bundled weights, or a folder that training wrote."""
    flip: bool = True
    """Average the predictions for the input and its mirror image."""
    engine: str = "auto"
    """Inference engine: torch, onnxruntime or openvino; auto chooses by device, frames and installed packages."""
    precision: Literal["fp32", "tf32", "bf16"] = "fp32"
    """Precision of matrix products; below fp32 is faster on some hardware, and the resulting error is reported."""

    def load_lifter(self) -> "Lifter":
        """Load the lifter.

        Raises:
            InputError: There are no such weights, or they are damaged; there is no such engine.
            MissingExtraError: The engine's package, or PyTorch where it is needed, is not installed.
        """
        from ampose.lifting.lifter import load_model  # noqa: PLC0415  # not for the help

        lifter = load_model(self.model, engine=self.engine, precision=self.precision)
        if not self.flip:  # what lies ready for ONNX Runtime is the mean of both
            require("torch", extra="torch", purpose="lifting without the mirror image")
        return lifter

    def weights_hash(self) -> str:
        """Return the SHA-256 of the weights that the model has now; raises InputError if there are no such weights."""
        return str(WEIGHTS.read_meta(find_weights(self.model))["sha256"])


@dataclass(frozen=True, kw_only=True)
class ProcessingOptions:
    """Pose processing."""

    place: bool = False
    """Place people in absolute camera coordinates, in metres; otherwise the origin is the mid-hip."""
    height: float | None = None
    """The person's height in metres, which sets the scale; implies --place."""
    ground: Literal["feet", "tilt"] | None = None
    """Rotate people upright onto a floor, found from resting feet or from the camera's tilt; implies --place."""
    camera_tilt: float | None = None
    """Downward tilt of the camera in degrees; --ground tilt needs it. It levels drawings and formats with a vertical
    axis; other files stay in camera axes."""
    constant_bones: bool = False
    """Keep every bone's length constant over the clip."""
    smooth: FilterName | Literal["none"] = "savitzky-golay"
    """Temporal smoothing filter, for input with frame times; none disables it."""


@dataclass(frozen=True, kw_only=True)
class LiftOptions(InputOptions, CameraOptions, DetectionOptions, PeopleOptions, ModelOptions, ProcessingOptions):
    """How to lift a video, images or a keypoint file: everything that decides the poses.

    Raises:
        InputError: A value is out of range, or two exclude each other.

    Example:
        >>> LiftOptions(height=1.80, smooth="butterworth").placed
        True
    """

    def __post_init__(self) -> None:
        check_field_values(self)
        CameraOptions.__post_init__(self)
        DetectionOptions.__post_init__(self)
        if self.camera_tilt is not None:
            check_tilt(self.camera_tilt)
        if self.box is not None and self.person != "all":
            raise InputError("person and box must not both be given; leave one out", field="box")
        if self.ground == "tilt" and self.camera_tilt is None:
            raise InputError("ground by tilt needs the camera's tilt, 0 for a level camera", field="camera_tilt")
        if self.height is not None:
            check_height(self.height)

    @property
    def placed(self) -> bool:
        """Whether poses get a place before the camera."""
        return self.place or self.height is not None or self.ground is not None

    def __str__(self) -> str:
        """Return what differs from the defaults, for the provenance of poses.

        Example:
            >>> str(LiftOptions(height=1.8, flip=False))
            'height=1.8, flip=False'
        """
        changed = changed_fields(self, [each.name for each in fields(self)])
        said = ((name, " ".join(map(str, value)) if type(value) is tuple else value) for name, value in changed)
        return ", ".join(f"{name}={value}" for name, value in said)

    @property
    def which(self) -> PersonChoice:
        """Whom to lift."""
        return self.person if self.box is None else self.box


DEFAULT_OPTIONS = LiftOptions()


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    """Live."""

    smooth: bool = True
    """Smooth the poses with a one-euro filter."""
    seconds: float | None = None
    """Stop after this time; by default with Ctrl-C, or q in the window."""
    window: bool = True
    """Show the camera's frames, where there is a screen and an OpenCV that can use it."""


@dataclass(frozen=True, kw_only=True)
class LiveOptions(CameraOptions, DetectionOptions, ModelOptions, ShowOptions):
    """How to lift while a camera films: as a video, without what needs the whole clip.

    Raises:
        InputError: A value is out of range, or two exclude each other.
    """

    def __post_init__(self) -> None:
        check_field_values(self)
        CameraOptions.__post_init__(self)
        DetectionOptions.__post_init__(self)
        if self.seconds is not None and not self.seconds > 0:
            raise InputError(f"seconds must be positive, got {self.seconds:g}", field="seconds")
