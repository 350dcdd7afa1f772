"""Mappings between skeletons: which joints stand for which, and what happens to those that are missing."""

import numpy as np
import pytest

from ampose.errors import InputError
from ampose.poses.skeletons import (
    Skeleton,
    SkeletonMapping,
    find_mapping,
    get_skeleton,
    register_mapping,
    register_skeleton,
)

DETECTORS = ("coco_17", "blazepose_33", "halpe_26", "openpose_18", "body_25", "body_25b")
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


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", ["openpose_18", "body_25"])
def test_openpose_has_a_neck_and_body_25_a_hip(source: str, target: str, rng: np.random.Generator) -> None:
    mapping = find_mapping(source, target)
    points = points_of(mapping.source, rng).astype(np.float64)
    at = {joint: points[:, place] for place, joint in enumerate(mapping.source.joints)}
    hip = at["hip"] if source == "body_25" else (at["left_hip"] + at["right_hip"]) / 2
    ears = (at["left_ear"] + at["right_ear"]) / 2
    expected = {"hip": hip, "thorax": at["neck"], "spine": (hip + at["neck"]) / 2, "head": 1.5 * ears - at["neck"] / 2}
    mapped = mapping.map_points(points)
    for joint, value in expected.items():
        np.testing.assert_allclose(mapped[:, mapping.target.index(joint)], value)
    made_up = {"spine", "neck_nose", "head"} | ({"hip"} if source == "openpose_18" else set())
    assert mapping.made_up == made_up & set(mapping.target.joints)


# A person who stands upright, facing the camera, in centimetres with y up: what each detector's joints would be.
STANDING = {
    "nose": (0, 165),
    "neck": (0, 145),
    "upper_neck": (0, 150),
    "hip": (0, 95),
    "head": (0, 178),
    **{f"{side}_{part}": (sign * x, y) for side, sign in (("left", 1), ("right", -1)) for part, x, y in (
        ("eye", 3, 168), ("ear", 8, 167), ("shoulder", 18, 145), ("elbow", 25, 118), ("wrist", 28, 92),
        ("hip", 10, 95), ("knee", 11, 52), ("ankle", 12, 10), ("big_toe", 14, 2), ("small_toe", 18, 2),
        ("heel", 12, 3), ("eye_inner", 2, 168), ("eye_outer", 5, 168), ("mouth", 3, 160), ("pinky", 30, 85),
        ("index", 28, 84), ("thumb", 26, 87), ("foot_index", 14, 2),
    )},
}  # fmt: skip

BOTH_WAYS = [("openpose_18", "coco_17"), ("body_25", "halpe_26"), ("human36m_17", "mpi_inf_3dhp_17")]


def standing(skeleton: Skeleton) -> np.ndarray:
    return np.array([[STANDING[joint] for joint in skeleton.joints]], dtype=np.float64)


@pytest.mark.parametrize("target", DETECTORS)
@pytest.mark.parametrize("source", DETECTORS)
def test_between_detectors_a_person_who_stands_stays_as_they_are(source: str, target: str) -> None:
    """Where a mapping is known; what is made up lies within 6 cm."""
    try:
        mapping = find_mapping(source, target)
    except InputError:
        assert (source, target) in NO_WAY
        return
    mapped, expected = mapping.map_points(standing(mapping.source)), standing(mapping.target)
    off = np.linalg.norm(mapped - expected, axis=2)[0]
    for joint, distance in zip(mapping.target.joints, off, strict=True):
        assert distance < (6 if joint in mapping.made_up else 1e-9), joint


FEET = ("body_25", "halpe_26")
NO_WAY = {
    *((source, target) for source in ("coco_17", "openpose_18", "blazepose_33") for target in FEET),
    *((source, "blazepose_33") for source in DETECTORS),
    *((source, "body_25b") for source in DETECTORS),
}
"""No joint of the source stands for the toes, the fingers, or the upper neck, of the target."""


@pytest.mark.parametrize(("there", "back"), [*BOTH_WAYS, *((b, a) for a, b in BOTH_WAYS)])
def test_there_and_back_is_as_before(there: str, back: str, rng: np.random.Generator) -> None:
    """For all joints that the way there keeps, and that are not made up on either way."""
    forth, home = find_mapping(there, back), find_mapping(back, there)
    points = points_of(forth.source, rng)
    again = home.map_points(forth.map_points(points))
    kept = [joint not in home.made_up for joint in forth.source.joints]
    np.testing.assert_array_equal(again[:, kept], points[:, kept])
    assert sum(kept) >= 16


@pytest.mark.parametrize("source", DETECTORS)
def test_mpi_inf_3dhp_is_human36m_by_other_names(source: str, rng: np.random.Generator) -> None:
    """A detector's joints to those of 3DHP: the same as by way of Human3.6M's."""
    direct = find_mapping(source, "mpi_inf_3dhp_17")
    first, second = find_mapping(source, "human36m_17"), find_mapping("human36m_17", "mpi_inf_3dhp_17")
    points = points_of(direct.source, rng).astype(np.float64)
    np.testing.assert_allclose(direct.map_points(points), second.map_points(first.map_points(points)))
    names = {"thorax": "neck", "neck_nose": "head", "head": "head_top"}
    assert direct.made_up == {names.get(joint, joint) for joint in first.made_up}


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
        match="must come from one of blazepose_33, body_25, body_25b, coco_17, halpe_26, human36m_17, mpi_inf_3dhp_17, "
        "mpi_inf_3dhp_28, openpose_18, got human36m_16",
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
