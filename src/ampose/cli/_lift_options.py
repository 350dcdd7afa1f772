"""The options of ``ampose lift``, in groups."""

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from ampose import DEFAULT_MODEL


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Finding people."""

    model: str = DEFAULT_MODEL
    """Name of bundled weights, or a folder that training wrote."""
    detector: str = "mediapipe"
    """Name of the 2D detector. mediapipe finds one person, rtmlib, ultralytics and transformers find several."""
    detector_option: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """An option of the detector, as in: --detector-option skeleton=coco_17. May be given several times."""
    person: str = "all"
    """Who is lifted: all, largest, or an id as the summary names it."""
    box: str | None = None
    """Who is lifted: who is in this box, x,y,w,h in pixels."""
    min_confidence: float = 0.0
    """Joints of which the detector is less sure than this are taken as not found."""
    keep_sides: bool = True
    """Exchange left and right back where the detector exchanged them for a while, as the frames before and after
    tell."""
    flip: bool = True
    """Average each prediction with the mirrored one."""
    spread: int = 0
    """How often each pose is lifted once more, with its keypoints moved a little: how far the answers lie apart becomes
    the joints' expected error. 8 is a good number; 0 leaves it out."""
    engine: str = "auto"
    """What runs the model: torch, onnxruntime or openvino; auto chooses by the device, the number of
    frames and what is installed."""
    precision: Literal["fp32", "tf32", "bf16"] = "fp32"
    """Of the model's matrix products. Less than fp32 is faster where the hardware has it; what it cost is said."""


@dataclass(frozen=True, kw_only=True)
class Filming:
    """The camera."""

    field_of_view: float | None = None
    """The camera's, in degrees across the longer side of the picture; by default what a photo's EXIF data say, or else
    60."""
    focal: str | None = None
    """The camera's focal length in pixels, in place of the field of view, as in 1145; or all that is known of it, as
    fx,fy,cx,cy."""
    camera_tilt: float | None = None
    """How far the camera looks down, in degrees; taken for level if nothing is said. The pictures and the formats with
    an axis that points up are turned upright by it; in the other files the numbers stay in camera axes."""


@dataclass(frozen=True, kw_only=True)
class Finishing:
    """What is done to the poses afterwards."""

    place: bool = False
    """Put everybody where the camera sees them, in metres from the camera; otherwise the origin is the hips."""
    height: float | None = None
    """How tall the person is, in metres: sets the scale. Places them too."""
    ground: str | None = None
    """Turn everybody upright onto a floor, found from resting feet (feet) or by --camera-tilt (tilt). Places them
    too."""
    constant_bones: bool = False
    """Give each bone one length over the clip."""
    smooth: str | None = None
    """Smooth over time: butterworth, savitzky-golay or one-euro."""


@dataclass(frozen=True, kw_only=True)
class Keypoints:
    """Keypoint files, and what they do not say."""

    format: str | None = None
    """The file's format; by default what is in it decides."""
    skeleton: str | None = None
    """Name of the skeleton of its points, or a TOML file; by default their number or names decide."""
    image_size: str | None = None
    """Size of the picture in pixels, as in 1920x1080, where the file does not say it."""
    video: str | None = None
    """Which video is meant, in a file of several."""
    fps: float | None = None
    """Frames per second, where the file does not say it; also of a folder of pictures that make a video."""


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What is written."""

    preview: bool = True
    """Write the preview video."""
    to: str = ""
    """More formats to write beside poses.json and poses.npz, as in: trc,c3d,csv."""
    jobs: int = 1
    """How many inputs are lifted at the same time, where there are several."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to lift, and what to draw."""

    finding: Finding = Finding()
    filming: Filming = Filming()
    finishing: Finishing = Finishing()
    keypoints: Keypoints = Keypoints()
    writing: Writing = Writing()
