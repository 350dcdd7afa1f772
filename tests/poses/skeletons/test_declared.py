"""Skeletons of the user's own, in TOML."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ampose
from ampose.errors import InputError
from ampose.files.keypoints import read_keypoints
from ampose.poses.skeletons import Skeleton, find_mapping, get_skeleton, load_skeleton
from ampose.poses.skeletons.toml_file import read_declaration

GOOD = """
name = "NAME"
joints = ["pelvis", "left_hip", "right_hip", "neck", "beak", "left_wing", "right_wing"]
root = "pelvis"

[parents]
left_hip = "pelvis"
right_hip = "pelvis"
neck = "pelvis"
beak = "neck"
left_wing = "neck"
right_wing = "neck"

[mapping.human36m_17]
hip = "pelvis"
right_knee = "right_hip"
right_ankle = "right_hip"
left_knee = "left_hip"
left_ankle = "left_hip"
spine = {pelvis = 0.5, neck = 0.5}
thorax = "neck"
neck_nose = "beak"
head = {beak = 1.5, neck = -0.5}
left_shoulder = "left_wing"
left_elbow = "left_wing"
left_wrist = "left_wing"
right_shoulder = "right_wing"
right_elbow = "right_wing"
right_wrist = "right_wing"

[made_up]
human36m_17 = ["spine", "head"]
"""


@pytest.fixture
def declare(tmp_path, request):
    """Write a declaration under a name of the test's own, because names are known for good."""
    name = "bird_" + "".join(c if c.isalnum() else "_" for c in request.node.name)

    def write(*changes: tuple[str, str], text: str = GOOD) -> Path:
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        file = tmp_path / "Gerüst.toml"
        file.write_text(text.replace("NAME", name), encoding="utf-8")
        return file

    return write


def test_a_declared_skeleton_is_known_by_file_and_by_name(declare):
    skeleton = load_skeleton(declare())
    assert skeleton.joints[:3] == ("pelvis", "left_hip", "right_hip")
    assert skeleton.root == "pelvis"
    assert [skeleton.side_of(joint) for joint in ("left_wing", "right_wing", "beak")] == ["left", "right", "middle"]
    assert get_skeleton(skeleton.name) is get_skeleton(str(declare())) is skeleton


def test_a_mark_of_the_letters_before_the_text(declare):
    file = declare()
    file.write_bytes(file.read_text(encoding="utf-8").encode("utf-8-sig"))
    assert load_skeleton(file).root == "pelvis"


def test_its_mapping_does_what_it_says(declare, rng):
    points = rng.normal(size=(3, 7, 2))
    mapping = find_mapping(str(declare()), "human36m_17")
    mapped = dict(zip(mapping.target.joints, mapping.map_points(points).swapaxes(0, 1), strict=True))
    np.testing.assert_allclose(mapped["spine"], (points[:, 0] + points[:, 3]) / 2)
    np.testing.assert_allclose(mapped["head"], 1.5 * points[:, 4] - 0.5 * points[:, 3])
    np.testing.assert_allclose(mapped["left_hip"], points[:, 1])
    assert mapping.made_up == {"spine", "head"}


def test_the_16_joints_come_along(declare):
    mapping = find_mapping(load_skeleton(declare()), "human36m_16")
    assert mapping.weights.shape == (16, 7)
    assert mapping.made_up == {"spine", "head"}


def test_a_changed_mapping_is_taken_a_changed_skeleton_is_not(declare):
    skeleton = load_skeleton(declare())
    load_skeleton(declare(('thorax = "neck"', 'thorax = "beak"')))
    for target in ("human36m_17", "human36m_16"):
        assert find_mapping(skeleton, target).recipe["thorax"] == {"beak": 1.0}
    with pytest.raises(InputError, match="must be defined once"):
        load_skeleton(declare(('beak = "neck"', 'beak = "pelvis"')))


def test_a_keypoint_file_in_it_is_lifted(declare, tmp_path, rng):
    points = np.c_[rng.uniform(100, 400, (7, 2)), np.ones(7)]
    entry = {"image_id": 1, "category_id": 1, "keypoints": points.ravel().tolist(), "score": 1.0}
    (tmp_path / "a.json").write_text(json.dumps([entry]))
    (track,) = read_keypoints(tmp_path / "a.json", skeleton=str(declare()), image_size=(640, 480))
    pose = ampose.load_model("ampose-small").lift(track.pose2d)
    assert np.isfinite(pose.positions).all()
    assert pose.provenance["made_up_joints"] == "head, spine"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "NAME"', "", "name must be given"),
        ('name = "NAME"', 'name = "coco_17"', "name must be your own, got 'coco_17'"),
        ('root = "pelvis"', "", "root must be given"),
        ('root = "pelvis"', 'root = "hip"', "root must name one of the joints pelvis, .*, got 'hip'"),
        ('"beak", ', "", "must name one of the joints .*, got 'beak'"),
        ('beak = "neck"\n', "", "every joint but the root, got none of beak"),
        ('beak = "neck"', 'beak = "nek"', "parents.beak must name one of the joints .*, got 'nek'"),
        ('neck = "pelvis"', 'neck = "beak"', "must be a tree, got a cycle through 'neck'"),
        (
            'left_hip = "pelvis"',
            'pelvis = "neck"\nleft_hip = "pelvis"',
            "root must have no parent, got pelvis = 'neck'",
        ),
        ('"right_wing"]', '"right_wing", "left_foot"]', "every joint but the root, got none of left_foot"),
        ('"right_wing"]', '"tail"]', "got 'right_wing'"),
        ('root = "pelvis"', 'root = "pelvis"\npairs = [["left_hip"]]', r"must be \[left, right\]"),
        ('root = "pelvis"', 'root = "pelvis"\npairs = [["right_hip", "left_hip"]]', "exchange them"),
        ('root = "pelvis"', 'root = "pelvis"\npairs = [["neck", "bill"]]', "got 'bill'"),
        ('root = "pelvis"', 'root = "pelvis"\npairs = 5', "pairs must be a list"),
        ('root = "pelvis"', 'root = "pelvis"\njoint = 5', "keys must be among .*, got 'joint'"),
        ("human36m_17]", "human36m_71]", "did you mean 'human36m_17'"),
        ('thorax = "neck"\n', "", "must say what thorax come from"),
        ('thorax = "neck"', 'throat = "neck"', "must name one of the joints hip, .*, got 'throat'"),
        ('thorax = "neck"', 'thorax = "nek"', "got 'nek'"),
        ('thorax = "neck"', "thorax = {neck = 0.5}", "thorax: weights must sum to 1, got 0.5"),
        ('thorax = "neck"', "thorax = {neck = nan}", "neck must be a number, got nan"),
        ('thorax = "neck"', "thorax = {}", 'thorax must be "a joint" or weights'),
        ('["spine", "head"]', '["spin"]', "made_up.human36m_17 must name one of the joints .*, got 'spin'"),
        ('["spine", "head"]', "3", "made_up.human36m_17 must be a list of names"),
        ("[made_up]\nhuman36m_17", "[made_up]\ncoco_17", "made_up must name a skeleton of .*, got 'coco_17'"),
        ('"left_hip", "right_hip", "neck"', '"left_hip", "left_hip", "neck"', "each joint once, got left_hip twice"),
        ("[parents]", "[parents", "must be TOML"),
    ],
)
def test_each_mistake_gets_one_line_that_names_the_file(declare, old, new, words):
    file = declare((old, new))
    with pytest.raises(InputError, match=words) as caught:
        load_skeleton(file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


def test_a_left_joint_needs_its_partner(declare):
    file = declare(
        ('"right_wing"]', '"right_wing", "left_foot"]'), ('beak = "neck"', 'beak = "neck"\nleft_foot = "pelvis"')
    )
    with pytest.raises(InputError, match="which joint mirrors left_foot: there is no right_foot"):
        load_skeleton(file)


def test_names_of_other_languages_and_pairs_by_hand(declare):
    text = 'name = "NAME"\njoints = ["Hüfte", "Ärmel_l", "Ärmel_r"]\nroot = "Hüfte"\n'
    text += 'pairs = [["Ärmel_l", "Ärmel_r"]]\n[parents]\n"Ärmel_l" = "Hüfte"\n"Ärmel_r" = "Hüfte"\n'
    skeleton = load_skeleton(declare(text=text))
    assert skeleton.side_of("Ärmel_r") == "right"
    with pytest.raises(InputError, match="must come from"):
        find_mapping(skeleton, "human36m_17")


def test_no_file_and_not_utf8(tmp_path):
    with pytest.raises(InputError, match="must be a file with a skeleton, got: No such file"):
        get_skeleton(str(tmp_path / "none.toml"))
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe4"')
    with pytest.raises(InputError, match="must be TOML in UTF-8"):
        get_skeleton(str(tmp_path / "latin.toml"))


@st.composite
def trees(draw) -> tuple[dict[str, str | None], list[tuple[str, str]]]:
    """The parents of a random tree, its joints in random order, and its pairs."""
    stems = draw(st.lists(st.text("abcxyz", min_size=1, max_size=4), min_size=1, max_size=6, unique=True))
    joints = ["root_joint", *(f"{side}_{stem}" for stem in stems for side in ("left", "right"))]
    parents = {joints[0]: None}
    for at, joint in enumerate(joints[1:], start=1):
        parents[joint] = draw(st.sampled_from(joints[:at]))
    order = draw(st.permutations(joints))
    return {joint: parents[joint] for joint in order}, [(f"left_{stem}", f"right_{stem}") for stem in stems]


@given(trees())
@settings(max_examples=40, deadline=None)
def test_every_tree_can_be_declared(tmp_path_factory, parts):
    tree = Skeleton("tree", *parts)
    lines = [f'name = "{tree.name}"', f"joints = {json.dumps(list(tree.joints))}", f'root = "{tree.root}"', "[parents]"]
    lines += [f'{joint} = "{parent}"' for joint, parent in tree.parents.items() if parent]
    file = tmp_path_factory.mktemp("tree") / "tree.toml"
    file.write_text("\n".join(lines))
    read = read_declaration(file, get_skeleton)[0]
    assert list(read.parents.items()) == list(tree.parents.items())
    np.testing.assert_array_equal(read.flip_order, tree.flip_order)


@given(st.text(max_size=200) | st.binary(max_size=50))
@settings(max_examples=60, deadline=None)
def test_whatever_is_in_the_file_nothing_but_one_line_comes_out(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("any") / "any.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError) as caught:
        load_skeleton(file)
    assert "\n" not in str(caught.value)
