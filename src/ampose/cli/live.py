"""Lift people to 3D while a camera films them, with the latency shown."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from ampose import DEFAULT_MODEL
from ampose.cli.arguments import call_with_arguments
from ampose.cli.lift.outputs import check_folder
from ampose.errors import InputError
from ampose.pipeline.lift_options import DetectorOption, LiftOptions
from ampose.poses.camera import DEFAULT_FIELD_OF_VIEW

if TYPE_CHECKING:
    from ampose.media.webcam import LiveFrame, VideoSource
    from ampose.pipeline.live import Latency, LiveLifter, LiveRecording
    from ampose.poses.people import Person
    from ampose.poses.pose import Pose2D, Pose3D

    LivePeople = Sequence[Person[Pose2D, Pose3D]]

_EVERY_S = 2.0

Output = Annotated[Path | None, tyro.conf.arg(aliases=["-o"])]


@dataclass(frozen=True, kw_only=True)
class LiveOptions:
    """Live."""

    model: str = DEFAULT_MODEL
    """Name of bundled weights, or a folder that training wrote."""
    detector: str = "blazepose"
    """Name of the 2D detector."""
    detector_option: Annotated[tuple[DetectorOption, ...], tyro.conf.UseAppendAction] = ()
    """An option of the detector itself, as in skeleton=coco_17."""
    field_of_view: float = DEFAULT_FIELD_OF_VIEW
    """Degrees across the longer side of the image."""
    flip: bool = False
    """Average each prediction with the mirrored one: twice the work."""
    fix_left_right_swaps: bool = True
    """Correct temporary left/right swaps of the detector."""
    smooth: bool = True
    """Smooth the poses with a one-euro filter."""
    seconds: float | None = None
    """Stop after this time; by default with Ctrl-C, or q in the window."""
    window: bool = True
    """Show the camera's frames, where there is a screen and an OpenCV that can use it."""


_DEFAULTS = LiveOptions()


def run(args: Sequence[str]) -> None:
    """Run the command."""
    call_with_arguments(live, "live", args)


def live(*, camera: str = "0", output: Output = None, options: LiveOptions = _DEFAULTS) -> None:
    """Lift people to 3D while a camera films them.

    Shows how long each step takes: the time within which half of the frames (p50) and 99 in 100 (p99) were done. With
    an output folder, poses.json and poses.npz are written at the end.

    Args:
        camera: The camera's number, the address of a stream (rtsp://..., http://...), or a video file.
        output: The folder to write to at the end; by default nothing is written.
        options: How to lift, and what to show.
    """
    from ampose.detectors import create_detector
    from ampose.files.poses import write
    from ampose.lifting.lifter import load_model
    from ampose.media.webcam import VideoSource
    from ampose.pipeline.live import LiveLifter, LiveRecording
    from ampose.processing.smoothing import OneEuro

    if options.seconds is not None and not options.seconds > 0:
        raise InputError(f"seconds must be positive, got {options.seconds:g}", field="seconds")
    if output is not None:
        check_folder(output, Path(camera))
    how = LiftOptions(
        field_of_view=options.field_of_view, flip=options.flip, fix_left_right_swaps=options.fix_left_right_swaps
    )
    smooth = OneEuro() if options.smooth else None
    with VideoSource(camera) as source:
        network = load_model(options.model)
        with create_detector(options.detector, tracking=True, options=dict(options.detector_option)) as detector:
            lifter = LiveLifter(detector, network, options=how, smooth=smooth)
            recording = LiveRecording(detector, network, source.image_size)
            _film(source, lifter, recording if output else None, options)
    if output is not None:
        people = recording.people()
        if not people:
            raise InputError(f"{output}: nobody was found, so nothing was written")
        output.mkdir(parents=True, exist_ok=True)
        for name in ("poses.json", "poses.npz"):
            write(output / name, people)
    print(_summary(lifter.latency, output, len(recording.provenance)))


def _film(source: "VideoSource", lifter: "LiveLifter", recording: "LiveRecording | None", options: LiveOptions) -> None:
    """Run until the camera ends, the time is over, or the user stops it."""
    window = _window(source.name) if options.window else nullcontext()
    with window as show, suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end
        start = printed = time.perf_counter()
        for shot in source:
            people = lifter.step(shot)
            if recording is not None:
                recording.add(people, shot.time)
            now = time.perf_counter()
            if now - printed >= _EVERY_S:
                printed = now
                half, most = lifter.latency.percentiles(50.0, 99.0)["total"]
                names = ", ".join(str(person.id) for person in people) or "nobody"
                line = f"visible: {names}; from the camera to 3D {half:.0f} ms (p50), {most:.0f} ms (p99)"
                print(line, file=sys.stderr, flush=True)
            if show is not None and not show(shot, people):
                return
            if options.seconds is not None and now - start >= options.seconds:
                return


def _summary(latency: "Latency", folder: Path | None, people: int) -> str:
    steps = latency.percentiles(50.0, 99.0)
    frames = len(latency.steps["total"])
    lines = [f"{frames} frame{'s' * (frames != 1)}; milliseconds a frame:", f"{'':<10}{'p50':>8}{'p99':>8}"]
    lines += [f"{step:<10}{half:>8.1f}{most:>8.1f}" for step, (half, most) in steps.items()]
    if folder is not None:
        count = f"{people} {'person' if people == 1 else 'people'}"
        lines.append(f"{count} in {folder / 'poses.json'} and {folder / 'poses.npz'}")
    return "\n".join(lines)


@contextmanager
def _window(title: str) -> "Iterator[Callable[[LiveFrame, LivePeople], bool] | None]":
    """Open a window and give what shows a frame in it and tells whether to go on; None where no window can be."""
    # Without a screen, OpenCV would end the program.
    no_screen = sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if no_screen or find_spec("cv2") is None:
        yield None
        return
    import cv2

    try:
        cv2.namedWindow(title)
    except cv2.error:  # a build without windows
        yield None
        return

    def show(shot: "LiveFrame", people: "LivePeople") -> bool:
        image = shot.frame[..., ::-1].copy()
        for person in people:
            for x, y in person.pose2d.keypoints[person.pose2d.confidence > 0.5]:
                cv2.circle(image, (int(x), int(y)), 4, (80, 200, 80), -1)
        cv2.imshow(title, image)
        return bool(cv2.waitKey(1) & 0xFF != ord("q"))

    try:
        yield show
    finally:
        cv2.destroyAllWindows()
