"""Wide tables: which columns are frames, people, joints and confidences, and which tables are of something else."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.files.keypoints.samples import SIZE, make_people

from ampose.errors import InputError
from ampose.files.keypoints import read_detections, read_keypoints, recognise
from ampose.poses.skeletons import get_skeleton

COCO = get_skeleton("coco_17").joints
BODY = np.column_stack([make_people("coco_17")[0, 0, :, :2], np.full(17, 0.9)])

Cells = Mapping[str, object]


def write(path: Path, rows: Sequence[Cells]) -> Path:
    """Write rows as a CSV file with the keys of the first in its first line; what a row has not is empty."""
    header = list(rows[0])
    lines = [header, *([str(row.get(name, "")) for name in header] for row in rows)]
    path.write_text("\n".join(map(",".join, lines)))
    return path


def cells(
    body: np.ndarray = BODY, axes: Sequence[str] = ("x", "y", "conf"), joints: Sequence[str] = COCO, between: str = "_"
) -> Cells:
    return {
        f"{joint}{between}{axis}": f"{cell:.4f}"
        for joint, point in zip(joints, body, strict=True)
        for axis, cell in zip(axes, point, strict=True)
    }


def moved(x: float) -> np.ndarray:
    return BODY + np.array([x, 0, 0])


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as error:
        read_keypoints(path, image_size=SIZE)
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    "name",
    [
        *("frame", "Frame", "frame_idx", "frame_index", "frameIndex", "frame_num", "frameNumber", "Frame Number"),
        *("frame #", "Frame No.", "fnum", "image", "img", "image_path", "imgName", "file_name", "filename"),
    ],
)
def test_frames_by_whatever_their_column_is_called(tmp_path: Path, name: str) -> None:
    rows = [{name: frame, "person_index": who} | cells(moved(300 * who)) for frame in (0, 1, 5) for who in (0, 1)]
    frames = read_detections(write(tmp_path / "a.csv", rows), image_size=SIZE, fps=25.0).frames
    assert [[one.id for one in people] for people in frames] == [[0, 1], [0, 1], [], [], [], [0, 1]]


def test_the_name_of_the_whole_video_is_no_frame(tmp_path: Path) -> None:
    rows = [{"file_name": "match.mp4"} | cells(moved(frame)) for frame in range(4)]
    frames = read_detections(write(tmp_path / "a.csv", rows), image_size=SIZE, fps=25.0).frames
    assert [len(people) for people in frames] == [1, 1, 1, 1]
    rows = [{"file_name": "group.jpg"} | cells(moved(300 * who)) for who in range(3)]
    (people,) = read_detections(write(tmp_path / "b.csv", rows), image_size=SIZE).frames
    assert len(people) == 3


def test_people_without_frames_are_told_by_the_time(tmp_path: Path) -> None:
    times = {"A": ("0.0", "0.1", "10.0"), "B": ("0.0", "9.5", "10.0")}
    rows = [
        {"Time stamp": time, "person": who} | cells(moved(300 * (who == "B")))
        for who, own in times.items()
        for time in own
    ]
    frames = read_detections(write(tmp_path / "a.csv", rows), image_size=SIZE, fps=25.0).frames
    assert [[one.id for one in people] for people in frames] == [["A", "B"], ["A"], ["B"], ["A", "B"]]
    del rows[-1]["Time stamp"]
    assert "frame numbers must not be negative or missing" in refusal(write(tmp_path / "a.csv", rows))
    rows = [{name: cell for name, cell in row.items() if name != "Time stamp"} for row in rows]
    assert "must have a column frame" in refusal(write(tmp_path / "a.csv", rows))


@pytest.mark.parametrize("time", ["timestamp", "class"])
def test_one_person_without_frames_has_a_row_for_each(tmp_path: Path, time: str) -> None:
    rows = [{"id": 3, time: second} | cells() for second in (7, 7, 8)]
    (person,) = read_keypoints(write(tmp_path / "a.csv", rows), image_size=SIZE)
    assert (person.id, len(person.pose2d)) == (3, 3)


def test_points_that_somebody_set_by_hand_have_no_score_and_are_certain(tmp_path: Path) -> None:
    axes = ("x", "y", "score")
    rows = [
        {"track": "track_0", "frame_idx": frame, "instance.score": 0.9} | cells(axes=axes, between=".")
        for frame in range(4)
    ]
    by_hand = {name: "" if name.endswith("score") else cell for name, cell in rows[2].items()}
    rows[2] = by_hand | {"left_wrist.x": "", "left_wrist.y": "", "nose.x": "0", "nose.y": "0"}
    (person,) = read_keypoints(write(tmp_path / "a.csv", rows), image_size=SIZE, fps=25.0)
    lost = [COCO.index("nose"), COCO.index("left_wrist")]  # a joint in the corner was not found
    np.testing.assert_array_equal(person.pose2d.confidence[2], ~np.isin(np.arange(17), lost))
    np.testing.assert_allclose(person.pose2d.confidence[[0, 1, 3]], 0.9)


def around_an_origin(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 600, (count, 3))


def test_3d_poses_are_no_pixels(tmp_path: Path) -> None:
    blazepose = get_skeleton("blazepose_33").joints
    freemocap = cells(around_an_origin(33), "xyz", blazepose)
    says = "holds 3D poses already, no 2D keypoints: "
    assert refusal(write(tmp_path / "a.csv", [freemocap] * 3)).startswith(says)
    anipose = np.column_stack([np.abs(around_an_origin(17)), np.ones(17), np.full(17, 3), np.full(17, 0.9)])
    of_anipose = cells(anipose * [1, -1, 1, 1, 1, 1], ("x", "y", "z", "error", "ncams", "score"))
    assert refusal(write(tmp_path / "b.csv", [of_anipose | {"fnum": frame} for frame in range(3)])).startswith(says)
    in_one_quarter = cells(anipose, ("x", "y", "z", "error", "ncams", "score"))
    assert refusal(write(tmp_path / "c.csv", [in_one_quarter] * 3)).startswith(says)


@pytest.mark.parametrize("last", ["visibility", "v", "score"])
def test_the_depth_beside_pixels_is_not_looked_at(tmp_path: Path, last: str) -> None:
    x = {"visibility": -100, "v": -100, "score": 0}[last]  # somebody who is half out of the image
    body = np.insert(moved(x), 2, -50.0, axis=1)
    row = cells(body, ("x", "y", "z", last))
    swapped = {"_".join(name.rsplit("_", 1)[::-1]): cell for name, cell in row.items()}
    for names in (row, swapped):
        (person,) = read_keypoints(write(tmp_path / "a.csv", [names]), image_size=SIZE)
        np.testing.assert_allclose(person.pose2d.keypoints[0], moved(x)[:, :2], atol=1e-3)


@pytest.mark.parametrize(
    "box",
    [
        ("bbox_x", "bbox_y", "bbox_w", "bbox_h"),
        ("x_min", "y_min", "x_max", "y_max"),
        ("bbox_center_x", "bbox_center_y", "bbox_score"),
        ("center.x", "center.y", "person box x", "person box y"),
    ],
)
def test_boxes_are_no_joints(tmp_path: Path, box: Sequence[str]) -> None:
    rest = {"frame": 0, "id": 1} | dict.fromkeys(box, 5)
    numbered = [f"kp{number}" for number in range(17)]
    for number, points in enumerate((cells(), cells(joints=numbered))):
        (person,) = read_keypoints(write(tmp_path / f"{number}.csv", [rest | points]), image_size=SIZE)
        assert person.pose2d.skeleton.name == "coco_17"
        np.testing.assert_allclose(person.pose2d.keypoints[0], BODY[:, :2], atol=1e-3)


def test_a_scorer_called_y_is_no_joint_twice(tmp_path: Path) -> None:
    columns = [(joint, axis) for joint in COCO for axis in ("x", "y", "likelihood")]
    lines = [
        ["scorer", *(["Y_Tanaka"] * len(columns))],
        ["bodyparts", *(joint for joint, _ in columns)],
        ["coords", *(axis for _, axis in columns)],
        ["0", *map(str, BODY.ravel())],
    ]
    (tmp_path / "a.csv").write_text("\n".join(map(",".join, lines)))
    assert recognise(tmp_path / "a.csv") == "deeplabcut"
