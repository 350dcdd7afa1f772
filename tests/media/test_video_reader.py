"""Real video files: written, read back, turned, cut off."""

import gc
import logging
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.media.display_matrix import set_matrix

from ampose.errors import InputError
from ampose.media import open_media
from ampose.media.video_writer import writing_video

EXAMPLE = Path(__file__).parents[2] / "examples" / "balance_beam.mp4"


def numbered_frames(count: int, size: tuple[int, int] = (64, 48)) -> list[np.ndarray]:
    """Frames whose brightness is their number, bright in the upper left quarter."""
    width, height = size
    frames = []
    for number in range(count):
        frame = np.full((height, width, 3), 40 + 2 * number, dtype=np.uint8)
        frame[: height // 2, : width // 2] = 250
        frames.append(frame)
    return frames


def write(path: Path, frames: list[np.ndarray], fps: float = 25.0) -> Path:
    height, width, _ = frames[0].shape
    with writing_video(path, image_size=(width, height), fps=fps) as video:
        for frame in frames:
            video.write(frame)
    return path


def test_written_video_reads_back(tmp_path):
    frames = numbered_frames(30)
    media = open_media(write(tmp_path / "a.mp4", frames, fps=29.97))
    assert media.image_size == (64, 48)
    assert media.num_frames == 30
    assert media.fps == pytest.approx(29.97, abs=1e-3)
    for _ in range(2):  # a second pass starts at the first frame again
        read = list(media)
        assert len(read) == 30
        for written, frame in zip(frames, read, strict=True):
            assert np.abs(written.astype(int) - frame.astype(int)).mean() < 3


def test_odd_sizes_are_made_even(tmp_path):
    media = open_media(write(tmp_path / "a.mp4", numbered_frames(3, (33, 21))))
    assert media.image_size == (34, 22)


def test_content_decides_not_the_name(tmp_path):
    path = write(tmp_path / "a.mp4", numbered_frames(5)).rename(tmp_path / "a.jpg")
    assert open_media(path).num_frames == 5


@pytest.mark.parametrize(
    ("degrees", "size", "bright"),
    [(90, (48, 64), "lower left"), (-90, (48, 64), "upper right"), (180, (64, 48), "lower right")],
)
def test_display_matrix_turns_the_frames(tmp_path, degrees, size, bright):
    """A phone stores a portrait video lying on its side, with the rotation beside it (counter-clockwise)."""
    path = tmp_path / "phone.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.set_display_rotation(degrees)
        for frame in numbered_frames(4):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    media = open_media(path)
    frame = next(iter(media))
    height, width, _ = frame.shape
    corners = {
        "upper left": frame[2, 2],
        "upper right": frame[2, -3],
        "lower left": frame[-3, 2],
        "lower right": frame[-3, -3],
    }
    assert media.image_size == size == (width, height)
    assert max(corners, key=lambda corner: int(corners[corner].sum())) == bright


@pytest.mark.parametrize(
    ("matrix", "size", "bright"),
    [
        ((1, 0, 0, 1), (64, 48), "upper left"),
        ((-1, 0, 0, 1), (64, 48), "upper right"),
        ((1, 0, 0, -1), (64, 48), "lower left"),
        ((-1, 0, 0, -1), (64, 48), "lower right"),
        ((0, 1, 1, 0), (48, 64), "upper left"),
        ((0, 1, -1, 0), (48, 64), "upper right"),
        ((0, -1, 1, 0), (48, 64), "lower left"),
        ((0, -1, -1, 0), (48, 64), "lower right"),
        ((-0.97, 0.2, 0.2, 0.97), (64, 48), "upper right"),  # nearly
        ((-2, 0, 0, 2), (64, 48), "upper right"),  # enlarged as well
        ((0, 0, 0, 0), (64, 48), "upper left"),
        ((-1, 0, 0, 0), (64, 48), "upper left"),  # onto a line
    ],
)
def test_a_display_matrix_may_mirror_or_say_nothing(tmp_path, matrix, size, bright):
    """A strip along the left edge is bright from its upper end to the middle: it tells all eight apart."""
    frames = numbered_frames(4)
    for frame in frames:
        frame[:24, 16:32] = 40
    media = open_media(set_matrix(write(tmp_path / "a.mp4", frames), matrix))
    frame = next(iter(media)).astype(int).sum(axis=2) > 400
    height, width = frame.shape
    corners = {"upper left": (2, 2), "upper right": (2, -3), "lower left": (-3, 2), "lower right": (-3, -3)}
    assert media.image_size == size == (width, height)
    assert [corner for corner, place in corners.items() if frame[place]] == [bright]
    assert np.ptp(np.argwhere(frame), axis=0).tolist() == ([23, 15] if size == (64, 48) else [15, 23])


def test_pixels_of_an_unlikely_shape_are_refused_before_there_is_room_for_them(tmp_path):
    """Some bytes may state that each pixel is 60 times as wide as high."""
    with av.open(str(tmp_path / "wide.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 1280, 960, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(60)
        container.mux(stream.encode(av.VideoFrame(1280, 960, "yuv420p")))
        container.mux(stream.encode())
    with pytest.raises(InputError, match="of a size that its bytes allow, got 76800 x 960 pixels"):
        open_media(tmp_path / "wide.mp4")


def test_a_text_called_mp4_is_refused(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_text("this is no film\n" * 100)
    with pytest.raises(InputError, match=r"film\.mp4: must be a video"):
        open_media(path)


def test_a_text_that_ffmpeg_would_draw_is_refused(tmp_path):
    path = tmp_path / "keypoints.txt"
    path.write_text("1 2 3\n" * 100)
    with pytest.raises(InputError, match="must be a video or an image"):
        open_media(path)


def test_sound_without_pictures_is_refused(tmp_path):
    path = tmp_path / "song.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        stream.layout = "mono"
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), dtype=np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(InputError, match="without video"):
        open_media(path)


def noisy(count: int) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(0, 255, (96, 128, 3), dtype=np.uint8) for _ in range(count)]


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_truncated_video_gives_what_is_there_and_says_so(tmp_path, caplog, part):
    path = write(tmp_path / "long.mp4", noisy(40))
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    media = open_media(path)
    with caplog.at_level(logging.WARNING):
        count = len(list(media))
        assert len(list(media)) == count
    assert 0.5 * part * 40 < count < 40
    assert len(caplog.records) == 1, "one warning, however often the file is read"
    message = caplog.records[0].getMessage()
    assert "long.mp4" in message
    assert f"after frame {count - 1}" in message


def test_a_video_cut_off_before_its_index_is_refused(tmp_path):
    path = write(tmp_path / "short.mp4", noisy(40))
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(InputError, match=r"short\.mp4: must be a video"):
        open_media(path)


def test_a_video_without_its_pictures_is_refused(tmp_path):
    """The index is whole, but not one frame can be decoded."""
    path = write(tmp_path / "empty.mp4", noisy(10))
    content = path.read_bytes()
    start = content.index(b"mdat") + 4
    path.write_bytes(content[:start] + bytes(len(content) - start))
    with pytest.raises(InputError, match=r"empty\.mp4: must be a video"):
        open_media(path)


def spoil(path: Path, number: int) -> None:
    """Overwrite what one packet holds."""
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(container.streams.video[0]) if packet.size]
    position, size = packets[number]
    content = bytearray(path.read_bytes())
    content[position : position + size] = b"\xff" * size
    path.write_bytes(content)


def test_a_damaged_frame_in_the_middle_leaves_a_hole_and_the_numbers(tmp_path, caplog):
    path = write(tmp_path / "scratched.mp4", numbered_frames(30))
    whole = list(open_media(path))
    spoil(path, 12)
    media = open_media(path)
    with caplog.at_level(logging.WARNING):
        frames = list(media)
    (lost,) = media.lost
    assert len(frames) == len(media.times) == 30
    assert frames[lost].max() == 0
    for number in {*range(8), *range(26, 30)} - {lost}:
        assert np.abs(frames[number].astype(int) - whole[number].astype(int)).mean() < 12, "frames keep their numbers"
    assert np.diff(media.times) == pytest.approx(1 / 25)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path} has damaged frames, 1 in all, the first is frame {lost}; they are left out"
    ]


def test_damage_at_the_start_leaves_a_hole_up_to_the_next_key_frame(tmp_path, caplog):
    path = tmp_path / "scratched.mp4"
    encode(path, numbered_frames(30), gop=10)
    whole = list(open_media(path))
    for number in range(3):
        spoil(path, number)
    media = open_media(path)
    with caplog.at_level(logging.WARNING):
        frames = list(media)
    assert len(frames) == len(media.times) == 30
    assert media.lost
    assert media.lost == set(range(len(media.lost)))
    assert np.allclose(media.times, np.arange(30) / 25)
    for number in range(len(media.lost), 30):
        assert np.abs(frames[number].astype(int) - whole[number].astype(int)).mean() < 12, "frames keep their numbers"
    assert [record.getMessage() for record in caplog.records] == [
        f"{path} has damaged frames, {len(media.lost)} in all, the first is frame 0; they are left out"
    ]


def encode(path: Path, frames: list[np.ndarray], gop: int) -> None:
    """Write a video with a key frame every so many frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": str(gop), "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = frames[0].shape[1], frames[0].shape[0], "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def test_a_clip_that_was_cut_out_without_encoding_it_again_is_whole(tmp_path, caplog):
    """The frames before it are in the file, at times before its start, and are not shown."""
    encode(tmp_path / "long.mp4", numbered_frames(30), gop=10)
    with av.open(str(tmp_path / "long.mp4")) as long, av.open(str(tmp_path / "clip.mp4"), "w") as clip:
        stream = clip.add_stream_from_template(long.streams.video[0])
        before = int(10 / 25 / long.streams.video[0].time_base)
        for packet in long.demux(video=0):
            if packet.dts is not None:
                packet.pts, packet.dts, packet.stream = packet.pts - before, packet.dts - before, stream
                clip.mux(packet)
    media = open_media(tmp_path / "clip.mp4")
    with caplog.at_level(logging.WARNING):
        assert len(list(media)) == 20
    assert media.num_frames == 20
    assert not caplog.records


def test_a_frame_that_is_damaged_in_part_is_named(tmp_path, caplog):
    """Whether the decoder makes something of it depends on how many threads it has."""
    path = tmp_path / "noisy.mp4"
    noise = np.random.default_rng(0).integers(0, 256, (9, 120, 160, 3), dtype=np.uint8)
    write(path, list(noise))
    with av.open(str(path)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][4]
    content, half = bytearray(path.read_bytes()), packet.size // 2
    content[packet.pos + half : packet.pos + packet.size] = b"\xff" * (packet.size - half)
    path.write_bytes(content)
    media = open_media(path)
    with caplog.at_level(logging.WARNING):
        assert len(list(media)) == 9
    assert media.lost <= {4}
    said = "has damaged frames, 1 in all, the first is frame 4; they are left out"
    if not media.lost:
        said = "has frames that are damaged in part, 1 in all, the first is frame 4; they are used as they are"
    assert [record.getMessage() for record in caplog.records] == [f"{path} {said}"]


def test_uneven_times_are_kept(tmp_path):
    """A phone films slower in the dark: the times say so, the rate is an average."""
    path, moments = tmp_path / "phone.mp4", [0, 40, 80, 160, 320, 360, 400]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, 1000)
        for frame, moment in zip(numbered_frames(7), moments, strict=True):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = moment, Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    media = open_media(path)
    assert len(list(media)) == 7
    assert np.array(media.times) - media.times[0] == pytest.approx(np.array(moments) / 1000)


def interrupt_while_writing(path: Path) -> None:
    with writing_video(path, image_size=(64, 48), fps=25.0) as video:
        video.write(numbered_frames(1)[0])
        raise KeyboardInterrupt


def test_an_interrupted_video_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        interrupt_while_writing(tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("little_room")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    with pytest.raises(InputError, match=r"long\.mp4: must fit on the disk"):
        write(tmp_path / "long.mp4", noisy(40))
    assert list(tmp_path.iterdir()) == []


def test_frames_that_were_read_are_free_at_once():
    """They hold megabytes each: waiting for Python's search for cycles would take hundreds of them."""
    gc.collect()
    gc.disable()
    try:
        frames = sum(1 for _ in open_media(EXAMPLE))
        assert gc.collect() < frames
    finally:
        gc.enable()
