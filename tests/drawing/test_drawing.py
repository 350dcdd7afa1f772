"""What is drawn: upright, left and right where they belong, one scale, nothing for a missing frame."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ampose.drawing import choose_frames, draw_overview, write_overview, write_preview
from ampose.drawing.clip import write_clip
from ampose.drawing.painting import Panel
from ampose.drawing.panels import in_joints_of, label_people
from ampose.drawing.photo import Cut, cuts_around, draw_photo
from ampose.drawing.projection import BACKDROP, SIDE_COLOURS, SIDES, Scene, Side, frame_strokes
from ampose.drawing.sheet import draw_sheet
from ampose.errors import InputError
from ampose.media import open_media
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import get_skeleton
from ampose.processing.ground import level_rotation, standing, upright

SKELETON = get_skeleton("human36m_17")
HEIGHTS = {"head": 1.7, "neck_nose": 1.6, "thorax": 1.4, "spine": 1.2, "hip": 0.95}
LIMB_HEIGHTS = {"hip": 0.95, "knee": 0.5, "ankle": 0.08, "shoulder": 1.4, "elbow": 1.1, "wrist": 0.85}


def standing_person(frames: int = 8, *, missing: tuple[int, ...] = ()) -> Pose3D:
    """Somebody who faces the camera: the left side has the greater x. Root-relative, y down."""
    positions = np.zeros((frames, 17, 3), dtype=np.float32)
    for number, joint in enumerate(SKELETON.joints):
        side = {"left": 1, "right": -1, "middle": 0}[SKELETON.side_of(joint)]
        height = HEIGHTS[joint] if side == 0 else LIMB_HEIGHTS[joint.partition("_")[2]]
        positions[:, number] = (0.25 * side, HEIGHTS["hip"] - height, 0.0)
    positions[list(missing)] = np.nan
    confidence = np.ones((frames, 17), dtype=np.float32)
    return Pose3D(positions=positions, confidence=confidence, skeleton=SKELETON, fps=25.0)


def seen_by_camera(pose: Pose3D, size: tuple[int, int] = (320, 480)) -> Pose2D:
    middle = np.array(size, dtype=np.float32) / 2
    return Pose2D(
        keypoints=(pose.positions[..., :2] * 200 + middle).astype(np.float32),
        confidence=pose.confidence,
        skeleton=SKELETON,
        image_size=size,
        fps=25.0,
    )


def grey_frames(count: int, size: tuple[int, int] = (320, 480)) -> list[np.ndarray]:
    return [np.full((size[1], size[0], 3), 120, dtype=np.uint8)] * count


def centre_of(image: np.ndarray, side: str) -> tuple[float, float]:
    """Mean (x, y) of the pixels that have the colour of a side."""
    near = np.abs(image.astype(int) - SIDE_COLOURS[side]).sum(axis=2) < 60
    y, x = np.nonzero(near)
    assert len(x) > 20, f"nothing is drawn in the colour of {side}"
    return float(x.mean()), float(y.mean())


def test_camera_view_is_upright_with_left_on_the_right():
    pose = standing_person()
    panel = Panel(Scene.around(pose), SIDES[0], (300, 400))
    image = np.asarray(panel.draw(frame_strokes(pose, 0, SIDES[0])))
    assert image.shape == (400, 300, 3)
    assert centre_of(image, "left")[0] > 150 > centre_of(image, "right")[0]
    assert centre_of(image, "middle")[1] < centre_of(image, "left")[1], "the head is above the legs"


def test_side_view_shows_depth():
    """Seen from the camera's right, the camera is on the left: what is nearer to it is drawn further left."""
    near, far = SIDES[1].project(np.array([[0.0, 0.0, -0.5], [0.0, 0.0, 0.5]]))
    assert near[0] < -0.45
    assert far[0] > 0.45


@pytest.mark.parametrize("azimuth", [0.0, 30.0, 90.0, 180.0])
def test_a_view_is_a_rotation_and_never_a_mirror(azimuth):
    """Without perspective (points near the root) the three axes keep lengths, angles and handedness."""
    axes = Side("", azimuth, 20.0).project(1e-4 * np.eye(3)) / 1e-4
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-3)
    # camera axes (x right, y down, z away) to (right, up, away): one axis is turned over
    assert np.linalg.det(axes) == pytest.approx(-1, abs=1e-3)


def test_the_lowest_joint_stands_on_the_floor():
    pose = standing_person()
    random = np.random.default_rng(0)
    moved = pose.positions + random.normal(size=(len(pose), 1, 3)).astype(np.float32)
    on_floor = standing(moved)
    np.testing.assert_allclose(on_floor[..., 1].max(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(np.diff(on_floor, axis=1), np.diff(moved, axis=1), atol=1e-5)


def test_the_stage_holds_every_frame():
    random = np.random.default_rng(1)
    pose = standing_person(20)
    wild = Pose3D(
        positions=pose.positions + random.normal(0, 0.3, pose.positions.shape).astype(np.float32),
        confidence=pose.confidence,
        skeleton=SKELETON,
    )
    stage = Scene.around(wild)
    left, right, bottom, top = stage.window
    for side in SIDES:
        points = side.project(standing(wild.positions))
        assert left < points[..., 0].min()
        assert points[..., 0].max() < right
        assert bottom < points[..., 1].min()
        assert points[..., 1].max() < top


def test_guessed_joints_are_pale():
    pose = standing_person()
    pose.confidence[:, SKELETON.index("left_wrist")] = 0.2
    strokes = frame_strokes(pose, 0, SIDES[0])
    bones = slice(-len(SKELETON.bones), None)
    pale = [colour not in SIDE_COLOURS.values() for colour in map(tuple, strokes.colours[bones].tolist())]
    assert sum(pale) == 1
    assert (strokes.widths[bones][pale] < 1).all()


def test_many_frames_at_once_are_drawn_as_each_alone():
    pose = standing_person(5, missing=(3,))
    moved = np.random.default_rng(0).normal(0, 0.3, pose.positions.shape).astype(np.float32)
    pose = replace(pose, positions=pose.positions + moved)
    panel = Panel(Scene.around(pose), SIDES[0], (300, 400))
    together = panel.shapes(frame_strokes(pose, slice(0, 5), SIDES[0]))
    for number in range(5):
        alone, one = panel.shapes(frame_strokes(pose, number, SIDES[0])).there(), together.frame(number).there()
        np.testing.assert_array_equal(one.corners, alone.corners)
        np.testing.assert_array_equal(one.colours, alone.colours)
        assert len(one.corners) == (0 if number == 3 else 3 * len(SKELETON.bones))


def test_choose_frames_passes_over_missing_ones():
    pose = standing_person(8, missing=(0, 1, 2, 3))
    assert choose_frames([pose], 4) == [4, 5, 6, 7]
    assert choose_frames([pose], 2) == [5, 7]
    assert len(choose_frames([standing_person(2)], 4)) == 2


def test_everybody_is_in_one_of_the_frames_at_least():
    """Somebody who is there for two frames, none of which is at hand, and somebody who is never there."""
    early, always = standing_person(40, missing=tuple(range(2, 40))), standing_person(40)
    late = standing_person(40, missing=tuple(range(37)))
    never = standing_person(40, missing=tuple(range(40)))
    chosen = choose_frames([always, early, late, never], at_hand=range(4, 40, 5))
    assert len(chosen) == 4
    assert set(chosen) & {0, 1}
    assert 39 in chosen, "the only one at hand"
    assert all(frame in range(4, 40, 5) for frame in chosen if frame > 1)


def test_cuts_hold_the_person_and_stay_in_the_picture():
    pose = seen_by_camera(standing_person())
    for cut in cuts_around([pose], [0, 3], aspect=1.2):
        assert cut.height == pytest.approx(1.2 * cut.width)
        points = pose.keypoints[0]
        assert (points > (cut.left, cut.top)).all()
        assert (points < (cut.left + cut.width, cut.top + cut.height)).all()


def test_overlay_is_what_the_lifter_saw():
    source = get_skeleton("coco_17")
    keypoints = np.random.default_rng(0).uniform(10, 90, (2, 17, 2)).astype(np.float32)
    ones = np.ones((2, 17), dtype=np.float32)
    pose = Pose2D(keypoints=keypoints, confidence=ones, skeleton=source, image_size=(100, 100))
    mapped = in_joints_of(pose, SKELETON)
    hips = [source.index("left_hip"), source.index("right_hip")]
    np.testing.assert_allclose(mapped.keypoints[:, SKELETON.index("hip")], keypoints[:, hips].mean(axis=1), rtol=1e-6)
    assert in_joints_of(mapped, source) is mapped, "no way back is known, so it stays as it is"


@pytest.mark.parametrize("count", [1, 2, 4])
def test_overview_is_a_page_of_pictures(tmp_path, count):
    pose = standing_person(8)
    chosen = choose_frames([pose], count)
    frames = dict(zip(chosen, grey_frames(count), strict=True))
    write_overview(
        tmp_path / "overview.png", draw_overview(frames, [Person(0, seen_by_camera(pose), pose)], title="Somebody")
    )
    image = np.asarray(Image.open(tmp_path / "overview.png").convert("RGB"))
    assert image.shape[1] == pytest.approx({1: 1600, 2: 1082, 4: 1600}[count], abs=4)
    page = image[112:]  # under the legend
    assert centre_of(page, "left")[0] > centre_of(page, "right")[0]
    assert list(tmp_path.iterdir()) == [tmp_path / "overview.png"]


@pytest.mark.parametrize(
    "title", ["vidéo Łódź видео.mp4", "a name that goes on and on " * 9, "new\nline\r.mp4", "\x1b[2J\udcff"]
)
def test_the_title_stops_before_the_legend(tmp_path, title):
    pose = standing_person(8)
    frames = dict(zip(choose_frames([pose]), grey_frames(4), strict=True))
    for name, text in (("bare", ""), ("titled", title)):
        write_overview(
            tmp_path / f"{name}.png", draw_overview(frames, [Person(0, seen_by_camera(pose), pose)], title=text)
        )
    bare, titled = (np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB")) for name in ("bare", "titled"))
    written = np.flatnonzero((bare[:70] != titled[:70]).any(axis=(0, 2)))
    legend = np.flatnonzero((bare[:70] != 255).any(axis=(0, 2)))
    assert 30 < written.min() < 40
    assert written.max() < legend.min() - 10
    assert (bare[70:] == titled[70:]).all()


def test_frames_at_uneven_times_are_shown_at_their_times(tmp_path):
    moments = np.array([0.0, 0.033, 0.066, 2.0, 2.033, 5.0])
    pose = replace(standing_person(6), times=7 + moments)
    size = (320, 480)
    write_preview(tmp_path / "preview.mp4", grey_frames(6, size), [Person(0, seen_by_camera(pose, size), pose)])
    write_clip(tmp_path / "clip.mp4", pose)
    for name in ("preview.mp4", "clip.mp4"):
        media = open_media(tmp_path / name)
        assert len(list(media)) == 6
        assert media.times == pytest.approx(moments, abs=1e-3)


@pytest.mark.parametrize("size", [(320, 480), (480, 270), (1920, 1080), (101, 75)])
def test_preview_is_a_video_of_the_same_length(tmp_path, size):
    pose = standing_person(6, missing=(2,))
    write_preview(tmp_path / "preview.mp4", grey_frames(6, size), [Person(0, seen_by_camera(pose, size), pose)])
    media = open_media(tmp_path / "preview.mp4")
    frames = list(media)
    height = media.image_size[1]
    assert len(frames) == 6
    assert media.fps == pytest.approx(25)
    assert height <= 720
    photo = round(height * size[0] / size[1])
    panels = [frame[:, photo + 4 :] for frame in frames]
    for colour in ("left", "right", "middle"):
        centre_of(panels[0][: int(0.9 * height)], colour)
    bones = [np.abs(p[: int(0.9 * height)].astype(int) - SIDE_COLOURS["left"]).sum(axis=2) < 60 for p in panels]
    assert bones[1].sum() > 100
    assert bones[2].sum() == 0, "nobody is drawn where nobody was found"


def crowd(count: int, frames: int = 4) -> list[Person]:
    """People beside each other; the last is there in the first frame only."""
    people = []
    for number in range(count):
        pose = standing_person(frames, missing=tuple(range(1, frames)) if number == count - 1 else ())
        seen = seen_by_camera(pose, (900, 480))
        people.append(
            Person(number, replace(seen, keypoints=seen.keypoints + np.float32([100 * number - 300, 0])), pose)
        )
    return people


@pytest.mark.parametrize(("count", "columns"), [(2, 1), (3, 2), (7, 3)])
def test_everybody_is_in_the_preview(tmp_path, count, columns):
    """Over the video all are drawn, with a panel for each of up to six."""
    people = crowd(count)
    write_preview(tmp_path / "preview.mp4", grey_frames(4, (900, 480)), people)
    first, last = list(open_media(tmp_path / "preview.mp4"))[:: len(people[0].pose3d) - 1]
    assert first.shape[:2] == (480, 900 + columns * 240)
    reds = [
        (np.abs(frame[:, :900].astype(int) - SIDE_COLOURS["left"]).sum(axis=2) < 60).any(axis=0)
        for frame in (first, last)
    ]
    starts = [int((np.diff(red.astype(int)) == 1).sum()) for red in reds]
    assert starts[0] > starts[1] == count - 1


def test_everybody_is_in_the_overview_or_counted(tmp_path):
    """Each of up to four has a row, also who is not there in the frames that are shown."""
    for count, rows in ((2, 2), (3, 3), (6, 4)):
        frames = dict.fromkeys((1, 2), grey_frames(1, (900, 480))[0])
        write_overview(tmp_path / f"{count}.png", draw_overview(frames, crowd(count), title="Some"))
        edge = np.asarray(Image.open(tmp_path / f"{count}.png").convert("RGB"))[:, 36]  # of the first column
        panels = (np.abs(edge.astype(int) - BACKDROP).sum(axis=1) == 0).astype(int)
        assert (np.diff(panels) == 1).sum() == rows


def test_several_people_are_as_large_as_the_page_allows_and_have_a_colour_each(tmp_path):
    """Side by side in a wide picture: the row of photos is low, and no white is left above and below them."""
    frames = dict.fromkeys((1, 2), np.full((480, 900, 3), 90, np.uint8))
    people = []
    for number, person in enumerate(crowd(3)):
        seen = replace(person.pose2d, keypoints=person.pose2d.keypoints / 2 + np.float32([200 * number + 80, 100]))
        people.append(Person(number, seen, person.pose3d))
    colours = [label.colour for label in label_people(people)]
    assert len(set(colours)) == 3
    write_overview(tmp_path / "3.png", draw_overview(frames, people, title="Some"))
    page = np.asarray(Image.open(tmp_path / "3.png").convert("RGB")).astype(int)
    photo = page[112 : 112 + np.flatnonzero((page[112:, 40] == BACKDROP).all(axis=1)).min(), 34:500]
    assert photo.shape[0] < 0.7 * photo.shape[1]
    assert (np.abs(photo[:-16] - 255).sum(axis=2) > 0).mean() > 0.9, "little white"
    for colour in colours[:2]:  # the third is not in these frames
        for part in (photo, page[:, :34]):
            assert (np.abs(part - colour).sum(axis=2) < 60).any()


def test_what_was_not_seen_is_not_drawn_over_the_picture():
    pose = standing_person(1)
    seen = seen_by_camera(pose)
    seen.keypoints[:, [SKELETON.index(f"left_{joint}") for joint in ("hip", "knee", "ankle")]] = np.nan
    picture = draw_photo(grey_frames(1)[0], Cut(0.0, 0.0, 320.0, 480.0), (320, 480), [Person(0, seen, pose)])
    orange = np.abs(np.asarray(picture).astype(int) - SIDE_COLOURS["left"]).sum(axis=2) < 60
    assert orange[:240].any(), "the arm"
    assert not orange[300:].any(), "no leg"
    (cut,) = cuts_around([seen], [0], 1.0)
    assert np.isfinite([cut.left, cut.top, cut.width, cut.height]).all()


def test_preview_reports_and_leaves_nothing_when_frames_fail(tmp_path):
    pose = standing_person(3)
    calls = []

    def frames():
        yield from grey_frames(2)
        raise InputError("the file is gone")

    with pytest.raises(InputError, match="gone"):
        write_preview(
            tmp_path / "p.mp4",
            frames(),
            [Person(0, seen_by_camera(pose), pose)],
            report=lambda *call: calls.append(call),
        )
    assert calls == [(1, 3, ""), (2, 3, "")]
    assert list(tmp_path.iterdir()) == []


def test_pictures_into_a_folder_that_is_none(tmp_path):
    pose = standing_person(1)
    (tmp_path / "file").touch()
    target = Path(tmp_path / "file" / "overview.png")
    with pytest.raises(InputError, match="folder that can be written to"):
        write_overview(target, draw_overview({0: grey_frames(1)[0]}, [Person(0, seen_by_camera(pose), pose)]))


@pytest.mark.parametrize("tilt", [-30.0, 22.0])
def test_a_person_seen_from_above_or_below_is_turned_upright(tilt):
    """A standing person, in the axes of a camera that looks down at them: the head leans towards it."""
    pose = standing_person()
    c, s = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    to_camera = np.array([[1, 0, 0], [0, c, -s], [0, s, c]], dtype=np.float32)
    leaning = replace(pose, positions=pose.positions @ to_camera.T)
    head = SKELETON.index("head")
    assert np.sign(leaning.positions[0, head, 2]) == -np.sign(tilt)  # looking down: the head is nearer
    np.testing.assert_allclose(upright(leaning, tilt).positions, pose.positions, atol=1e-6)


def test_a_pose_that_knows_the_cameras_tilt_is_drawn_upright():
    pose = standing_person()
    leaning = replace(pose, positions=pose.positions @ level_rotation(22.0).astype(np.float32), camera_tilt=22.0)
    upright_sheet, sheet = (np.asarray(draw_sheet(one)) for one in (pose, leaning))
    assert np.abs(upright_sheet.astype(int) - sheet).mean() < 0.5
    figure = leaning.plot(frames=1)
    assert figure._repr_png_().startswith(b"\x89PNG"), "a notebook shows it, whether pyplot was imported or not"
