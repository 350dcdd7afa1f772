"""The journey in the wild: frames to 3D, nothing invented."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ampose.detectors import create_detector
from ampose.errors import InputError
from ampose.lifting.lifter import Lifter
from ampose.media import Media, open_media
from ampose.media.images import Blank
from ampose.media.video_writer import writing_video
from ampose.models import create_model
from ampose.pipeline.lift_options import DetectorOption, ImageSize, LiftOptions
from ampose.pipeline.video import find_people, lift_video, without_unsure_joints
from ampose.poses.boxes import Box
from ampose.poses.people import Detection
from ampose.poses.skeletons import get_skeleton
from ampose.processing.smoothing import smooth

CLIP = Path(__file__).parents[2] / "examples" / "balance_beam.mp4"

pytestmark = pytest.mark.detector


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    """An untrained network: what flows through is tested here, not how good it is."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    torch.manual_seed(0)
    return Lifter(create_model("ampose-small"), name="untrained", weights_hash="0" * 64)


@pytest.fixture(scope="module")
def blinking(tmp_path_factory) -> Path:
    """The clip's first 20 frames with 5 black ones in the middle, in which nobody can be."""
    path = tmp_path_factory.mktemp("clip") / "blinking.mp4"
    media = open_media(CLIP)
    with writing_video(path, image_size=media.image_size, fps=30.0) as video:
        for number, frame in zip(range(20), media, strict=False):
            video.write(np.zeros_like(frame) if 8 <= number < 13 else frame)
    return path


def test_a_person_is_lifted_and_missing_frames_stay_missing(lifter, blinking):
    calls = []
    whole = lift_video(blinking, lifter=lifter, progress=lambda *call: calls.append(call))
    (lifted,) = whole.people
    assert (lifted.id, whole.others) == (0, ())
    assert whole.num_frames == len(lifted.pose2d) == len(lifted.pose3d) == 20
    assert lifted.pose2d.skeleton.name == "blazepose_33"
    assert lifted.pose3d.skeleton.name == "human36m_17"
    assert lifted.pose3d.fps == pytest.approx(30)
    assert lifted.pose2d.missing[8:13].all()
    assert not lifted.pose2d.missing[:8].any()
    assert lifted.pose2d.missing.tolist() == lifted.pose3d.missing.tolist()
    assert 20 - lifted.pose2d.missing.sum() >= 13
    assert (lifted.pose3d.confidence[lifted.pose3d.missing] == 0).all()
    assert np.isfinite(lifted.pose3d.positions[~lifted.pose3d.missing]).all()
    assert [call[0] for call in calls] == list(range(1, 21))
    assert calls[-1][:2] == (20, 20)
    facts = lifted.pose3d.provenance
    assert (facts["source"], facts["detector"], facts["model"]) == ("blinking.mp4", "blazepose", "untrained")
    assert min(whole.seconds.values()) > 0


def test_the_pipeline_is_detector_lifter_and_filter_and_nothing_else(lifter, blinking):
    """An open detector and media give the same; so does lifting the 2D pose by hand."""
    media = open_media(blinking)
    with create_detector("blazepose", tracking=True) as detector:
        (one,) = lift_video(media, lifter=lifter, detector=detector).people
    (other,) = lift_video(blinking, lifter=lifter).people
    np.testing.assert_array_equal(one.pose2d.keypoints, other.pose2d.keypoints)
    by_hand = smooth(lifter.lift(one.pose2d), "savitzky-golay")
    np.testing.assert_allclose(by_hand.positions, one.pose3d.positions, atol=1e-6)


def test_reading_ahead_gives_what_one_frame_after_the_other_gives(blinking):
    """To the bit: the detector follows people, so a frame too early or too late would show."""
    with create_detector("blazepose", tracking=True) as detector:
        (person,), *_ = find_people(open_media(blinking), detector)
    with create_detector("blazepose", tracking=True) as detector:
        serial = [detector.detect(frame) for frame in open_media(blinking)]
    for number, found in enumerate(serial):
        assert person.pose2d.missing[number] == (not found)
        for one in found:
            np.testing.assert_array_equal(person.pose2d.keypoints[number], one.keypoints)
            np.testing.assert_array_equal(person.pose2d.confidence[number], one.confidence)


def test_field_of_view_and_flip_reach_the_lifter(lifter, blinking):
    (plain,) = lift_video(blinking, lifter=lifter).people
    (other,) = lift_video(blinking, LiftOptions(field_of_view=30.0, flip=False), lifter=lifter).people
    assert other.pose3d.provenance["flip"] == "off"
    for lifted, degrees in ((plain, 60), (other, 30)):
        focal = 640 / np.tan(np.radians(degrees) / 2)
        assert float(lifted.pose3d.provenance["focal_px"]) == pytest.approx(focal, abs=0.1)


def test_nobody_in_a_black_video(lifter, tmp_path):
    with writing_video(tmp_path / "night.mp4", image_size=(160, 120), fps=25.0) as video:
        for _ in range(6):
            video.write(np.zeros((120, 160, 3), dtype=np.uint8))
    with pytest.raises(InputError, match=r"night\.mp4: .* found nobody in 6 frames"):
        lift_video(tmp_path / "night.mp4", lifter=lifter)


class Marks:
    """A detector of coloured squares: real frames in, several people out, in any order.

    A person is a square; the joints lie on its diagonal. It finds what is in the picture and nothing else.
    """

    name = "marks"
    skeleton = get_skeleton("human36m_17")

    def detect(self, frame: np.ndarray) -> list[Detection]:
        found = []
        for channel in (2, 1, 0):
            rows, columns = np.nonzero((frame[..., channel] > 150) & (frame.sum(axis=2) < 400))
            if len(rows) > 20:
                x = np.linspace(columns.min(), columns.max(), 17)
                y = np.linspace(rows.min(), rows.max(), 17)
                sure = np.linspace(0.1, 1, 17)
                found.append(Detection(np.stack([x, y], axis=1).astype(np.float32), sure.astype(np.float32)))
        return found

    def close(self) -> None: ...

    def __enter__(self) -> "Marks":
        return self

    def __exit__(self, *exception: object) -> None: ...


@pytest.fixture
def two_people(tmp_path) -> Path:
    """A large red one who goes to the right, a small green one to the left; green is away for some frames."""
    with writing_video(tmp_path / "two.mp4", image_size=(320, 160), fps=25.0) as video:
        for number in range(16):
            frame = np.zeros((160, 320, 3), dtype=np.uint8)
            frame[40:140, 20 + 4 * number : 60 + 4 * number, 0] = 220
            if not 5 <= number < 8:
                frame[10:60, 280 - 4 * number : 300 - 4 * number, 1] = 220
            video.write(frame)
    return tmp_path / "two.mp4"


def test_everybody_is_lifted_with_gaps_and_times(lifter, two_people):
    lifted = lift_video(two_people, lifter=lifter, detector=Marks())
    red, green = lifted.people
    assert (red.id, green.id) == (0, 1)
    assert [(~person.pose2d.missing).sum() for person in (red, green)] == [16, 13]
    assert green.pose3d.missing.tolist() == [5 <= number < 8 for number in range(16)]
    assert red.pose2d.keypoints[0, 0, 0] + 200 < green.pose2d.keypoints[0, 0, 0]
    assert red.pose3d.times is None, "frames at an even rate need no times"


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        (LiftOptions(person="largest"), 0),
        (LiftOptions(person=1), 1),
        (LiftOptions(person=0), 0),
        (LiftOptions(box=Box(270.0, 5.0, 40.0, 60.0)), 1),
        (LiftOptions(box=Box(0.0, 0.0, 90.0, 160.0)), 0),
    ],
)
def test_one_is_selected(lifter, two_people, options, meant):
    lifted = lift_video(two_people, options, lifter=lifter, detector=Marks())
    assert [one.id for one in lifted.people] == [meant]
    assert lifted.others == (1 - meant,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (LiftOptions(person=7), "there is no person 7 among: 0, 1"),
        (LiftOptions(box=Box(300.0, 140.0, 9.0, 9.0)), "nobody was found in the box 300,140,9,9"),
    ],
)
def test_nobody_is_selected(lifter, two_people, options, message):
    with pytest.raises(InputError, match=message):
        lift_video(two_people, options, lifter=lifter, detector=Marks())


def test_a_damaged_frame_is_not_looked_at(lifter, two_people):
    media = open_media(two_people)

    class Scratched(type(media)):
        lost = property(lambda self: {3}, lambda self, value: None)

    media.__class__ = Scratched
    seen, *_ = find_people(media, Marks())
    assert [person.pose2d.missing[3] for person in seen] == [True, True]


def test_single_pictures_number_people_by_size(lifter, tmp_path):
    """They have nothing to do with each other: the largest of each is 0."""
    for number, place in enumerate((20, 200)):
        frame = np.zeros((160, 320, 3), dtype=np.uint8)
        frame[40:140, place : place + 40, 0] = 220
        frame[10:60, 280 - place : 300 - place, 1] = 220
        Image.fromarray(frame).save(tmp_path / f"{number}.png")
    large, small = lift_video(tmp_path, lifter=lifter, detector=Marks()).people
    assert np.ptp(large.pose2d.keypoints[:, :, 1], axis=1) == pytest.approx(99, abs=1)
    assert np.ptp(small.pose2d.keypoints[:, :, 1], axis=1) == pytest.approx(49, abs=1)


def test_unsure_joints_are_taken_out(two_people):
    pose = find_people(open_media(two_people), Marks())[0][0].pose2d
    assert without_unsure_joints(pose, 0.05) is pose, "nothing is that unsure"
    kept, unsure = without_unsure_joints(pose, 0.5), pose.confidence < 0.5
    assert np.isnan(kept.keypoints[unsure]).all()
    np.testing.assert_array_equal(kept.keypoints[~unsure], pose.keypoints[~unsure])
    assert (kept.confidence[unsure] == 0).all()


class Everywhere(Marks):
    """Finds the same person in every picture."""

    def detect(self, frame: np.ndarray) -> list[Detection]:
        points = np.stack([np.linspace(50, 90, 17), np.linspace(20, 200, 17)], axis=1)
        return [Detection(points.astype(np.float32), np.ones(17, dtype=np.float32))]


def test_frames_are_let_go():
    """500 frames of 0.9 MB: what stays is the keypoints, and eight frames for drawing."""
    media = Blank(Path("long.mp4"), (640, 480), 30.0, 500)
    tracemalloc.start()
    try:
        (person,), *_ = find_people(media, Everywhere())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(person.pose2d) == 500
    assert peak < 16e6


def test_a_box_leads_a_detector_of_one_person(lifter):
    """The man of the clip, found within a box, and nobody where he is not."""
    media = open_media(CLIP)
    (whole,) = lift_video(Short(media, 8), lifter=lifter).people
    points = whole.pose2d.keypoints[0]
    left, top = points.min(axis=0).tolist()
    width, height = (points.max(axis=0) - points.min(axis=0)).tolist()
    options = LiftOptions(box=Box(left, top, width, height))
    (boxed,) = lift_video(Short(media, 8), options, lifter=lifter).people
    assert (~boxed.pose2d.missing).sum() >= 6
    away = np.linalg.norm(boxed.pose2d.keypoints[0] - points, axis=1)
    assert np.median(away) < 0.05 * height


class Short(Media):
    """The first frames of some media."""

    def __init__(self, media, count):
        self._media = media
        self.path, self.image_size, self.fps, self.num_frames = media.path, media.image_size, media.fps, count

    def read(self):
        for _, frame in zip(range(self.num_frames), self._media, strict=False):
            self.times = self._media.times
            yield frame


def test_a_result_draws_its_own_overview(lifter, blinking):
    overview = lift_video(blinking, lifter=lifter).overview(2)
    assert overview.mode == "RGB"
    assert overview.size[0] > 1000


def test_shots_are_lifted_as_if_each_were_a_video(lifter, tmp_path):
    """Nothing of one shot reaches the other: neither its people's regions, nor the filter's window."""
    frames = [frame[::2, ::2] for _, frame in zip(range(60), open_media(CLIP), strict=False)]
    size = frames[0].shape[1::-1]
    shots = frames[:15], [np.ascontiguousarray(frame[::-1, ::-1]) for frame in frames[45:60]]
    for name, shown in {"both": [*shots[0], *shots[1]], "first": shots[0], "second": shots[1]}.items():
        with writing_video(tmp_path / f"{name}.mp4", image_size=size, fps=30.0) as video:
            for frame in shown:
                video.write(frame)
    both, *alone = (lift_video(tmp_path / f"{name}.mp4", lifter=lifter) for name in ("both", "first", "second"))
    assert both.cuts == (15,)
    assert [part.cuts for part in alone] == [(), ()]
    (person,) = both.people
    expected = np.concatenate([part.people[0].pose3d.positions for part in alone])
    away = np.linalg.norm(person.pose3d.positions - expected, axis=2)
    assert np.nanmedian(away) < 0.01  # the encoder knows nothing of the other video
    assert np.nanmax(np.nanmedian(away, axis=1)) < 0.05


def test_an_open_detector_carries_nobody_into_the_next_video(tmp_path):
    frames = [frame[::2, ::2] for _, frame in zip(range(4), open_media(CLIP), strict=False)]
    wide = [np.concatenate([frame, 0 * frame], axis=1) for frame in frames]
    both = [np.concatenate([frame, frame[:, ::-1]], axis=1) for frame in frames]
    for name, shown in {"one": wide, "two": both}.items():
        with writing_video(tmp_path / f"{name}.mp4", image_size=wide[0].shape[1::-1], fps=30.0) as video:
            for frame in shown:
                video.write(frame)
    with create_detector("blazepose", tracking=True) as detector:
        counts = [len(find_people(open_media(tmp_path / f"{name}.mp4"), detector)[0]) for name in ("one", "two", "one")]
    assert counts == [1, 2, 1]


def test_repeated_times_of_a_video_are_mended(lifter, two_people):
    """Of uneven times one that does not rise is drawn between its neighbours; the others stay."""
    media = open_media(two_people)
    times = np.cumsum([0.0] + [0.04, 0.08, 0.02] * 5)
    broken = times.copy()
    broken[7], broken[15] = broken[6], broken[14]

    class Repeated(type(media)):
        times = property(lambda self: list(broken), lambda self, value: None)

    media.__class__ = Repeated
    found = find_people(media, Marks())[0][0].pose2d.times
    assert np.allclose(np.delete(found, [7, 15]), np.delete(times, [7, 15]))
    assert found[7] == pytest.approx((times[6] + times[8]) / 2)
    assert found[15] > found[14]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (LiftOptions(people=1), "holds keypoints, and so takes no number of people; leave it out"),
        (LiftOptions(detector="rtmlib"), "holds keypoints, and so takes no detector"),
        (
            LiftOptions(detector_option=(DetectorOption("flip", "yes"),)),
            "holds keypoints, and so takes no detector option",
        ),
    ],
)
def test_options_of_detectors_are_refused_for_keypoints(lifter, tmp_path, options, message):
    np.save(tmp_path / "points.npy", np.full((3, 17, 2), 50.0))
    with pytest.raises(InputError, match=message):
        lift_video(tmp_path / "points.npy", replace(options, image_size=ImageSize(100, 100)), lifter=lifter)


def test_a_detector_that_cannot_limit_people_says_who_can(lifter, blinking):
    options = LiftOptions(people=2, detector="rtmlib")
    with pytest.raises(
        InputError, match="rtmlib finds as many people as there are; leave people out, or use blazepose"
    ):
        lift_video(blinking, options, lifter=lifter)
