"""Frames as they come: the newest first from a camera, all of them from a file."""

import socket
import threading
import time

import numpy as np
import pytest

from ampose.errors import InputError
from ampose.media import webcam as camera
from ampose.media.video_writer import writing_video
from ampose.media.webcam import VideoSource, newest


def numbered(count: int, every_s: float):
    """A source that does not wait for anybody."""
    for number in range(count):
        time.sleep(every_s)
        yield np.full((4, 6, 3), number, dtype=np.uint8)


def test_who_is_slow_gets_the_newest_and_not_a_queue():
    seen = []
    for shot in newest(numbered(40, 0.005), "camera"):
        seen.append(int(shot.frame[0, 0, 0]))
        assert time.perf_counter() - shot.seconds < 0.04, "no frame is old when it is given"
        time.sleep(0.03)
    assert seen == sorted(set(seen))
    assert 3 <= len(seen) < 20
    assert seen[-1] == 39, "the last one is not lost"


def test_who_is_quick_gets_every_one():
    assert [int(shot.frame[0, 0, 0]) for shot in newest(numbered(10, 0.02), "camera")] == list(range(10))


def test_a_camera_that_falls_silent_is_told(monkeypatch):
    monkeypatch.setattr(camera, "_PATIENCE_S", 0.05)
    with pytest.raises(InputError, match="camera 3 must give images, got none"):
        list(newest(numbered(1, 5.0), "camera 3"))


def test_what_breaks_while_frames_are_taken_is_raised_where_they_are_looked_at():
    def breaks():
        yield from numbered(3, 0.02)
        raise OSError("the plug was pulled")

    shots = newest(breaks(), "camera")
    with pytest.raises(OSError, match="the plug was pulled"):
        assert [int(shot.frame[0, 0, 0]) for shot in shots] == list(range(3))


def test_a_file_is_played_as_a_camera_and_loses_nothing(tmp_path):
    with writing_video(tmp_path / "a.mp4", image_size=(64, 48), fps=25.0) as video:
        for number in range(7):
            video.write(np.full((48, 64, 3), 20 * number, dtype=np.uint8))
    source = VideoSource(str(tmp_path / "a.mp4"))
    assert source.image_size == (64, 48)
    shots = list(source)
    assert [round(shot.frame.mean() / 20) for shot in shots] == list(range(7))
    assert (np.diff([shot.seconds for shot in shots]) > 0).all()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("97", "camera 97 is not attached or not free"),
        ("front door", "must be a number, a file or an address"),
        ("rtsp://127.0.0.1:9/none", "rtsp://127.0.0.1:9/none must be a stream with video, got none"),
    ],
)
def test_no_camera_is_one_clear_line(name, message):
    with pytest.raises(InputError, match=message) as caught:
        VideoSource(name)
    assert "\n" not in str(caught.value)


def test_a_stream_that_sends_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(camera, "_PATIENCE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(InputError, match=f"{address} must be a stream with video, got none"):
            VideoSource(address)


def test_the_camera_is_free_when_nobody_looks_any_more():
    freed = threading.Event()

    def filming():
        try:
            yield from numbered(1000, 0.01)
        finally:
            freed.set()

    shots = newest(filming(), "camera")
    next(shots)
    shots.close()
    assert freed.wait(2)


def test_times_of_a_file_rise_even_where_it_says_one_twice(tmp_path):
    with writing_video(tmp_path / "a.mp4", image_size=(64, 48), fps=25.0) as video:
        for _ in range(4):
            video.write(np.zeros((48, 64, 3), dtype=np.uint8))
    source = VideoSource(str(tmp_path / "a.mp4"))

    class Twice(list):
        def __getitem__(self, at):
            return 0.04

    shots = iter(source)
    first = next(shots).time
    source._video.times = Twice()
    assert first < next(shots).time < next(shots).time
