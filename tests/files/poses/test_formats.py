"""Every file format gives back what was written, and refuses what is damaged."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ampose.errors import InputError
from ampose.files import poses as formats
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import Skeleton, get_skeleton

MISSING = 2
BOTH = sorted({*formats.suffixes("reads")} & {*formats.suffixes("writes")})
WHOLE = [suffix for suffix in BOTH if formats.carries(f"a{suffix}") == set(formats.PARTS)]


def person(frames: int = 5, *, fps: float | None = 29.97, id: int = 0) -> Person:  # noqa: A002
    random = np.random.default_rng(id)
    skeleton3d, skeleton2d = get_skeleton("human36m_17"), get_skeleton("blazepose_33")
    positions = random.normal(size=(frames, 17, 3)).astype(np.float32)
    keypoints = random.uniform(0, 700, size=(frames, 33, 2)).astype(np.float32)
    confidence3d = random.uniform(size=(frames, 17)).astype(np.float32)
    confidence2d = random.uniform(size=(frames, 33)).astype(np.float32)
    if frames > MISSING:
        positions[MISSING], keypoints[MISSING] = np.nan, np.nan
        confidence3d[MISSING], confidence2d[MISSING] = 0, 0
    facts = {"source": "café.mp4", "model": "ampose-small", "made_up_joints": "hip, spine", "focal_px": "1145.0"}
    return Person(
        id,
        Pose2D(
            keypoints=keypoints,
            confidence=confidence2d,
            skeleton=skeleton2d,
            image_size=(720, 1280),
            fps=fps,
            provenance=facts,
            focal_px=1145.0,
        ),
        Pose3D(
            positions=positions,
            confidence=confidence3d,
            skeleton=skeleton3d,
            fps=fps,
            provenance=facts,
            focal_px=1145.0,
            computed_joints=frozenset({"hip", "spine"}),
        ),
    )


def assert_same(read: Person, written: Person, *, exact: bool) -> None:
    m, px, part = (0, 0, 0) if exact else (5.1e-6, 5.1e-3, 5.1e-5)
    close = np.testing.assert_allclose
    close(read.pose3d.positions, written.pose3d.positions, rtol=0, atol=m)
    close(read.pose2d.keypoints, written.pose2d.keypoints, rtol=1e-7, atol=px)
    close(read.pose3d.confidence, written.pose3d.confidence, rtol=0, atol=part)
    close(read.pose2d.confidence, written.pose2d.confidence, rtol=0, atol=part)
    assert read.id == written.id
    assert read.pose3d.fps == written.pose3d.fps == read.pose2d.fps
    assert read.pose3d.skeleton.as_dict() == written.pose3d.skeleton.as_dict()
    assert read.pose2d.skeleton.as_dict() == written.pose2d.skeleton.as_dict()
    assert read.pose3d.frame_of_reference == written.pose3d.frame_of_reference
    assert read.pose2d.image_size == written.pose2d.image_size
    assert dict(read.pose3d.provenance) == dict(written.pose3d.provenance)
    assert read.pose3d.computed_joints == written.pose3d.computed_joints
    assert read.pose3d.focal_px == read.pose2d.focal_px == written.pose3d.focal_px
    assert read.pose3d.missing.tolist() == written.pose3d.missing.tolist()


@pytest.mark.parametrize("suffix", WHOLE)
@pytest.mark.parametrize("people", [[person()], [person(), person(id=7)], [person(1, fps=None)]])
def test_round_trip(tmp_path, suffix, people):
    path = tmp_path / f"poses{suffix}"
    formats.write(path, people)
    read = formats.read(path)
    assert len(read) == len(people)
    for one, other in zip(read, people, strict=True):
        assert_same(one, other, exact=suffix == ".npz")
    assert [file.name for file in tmp_path.iterdir()] == [path.name], "no temporary file stays"


@pytest.mark.parametrize("suffix", WHOLE)
def test_no_2d_and_single_missing_joints_survive(tmp_path, suffix):
    one = person()
    positions, confidence = one.pose3d.positions.copy(), one.pose3d.confidence.copy()
    positions[1, 4], confidence[1, 4] = np.nan, 0
    formats.write(
        tmp_path / f"a{suffix}", Person(0, None, replace(one.pose3d, positions=positions, confidence=confidence))
    )
    (read,) = formats.read(tmp_path / f"a{suffix}")
    assert read.pose2d is None
    np.testing.assert_array_equal(np.isnan(read.pose3d.positions), np.isnan(positions))
    np.testing.assert_allclose(read.pose3d.positions, positions, rtol=0, atol=5.1e-6)


@pytest.mark.parametrize("suffix", [suffix for suffix in BOTH if "skeleton" in formats.carries(f"a{suffix}")])
def test_a_skeleton_of_ones_own_survives(tmp_path, suffix):
    arm = Skeleton("arm", {"left_elbow": None, "right_elbow": "left_elbow"}, [("left_elbow", "right_elbow")])
    one = person()
    positions, confidence = one.pose3d.positions[:, :2], one.pose3d.confidence[:, :2]
    pose3d = replace(one.pose3d, positions=positions, confidence=confidence, skeleton=arm)
    formats.write(tmp_path / f"a{suffix}", Person(0, one.pose2d, pose3d))
    read = formats.read(tmp_path / f"a{suffix}")[0].pose3d.skeleton
    assert (dict(read.parents), list(read.pairs)) == (dict(arm.parents), list(arm.pairs))
    assert suffix not in WHOLE or read == arm


def test_json_is_what_its_description_says(tmp_path):
    formats.write(tmp_path / "poses.json", person())
    text = (tmp_path / "poses.json").read_text(encoding="utf-8")
    data = json.loads(text)
    assert "NaN" not in text
    assert (data["format"], data["version"], data["unit"], data["num_frames"]) == ("ampose.poses", 1, "m", 5)
    assert data["joints"][0] == "hip"
    assert data["parents"][:3] == [None, "hip", "right_hip"]
    assert data["made_up"] == ["hip", "spine"]
    assert data["image_size"] == [720, 1280]
    frames = data["people"][0]["frames"]
    assert frames[1]["time"] == pytest.approx(1 / 29.97, abs=1e-6)
    missing = frames[MISSING]
    keys = ("positions", "confidence", "keypoints_2d", "confidence_2d")
    assert all(missing[key] is None for key in keys)
    assert np.array(frames[0]["positions"]).shape == (17, 3)
    assert len(text.splitlines()) < 40, "a frame is one line"


def test_a_file_of_before_times_and_expected_errors_is_read(tmp_path):
    path = tmp_path / "poses.json"
    formats.write(path, person())
    data = json.loads(path.read_text(encoding="utf-8"))
    del data["uneven_times"]
    for frame in data["people"][0]["frames"]:
        del frame["expected_error"]
    path.write_text(json.dumps(data), encoding="utf-8")
    assert_same(formats.read(path)[0], person(), exact=False)


def test_npz_needs_no_pickle(tmp_path):
    formats.write(tmp_path / "poses.npz", person())
    with np.load(tmp_path / "poses.npz", allow_pickle=False) as file:
        assert {file[name].dtype.kind for name in file.files} <= set("fiU")
        assert file["positions"].shape == (1, 5, 17, 3)
        assert file["joints"][0] == "hip"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribble(path: Path) -> None:
    path.write_bytes(b"\x89 something else altogether")


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("suffix", formats.suffixes("reads"))
@pytest.mark.parametrize("damage", [cut, scribble, empty])
def test_damaged_files_are_refused_in_one_line(tmp_path, suffix, damage):
    path = tmp_path / f"poses{suffix}"
    formats.write(path, person())
    damage(path)
    with pytest.raises(InputError) as caught:
        formats.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("fps"), "'fps'"),
        (lambda data: data.update(format="other"), "format must be ampose.poses, got other"),
        (lambda data: data.update(version=2), "version of ampose.poses must be 1, got 2"),
        (lambda data: data.update(unit="mm"), "unit must be 'm', of all positions, got 'mm'"),
        (lambda data: data["joints"].reverse(), "joints must be those of the file's skeleton in its order"),
        (lambda data: data["joints_2d"].reverse(), "joints must be those of the file's skeleton in its order"),
        (lambda data: data.update(num_frames=3), r"numbered from 0 to 2 \(num_frames\)"),
        (lambda data: data["people"][0]["frames"][1].update(frame=0), "be there once each"),
        (lambda data: data["people"][0]["frames"][1].update(frame=0.5), "numbered from 0 to 4"),
        (lambda data: data.update(num_frames=10**12), "whole number from 0 to 2000000"),
        (lambda data: data.update(num_frames=float("inf")), "whole number from 0 to 2000000"),
        (lambda data: data["people"][0]["frames"][1].update(positions=[[1, 2, 3]]), "frame 1"),
        (lambda data: data["skeleton"]["parents"].update(hip="spine"), "exactly one root"),
    ],
)
def test_json_with_wrong_content(tmp_path, change, message):
    path = tmp_path / "poses.json"
    formats.write(path, person())
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        formats.read(path)


def test_json_without_some_frames_is_without_the_person_there(tmp_path):
    """Somebody took frames out: the others stay where they were in the video."""
    path, written = tmp_path / "poses.json", person()
    formats.write(path, written)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["people"][0]["frames"] = data["people"][0]["frames"][::-2]
    path.write_text(json.dumps(data), encoding="utf-8")
    pose = formats.read(path)[0].pose3d
    kept = np.arange(len(written.pose3d))[::-2]
    assert pose.missing[np.setdiff1d(np.arange(len(pose)), kept)].all()
    np.testing.assert_allclose(pose.positions[kept], written.pose3d.positions[kept], rtol=0, atol=1e-5)
    data["uneven_times"] = True
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(InputError, match="must all be there where times are uneven"):
        formats.read(path)


@pytest.mark.parametrize(("field", "value"), [("unit", "mm"), ("joints", ["a"] * 17), ("joints_2d", ["a"] * 17)])
def test_npz_that_says_something_else(tmp_path, field, value):
    formats.write(tmp_path / "poses.npz", person())
    with np.load(tmp_path / "poses.npz") as file:
        arrays = dict(file)
    np.savez(tmp_path / "changed.npz", **arrays | {field: np.array(value)})
    with pytest.raises(InputError, match=f"{field.removesuffix('_2d')} must be"):
        formats.read(tmp_path / "changed.npz")


def test_npz_that_is_not_ours(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(InputError, match=r"other\.npz"):
        formats.read(tmp_path / "other.npz")
    np.savez(tmp_path / "evil.npz", format=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match=r"evil\.npz"):
        formats.read(tmp_path / "evil.npz")


def test_poses_alone_are_people_without_2d(tmp_path):
    pose = person().pose3d
    formats.write(tmp_path / "one.json", pose)
    formats.write(tmp_path / "two.npz", [pose, pose])
    (one,), two = (formats.read(tmp_path / name) for name in ("one.json", "two.npz"))
    np.testing.assert_allclose(one.pose3d.positions, pose.positions, rtol=0, atol=1e-5)
    assert (one.pose2d, [other.id for other in two]) == (None, [0, 1])
    assert formats.losses("a.trc", pose)
    formats.write_angles(tmp_path / "angles.csv", pose)


def test_unknown_suffix_lists_the_known(tmp_path):
    with pytest.raises(InputError, match=r"\.json or .*\.npz or .*, got '\.xyz'"):
        formats.write(tmp_path / "poses.xyz", person())
    with pytest.raises(InputError, match=r"\.json or .*\.npz"):
        formats.read(tmp_path / "poses")


def test_what_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(InputError, match="at least one"):
        formats.write(tmp_path / "poses.json", [])
    with pytest.raises(InputError, match="share frames"):
        formats.write(tmp_path / "poses.json", [person(), person(6)])
    with pytest.raises(InputError, match="folder that can be written"):
        formats.write(tmp_path / "nowhere" / "poses.json", person())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="no such file"):
        formats.read(tmp_path / "poses.json")


def test_a_person_has_the_same_frames_in_2d_and_3d():
    one = person()
    with pytest.raises(InputError, match="as many frames"):
        Person(0, one.pose2d[:3], one.pose3d)


@pytest.mark.parametrize("suffix", [".json", ".npz", ".parquet"])
def test_a_camera_that_is_no_number_is_refused(tmp_path, suffix):
    """Somebody edited the provenance: it is refused where the file is read, not where the tilt would be used."""
    one = person()
    wrong = replace(one, pose3d=replace(one.pose3d, provenance={"camera_tilt": "steep"}))
    formats.write(tmp_path / f"a{suffix}", wrong)
    with pytest.raises(InputError, match="camera_tilt in the provenance must be a number, got 'steep'"):
        formats.read(tmp_path / f"a{suffix}")


def test_a_file_without_the_list_of_computed_joints_is_read(tmp_path):
    """Whoever writes our JSON by hand may leave it out."""
    formats.write(tmp_path / "a.json", person())
    data = json.loads((tmp_path / "a.json").read_text())
    del data["made_up"]
    (tmp_path / "a.json").write_text(json.dumps(data))
    assert formats.read(tmp_path / "a.json")[0].pose3d.computed_joints == frozenset()
