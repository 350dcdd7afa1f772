"""Lift the person in a video, a picture or a folder of pictures to 3D."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from ampose.camera import DEFAULT_FIELD_OF_VIEW
from ampose.cli._arguments import call_with_arguments
from ampose.cli._extras import require
from ampose.cli._progress import progress
from ampose.cli._writing import check_names, write_files
from ampose.errors import InputError

if TYPE_CHECKING:
    from ampose.media import Frame, Media
    from ampose.pipeline import Lifted

_SURE = 0.5
_LIMBS = {"legs": ("knee", "ankle"), "arms": ("elbow", "wrist")}

Source = Annotated[Path, tyro.conf.arg(metavar="INPUT")]
Output = Annotated[Path | None, tyro.conf.arg(aliases=["-o"])]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to lift, and what to draw."""

    model: str = "ampose-small"
    """Name of bundled weights, or a folder that training wrote."""
    engine: str = "auto"
    """What runs the model: torch, torch-compile, onnxruntime or openvino; auto chooses by the device, the number of
    frames and what is installed."""
    precision: Literal["fp32", "tf32", "bf16"] = "fp32"
    """Of the model's matrix products. Less than fp32 is faster where the hardware has it; what it cost is said."""
    detector: str = "mediapipe"
    """Name of the 2D detector."""
    field_of_view: float = DEFAULT_FIELD_OF_VIEW
    """The camera's, in degrees across the longer side of the picture."""
    camera_tilt: float = 0.0
    """How far the camera looks down, in degrees. The pictures and the formats with an axis that points up are turned
    upright by it; in the other files the numbers stay in camera axes."""
    flip: bool = True
    """Average each prediction with the mirrored one."""
    preview: bool = True
    """Write the preview video."""
    to: str = ""
    """More formats to write beside poses.json and poses.npz, as in: trc,c3d,csv."""


def run(args: Sequence[str]) -> None:
    """Run the command."""
    call_with_arguments(lift, "lift", args)


def lift(source: Source, /, *, output: Output = None, settings: Settings = Settings()) -> None:
    """Lift the person in a video, a picture or a folder of pictures to 3D.

    Writes poses.json, poses.npz, overview.png and, unless it is one picture, preview.mp4; with --to also files for
    other programs.

    Args:
        source: A video, a picture or a folder of pictures.
        output: The folder to write to; by default the input's name with _3d, in the current folder.
        settings: How to lift, and what to draw.
    """
    from ampose.media import open_media

    folder = Path(f"{source.resolve().stem}_3d") if output is None else output
    _check_folder(folder, source)
    more = _more_files(folder, settings.to)
    media = open_media(source)
    preview = settings.preview and media.num_frames != 1
    _check_packages(preview=preview)
    check_names(more, timed=media.fps is not None)
    lifted = _lift(media, settings)
    start = time.perf_counter()
    files = _write(folder, media, lifted, settings, preview=preview)
    print(_summary(media, lifted, files, time.perf_counter() - start))


def _check_folder(folder: Path, source: Path) -> None:
    """Refuse a place that cannot be written to before the work begins; leaves nothing behind."""
    if folder.resolve() == source.resolve():
        raise InputError(f"{folder}: output must be another folder than the input; name one with -o")
    there = folder
    while not there.exists() and not there.is_symlink():
        there = there.parent
    try:
        if not there.is_dir():
            raise NotADirectoryError(None, f"{there} is not a folder")
        with tempfile.TemporaryDirectory(dir=there, prefix=".ampose-"):
            pass
    except OSError as error:
        raise InputError(
            f"{folder}: output must be a folder to write to, got: {error.strerror}; name another with -o"
        ) from error


def _more_files(folder: Path, to: str) -> list[Path]:
    """Return a file for each of the formats in ``to`` that is not written anyway."""
    from ampose.formats import suffixes

    names = [name.strip().lower().removeprefix(".") for name in to.split(",") if name.strip()]
    known = [suffix.removeprefix(".") for suffix in suffixes("writes")]
    for name in names:
        if name not in known:
            raise InputError(f"--to must name formats with commas between, of {', '.join(known)}; got {name!r}")
    return [folder / f"poses.{name}" for name in dict.fromkeys(names) if name not in ("json", "npz")]


def _check_packages(*, preview: bool) -> None:
    require("matplotlib", extra="view", purpose="drawing the result")
    require("PIL", *(["av"] if preview else []), extra="video", purpose="drawing the result")


def _lift(media: "Media", settings: Settings) -> "Lifted":
    from ampose.lifter import load_model
    from ampose.pipeline import lift_media

    lifter = load_model(settings.model, engine=settings.engine, precision=settings.precision)
    with progress("finding the person") as report:
        return lift_media(
            media,
            lifter,
            settings.detector,
            field_of_view=settings.field_of_view,
            flip=settings.flip,
            report=report,
        )


def _write(
    folder: Path, media: "Media", lifted: "Lifted", settings: Settings, *, preview: bool
) -> list[tuple[Path, str]]:
    """Write everything; returns each file with what it is."""
    from ampose.formats import Person, write
    from ampose.view import choose_frames, upright, write_overview, write_preview

    folder.mkdir(parents=True, exist_ok=True)
    person = Person(lifted.pose3d, lifted.pose2d)
    write(folder / "poses.json", person)
    write(folder / "poses.npz", person)
    files = [
        (folder / "poses.json", "everything, for any program"),
        (folder / "poses.npz", "the same as NumPy arrays"),
        (folder / "overview.png", "frames beside their 3D pose"),
        *write_files(_more_files(folder, settings.to), [person], settings.camera_tilt),
    ]
    drawn = upright(lifted.pose3d, settings.camera_tilt) if settings.camera_tilt else lifted.pose3d
    shown: dict[int, Frame] = {}
    frames = _keep(media, choose_frames(lifted.pose3d), shown)
    if preview:
        with progress("drawing the preview") as report:
            write_preview(folder / "preview.mp4", frames, lifted.pose2d, drawn, report=report)
        files.append((folder / "preview.mp4", "the video beside its 3D pose"))
    for _ in frames:  # what the preview has not streamed
        pass
    title = f"{media.path.name} in 3D, by {lifted.pose3d.provenance['model']}"
    write_overview(folder / "overview.png", shown, lifted.pose2d, drawn, title=title)
    return files


def _keep(media: "Media", numbers: list[int], kept: "dict[int, Frame]") -> "Iterator[Frame]":
    """Stream the frames and keep the numbered ones on the way."""
    for number, frame in enumerate(media):
        if number in numbers:
            kept[number] = frame
        yield frame


def _summary(media: "Media", lifted: "Lifted", files: list[tuple[Path, str]], writing: float) -> str:
    rows = [
        ("input", _describe(media, lifted)),
        ("person", _describe_found(lifted)),
        *(("", warning) for warning in _unseen(lifted)),
        ("speed", _describe_speed(lifted, writing)),
        ("engine", lifted.pose3d.provenance["engine"]),
    ]
    width = max(len(str(path)) for path, _ in files)
    rows += [("" if row else "files", f"{path!s:<{width}}  {what}") for row, (path, what) in enumerate(files)]
    return "\n".join(f"{title:<8}{text}" for title, text in rows)


def _describe(media: "Media", lifted: "Lifted") -> str:
    width, height = media.image_size
    frames, rate = _counted(lifted.num_frames), f", {media.fps:.4g} frames a second" if media.fps else ""
    return f"{media.path.name}: {frames}, {width} x {height} pixels{rate}"


def _describe_found(lifted: "Lifted") -> str:
    found, total = lifted.num_found, lifted.num_frames
    lost = f"; the other {total - found} are kept as missing" if found < total else ""
    limbs = ", ".join(f"{limb} {value:.2f}" for limb, value in _limb_confidence(lifted).items())
    confidence = lifted.pose2d.confidence[~lifted.pose2d.missing].mean()
    return f"found in {found} of {_counted(total)}{lost}; confidence {confidence:.2f} on average ({limbs})"


def _counted(frames: int) -> str:
    return f"{frames} frame{'' if frames == 1 else 's'}"


def _limb_confidence(lifted: "Lifted") -> dict[str, float]:
    """Mean confidence of the legs and of the arms in the frames in which the person was found."""
    pose = lifted.pose2d
    columns = {
        limb: [number for number, joint in enumerate(pose.skeleton.joints) if joint.endswith(ends)]
        for limb, ends in _LIMBS.items()
    }
    seen = pose.confidence[~pose.missing]
    return {limb: float(seen[:, numbers].mean()) for limb, numbers in columns.items() if numbers}


def _unseen(lifted: "Lifted") -> list[str]:
    return [
        f"the {limb} were mostly out of sight: where their joints are drawn is a guess"
        for limb, confidence in _limb_confidence(lifted).items()
        if confidence < _SURE
    ]


def _describe_speed(lifted: "Lifted", writing: float) -> str:
    seconds, frames = lifted.seconds, lifted.num_frames
    reading, detecting, lifting = (1e3 * s / frames for s in (seconds.reading, seconds.detecting, seconds.lifting))
    return (
        f"reading {reading:.1f}, detecting {detecting:.1f}, lifting {lifting:.2f} ms a frame; "
        f"writing the files {writing:.1f} s"
    )
