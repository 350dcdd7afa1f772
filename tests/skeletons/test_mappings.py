"""Mappings between skeletons: which joints stand for which, and what happens to those that are missing."""

import numpy as np
import pytest

from ampose.errors import InputError
from ampose.skeletons import (
    Skeleton,
    SkeletonMapping,
    find_mapping,
    get_skeleton,
    register_mapping,
    register_skeleton,
)

DETECTORS = ("coco_17", "blazepose_33", "halpe_26")
TARGETS = ("human36m_17", "human36m_16")
KNOWN = (*DETECTORS, *TARGETS)
DETECTED = [(source, target) for source in DETECTORS for target in TARGETS]
SIDES = ("left", "right")
LIMBS = [f"{side}_{part}" for side in SIDES for part in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")]


def points_of(skeleton: Skeleton, rng: np.random.Generator, frames: int = 5) -> np.ndarray:
    return rng.uniform(0, 1000, size=(frames, skeleton.num_joints, 2)).astype(np.float32)


@pytest.mark.parametrize("name", KNOWN)
def test_a_skeleton_maps_to_itself_bit_for_bit(name: str, rng: np.random.Generator) -> None:
    points = points_of(get_skeleton(name), rng)
    points[1] = np.nan
    mapping = find_mapping(name, name)
    mapped = mapping.map_points(points)
    np.testing.assert_array_equal(mapped, points)
    assert mapped.dtype == np.float32
    assert mapping.made_up == frozenset()


@pytest.mark.parametrize(("source", "target"), DETECTED)
def test_weights_sum_to_one_and_limbs_are_taken_as_they_are(source: str, target: str) -> None:
    mapping = find_mapping(source, target)
    np.testing.assert_allclose(mapping.weights.sum(axis=1), 1)
    moved = {f"{side}_hip" for side in SIDES} if source == "blazepose_33" else set()
    for joint in set(LIMBS) - moved:
        row = mapping.weights[mapping.target.index(joint)]
        assert row[mapping.source.index(joint)] == 1
        assert np.count_nonzero(row) == 1


@pytest.mark.parametrize(("source", "target"), DETECTED)
def test_mapping_a_mirror_image_gives_the_mirror_image(source: str, target: str, rng: np.random.Generator) -> None:
    mapping = find_mapping(source, target)
    points = points_of(mapping.source, rng)
    mirrored_first = mapping.map_points(points[:, mapping.source.flip_order])
    mirrored_last = mapping.map_points(points)[:, mapping.target.flip_order]
    np.testing.assert_allclose(mirrored_first, mirrored_last, rtol=1e-5)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("source", "raised"), [("coco_17", 0.0), ("blazepose_33", 0.08)])
def test_a_face_and_limbs_give_the_joints_of_the_trunk(
    source: str, raised: float, target: str, rng: np.random.Generator
) -> None:
    """BlazePose's hips are raised by a share of the way to the shoulder of their side."""
    mapping = find_mapping(source, target)
    points = points_of(mapping.source, rng).astype(np.float64)
    at = {joint: points[:, place] for place, joint in enumerate(mapping.source.joints)}
    left, right = (at[f"{side}_hip"] + raised * (at[f"{side}_shoulder"] - at[f"{side}_hip"]) for side in SIDES)
    hips = (left + right) / 2
    shoulders = (at["left_shoulder"] + at["right_shoulder"]) / 2
    ears = (at["left_ear"] + at["right_ear"]) / 2
    expected = {
        "hip": hips,
        "spine": (hips + shoulders) / 2,
        "thorax": shoulders,
        "neck_nose": ears,
        "head": ears + (ears - shoulders) / 2,
    }
    expected = {joint: value for joint, value in expected.items() if joint in mapping.target.parents}
    assert mapping.made_up == set(expected)
    mapped = mapping.map_points(points)
    expected |= {"left_hip": left, "right_hip": right}
    for joint, value in expected.items():
        np.testing.assert_allclose(mapped[:, mapping.target.index(joint)], value)


@pytest.mark.parametrize("target", TARGETS)
def test_halpe_has_hip_neck_and_head_of_its_own(target: str, rng: np.random.Generator) -> None:
    mapping = find_mapping("halpe_26", target)
    points = points_of(mapping.source, rng)
    mapped = mapping.map_points(points)
    for joint, own in (("hip", "hip"), ("thorax", "neck"), ("head", "head")):
        np.testing.assert_array_equal(mapped[:, mapping.target.index(joint)], points[:, mapping.source.index(own)])
    assert mapping.made_up == {"spine", "neck_nose"} & set(mapping.target.joints)


def test_a_skeleton_maps_to_one_whose_joints_it_all_has(rng: np.random.Generator) -> None:
    mapping = find_mapping("human36m_17", "human36m_16")
    points = points_of(mapping.source, rng)
    np.testing.assert_array_equal(mapping.map_points(points), np.delete(points, 9, axis=1))
    assert mapping.made_up == frozenset()


def test_a_skeleton_of_the_caller_s_own_maps_by_the_names_of_its_joints(rng: np.random.Generator) -> None:
    wanted = get_skeleton("human36m_17")
    joints = dict(sorted({**wanted.parents, "left_hand": "left_wrist"}.items()))
    mine = Skeleton("never_registered", joints)
    points = points_of(mine, rng)
    mapped = find_mapping(mine, "human36m_17").map_points(points)
    np.testing.assert_array_equal(mapped, points[:, [mine.index(joint) for joint in wanted.joints]])


NEEDED_BY = {
    "nose": set(),
    "left_ear": {"neck_nose", "head"},
    "right_shoulder": {"right_shoulder", "spine", "thorax", "head"},  # the head needs it with a negative weight
    "left_hip": {"left_hip", "hip", "spine"},
}


@pytest.mark.parametrize("joint", NEEDED_BY)
def test_a_lost_joint_is_lost_only_where_it_is_needed(joint: str, rng: np.random.Generator) -> None:
    mapping = find_mapping("coco_17", "human36m_17")
    points = points_of(mapping.source, rng)
    whole = mapping.map_points(points)
    points[2, mapping.source.index(joint), 0] = np.nan
    mapped = mapping.map_points(points)
    lost = np.isnan(mapped).any(axis=2)
    assert {mapping.target.joints[place] for place in np.flatnonzero(lost[2])} == NEEDED_BY[joint]
    assert np.isnan(mapped).sum() == 2 * len(NEEDED_BY[joint])
    np.testing.assert_array_equal(mapped[~lost], whole[~lost])


@pytest.mark.parametrize("joint", NEEDED_BY)
def test_a_joint_is_as_sure_as_the_least_sure_that_it_needs(joint: str) -> None:
    mapping = find_mapping("coco_17", "human36m_17")
    confidence = np.full((2, 17), 0.75, dtype=np.float32)
    confidence[1, mapping.source.index(joint)] = 0.25
    mapped = mapping.map_confidence(confidence)
    expected = [0.25 if name in NEEDED_BY[joint] else 0.75 for name in mapping.target.joints]
    np.testing.assert_array_equal(mapped, [[0.75] * 17, expected])
    assert mapped.dtype == np.float32


def test_no_frames_map_to_no_frames() -> None:
    mapping = find_mapping("coco_17", "human36m_17")
    assert mapping.map_points(np.zeros((0, 17, 2))).shape == (0, 17, 2)
    assert mapping.map_confidence(np.zeros((0, 17))).shape == (0, 17)


def test_without_a_mapping_the_message_lists_the_sources() -> None:
    with pytest.raises(
        InputError,
        match="must come from one of blazepose_33, coco_17, halpe_26, human36m_17, mpi_inf_3dhp_17, mpi_inf_3dhp_28, "
        "got human36m_16",
    ):
        find_mapping("human36m_16", "human36m_17")


def test_without_any_source_the_message_names_the_skeleton_itself() -> None:
    with pytest.raises(InputError, match="keypoints for blazepose_33 must come from blazepose_33, got coco_17"):
        find_mapping("coco_17", "blazepose_33")


def test_weights_that_do_not_sum_to_one_are_refused() -> None:
    coco = get_skeleton("coco_17")
    recipe = {"nose": {"left_eye": 0.5, "right_eye": 0.4}}
    with pytest.raises(InputError, match="coco_17 -> coco_17: weights of a joint must sum to 1"):
        SkeletonMapping(coco, coco, recipe)


def test_a_recipe_must_name_joints_that_are_there() -> None:
    coco = get_skeleton("coco_17")
    with pytest.raises(InputError, match=r"joint of coco_17 must be one of .* got 'tail'"):
        SkeletonMapping(coco, coco, {"nose": {"tail": 1.0}})


def test_a_mapping_registered_later_is_used() -> None:
    for name in ("test_two", "test_one"):
        register_skeleton(Skeleton(name, {"a": None, "b": "a"} if name == "test_two" else {"a": None}))
    assert find_mapping("test_two", "test_one").weights.tolist() == [[1, 0]]
    register_mapping("test_two", "test_one", {"a": {"a": 0.5, "b": 0.5}})
    assert find_mapping("test_two", "test_one").weights.tolist() == [[0.5, 0.5]]
    with pytest.raises(ValueError, match="test_two -> test_one twice"):
        register_mapping("test_two", "test_one", {})
