"""Every pair of formats that are both read and written keeps what both carry; what is lost is said."""

import itertools
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ampose.errors import InputError
from ampose.files import poses as formats
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import Skeleton, get_skeleton

BOTH = sorted({*formats.suffixes("reads")} & {*formats.suffixes("writes")})
# A format of rotations has tests of its own: it does not give back each joint's own position.
POSITIONED = [suffix for suffix in BOTH if "positions" in formats.carries(f"a{suffix}")]
PAIRS = list(itertools.product(POSITIONED, POSITIONED))
OWN = Skeleton(
    "own",
    {"hip": None, "left_toe, big": "hip", 'knee "x"': "left_toe, big", "right_toe": "hip"},
    [("hip", "right_toe")],
)
SKELETONS = [get_skeleton("human36m_17"), get_skeleton("coco_17"), OWN]
TOLERANCE_M = 1.2e-5  # JSON and CSV round to 0.01 mm, TRC to 0.001 mm


@st.composite
def crowds(draw: st.DrawFn) -> list[Person]:
    """One to three people of the same frames, with gaps, single missing joints, and perhaps 2D."""
    skeleton, fps = draw(st.sampled_from(SKELETONS)), draw(st.sampled_from([None, 24.0, 29.97, 30000 / 1001, 240.0]))
    frames, with_2d, with_error = draw(st.integers(1, 5)), draw(st.booleans()), draw(st.booleans())
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    times = random.uniform(0.01, 0.5, frames).cumsum() if draw(st.booleans()) else None
    people = []
    for number in draw(st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True).map(sorted)):
        positions = random.normal(size=(frames, skeleton.num_joints, 3)).astype(np.float32)
        positions[draw(st.lists(st.integers(0, frames - 1), max_size=frames))] = np.nan
        if draw(st.booleans()):
            positions[random.integers(frames), random.integers(skeleton.num_joints)] = np.nan
        there = ~np.isnan(positions).any(axis=2)
        confidence = np.where(there, random.uniform(0.1, 1, there.shape), 0).astype(np.float32)
        error = np.where(there, random.uniform(0.01, 0.2, there.shape), np.nan).astype(np.float32)
        pose = Pose3D(
            positions=positions,
            confidence=confidence,
            skeleton=skeleton,
            fps=fps,
            provenance={"by": "é"},
            expected_error=error if with_error else None,
            times=times,
        )
        keypoints = random.uniform(0, 99, (frames, 17, 2))
        pose2d = Pose2D.from_array(keypoints, skeleton=get_skeleton("coco_17"), image_size=(9, 9), fps=fps)
        people.append(Person(number, pose2d if with_2d else None, pose))
    return people


def through(people: list[Person], path: Path) -> list[Person]:
    return [person for file in formats.write_each(path, people) for person in formats.read(file)]


def assert_kept(read: Person, written: Person, kept: frozenset[str]) -> None:
    one, other = read.pose3d, written.pose3d
    np.testing.assert_array_equal(np.isnan(one.positions), np.isnan(other.positions))
    np.testing.assert_allclose(one.positions, other.positions, rtol=0, atol=TOLERANCE_M)
    there = ~np.isnan(other.positions).any(axis=2)
    confidence = other.confidence if "confidence" in kept else there
    np.testing.assert_allclose(one.confidence, confidence, rtol=0, atol=1.1e-4)
    if "expected_error" in kept and other.expected_error is not None and there.any():
        np.testing.assert_allclose(one.expected_error, other.expected_error, rtol=0, atol=TOLERANCE_M)
    else:
        assert one.expected_error is None
    assert one.skeleton.joints == other.skeleton.joints
    if "skeleton" in kept or other.skeleton != OWN:
        assert one.skeleton.as_dict() == other.skeleton.as_dict()
    if "provenance" in kept:
        assert dict(one.provenance) == dict(other.provenance)
    if "frame_of_reference" in kept:
        assert one.frame_of_reference == other.frame_of_reference
    assert (read.pose2d is not None) == ("keypoints_2d" in kept and written.pose2d is not None)


def assert_same_times(one: Pose3D, other: Pose3D, pair: tuple[str, str], kept: frozenset[str]) -> None:
    """To 1 ms; even times begin at 0 in formats that say them by the rate."""
    if len(other) == 1 and (other.times is not None or ".csv" in pair):
        return  # one moment has no rate
    if other.times is not None:
        steps = np.diff(other.times)
        found = np.diff(one.seconds)
        np.testing.assert_allclose(found, steps if "times" in kept else steps.mean(), rtol=0, atol=2e-3)
        return
    assert one.fps == (None if other.fps is None else pytest.approx(other.fps, rel=1e-7))


@pytest.mark.parametrize("pair", PAIRS, ids="".join)
@settings(max_examples=6)
@given(crowds())
def test_a_pair_keeps_what_both_carry(pair, people):
    kept = formats.carries(f"a{pair[0]}") & formats.carries(f"a{pair[1]}")
    single_moment = ".csv" in pair and len(people[0].pose3d) == 1
    with TemporaryDirectory() as folder:
        if "no_fps" not in kept and (people[0].pose3d.seconds is None or single_moment):
            if people[0].pose3d.seconds is None:
                with pytest.raises(InputError, match="needs a frame rate"):
                    through(through(people, Path(folder) / f"a{pair[0]}"), Path(folder) / f"b{pair[1]}")
            return
        middle = through(people, Path(folder) / f"a{pair[0]}")
        # A format of one person a file gives everybody the number 0: the next needs them told apart.
        numbered = [Person(person.id, one.pose2d, one.pose3d) for one, person in zip(middle, people, strict=True)]
        last = through(numbered, Path(folder) / f"b{pair[1]}")
    assert len(last) == len(people)
    for read, written in zip(last, people, strict=True):
        assert_kept(read, written, kept)
        assert_same_times(read.pose3d, written.pose3d, pair, kept)
        assert "people" not in kept or len(people) == 1 or read.id == written.id


@pytest.mark.parametrize("suffix", POSITIONED)
def test_time_does_not_drift(tmp_path, suffix):
    """1 ms at the end of a clip, for a rate that no decimal says exactly."""
    rate, skeleton = 30000 / 1001, Skeleton("dot", {"hip": None})
    frames = 2000
    pose = Pose3D(
        positions=np.zeros((frames, 1, 3), np.float32),
        confidence=np.ones((frames, 1), np.float32),
        skeleton=skeleton,
        fps=rate,
    )
    formats.write(tmp_path / f"a{suffix}", Person(0, None, pose))
    read = formats.read(tmp_path / f"a{suffix}")[0].pose3d
    assert read.fps is not None
    assert len(read) == frames
    assert math.isclose(frames / read.fps, frames / rate, abs_tol=1e-3)


@pytest.mark.parametrize("suffix", [".json", ".npz", ".parquet"])
def test_times_and_expected_errors_are_exact(tmp_path, suffix, rng):
    shape = (4, 17)
    error = rng.uniform(0, 0.1, shape).astype(np.float32).round(5)
    error[1, 3] = np.nan
    pose = Pose3D(
        positions=rng.normal(size=(*shape, 3)).astype(np.float32),
        confidence=np.ones(shape, np.float32),
        skeleton=get_skeleton("human36m_17"),
        fps=30.0,
        expected_error=error,
        times=np.array([1.5, 1.5 + 1e-7, 2.25, 1e6 / 3]),
    )
    formats.write(tmp_path / f"a{suffix}", Person(0, None, pose))
    read = formats.read(tmp_path / f"a{suffix}")[0].pose3d
    np.testing.assert_array_equal(read.times, pose.times)
    np.testing.assert_allclose(read.expected_error, error, rtol=0, atol=1e-8)
    assert read.fps == 30.0


def test_what_is_lost_of_times_and_errors_is_said(tmp_path):
    pose = Pose3D(
        positions=np.zeros((3, 17, 3), np.float32),
        confidence=np.ones((3, 17), np.float32),
        skeleton=get_skeleton("human36m_17"),
        expected_error=np.full((3, 17), 0.02, np.float32),
        times=np.array([0.0, 0.1, 0.4]),
    )
    said = {suffix: set(formats.losses(f"a{suffix}", Person(0, None, pose))) for suffix in formats.suffixes("writes")}
    lossy = {suffix for suffix, words in said.items() if "uneven times" in words}
    assert lossy >= {".bvh", ".c3d"}
    assert not lossy & {".trc", ".glb", ".csv", ".json", ".npz", ".parquet", ".html"}
    assert {suffix for suffix, words in said.items() if "expected error" not in words} <= {
        *(".json", ".npz", ".csv", ".parquet", ".html")
    }
    formats.write(tmp_path / "a.bvh", Person(0, None, pose))
    assert formats.read(tmp_path / "a.bvh")[0].pose3d.fps == pytest.approx(5), "as long as it was"


def test_what_is_lost_is_said():
    pose = Pose3D(
        positions=np.zeros((2, 4, 3), np.float32),
        confidence=np.full((2, 4), 0.5, np.float32),
        skeleton=OWN,
        fps=None,
        provenance={"a": "b"},
    )
    people = [Person(0, None, pose), Person(1, None, pose)]
    said = formats.losses("a.trc", people)
    words = ("confidence", "which joints are joined", "provenance", "no frame rate", "several people")
    assert all(any(word in part for part in said) for word in words)
    assert formats.losses("a.json", people) == []
    assert "2D keypoints" not in said, "nobody has any"


@pytest.mark.parametrize("suffix", POSITIONED)
def test_what_is_read_as_measured_holds_only_what_was_seen(tmp_path, suffix):
    confidence = np.ones((4, 17), np.float32)
    confidence[1:3, 5] = 0
    pose = Pose3D(
        positions=np.random.default_rng(0).normal(size=(4, 17, 3)).astype(np.float32),
        confidence=confidence,
        skeleton=get_skeleton("human36m_17"),
        fps=30.0,
    )
    measured = suffix in (".trc", ".c3d")
    said = "joints that were inferred, not seen" in formats.losses(f"a{suffix}", Person(0, None, pose))
    formats.write(tmp_path / f"a{suffix}", Person(0, None, pose))
    read = formats.read(tmp_path / f"a{suffix}")[0].pose3d
    assert said == measured
    np.testing.assert_array_equal(np.isnan(read.positions).any(axis=2), (confidence == 0) & measured)
    np.testing.assert_allclose(read.positions[0], pose.positions[0], rtol=0, atol=TOLERANCE_M)
    assert np.isfinite(pose.positions).all(), "the pose itself is as it was"


def test_a_person_who_appears_late_stays_late(tmp_path):
    positions = np.full((6, 17, 3), np.nan, np.float32)
    positions[4:] = 0.5
    pose = Pose3D(
        positions=positions,
        confidence=(~np.isnan(positions[..., 0])).astype(np.float32),
        skeleton=get_skeleton("human36m_17"),
        fps=25.0,
    )
    for suffix in POSITIONED:
        formats.write(tmp_path / f"late{suffix}", Person(0, None, pose))
        read = formats.read(tmp_path / f"late{suffix}")[0].pose3d
        assert read.missing.tolist() == [True] * 4 + [False] * 2, suffix


@pytest.mark.parametrize("suffix", [suffix for suffix in BOTH if "people" not in formats.carries(f"a{suffix}")])
def test_several_people_give_a_file_each(tmp_path, suffix):
    pose = Pose3D(
        positions=np.zeros((2, 17, 3), np.float32),
        confidence=np.ones((2, 17), np.float32),
        skeleton=get_skeleton("human36m_17"),
        fps=25.0,
    )
    people = [Person(0, None, pose), Person(7, None, pose)]
    with pytest.raises(InputError, match="people must be one"):
        formats.write(tmp_path / f"a{suffix}", people)
    assert list(tmp_path.iterdir()) == []
    assert [path.name for path in formats.write_each(tmp_path / f"a{suffix}", people)] == [
        f"a_0{suffix}",
        f"a_7{suffix}",
    ]
    assert len(list(tmp_path.iterdir())) == 2


def test_people_of_one_number_are_refused(tmp_path):
    pose = Pose3D(
        positions=np.zeros((2, 17, 3), np.float32),
        confidence=np.ones((2, 17), np.float32),
        skeleton=get_skeleton("human36m_17"),
        fps=25.0,
    )
    with pytest.raises(InputError, match="their own id"):
        formats.write(tmp_path / "a.csv", [Person(0, None, pose), Person(0, None, pose)])
    with pytest.raises(InputError, match="at least one frame"):
        formats.write(tmp_path / "a.csv", Person(0, None, pose[:0]))


def test_a_trc_file_knows_its_own_name(tmp_path):
    pose = Pose3D(
        positions=np.zeros((2, 17, 3), np.float32),
        confidence=np.ones((2, 17), np.float32),
        skeleton=SKELETONS[0],
        fps=25.0,
    )
    files = formats.write_each(tmp_path / "walk.trc", [Person(0, None, pose), Person(7, None, pose)])
    assert [file.name for file in files] == ["walk_0.trc", "walk_7.trc"]
    assert [file.read_text().splitlines()[0].split("\t")[3] for file in files] == ["walk_0.trc", "walk_7.trc"]
