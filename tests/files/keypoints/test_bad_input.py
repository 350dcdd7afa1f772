"""Keypoint files that are odd are read as they are meant; those that are wrong are refused in a line."""

import json
import os
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from tests.files.keypoints import samples
from tests.files.keypoints.samples import FRAMES, SIZE, dump, make_people

from ampose.errors import InputError, MissingExtraError
from ampose.files.keypoints import is_keypoint_file, read_keypoints, readers


def person(image_id: int | str = 1, x: float = 100.0, **more) -> dict:
    points = np.random.default_rng(3).uniform(0, 90, (17, 3)) + np.array([x, 100, 0])
    points[:, 2] = 0.75
    return {"image_id": image_id, "category_id": 1, "keypoints": points.ravel().tolist(), "score": 0.9, **more}


def read(path: Path, **options):
    return read_keypoints(path, **{"image_size": SIZE, **options})


def refusal(path: Path, **options) -> str:
    with pytest.raises(InputError) as error:
        read(path, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_there_is_no_such_file(tmp_path: Path) -> None:
    assert "there is no such file or folder; name" in refusal(tmp_path / "gone.json")
    dump(tmp_path / "results_json.json", [person()])
    assert refusal(tmp_path / "result_json.json").endswith("did you mean results_json.json?")
    assert "there is no 'gone' in" in refusal(tmp_path / "gone" / "deeper" / "a.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", " \n", "[", '{"people": ['])
def test_a_file_that_is_empty_or_cut_off(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    assert ("it is empty" if text.strip() in ("", "[]", "{}") else "must be a whole JSON file") in refusal(path)


def test_nests_of_lists_are_no_bug(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[" * 100_000)
    assert "must be a whole JSON file" in refusal(path)


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "must hold a .json or .txt file for each frame" in refusal(tmp_path)


def test_what_is_nothing_known_is_told_what_is(tmp_path: Path) -> None:
    message = refusal(dump(tmp_path / "a.json", {"hello": 1}))
    assert "it holds a JSON object with hello. Known are" in message
    assert all(entry.facts.title in message for entry in readers.entries())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([{"image_id": 1, "category_id": 1, "score": 0.9}], "Nearest is COCO results, .*here there is no keypoints$"),
        ({"people": [{"face_keypoints_2d": [1, 2, 3]}]}, "Nearest is OpenPose, Pose2Sim.*no pose_keypoints_2d"),
        ({"images": [], "categories": []}, "Nearest is COCO annotations.*no annotations, keypoints"),
        ([{"instances": 3, "frame": 1}], "."),
    ],
)
def test_the_nearest_format_is_named_with_what_is_off(tmp_path: Path, data: object, says: str) -> None:
    message = refusal(dump(tmp_path / "a.json", data))
    assert re.search(says, message)
    assert len(message) < 500 + len(str(tmp_path))


def test_a_table_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("frame,landmark,px,py\n0,nose,1,2\n")
    message = refusal(tmp_path / "a.csv")
    assert "a table with the columns frame, landmark, px, py. Nearest is MediaPipe" in message
    assert message.endswith("here there is no landmarks, x, y")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(bytes(range(128, 256)))
    assert "bytes that are neither" in refusal(path)


def test_a_format_that_is_misspelt(tmp_path: Path) -> None:
    assert "did you mean 'openpose'" in refusal(dump(tmp_path / "a.json", [person()]), format="openpos")


@pytest.mark.parametrize("fps", [0.0, -1.0, np.inf, np.nan])
def test_a_rate_that_is_none(tmp_path: Path, fps: float) -> None:
    assert "fps must be a positive number" in refusal(dump(tmp_path / "a.json", [person()]), fps=fps)


def test_nobody_in_any_frame(tmp_path: Path) -> None:
    folder = samples.openpose(tmp_path, np.full((1, FRAMES, 25, 3), np.nan))
    assert "there is nobody in 5 frames" in refusal(folder)


def test_only_joints_that_were_not_found(tmp_path: Path) -> None:
    entry = {**person(), "keypoints": [0.0] * 51}
    assert "there is nobody in 1 frame;" in refusal(dump(tmp_path / "a.json", [entry]))


@pytest.mark.parametrize("value", [np.nan, np.inf, None, 0.0])
def test_numbers_that_are_none_are_joints_that_are_missing(tmp_path: Path, value: float | None) -> None:
    """In the coordinates, or as a confidence of 0."""
    entry = person()
    entry["keypoints"][3 * 5 + (2 if value == 0 else 0)] = value
    (track,) = read(dump(tmp_path / "a.json", [entry]))
    lost = np.isnan(track.pose2d.keypoints).all(axis=2)
    assert np.flatnonzero(lost[0]).tolist() == [5]
    assert track.pose2d.confidence[0, 5] == 0


def test_a_joint_in_the_corner_that_was_found_is_kept(tmp_path: Path) -> None:
    entry = person()
    entry["keypoints"][:2] = 0, 0
    (track,) = read(dump(tmp_path / "a.json", [entry]))
    assert track.pose2d.keypoints[0, 0].tolist() == [0, 0]


def test_scores_above_1_are_1(tmp_path: Path) -> None:
    entry = person("0.jpg")
    entry["keypoints"][2] = 1.7
    (track,) = read(dump(tmp_path / "a.json", [entry]))
    assert track.pose2d.confidence[0, 0] == 1


@pytest.mark.parametrize(
    ("keypoints", "says"),
    [
        ([1.0] * 50, "x, y and confidence of each point in a row, got 50 numbers"),
        ([1.0] * 48, "got 16; name it"),
        (["a"] * 51, "could not convert"),
        ([1e30, 1, 1] * 17, "must be pixels, got 1e+30"),
        (7, "got 1 numbers"),
    ],
)
def test_keypoints_of_another_shape(tmp_path: Path, keypoints: object, says: str) -> None:
    assert says in refusal(dump(tmp_path / "a.json", [{**person(), "keypoints": keypoints}]))


def test_people_with_different_numbers_of_points(tmp_path: Path) -> None:
    other = {**person(2), "keypoints": [1.0] * 54}
    assert "every person must have 17 points" in refusal(dump(tmp_path / "a.json", [person(), other]))


def test_a_skeleton_of_another_number_of_joints(tmp_path: Path) -> None:
    message = refusal(dump(tmp_path / "a.json", [person()]), skeleton="halpe_26")
    assert "as many joints as a person has points in the file, 17, got halpe_26 with 26" in message


def test_a_skeleton_of_one_s_own(tmp_path: Path) -> None:
    entry = {**person(), "keypoints": [5.0, 6.0, 1.0] * 3}
    from ampose.poses.skeletons import Skeleton

    arm = Skeleton("arm", {"shoulder": None, "elbow": "shoulder", "wrist": "elbow"})
    (track,) = read(dump(tmp_path / "a.json", [entry]), skeleton=arm)
    assert track.pose2d.skeleton is arm
    assert track.pose2d.keypoints.shape == (1, 3, 2)


@pytest.mark.parametrize(("points", "skeleton"), [(133, "coco_17"), (136, "halpe_26")])
def test_whole_bodies_give_the_body(tmp_path: Path, points: int, skeleton: str) -> None:
    entry = {**person(), "keypoints": np.arange(3.0 * points).tolist()}
    (track,) = read(dump(tmp_path / "a.json", [entry]))
    assert track.pose2d.skeleton.name == skeleton
    np.testing.assert_array_equal(track.pose2d.keypoints[0, :, 0], 3 * np.arange(track.pose2d.skeleton.num_joints))


def test_pictures_are_put_in_order_by_their_numbers_and_gaps_are_kept(tmp_path: Path) -> None:
    entries = [person(f"{number}.jpg", x=number) for number in (12, 9, 10)]
    (track,) = read(dump(tmp_path / "a.json", entries))
    assert track.pose2d.missing.tolist() == [False, False, True, False]
    places = track.pose2d.keypoints[[0, 1, 3], 0, 0]
    np.testing.assert_allclose(np.diff(places), [1, 2], atol=1e-3)
    assert track.pose2d.provenance["first_frame"] == "9"


def test_a_frame_that_is_missing_in_a_folder_is_a_frame_without_people(tmp_path: Path) -> None:
    folder = samples.openpose(tmp_path, make_people("body_25", 1))
    (folder / "clip_000000000002_keypoints.json").unlink()
    (track,) = read(folder)
    assert track.pose2d.missing.tolist() == [False, False, True, False, False]


def test_a_broken_file_in_a_folder_is_named(tmp_path: Path) -> None:
    folder = samples.openpose(tmp_path, make_people("body_25", 1))
    file = folder / "clip_000000000003_keypoints.json"
    file.write_text('{"version": 1.3, "peo')
    assert refusal(folder).startswith(f"{file}: must be a whole JSON file")


def test_two_videos_in_a_folder(tmp_path: Path) -> None:
    folder = samples.openpose(tmp_path, make_people("body_25", 1))
    for name in ("other_000000000000_keypoints", "other_000000000001_keypoints"):
        dump(folder / f"{name}.json", {"version": 1.3, "people": []})
    assert "must be those of one video, got clip_#_keypoints, other_#_keypoints" in refusal(folder)


def test_parts_of_the_picture_need_its_size(tmp_path: Path) -> None:
    folder = samples.openpose_normalised(tmp_path, make_people("body_25"))
    assert "parts of the image, whose size the file does not hold" in refusal(folder, image_size=None)


def test_a_body_of_less_than_three_pixels_that_is_not_near_the_corner(tmp_path: Path) -> None:
    tiny = np.random.default_rng(3).uniform(0, 1, (17, 3)) + np.array([200, 100, 0])
    path = dump(tmp_path / "a.json", [person() | {"keypoints": tiny.ravel().tolist()}])
    assert refusal(path).startswith(f"{path}: keypoints must be pixels, got a body of 0.89 pixels at most")


def test_fifty_people_who_are_told_apart(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    bodies = rng.uniform(0, 40, (50, 17, 2)) + np.stack(np.divmod(np.arange(50), 10), axis=1)[:, None] * 100
    entries = [
        {**person(f"{frame}.jpg"), "keypoints": np.c_[bodies[who] + frame, np.ones(17)].ravel().tolist()}
        for frame in range(6)
        for who in rng.permutation(50)
    ]
    tracks = read(dump(tmp_path / "a.json", entries))
    assert len(tracks) == 50
    for track in tracks:
        np.testing.assert_allclose(np.diff(track.pose2d.keypoints, axis=0), 1, atol=1e-3)


def test_ids_that_are_the_same_for_two_people_of_a_frame_are_none(tmp_path: Path) -> None:
    """AlphaPose without tracking calls everybody 0."""
    entries = [person(f"{frame}.jpg", x, idx=[0.0]) for frame in range(3) for x in (50, 400)]
    tracks = read(dump(tmp_path / "a.json", entries))
    assert [track.id for track in tracks] == [0, 1]
    assert not any(track.pose2d.missing.any() for track in tracks)


@pytest.mark.parametrize("openpose_id", [3, [3]])
def test_openpose_s_ids_are_kept(tmp_path: Path, openpose_id: object) -> None:
    people = [{"person_id": openpose_id, "pose_keypoints_2d": person()["keypoints"]}]
    (track,) = read(dump(tmp_path / "a_000.json", {"version": 1.3, "people": people}))
    assert track.id == 3


def test_people_of_openpose_without_a_body_are_left_out(tmp_path: Path) -> None:
    people = [{"pose_keypoints_2d": []}, {"pose_keypoints_2d": person()["keypoints"]}]
    assert len(read(dump(tmp_path / "a_000.json", {"version": 1.3, "people": people}))) == 1


def test_coco_images_of_several_sizes(tmp_path: Path) -> None:
    path = samples.coco(tmp_path, make_people("coco_17"))
    data = json.loads(path.read_text())
    data["images"][0]["width"] = 17
    said = refusal(dump(path, data), image_size=None)
    assert "images must have one size for people over time, got 2 (17x480, 640x480); split the file by size" in said
    assert "image size must be the file's own, of each image, got (640, 480); leave it out" in refusal(path)


def test_coco_with_joints_of_other_names(tmp_path: Path) -> None:
    path = samples.coco(tmp_path, make_people("coco_17"))
    data = json.loads(path.read_text())
    data["categories"][0]["keypoints"] = [f"point{number}" for number in range(17)]
    dump(path, data)
    assert "must have the names of all joints of a known skeleton" in refusal(path, image_size=None)
    assert len(read(path, skeleton="coco_17")) == 2  # said by the user: in this order


class Harm:
    """A pickle that writes a file when it is opened by somebody who believes it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("names", [("positions_2d", "metadata"), ("boxes", "keypoints", "metadata")])
def test_pickles_that_do_harm_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    harm = np.array(Harm(tmp_path / "harm"), dtype=object)
    np.savez(tmp_path / "a.npz", **dict.fromkeys(names, harm))
    message = refusal(tmp_path / "a.npz")
    assert "pickle must hold plain data, found" in message
    assert "mkdir" in message
    assert not (tmp_path / "harm").exists()


def test_a_pickle_in_a_deeplabcut_table_does_no_harm(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("df_with_missing")
        group["table"] = np.zeros(2, dtype=[("index", "i8"), ("values_block_0", "f8", 3)])
        group.attrs["non_index_axes"] = np.bytes_(pickle.dumps(Harm(tmp_path / "harm"), 0))
    assert "pickle must hold plain data" in refusal(tmp_path / "a.h5")
    assert not (tmp_path / "harm").exists()


def test_a_deeplabcut_table_of_pandas_other_kind(tmp_path: Path) -> None:
    pytest.importorskip("tables", reason="PyTables is not installed")
    table = samples.dlc_table(make_people("coco_17"))
    table.to_hdf(tmp_path / "a.h5", key="df_with_missing", mode="w")
    assert "use the CSV file" in refusal(tmp_path / "a.h5")


def test_points_of_deeplabcut_that_belong_to_nobody_are_left_out(tmp_path: Path) -> None:
    lines = [
        "scorer,me,me,me,me",
        "individuals,ann,ann,single,single",
        "bodyparts,nose,nose,corner,corner",
        "coords,x,y,x,y",
        "0,1.5,2.5,7,8",
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines))
    from ampose.poses.skeletons import Skeleton

    (track,) = read(path, skeleton=Skeleton("nose", {"nose": None}))
    assert track.pose2d.keypoints.tolist() == [[[1.5, 2.5]]]
    assert track.pose2d.provenance["person"] == "ann"
    assert "nearest is" in refusal(path)


def test_sleap_s_tracks_the_other_way_round(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    path = samples.sleap(tmp_path, make_people("coco_17"))
    with h5py.File(path, "a") as file:
        tracks = file["tracks"][:].T
        del file["tracks"]
        file["tracks"] = tracks
    assert "tracks must be of x and y of 17 nodes, got (5, 17, 2, 2)" in refusal(path)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        ("track_names", "track_names must be those of the 2 tracks, got 1"),
        ("point_scores", "point_scores must be of each point of tracks, got (1, 17, 5) and (2, 2, 17, 5)"),
    ],
)
def test_sleap_s_arrays_of_another_number_of_tracks(tmp_path: Path, array: str, said: str) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    path = samples.sleap(tmp_path, make_people("coco_17"))
    with h5py.File(path, "a") as file:
        values = file[array][:1]
        del file[array]
        file[array] = values
    assert said in refusal(path)


def test_a_video_of_several_is_chosen_by_name(tmp_path: Path) -> None:
    points = make_people("coco_17", 1)[0, ..., :2]
    positions = {"a": {"custom": [points]}, "S1": {"Walking": [points + 1, points + 2]}}
    metadata = {"layout_name": "coco", "num_joints": 17, "keypoints_symmetry": [[], []]}
    path = tmp_path / "a.npz"
    np.savez(path, positions_2d=positions, metadata=metadata)
    assert "one of the 3 in the file (a, S1/Walking/0, S1/Walking/1), got None" in refusal(path)
    assert "got b; name it" in refusal(path, video="b")
    (track,) = read(path, video="S1/Walking/1")
    np.testing.assert_allclose(track.pose2d.keypoints, points + 2, rtol=1e-6)


def test_mediapipe_in_pixels(tmp_path: Path) -> None:
    marks = [{"x": 300.0 + number, "y": 200.0, "visibility": 0.9} for number in range(33)]
    (track,) = read(dump(tmp_path / "a.json", [{"landmarks": marks}]))
    assert track.pose2d.keypoints[0, 5].tolist() == [305, 200]


@pytest.mark.parametrize("nobody", [None, [], {"landmark": []}])
def test_mediapipe_without_a_person_in_a_frame(tmp_path: Path, nobody: object) -> None:
    marks = [{"x": 0.3, "y": 0.2, "visibility": 0.9}] * 33
    frames = [{"landmarks": marks}, {"landmarks": nobody}, {"landmarks": marks}]
    (track,) = read(dump(tmp_path / "a.json", frames))
    assert track.pose2d.missing.tolist() == [False, True, False]


def test_mediapipe_landmarks_by_number(tmp_path: Path) -> None:
    lines = ["frame,landmark,x,y", *(f"4,{number},0.25,0.5" for number in range(32))]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    (track,) = read(tmp_path / "a.csv")
    assert np.isnan(track.pose2d.keypoints[0, :, 0]).tolist() == [False] * 32 + [True]
    assert track.pose2d.keypoints[0, 0].tolist() == [160, 240]


def test_labels_with_another_number_of_joints(tmp_path: Path) -> None:
    (tmp_path / "clip_1.txt").write_text("0 .5 .5 .1 .1 " + ".5 " * 12)
    assert "clip_1.txt: a line must have the 17 joints of a person" in refusal(tmp_path)


def test_labels_without_visibility(tmp_path: Path) -> None:
    (tmp_path / "clip_1.txt").write_text("0 .5 .5 .1 .1 " + ".25 .5 " * 16 + "0 0 7\n")
    (track,) = read(tmp_path)
    assert track.id == 7
    assert np.isnan(track.pose2d.keypoints[0, -1]).all()
    assert track.pose2d.keypoints[0, 0].tolist() == [160, 240]


def test_a_package_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = samples.sleap(tmp_path, make_people("coco_17"))
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'ampose\[keypoints\]'"):
        read(path)


def test_poses_without_2d(tmp_path: Path) -> None:
    path = samples.ampose_json(tmp_path, make_people("coco_17"))
    data = json.loads(path.read_text())
    data["skeleton_2d"] = None
    assert "must have 2D keypoints, got 3D poses alone" in refusal(dump(path, data))


def test_what_is_no_keypoint_file(tmp_path: Path) -> None:
    assert not is_keypoint_file(tmp_path)
    assert not is_keypoint_file(tmp_path / "a.mp4")
    (tmp_path / "0.jpg").touch()
    (tmp_path / "0.json").touch()
    assert not is_keypoint_file(tmp_path)  # pictures with something beside them
    (tmp_path / "0.jpg").unlink()
    assert is_keypoint_file(tmp_path)
