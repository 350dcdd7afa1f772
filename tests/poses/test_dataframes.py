"""Poses as tables of pandas and arrays of xarray: every number comes back, and other packages can use them."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ampose.errors import InputError
from ampose.poses import dataframes
from ampose.poses.pose import Pose3D
from ampose.poses.reference_frame import ON_FLOOR
from ampose.poses.skeletons import Skeleton, get_skeleton

pandas = pytest.importorskip("pandas")
xarray = pytest.importorskip("xarray")

HUMAN36M = get_skeleton("human36m_17")
seeds = st.integers(0, 2**32 - 1)
OWN = Skeleton("own", {"a": None, "left_b": "a", "right_b": "a"}, [("left_b", "right_b")])


def made(seed: int, frames: int | None = None) -> Pose3D:
    """A pose of any kind: skeleton, type of its numbers, missing joints, frame rate, uneven times."""
    rng = np.random.default_rng(seed)
    skeleton = (HUMAN36M, OWN)[rng.integers(2)]
    count = frames or int(rng.integers(1, 7))
    positions = rng.normal(size=(count, skeleton.num_joints, 3)).astype((np.float32, np.float64)[rng.integers(2)])
    confidence = rng.uniform(size=positions.shape[:2]).astype(np.float32)
    error = rng.uniform(size=positions.shape[:2]).astype(np.float32) if rng.integers(2) else None
    lost = rng.uniform(size=positions.shape[:2]) < (0.0, 0.3)[rng.integers(2)]
    lost[0, 0] = False  # an expected error that is nowhere known is none
    positions[lost], confidence[lost] = np.nan, 0
    if error is not None:
        error[lost] = np.nan
    return Pose3D(
        positions=positions,
        confidence=confidence,
        skeleton=skeleton,
        fps=(None, 25.0, 29.97, 240.0)[rng.integers(4)],
        times=np.cumsum(rng.uniform(0.01, 0.2, size=count)) if count > 1 and rng.integers(2) else None,
        expected_error=error,
        frame_of_reference=ON_FLOOR,
        provenance={"model": "ampose-small"},
        focal_px=(None, 1200.0)[rng.integers(2)],
        computed_joints=frozenset({skeleton.joints[1]}),
    )


def assert_same(one: Pose3D, other: Pose3D) -> None:
    np.testing.assert_array_equal(one.positions, other.positions)
    np.testing.assert_array_equal(one.confidence, other.confidence)
    assert one.positions.dtype == other.positions.dtype
    assert one.skeleton == other.skeleton
    assert (one.expected_error is None) == (other.expected_error is None)
    if one.expected_error is not None:
        np.testing.assert_array_equal(one.expected_error, other.expected_error)
    assert (one.seconds is None) == (other.seconds is None)
    if one.seconds is not None:
        np.testing.assert_array_equal(one.seconds, other.seconds)
    for field in ("frame_of_reference", "provenance", "focal_px", "camera_tilt", "computed_joints"):
        assert getattr(one, field) == getattr(other, field)


@given(seeds)
@settings(deadline=None, max_examples=40)
def test_every_number_comes_back_from_a_table(seed: int) -> None:
    pose = made(seed)
    table = pose.to_dataframe(person=3)
    assert tuple(table.columns) == dataframes.COLUMNS
    assert len(table) == len(pose) * pose.skeleton.num_joints
    assert_same(Pose3D.from_dataframe(table.sample(frac=1.0, random_state=0)), pose)


@given(seeds)
@settings(deadline=None, max_examples=40)
def test_every_number_comes_back_from_a_dataset(seed: int) -> None:
    pose = made(seed)
    assert_same(Pose3D.from_xarray(pose.to_xarray()), pose)


@given(seeds)
@settings(deadline=None, max_examples=10)
def test_people_keep_their_ids(seed: int) -> None:
    pose = made(seed, frames=4)
    people = {2: pose, 7: pose[::-1] if pose.times is None else pose}
    for back in (
        dataframes.from_dataframe(dataframes.to_dataframe(people)),
        dataframes.from_xarray(dataframes.to_xarray(people)),
    ):
        assert list(back) == [2, 7]
        for person, one in people.items():
            assert_same(back[person], one)


def a_walk(frames: int = 50, fps: float | None = 25.0) -> Pose3D:
    """Everybody walks along x at 1 m/s; the left wrist (joint 13) swings."""
    positions = np.zeros((frames, 17, 3))
    positions[..., 0] = np.arange(frames)[:, None] / 25.0
    positions[..., 1] = np.linspace(0, -1.6, 17)
    return Pose3D(positions=positions, confidence=np.ones((frames, 17)), skeleton=HUMAN36M, fps=fps)


def test_a_table_that_went_through_csv_is_read_by_its_columns() -> None:
    pose = a_walk()
    text = pose.to_dataframe().to_csv(index=False)
    back = Pose3D.from_dataframe(pandas.read_csv(io.StringIO(text)))
    np.testing.assert_allclose(back.positions, pose.positions)
    assert (back.fps, back.times, back.skeleton) == (25.0, None, HUMAN36M)


def test_a_table_without_some_rows_has_missing_joints_and_frames() -> None:
    table = a_walk(5).to_dataframe()
    kept = table[(table["frame"] != 1) & ~((table["frame"] == 3) & (table["joint"] == "head"))]
    pose = Pose3D.from_dataframe(kept.drop(columns=["confidence", "expected_error", "inferred", "person"]))
    assert pose.missing.tolist() == [False, True, False, False, False]
    assert np.argwhere(np.isnan(pose.positions[3, :, 0])).tolist() == [[HUMAN36M.index("head")]]
    assert pose.confidence[3, HUMAN36M.index("head")] == 0
    assert pose.confidence[0].tolist() == [1.0] * 17


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.drop(columns="joint"), "must have the columns frame, joint, x, y, z; joint missing"),
        (lambda table: table.head(0), "must have a row for each joint, got none"),
        (lambda table: table.assign(frame=table["frame"] + 0.5), "frame must be a whole number"),
        (lambda table: pandas.concat([table, table.head(1)]), "duplicate frame numbers"),
        (lambda table: table.assign(time=7.0), "times must"),
        (lambda table: table.assign(person=table["frame"]), "there must be one person, got 5"),
    ],
)
def test_a_wrong_table_is_one_sentence(change, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Pose3D.from_dataframe(change(a_walk(5).to_dataframe()))


def test_a_dataset_in_two_dimensions_is_refused() -> None:
    flat = a_walk(5).to_xarray().sel(space=["x", "y"])
    with pytest.raises(InputError, match="positions must be x, y and z, got x, y"):
        Pose3D.from_xarray(flat)


def test_movement_takes_our_datasets_and_we_take_its() -> None:
    """Its own functions, on what we give them: their answers are what the walk was made of."""
    pytest.importorskip("movement", reason="movement is installed by make setup")
    from movement.filtering import filter_by_confidence, savgol_filter
    from movement.kinematics import compute_pairwise_distances, compute_speed, compute_velocity
    from movement.validators.datasets import ValidPosesInputs

    pose = a_walk()
    dataset = pose.to_xarray()
    ValidPosesInputs.validate(dataset)
    np.testing.assert_allclose(compute_speed(dataset["position"]), 1.0)
    np.testing.assert_allclose(compute_velocity(dataset["position"]).sel(space="x"), 1.0)
    dataset["position"] = savgol_filter(dataset["position"], window=9, polyorder=2)
    np.testing.assert_allclose(Pose3D.from_xarray(dataset).positions, pose.positions, atol=1e-9)
    dataset["confidence"][2:4] = 0.1
    dataset["position"] = filter_by_confidence(dataset["position"], dataset["confidence"], threshold=0.5)
    assert np.flatnonzero(Pose3D.from_xarray(dataset).missing).tolist() == [2, 3]
    people = dataframes.to_xarray({0: pose, 1: pose})
    between = compute_pairwise_distances(people["position"], "individuals", {"person_0": "person_1"})
    assert float(between.sel(person_0="head", person_1="head").max()) == 0
