"""BlazePose on real frames: one person, several, nobody, and everything that can go wrong."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import ampose
from ampose.detectors.blazepose import BlazePoseDetector
from ampose.errors import InputError
from ampose.media import open_media
from ampose.media.video_writer import writing_video
from ampose.poses.people import Detection

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
pytest.importorskip("av", reason="PyAV is not installed")

from tests.detectors.blazepose.crossing import crossing
from tests.detectors.blazepose.heavy import HEAVY, needs_heavy

ROOT = Path(__file__).parents[3]
CLIP = ROOT / "examples" / "balance_beam.mp4"

pytestmark = pytest.mark.detector


@pytest.fixture(scope="module")
def clip() -> list[np.ndarray]:
    """The first 30 frames of the clip at half size, 640 x 360."""
    return [frame[::2, ::2] for _, frame in zip(range(30), open_media(CLIP), strict=False)]


@pytest.fixture(scope="module")
def man(clip) -> Detection:
    with BlazePoseDetector(tracking=False) as detector:
        (found,) = detector.detect(clip[0])
    return found


def turned(man: Detection, turns: int, height: int, width: int) -> np.ndarray:
    """Return where the joints are after quarter turns to the left."""
    x, y = man.keypoints.T
    for _ in range(turns % 4):
        x, y, height, width = y, width - 1 - x, width, height
    return np.stack([x, y], axis=1)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_lying_and_upside_down(clip, man, turns):
    """A region stands as the person does, so that the pose is the same, or nobody is found."""
    image = np.ascontiguousarray(np.rot90(clip[0], turns))
    with BlazePoseDetector(tracking=False) as detector:
        people = detector.detect(image)
    assert len(people) <= 1
    for found in people:
        away = np.linalg.norm(found.keypoints - turned(man, turns, *clip[0].shape[:2]), axis=1)
        assert np.median(away) < 0.05 * man.box[3]


@pytest.mark.parametrize("scale", [2, 4])
def test_a_large_image(clip, man, scale):
    """The frame at 4 times its size is 2,560 rows."""
    large = clip[0].repeat(scale, axis=0).repeat(scale, axis=1)
    with BlazePoseDetector(tracking=False) as detector:
        (found,) = detector.detect(large)
    away = np.linalg.norm(found.keypoints / scale - man.keypoints, axis=1)
    assert np.median(away) < 0.03 * man.box[3]


def test_grey(clip, man):
    grey = clip[0].mean(axis=2, keepdims=True).astype(np.uint8).repeat(3, axis=2)
    with BlazePoseDetector(tracking=False) as detector:
        (found,) = detector.detect(grey)
    assert np.median(np.linalg.norm(found.keypoints - man.keypoints, axis=1)) < 0.03 * man.box[3]


def test_a_person_cut_by_the_border(clip, man):
    """Legs outside the image are extrapolated, and have no confidence."""
    waist = int(man.keypoints[[23, 24], 1].mean())
    with BlazePoseDetector(tracking=False) as detector:
        people = detector.detect(clip[0][:waist])
    for found in people:
        outside = found.keypoints[:, 1] > waist
        assert outside.any()
        assert (found.confidence[outside] == 0).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (3, 5)])
@pytest.mark.parametrize("tracking", [True, False])
def test_images_of_nothing(size, tracking):
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    with BlazePoseDetector(tracking=tracking) as detector:
        for image in (np.zeros_like(noise), noise, noise):
            assert detector.detect(image) == []


def test_4k(clip, man):
    """The frame as it was filmed, in a dark hall of 3,840 x 2,160."""
    hall = np.zeros((2160, 3840, 3), dtype=np.uint8)
    frame = next(iter(open_media(CLIP)))
    hall[400 : 400 + frame.shape[0], 2000 : 2000 + frame.shape[1]] = frame
    with BlazePoseDetector(tracking=False) as detector:
        (found,) = detector.detect(hall)
    away = np.linalg.norm((found.keypoints - [2000, 400]) / 2 - man.keypoints, axis=1)
    assert np.median(away) < 0.03 * man.box.height


FIGURE = {
    "shoulder": (50, 150),
    "elbow": (75, 230),
    "wrist": (85, 300),
    "hip": (30, 310),
    "knee": (35, 410),
    "ankle": (38, 505),
}
"""Where a drawn figure's joints are: columns from its middle, and rows."""


def drawn(*, filled: bool) -> np.ndarray:
    """Return a figure seen from the front: of lines, or of colours with a face."""
    image = Image.new("RGB", (400, 600), (255, 255, 255))
    draw, place = ImageDraw.Draw(image), lambda side, joint: (200 + side * FIGURE[joint][0], FIGURE[joint][1])
    colour, width = ((60, 60, 160), 26) if filled else ((0, 0, 0), 4)
    for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle")):
        for side in (-1, 1):
            draw.line([place(side, a), place(side, b)], fill=colour, width=width)
    trunk = [place(1, "shoulder"), place(-1, "shoulder"), place(-1, "hip"), place(1, "hip")]
    draw.polygon(trunk, fill=(200, 60, 60) if filled else None, outline=colour)
    draw.ellipse([170, 40, 230, 120], fill=(235, 190, 160) if filled else None, outline=(0, 0, 0))
    if filled:
        draw.ellipse([185, 70, 192, 77], fill=0)
        draw.ellipse([208, 70, 215, 77], fill=0)
        draw.line([190, 100, 210, 100], fill=(150, 0, 0), width=4)
    return np.asarray(image)


@pytest.mark.parametrize("filled", [False, True])
def test_a_drawing(filled):
    """Nobody, or the figure where it is drawn."""
    with BlazePoseDetector(tracking=True) as detector:
        for _ in range(2):
            people = detector.detect(drawn(filled=filled))
    assert len(people) <= 1
    for found in people:
        for joint, (column, row) in FIGURE.items():
            left = found.keypoints[BlazePoseDetector.skeleton.index(f"left_{joint}")]
            assert np.linalg.norm(left - (200 + column, row)) < 60


def test_black_frames_between(clip):
    """Nobody is in them, and who is there again after them is found at once."""
    with BlazePoseDetector(tracking=True) as detector:
        found = [len(detector.detect(frame)) for frame in (clip[0], 0 * clip[0], 0 * clip[0], clip[1])]
    assert found == [1, 0, 0, 1]


def test_landscape(clip, man):
    """The clip is in portrait format."""
    wide = np.pad(clip[0], ((0, 0), (400, 380), (0, 0)), mode="edge")
    with BlazePoseDetector(tracking=False) as detector:
        (found,) = detector.detect(wide)
    assert np.median(np.linalg.norm(found.keypoints - man.keypoints - [400, 0], axis=1)) < 0.03 * man.box.height


def test_nobody_is_left_in_an_empty_room(clip):
    """When the person is gone from one frame to the next, without a cut, no region drifts off into the background."""
    room = clip[0].copy()
    room[:] = np.median(room.reshape(-1, 3), axis=0)
    with BlazePoseDetector(tracking=True) as detector:
        for frame in clip[:3]:
            assert len(detector.detect(frame)) == 1
        for _ in range(5):
            assert detector.detect(room) == []


def test_a_cut_carries_nobody_over(clip):
    """After the cut the person is elsewhere, and is found there at once."""
    other = 255 - np.roll(clip[0], 150, axis=1)
    other[:, 150:] = clip[0][:, :-150]
    with BlazePoseDetector(tracking=True) as detector:
        for frame in clip[:3]:
            (before,) = detector.detect(frame)
        people = detector.detect(other)
    assert len(people) == 1
    assert np.median(people[0].keypoints[:, 0] - before.keypoints[:, 0]) == pytest.approx(150, abs=8)


@pytest.mark.parametrize("people", ["0", "-1", "two", "1.5", ""])
def test_a_number_of_people_that_is_none(people):
    with pytest.raises(InputError, match="people of blazepose must be all or a number"):
        BlazePoseDetector(tracking=True, people=people)


def test_flip_is_yes_or_no():
    with pytest.raises(InputError, match="flip of blazepose must be no or yes, got 'true'"):
        BlazePoseDetector(tracking=True, flip="true")


def test_a_network_that_is_none_is_refused(tmp_path):
    (tmp_path / "text.onnx").write_text("not a network")
    person = ROOT / "src" / "ampose" / "detectors" / "blazepose" / "networks" / "person.onnx"
    for file, message in (
        (tmp_path / "none.onnx", "name full, or the file of a landmark network"),
        (tmp_path, "must be an ONNX file of a landmark network"),
        (tmp_path / "text.onnx", "must be an ONNX file of a landmark network"),
        (person, "must be a landmark network by tools.blazepose.convert"),
    ):
        with pytest.raises(InputError, match=message):
            BlazePoseDetector(tracking=True, network=str(file))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"network": str(HEAVY)}, marks=needs_heavy, id="heavy"),
        pytest.param({"network": str(HEAVY), "flip": "yes"}, marks=needs_heavy, id="both"),
        pytest.param({"flip": "yes"}, id="flip"),
    ],
)
def test_other_ways_to_look_find_the_same_man(clip, man, options):
    with BlazePoseDetector(tracking=True, **options) as detector:
        for frame in (clip[1], clip[0]):
            (found,) = detector.detect(frame)
    away = np.linalg.norm(found.keypoints - man.keypoints, axis=1)
    assert 0 < np.median(away) < 0.03 * man.box.height


def test_the_mirror_image_is_answered_for_as_the_image(clip):
    """Averaged with its mirror image, an image and its mirror image have the same answer, left for right."""
    order = BlazePoseDetector.skeleton.flip_order
    with BlazePoseDetector(tracking=False, flip="yes") as detector:
        (one,) = detector.detect(clip[0])
        (other,) = detector.detect(np.ascontiguousarray(clip[0][:, ::-1]))
    with BlazePoseDetector(tracking=False) as detector:
        (alone,) = detector.detect(np.ascontiguousarray(clip[0][:, ::-1]))
    last = clip[0].shape[1] - 1

    def apart(found: Detection) -> float:
        mirrored = np.stack([last - found.keypoints[order, 0], found.keypoints[order, 1]], axis=1)
        return float(np.median(np.linalg.norm(mirrored - one.keypoints, axis=1)))

    assert apart(other) < 0.7 * apart(alone)


def test_two_people_cross_and_keep_their_ids(clip, tmp_path):
    """One stands in the middle; the other walks past him from right to left, and hides him for a while."""
    with BlazePoseDetector(tracking=True) as detector:
        men = [detector.detect(frame)[0] for frame in clip]
    height, width, _ = clip[0].shape
    with writing_video(tmp_path / "street.mp4", image_size=(3 * width, height), fps=30.0) as video:
        for frame in crossing(clip, men, 2 * width, -60):
            video.write(frame)
    people = ampose.lift_video(tmp_path / "street.mp4").people
    assert len(people) == 2, "nobody is made of the limbs of both, and nobody is a new person after the crossing"
    hips = np.stack([person.pose2d.keypoints[:, [23, 24], 0].mean(axis=1) for person in people])  # (person, frame)
    walker, other = hips if hips[0, 0] > hips[1, 0] else hips[::-1]
    assert np.isfinite(walker).all()
    assert (np.diff(walker) < 0).mean() > 0.9
    assert walker[-1] < width < 2 * width < walker[0]
    assert other[-1] == pytest.approx(other[0], abs=40)


def test_at_most_so_many(clip):
    wide = np.concatenate([clip[0], clip[0][:, ::-1]], axis=1)
    for most, expected in (("all", 2), ("1", 1), ("2", 2)):
        with BlazePoseDetector(tracking=True, people=most) as detector:
            assert len(detector.detect(wide)) == expected


def on_plain_ground(clip, size: tuple[int, int], *places: tuple[int, int, int, int]) -> np.ndarray:
    """Return a plain image with the man at some places: left, top, width, height, which the border may cut."""
    plain = Image.new("RGB", size, tuple(np.median(clip[0], axis=(0, 1)).astype(int)))
    man = Image.fromarray(clip[0][130:420, 40:200])
    for left, top, width, height in places:
        plain.paste(man.resize((width, height)), (left, top))
    return np.asarray(plain)


@pytest.mark.parametrize("most", ["all", "1"])
def test_somebody_half_outside_takes_nobodys_place(clip, most):
    """The person detector is surer of a man whom the border cuts; the landmark network does not take him for one."""
    scene = on_plain_ground(clip, (1280, 720), (897, 316, 216, 391), (436, 537, 204, 370))
    with BlazePoseDetector(tracking=True, people=most) as detector:
        assert [len(detector.detect(scene)) for _ in range(3)] == [1, 1, 1]


TWO_MEN = (60, 100, 200, 362), (480, 100, 200, 362)


@pytest.mark.parametrize("box", ["120,200,80,120", "0,0,720,720", "600,700,10,10", "80,250,160,220"])
def test_a_box_takes_nothing_from_what_is_found_without_it(clip, box):
    scene = on_plain_ground(clip, (720, 720), *TWO_MEN)
    found = []
    for options in ({}, {"box": box}):
        with BlazePoseDetector(tracking=True, **options) as detector:
            found.append([detector.detect(scene) for _ in range(3)])
    without, with_box = found
    for one, other in zip(without, with_box, strict=True):
        assert len(one) == len(other) == 2
        for person, same in zip(one, other, strict=True):
            assert np.allclose(person.keypoints, same.keypoints)


@pytest.mark.parametrize("place", TWO_MEN)
def test_of_several_the_one_in_the_box_is_followed(clip, place):
    left, top, width, height = place
    with BlazePoseDetector(tracking=True, people="1", box=f"{left},{top},{width},{height}") as detector:
        for _ in range(2):
            (found,) = detector.detect(on_plain_ground(clip, (720, 720), *TWO_MEN))
    assert left < np.median(found.keypoints[:, 0]) < left + width


def test_the_box_is_of_the_first_frame_alone(clip, man):
    """After a cut, and in the next image of a folder, it is of no use."""
    other = on_plain_ground(clip, clip[0].shape[1::-1], (100, 200, 120, 220))[::-1, ::-1]
    for tracking in (True, False):
        with BlazePoseDetector(tracking=tracking, box="0,0,60,60") as detector:
            detector.detect(clip[0])
            found = [detector.detect(other) for _ in range(2)]
        with BlazePoseDetector(tracking=tracking) as detector:
            expected = [detector.detect(other) for _ in range(2)]
        assert [[one.box for one in people] for people in found] == [[one.box for one in people] for people in expected]


def in_a_hall(clip, *places: tuple[int, int, int, int]) -> np.ndarray:
    """Return a scene of some contrast: before plain ground alone it would be a cut when somebody appears at once."""
    scene = on_plain_ground(clip, (1080, 640), *places).copy()
    scene[500:] = np.where(np.arange(1080) // 60 % 2, 250, 5)[:, None]
    return scene


def test_who_is_lost_is_soon_found_again(clip):
    both, one = in_a_hall(clip, *TWO_MEN), in_a_hall(clip, TWO_MEN[0])
    with BlazePoseDetector(tracking=True) as detector:
        counts = [len(detector.detect(frame)) for frame in [both] * 4 + [one] * 3 + [both] * 10]
    assert counts[:7] == [2] * 4 + [1] * 3
    assert counts[-1] == 2


def test_another_video_begins_with_nobody(clip):
    both, one = in_a_hall(clip, *TWO_MEN), in_a_hall(clip, TWO_MEN[0])
    with BlazePoseDetector(tracking=True) as detector:
        assert len(detector.detect(one)) == 1
        assert len(detector.detect(both)) == 1  # a newcomer is found some frames later
        detector.reset()
        assert len(detector.detect(both)) == 2


def test_a_box_finds_whom_the_person_detector_misses(clip, man):
    """He is 30 pixels tall in a large dark room."""
    small = clip[0][::16, ::16]
    room = np.zeros((800, 800, 3), dtype=np.uint8)
    room[600 : 600 + small.shape[0], 300 : 300 + small.shape[1]] = small
    left, top, width, height = np.array(man.box) / 16 + [300, 600, 0, 0]
    with BlazePoseDetector(tracking=True) as detector:
        assert detector.detect(room) == []
    with BlazePoseDetector(tracking=True, box=f"{left},{top},{width},{height}") as detector:
        people = detector.detect(room)
    for found in people:  # found where he is, or not at all
        away = np.linalg.norm(found.keypoints - (man.keypoints / 16 + [300, 600]), axis=1)
        assert np.median(away) < 0.1 * height


def test_a_crowd(clip):
    """30 people in a grid: nobody twice, and nobody where there is none."""
    small = clip[0][::4, ::4]
    crowd = np.tile(small, (3, 10, 1))
    with BlazePoseDetector(tracking=True) as detector:
        for _ in range(2):
            people = detector.detect(crowd)
    assert len(people) <= 30
    hips = np.array([person.keypoints[[23, 24]].mean(axis=0) for person in people]).reshape(-1, 2)
    cells = {tuple(cell) for cell in (hips // [small.shape[1], small.shape[0]]).astype(int).tolist()}
    assert len(cells) == len(people)
