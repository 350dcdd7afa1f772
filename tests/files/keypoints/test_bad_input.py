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
from ampose.files.keypoints import is_keypoint_file, read_detections, read_keypoints, readers
from ampose.poses.skeletons import Skeleton, get_skeleton


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
        (["a"] * 51, "keypoints must be numbers, as many for each point, got"),
        ("1 2 1 " * 17, "keypoints must be numbers, as many for each point, got"),
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


def test_a_file_of_single_images_of_any_names(tmp_path: Path) -> None:
    """They are in order of name; with a rate they would be a video."""
    names = ["dog_1.jpg", "cat_10.jpg", "cat_2.jpg", "cam1_0.jpg", "cam1_1.jpg", "cam2_0.jpg", "cam2_1.jpg"]
    images = [{"id": number, "file_name": name} for number, name in enumerate(names)]
    annotations = [person(number) for number in range(len(names))]
    coco = dump(tmp_path / "coco.json", {"images": images, "annotations": annotations})
    alphapose = dump(tmp_path / "alphapose.json", [person(name) for name in names])
    for path in (coco, alphapose):
        assert len(read(path)[0].pose2d) == len(names)
        stems = [Path(name or "").stem for name in read_detections(path, image_size=SIZE).frame_names]
        assert stems == ["cam1_0", "cam1_1", "cam2_0", "cam2_1", "cat_2", "cat_10", "dog_1"]
        assert "put each video into a folder or a file of its own" in refusal(path, fps=30.0)


@pytest.mark.parametrize("ids", [(1, "a_1", 3), ("a_1", 2, 3)])
def test_images_called_by_numbers_and_names(tmp_path: Path, ids: tuple) -> None:
    assert len(read(dump(tmp_path / "a.json", [person(image) for image in ids]))[0].pose2d) == 3


def test_a_table_takes_a_folder_of_single_images(tmp_path: Path) -> None:
    folder = samples.openpose(tmp_path, make_people("body_25", 1))
    dump(folder / "other_000000000000_keypoints.json", {"version": 1.3, "people": []})
    dump(folder / "other_000000000001_keypoints.json", {"version": 1.3, "people": []})
    assert len(read_detections(folder, image_size=SIZE).frames) == FRAMES + 2
    with pytest.raises(InputError, match="must be those of one video"):
        read_detections(folder, image_size=SIZE, fps=30.0)


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


def test_a_deeplabcut_table_of_pandas_other_kind() -> None:
    assert "use the CSV file" in refusal(samples.DEEPLABCUT / "fixed.h5")


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


@pytest.mark.parametrize("key", ["frame", "frame_id"])
def test_mediapipe_s_frame_numbers(tmp_path: Path, key: str) -> None:
    marks = [{"x": 300.0 + number, "y": 200.0, "visibility": 0.9} for number in range(33)]
    there = (0, 1.0, 2, 7, 8)
    frames = [{key: number, "timestamp_ms": 33 * number, "landmarks": marks} for number in there]
    (track,) = read(dump(tmp_path / "a.json", frames), fps=30.0)
    assert np.flatnonzero(~track.pose2d.missing).tolist() == list(there)
    assert len(read(dump(tmp_path / "a.json", [{key: None, "landmarks": marks}] * 2))[0].pose2d) == 2
    path = dump(tmp_path / "a.json", [{key: 3, "landmarks": marks}] * 2)
    assert refusal(path) == f"{path}: every frame must be there once, got {key} 3 twice"


def test_mediapipe_s_visibility_that_is_not_stated_is_1(tmp_path: Path) -> None:
    marks = [{"x": 300.0 + number, "y": 200.0, "visibility": None} for number in range(32)]
    (track,) = read(dump(tmp_path / "a.json", [{"landmarks": [*marks, {"x": 300.0, "y": 200.0}]}]))
    assert (track.pose2d.confidence == 1).all()


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


def wide_table(path: Path, *rows: str, header: str = "") -> Path:
    """Write a table of COCO's joints, each row's first cells as given; people of two rows are far apart."""
    joints = get_skeleton("coco_17").joints
    names = ",".join(f"{joint}_{axis}" for joint in joints for axis in "xy")
    points = (
        ",".join(f"{100 + 200 * row + 3 * number % 50},{100 + number}" for number in range(len(joints)))
        for row in range(len(rows))
    )
    path.write_text("\n".join([header + names, *map("".join, zip(rows, points, strict=True))]))
    return path


MARKS = "frame,person,landmark,x,y,visibility"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["0,0,nose,1,2,1", "0,0,nose,1,2,1"], "every landmark must be there once, got nose twice in frame 0 of"),
        (["0,0,nose,1,2,1", "0,0,0,30,40,1"], "every landmark must be there once, got 0 twice in frame 0 of person 0"),
        (["0,0,nose,1,2"], "rows must have 6 cells as the line of names, got 5 in row 1"),
        (["0,0,nose,1,far,1"], "y must hold numbers, got 'far' in row 1"),
        (["-1,0,nose,1,2,1", "0,0,nose,1,2,1"], "frame numbers must not be negative or missing, got -1"),
        (["0,0,33,1,2,1"], "joint of blazepose_33 must be one of"),
    ],
)
def test_mediapipe_s_rows(tmp_path: Path, lines: list[str], said: str) -> None:
    (tmp_path / "a.csv").write_text("\n".join([MARKS, *lines]))
    assert refusal(tmp_path / "a.csv").startswith(f"{tmp_path / 'a.csv'}: {said}")


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        ("frame,person,", ["0,Anna,", "0,Anna,"], "every person must be in a frame once, got Anna twice in frame 0"),
        ("frame,person,", ["0,7,", "0,7.0,"], "every person must be in a frame once, got 7 twice in frame 0"),
        ("nose.x,", ["1,"], "columns must be there once, got nose.x and nose_x"),
        ("frame,", ["-1,", "0,"], "frame numbers must not be negative or missing, got -1"),
        ("frame,", ["NA,", "0,"], "frame numbers must not be negative or missing, got none"),
        ("nose_v,", ["sure,"], "the confidence of nose must hold numbers, got 'sure' in row 1"),
    ],
)
def test_a_table_s_rows(tmp_path: Path, header: str, rows: list[str], said: str) -> None:
    path = wide_table(tmp_path / "a.csv", *rows, header=header)
    assert refusal(path) == f"{path}: {said}"


def test_people_of_a_table_without_an_id_may_be_several(tmp_path: Path) -> None:
    path = wide_table(tmp_path / "a.csv", "0,-1,", "0,-1,", "0,,", "0,NA,", header="frame,person,")
    assert len(read(path)) == 4


@pytest.mark.parametrize("cell", ["", "NA", "nan", "NaN", "None", "null", "NULL", "#N/A", "<NA>"])
def test_cells_that_say_nothing_are_missing(tmp_path: Path, cell: str) -> None:
    table = wide_table(tmp_path / "a.csv", "")
    table.write_text(table.read_text().replace("100,100", f"{cell},{cell}"))
    (tmp_path / "b.csv").write_text(f"{MARKS}\n0,0,nose,{cell},{cell},{cell}\n0,0,left_eye,5,6,{cell}\n")
    deeplabcut = ["scorer" + ",me" * 34, "bodyparts" + "".join(2 * f",{j}" for j in get_skeleton("coco_17").joints)]
    deeplabcut += ["coords" + ",x,y" * 17, f"0,{cell},{cell}" + ",5,6" * 16]
    (tmp_path / "c.csv").write_text("\n".join(deeplabcut))
    for name in "abc":
        (track,) = read(tmp_path / f"{name}.csv")
        there = np.isfinite(track.pose2d.keypoints[0, :, 0])
        assert not there[0]
        assert there.sum() == (1 if name == "b" else 16)


def test_a_confidence_that_is_missing_is_1(tmp_path: Path) -> None:
    path = wide_table(tmp_path / "a.csv", "NA,", header="nose_v,")
    (track,) = read(path)
    assert track.pose2d.confidence[0, 0] == 1
    path = wide_table(tmp_path / "a.csv", "0,1,NA,", "0,2,0.5,", header="frame,person,nose_v,")
    assert [track.pose2d.confidence[0, 0] for track in read(path)] == [1, 0.5]


def test_lines_of_old_spreadsheets(tmp_path: Path) -> None:
    path = wide_table(tmp_path / "a.csv", "", "")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r"))
    assert len(read(path)[0].pose2d) == 2


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("0,5,6", "frames and columns must be there once, got 0 twice"),
        ("1,5", "rows must have 3 cells as the line of names, got 2 in row 4"),
        ("1,5,here", "nose y must hold numbers, got 'here' in row 2"),
    ],
)
def test_deeplabcut_s_rows(tmp_path: Path, second: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(f"scorer,me,me\nbodyparts,nose,nose\ncoords,x,y\n0,5,6\n{second}\n")
    nose = Skeleton("nose", {"nose": None})
    assert refusal(tmp_path / "a.csv", skeleton=nose) == f"{tmp_path / 'a.csv'}: {said}"


@pytest.mark.parametrize("ids", [["Anna", "Bob"], [["Anna"], ["Bob"]], [["4"], ["9"]]])
def test_ids_that_are_text(tmp_path: Path, ids: list) -> None:
    bodies = [person(x=x)["keypoints"] for x in (50.0, 400.0)]
    (tmp_path / "openpose").mkdir()
    for frame in range(2):
        there = list(zip(ids, bodies, strict=True))[:: 1 - 2 * frame]
        people = [{"person_id": who, "pose_keypoints_2d": points} for who, points in there]
        dump(tmp_path / "openpose" / f"a_{frame}_keypoints.json", {"people": people})
    entries = [
        person(image, idx=who) | {"keypoints": points}
        for image in ("0.jpg", "1.jpg")
        for who, points in zip(ids, bodies, strict=True)
    ]
    for tracks in (read(tmp_path / "openpose"), read(dump(tmp_path / "a.json", entries))):
        named = isinstance(ids[0], str) or not ids[0][0].isdecimal()
        assert [track.id for track in tracks] == ([0, 1] if named else [4, 9])
        assert [track.pose2d.provenance.get("person") for track in tracks] == (["Anna", "Bob"] if named else [None] * 2)
        for track, body in zip(tracks, bodies, strict=True):
            np.testing.assert_allclose(track.pose2d.keypoints[:, 0, 0], body[0], rtol=1e-6)


def test_another_json_file_in_a_folder_is_named(tmp_path: Path) -> None:
    folder = samples.openpose(tmp_path, make_people("body_25", 1))
    dump(folder / "notes.json", {"a": 1})
    said = refusal(folder)
    assert said.startswith(f"{folder / 'notes.json'}: must be a JSON file of a frame with people, got another; take it")
    dump(folder / "notes.json", {"people": [{"pose_keypoints_2d": [1, 2]}]})
    assert refusal(folder).startswith(f"{folder / 'notes.json'}: keypoints must be x, y and confidence")


@pytest.mark.parametrize("key", ["mmpose", "ultralytics"])
def test_scores_of_another_number_of_points(tmp_path: Path, key: str) -> None:
    points = np.array(person()["keypoints"]).reshape(17, 3)
    entry = {"keypoints": points[:, :2].tolist(), "keypoint_scores": [0.9] * 5}
    said = "people must have x and y of each point and as many scores, got shapes (17, 2) and (5,)"
    if key == "ultralytics":
        entry = {"name": "person", "keypoints": {"x": [1.0, 2], "y": [1.0, 2], "visible": [1.0]}}
        said = "x, y and visible must be of as many points, got shapes (2,), (2,) and (1,)"
    path = dump(tmp_path / "a.json", [entry])
    assert refusal(path) == f"{path}: {said}"


def test_frames_of_mmpose(tmp_path: Path) -> None:
    points = np.array(person()["keypoints"]).reshape(17, 3)
    entry = {"keypoints": points[:, :2].tolist(), "keypoint_scores": points[:, 2].tolist()}
    path = dump(tmp_path / "a.json", [{"frame_id": 3, "instances": [entry]}] * 2)
    assert refusal(path) == f"{path}: every frame must be there once, got frame_id 3 twice"
    assert len(read(dump(path, [{"instances": [entry]}] * 2))[0].pose2d) == 2  # without a number they are in order
    entry["keypoints"] = [[*xy, 1.0] for xy in entry["keypoints"]]
    assert "got shapes (17, 3) and (17,)" in refusal(dump(path, [{"instances": [entry]}]))
    entry["keypoints"][3] = [1.0]
    assert "keypoints must be numbers, as many for each point" in refusal(dump(path, [{"instances": [entry]}]))


def test_coco_s_images(tmp_path: Path) -> None:
    path = samples.coco(tmp_path, make_people("coco_17"))
    data = json.loads(path.read_text())
    first = data["images"][0]
    without, twice, other = (
        {**data, "images": images}
        for images in (
            data["images"][1:],
            [{**first, "id": 99}, *data["images"]],
            [{**first, "file_name": "z.jpg"}, *data["images"]],
        )
    )
    said = f"annotations must be of images that are listed, got image_id {first['id']}, which is not among images"
    assert refusal(dump(path, without), image_size=None) == f"{path}: {said}"
    assert "images must have different names" in refusal(dump(path, twice), image_size=None)
    assert f"images must have an id each, got {first['id']} for z.jpg and" in refusal(
        dump(path, other), image_size=None
    )


@pytest.mark.parametrize(
    ("stated", "meant"), [([0, 1, 2], [0, 0.5, 1]), ([0, 1, 1], [0, 1, 1]), ([0.4, 0.9, 2], [0.4, 0.9, 1])]
)
def test_coco_s_confidences_are_halved_where_they_are_its_visibilities(tmp_path: Path, stated, meant) -> None:
    """PoseTrack has 0 and 1, or a detector's scores."""
    path = samples.coco(tmp_path, make_people("coco_17"))
    data = json.loads(path.read_text())
    for entry in data["annotations"]:
        entry["keypoints"][2::3] = [stated[number % 3] for number in range(17)]
    for track in read(dump(path, data), image_size=None):
        there = ~track.pose2d.missing
        np.testing.assert_allclose(
            track.pose2d.confidence[there], [[meant[number % 3] for number in range(17)]] * sum(there)
        )


@pytest.mark.parametrize("size", [0, None, -1])
def test_coco_s_images_without_a_size(tmp_path: Path, size: int | None) -> None:
    path = samples.coco(tmp_path, make_people("coco_17"))
    data = json.loads(path.read_text())
    for image in data["images"]:
        image |= {"width": size, "height": size}
    assert read(dump(path, data))[0].pose2d.image_size == SIZE
    assert "does not hold the image size; give it" in refusal(path, image_size=None)


def test_alphapose_s_images_of_one_name(tmp_path: Path) -> None:
    path = dump(tmp_path / "a.json", [person("a/0.jpg"), person("b/0.jpg", x=300.0)])
    assert refusal(path) == f"{path}: images must have different names, got a/0.jpg and b/0.jpg; split the file"


def test_an_array_of_objects(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((2, 17, 2)).astype(object))
    assert "the array must hold numbers, got objects; save it as numbers" in refusal(tmp_path / "a.npy")


def test_numbers_that_rise_by_more_than_one_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = dump(tmp_path / "a.json", [person(number) for number in (0, 2, 4, 6)])
    assert len(read(path, fps=30.0)[0].pose2d) == 4
    assert "frame numbers rise by 2: taken as frames that follow each other, 30 a second" in caplog.text
    assert "give its rate divided by 2" in caplog.text
