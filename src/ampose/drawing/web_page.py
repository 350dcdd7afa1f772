"""One HTML page that shows results in motion: everything is in it, nothing is fetched.

The page's program is written in ``web/`` at the root of the repository and bundled with three.js into
``page/viewer.js`` (``make web``). What comes from files and people (names, settings) enters the page as JSON in
which no ``<`` is left, and is shown as text, never as HTML; the page's content security policy lets only this one
script run, and nothing be fetched.
"""

import base64
import hashlib
import html
import itertools
import json
import logging
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from ampose.atomic import replacing
from ampose.drawing.panels import in_joints_of
from ampose.drawing.preview import PICTURES_PER_SECOND
from ampose.drawing.projection import (
    BACKDROP,
    FAINT_INK,
    FLOOR,
    INK,
    SIDE_COLOURS,
    SURE,
    WHITE,
    Colour,
    hex_of,
    pale,
)
from ampose.errors import InputError, printable
from ampose.media import Frame, open_media
from ampose.media.video_writer import writing_video
from ampose.packages import pillow
from ampose.poses.joint_angles import joint_angles
from ampose.poses.people import Person
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import Skeleton
from ampose.processing.ground import standing, upright

_LOG = logging.getLogger(__name__)

_GAP = -32768
"""Stands for NaN among 16-bit numbers."""

_STEP_M, _STEP_PX, _STEP_DEGREES, _STEP_PART = 0.001, 0.25, 0.1, 0.01
"""How finely the page keeps positions, keypoints, angles and confidence: finer than can be seen, or is known."""

_LIMIT_BYTES = 2_000_000
"""A page is at most this large, beside its video, or the writer says so."""

_SAME_SHAPE = 0.02
"""A video may be smaller than the one that was lifted, but its width to height may not differ by more than this."""

_VIDEO_HEIGHT = 480
_ROOM_M = 0.35
_DARK: dict[str, Colour] = {
    "backdrop": (26, 29, 33),
    "floor": (38, 42, 47),
    "grid": (58, 63, 69),
    "ink": (233, 236, 239),
    "faint": (144, 152, 160),
    "card": (18, 20, 23),
    "middle": (173, 181, 189),
}
_LIGHT = {"backdrop": BACKDROP, "floor": FLOOR, "grid": WHITE, "ink": INK, "faint": FAINT_INK, "card": WHITE}
_PLOTS = ("knee flexion", "hip flexion", "elbow flexion", "shoulder flexion", "trunk lean")
_TYPES = {b"ftyp": "video/mp4", b"\x1aE\xdf\xa3": "video/webm"}

COMMON: dict[str, Any] = {
    "plots": _PLOTS,
    # The colours of the sides are the still's.
    "colours": {
        theme: {name: hex_of(colour) for name, colour in (SIDE_COLOURS | own).items()}
        for theme, own in {"light": _LIGHT, "dark": _DARK}.items()
    },
    "sure": SURE,
    "pale": round(1 - pale((0, 0, 0))[0] / 255, 2),
}
"""What every page looks like, this one and the app's (``web/app``)."""


@dataclass(frozen=True)
class Result:
    """The people of one file, and what to call it on the page.

    Raises:
        InputError: There is nobody in any frame.
    """

    name: str
    people: Sequence[Person]

    def __post_init__(self) -> None:
        if not any(np.isfinite(person.pose3d.positions).any() for person in self.people):
            raise InputError(f"{self.name}: must have somebody in at least one frame, got nobody; nothing to show")


def write_page(
    path: str | Path,
    results: Sequence[Result],
    *,
    video: Path | None = None,
    frames: Iterable[Frame] | None = None,
    camera_tilt: float | None = None,
) -> None:
    """Write a page that shows one result, or two for comparison.

    Args:
        path: The page; it appears when it is complete.
        results: One, or two.
        video: The video that the first result came from, MP4 or WebM; it becomes part of the page.
        frames: Its frames, where there is no such file: they are encoded small, each at the time of its pose.
        camera_tilt: How far the camera looks down, in degrees; the 3D view is turned upright by it. None: what the
            poses say themselves.

    Raises:
        InputError: There are more than two results, the video is nothing that browsers play, or the folder cannot
            be written to.
    """
    with replacing(path) as unfinished:
        if frames is not None:
            video = unfinished.with_name("frames.mp4")
            _encode(frames, video, results[0].people[0].pose3d)
        unfinished.write_text(page(results, video=video, camera_tilt=camera_tilt), encoding="utf-8")


def _encode(frames: Iterable[Frame], video: Path, pose: Pose3D) -> None:
    """Write the frames as a video of at most 480 pixels' height, which H.264 makes small enough for a page."""
    rate = pose.mean_rate or PICTURES_PER_SECOND
    times = np.arange(len(pose)) / rate if pose.seconds is None else pose.seconds - pose.seconds[0]
    images = (pillow().fromarray(frame) for frame in frames)
    first = next(images)
    height = min(first.height, _VIDEO_HEIGHT)
    size = (round(first.width * height / first.height), height)
    with writing_video(video, image_size=size, fps=rate, timed=True) as stream:
        for image, seconds in zip(itertools.chain([first], images), times, strict=False):
            stream.write(np.asarray(image.resize(size, reducing_gap=2.0)), float(seconds))


def page(results: Sequence[Result], *, video: Path | None = None, camera_tilt: float | None = None) -> str:
    """Return the page as text; arguments and errors are those of ``write_page``."""
    if len(results) not in (1, 2):
        raise InputError(f"a page shows one result or compares two, got {len(results)}")
    video_type = _video_type(video, results[0]) if video else None
    data = {"results": [_result(result, camera_tilt) for result in results], "videoType": video_type, **COMMON}
    script = _part("viewer.js")
    fills = {
        "title": html.escape(" and ".join(printable(result.name) for result in results)),
        "hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        "style": _part("style.css"),
        "data": json.dumps(data, allow_nan=False).replace("<", "\\u003c"),
        "video": base64.b64encode(video.read_bytes()).decode() if video else "",
        "script": script,
    }
    size = sum(len(fill) for name, fill in fills.items() if name != "video")
    if size > _LIMIT_BYTES:
        _LOG.warning("the page has %.1f MB beside the video: a long result; cut it to send less", size / 1e6)
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: fills[hole[1]], _part("page.html"))


@cache
def _part(name: str) -> str:
    return (files("ampose.drawing") / "page" / name).read_text(encoding="utf-8").rstrip("\n")


def _video_type(video: Path, result: Result) -> str:
    """Return the media type of a video that browsers play, from its first bytes; the result must fit onto it."""
    if not video.is_file():
        raise InputError(f"{video}: must be the video that the result came from, but there is no such file")
    with video.open("rb") as stream:
        start = stream.read(8)
    media_type = next((kind for mark, kind in _TYPES.items() if mark in (start[4:8], start[:4])), None)
    if media_type is None:
        raise InputError(
            f"{video}: must be an MP4 or WebM video, which browsers play, got something else; convert it, or leave it "
            "out"
        )
    sizes = [person.pose2d.image_size for person in result.people if person.pose2d is not None]
    if sizes:
        (width, height), (wide, high) = sizes[0], open_media(video).image_size
        if abs(width * high / (height * wide) - 1) > _SAME_SHAPE:
            raise InputError(
                f"{video}: must be the video that {result.name} came from, {width} x {height} or smaller in both, "
                f"got {wide} x {high}; name that one, or leave it out"
            )
    return media_type


def _result(result: Result, camera_tilt: float | None) -> dict[str, Any]:
    people = [_person(person, camera_tilt) for person in result.people]
    first = result.people[0].pose3d
    across = np.concatenate([np.abs(person.pose3d.positions[..., [0, 2]]).ravel() for person in result.people])
    return {
        "name": printable(result.name),
        "source": Path(first.provenance.get("source", "")).name,
        "model": first.provenance.get("model", ""),
        "fps": first.mean_rate or PICTURES_PER_SECOND,
        "times": None if first.times is None else [round(float(time), 4) for time in first.times],
        "isVideo": first.seconds is not None,
        "frames": len(first),
        "start": int(np.argmax(~first.missing)),  # the page opens where the first person is to be seen
        "skeleton": _skeleton(first.skeleton),
        "radius": round(float(np.nanmax(across)) + _ROOM_M, 2),  # half a floor's side on which everybody has room
        "people": people,
    }


def _skeleton(skeleton: Skeleton) -> dict[str, Any]:
    return {
        "joints": list(skeleton.joints),
        "bones": skeleton.bone_indices.tolist(),
        "sides": [skeleton.side_of(joint) for joint in skeleton.joints],
    }


def _person(person: Person, camera_tilt: float | None) -> dict[str, Any]:
    pose = upright(person.pose3d, camera_tilt)
    overlay = None
    if person.pose2d is not None:
        pose2d = in_joints_of(person.pose2d, pose.skeleton)
        overlay = {
            "skeleton": _skeleton(pose2d.skeleton),
            "size": list(pose2d.image_size),
            "keypoints": _packed(pose2d.keypoints, _STEP_PX),
            "confidence": _packed(pose2d.confidence, _STEP_PART),
        }
    angles = joint_angles(pose)
    return {
        "id": person.id,
        "positions": _packed(standing(pose.positions), _STEP_M),
        "confidence": _packed(pose.confidence, _STEP_PART),
        "expected": None if pose.expected_error is None else _packed(pose.expected_error, _STEP_M),
        "overlay": overlay,
        "angles": {name.replace("_", " "): _packed(degrees, _STEP_DEGREES) for name, degrees in angles.items()},
    }


def _packed(values: Float[np.ndarray, "frame *rest"], step: float) -> dict[str, Any]:
    """Pack numbers as whole steps of 16 bits, each less the one before it in time, deflated.

    What moves little becomes zeros in the upper bytes, which are kept apart from the lower ones. A step grows where
    the greatest number would not fit otherwise. ``web/src/data.js`` unpacks.
    """
    known = np.isfinite(values)
    greatest = float(np.abs(values[known]).max()) if known.any() else 0.0
    step = max(step, greatest / 32767)
    whole = np.where(known, np.round(np.where(known, values, 0) / step), _GAP).astype(np.int16)
    in_time = whole.reshape(len(values), -1).T.astype("<u2")
    changes = np.diff(in_time, axis=1, prepend=np.uint16(0)).astype("<u2")  # modulo 65536, as the sum of them
    planes = changes.reshape(-1, 1).view(np.uint8).T
    channels = in_time.shape[0]
    deflated = base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()
    return {"step": step, "channels": channels, "deflated": deflated}
