"""Lift people in a live camera stream to 3D and show the latency."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from ampose.cli.lift.outputs import check_folder
from ampose.cli.pose_files import counted
from ampose.errors import InputError, printable
from ampose.pipeline.lift_options import LiveOptions

if TYPE_CHECKING:
    from ampose.media.webcam import LiveFrame, VideoSource
    from ampose.pipeline.live import LiveLifter, LiveRecording
    from ampose.poses.people import Person
    from ampose.poses.pose import Pose2D, Pose3D

    LivePeople = Sequence[Person[Pose2D, Pose3D]]

_EVERY_S = 2.0

Output = Annotated[Path | None, tyro.conf.arg(aliases=["-o"])]


_DEFAULTS = LiveOptions()


def run(*, camera: str = "0", output: Output = None, options: LiveOptions = _DEFAULTS) -> None:
    """Lift people in a live camera stream to 3D.

    Shows how long each step takes: the time within which half of the frames (p50) and 99 in 100 (p99) were done. With
    an output folder, poses.json and poses.npz are written at the end.

    Args:
        camera: The camera's number, the address of a stream (rtsp://..., http://...), or a video file.
        output: The folder to write to at the end; by default nothing is written.
        options: How to lift, and what to show.
    """
    from ampose.detectors import create_detector
    from ampose.files.poses import write
    from ampose.media.webcam import VideoSource
    from ampose.pipeline.live import LiveLifter, LiveRecording
    from ampose.processing.smoothing import OneEuro

    if output is not None:
        check_folder(output, Path(camera))
    smooth = OneEuro() if options.smooth else None
    with VideoSource(camera) as source:
        network = options.load_lifter()
        with create_detector(options.detector, tracking=True, options=dict(options.detector_option)) as detector:
            lifter = LiveLifter(detector, network, options=options, smooth=smooth)
            recording = LiveRecording(detector, network, source.image_size)
            _film(source, lifter, recording if output else None, options)
    if output is not None:
        people = recording.people()
        if not people:
            raise InputError(f"{output}: nobody was found, so nothing was written")
        output.mkdir(parents=True, exist_ok=True)
        for name in ("poses.json", "poses.npz"):
            write(output / name, people)
    count = len(lifter.latency.steps["total"])
    print(f"{counted(count, 'frame')}; milliseconds a frame:", f"{'':<10}{'p50':>8}{'p99':>8}", sep="\n")
    for step, (half, most) in lifter.latency.percentiles(50.0, 99.0).items():
        print(f"{step:<10}{half:>8.1f}{most:>8.1f}")
    if output is not None:
        files = printable(f"{output / 'poses.json'} and {output / 'poses.npz'}")
        print(f"{counted(len(people), 'person', 'people')} in {files}")


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
                names = ", ".join(f"person {person.id}" for person in people) or "nobody"
                line = f"visible: {names}; from the camera to 3D {half:.0f} ms (p50), {most:.0f} ms (p99)"
                print(line, file=sys.stderr, flush=True)
            if show is not None and not show(shot, people):
                return
            if options.seconds is not None and now - start >= options.seconds:
                return


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
