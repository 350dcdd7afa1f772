"""BVH of other programs: units, axes, names, end sites, positions of joints and frame rates."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ampose.errors import InputError
from ampose.files import poses as formats
from ampose.poses.pose import Pose3D

BODY = {  # parent and offset in metres, x to the left, y up
    "Hips": (None, (0, 0, 0)),
    "LeftUpLeg": ("Hips", (0.1, 0, 0)),
    "LeftLeg": ("LeftUpLeg", (0, -0.45, 0)),
    "LeftFoot": ("LeftLeg", (0, -0.42, 0)),
    "RightUpLeg": ("Hips", (-0.1, 0, 0)),
    "RightLeg": ("RightUpLeg", (0, -0.45, 0)),
    "RightFoot": ("RightLeg", (0, -0.42, 0)),
    "Spine": ("Hips", (0, 0.25, 0)),
    "Neck": ("Spine", (0, 0.25, 0)),
    "Head": ("Neck", (0, 0.12, 0)),
}
ENDS = {"LeftFoot": (0, -0.05, 0.12), "RightFoot": (0, -0.05, 0.12), "Head": (0, 0.16, 0)}
TURNS = {  # of the axes: rows that make x, y, z of a file
    "y": np.eye(3),
    "z": np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "-y": np.diag([1, -1, -1]),
    "x": np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]]),
}


def bvh(scale: float = 1.0, up: str = "y", *, prefix: str = "", frame_time: str = "0.0333333", **more) -> str:
    """Somebody who stands, swings a leg by 0, 10 and 20 degrees about the file's x, and walks on by 0.1 m a frame."""
    turn, six = TURNS[up] * scale, more.get("six", False)
    lines, columns, order = ["HIERARCHY"], [], []

    def joint(name: str, depth: int) -> None:
        pad = "\t" * depth
        offset = " ".join(f"{value:.6g}" for value in turn @ BODY[name][1])
        root = BODY[name][0] is None
        lines.append(f"{pad}{'ROOT' if root else 'JOINT'} {prefix}{name}")
        lines.extend([f"{pad}{{", f"{pad}\tOFFSET {offset}"])
        places = "Xposition Yposition Zposition " if root or six else ""
        lines.append(f"{pad}\tCHANNELS {6 if places else 3} {places}Zrotation Yrotation Xrotation")
        columns.append((name, bool(places)))
        for child in (child for child, (parent, _) in BODY.items() if parent == name):
            joint(child, depth + 1)
        if name in ENDS:
            lines.extend([f"{pad}\tEnd Site", f"{pad}\t{{", f"{pad}\t\tOFFSET "])
            lines[-1] += " ".join(f"{value:.6g}" for value in turn @ ENDS[name])
            lines.append(f"{pad}\t}}")
        lines.append(f"{pad}}}")
        order.append(name)

    joint("Hips", 0)
    lines.extend(["MOTION", "Frames: 3", f"Frame Time: {frame_time}"])
    for frame in range(3):
        numbers: list[float] = []
        for name, places in columns:
            if places:
                at = (0, 0.92, 0.1 * frame) if name == "Hips" else BODY[name][1]
                added = more.get("added", False) and name != "Hips"
                numbers.extend(np.zeros(3) if added else turn @ at)
            numbers.extend((0, 0, 10.0 * frame if name == "LeftUpLeg" else 0))
        lines.append(" ".join(f"{number:.6g}" for number in numbers))
    return "\n".join(lines) + "\n"


def read(folder: Path, text: str | bytes, **stated) -> Pose3D:
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "a.bvh").write_bytes(data)
    return formats.read(folder / "a.bvh", **stated)[0].pose3d


def height(pose: Pose3D) -> float:
    """Of the head's end above the feet's, in metres; y points down."""
    place = {joint: pose.joint(joint)[0] for joint in pose.skeleton.joints}
    return float(place["LeftFoot_end"][1] - place["Head_end"][1])


CMU = 0.0254 / 0.45


@pytest.mark.parametrize(
    ("unit", "word"),
    [(0.01, "centimetres"), (0.001, "millimetres"), (0.0254, "inches"), (CMU, "CMU"), (0.3048, "feet")],
)
def test_the_unit_is_told_by_the_body_and_said(tmp_path: Path, caplog, unit: float, word: str) -> None:
    pose = read(tmp_path, bvh(1 / unit))
    assert height(pose) == pytest.approx(1.70, abs=1e-3)
    (said,) = caplog.messages
    assert word in said
    assert "a.bvh" in said


def test_metres_and_y_up_are_nothing_to_say(tmp_path: Path, caplog) -> None:
    pose = read(tmp_path, bvh())
    assert height(pose) == pytest.approx(1.70, abs=1e-3)
    assert not caplog.messages


@pytest.mark.parametrize("unit", ["mm", "Millimeters", 0.001, "0.001"])
def test_the_unit_may_be_stated(tmp_path: Path, caplog, unit: str | float) -> None:
    assert height(read(tmp_path, bvh(100), unit=unit)) == pytest.approx(0.170, abs=1e-4)
    assert not caplog.messages


@pytest.mark.parametrize("up", ["z", "-y", "x"])
def test_the_axis_along_which_people_stand_is_up_and_it_is_said(tmp_path: Path, caplog, up: str) -> None:
    pose = read(tmp_path, bvh(1, up))
    assert height(pose) == pytest.approx(1.70, abs=1e-3)
    assert f"along {up.upper()}" in caplog.text
    # No mirror image: who looks along z at rest has the left on x.
    left, front = (pose.joint(end)[0] - pose.joint(start)[0] for start, end in SIDES)
    assert np.cross(left, front)[1] > 0.01


SIDES = (("RightUpLeg", "LeftUpLeg"), ("LeftFoot", "LeftFoot_end"))


def test_the_axis_may_be_stated(tmp_path: Path, caplog) -> None:
    pose = read(tmp_path, bvh(1, "z"), up="y")
    assert np.ptp(pose.positions[0], axis=0)[2] > 1.5, "lies"
    assert not caplog.messages


@pytest.mark.parametrize(
    ("stated", "field"), [({"unit": "ell"}, "unit"), ({"unit": -1.0}, "unit"), ({"up": "w"}, "up")]
)
def test_what_is_no_unit_and_no_axis(tmp_path: Path, stated: dict, field: str) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, bvh(), **stated)
    assert error.value.field == field


def test_a_format_that_states_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(InputError, match=r"a \.json file states its unit and axes itself"):
        formats.read(tmp_path / "a.json", unit="mm")


@pytest.mark.parametrize("prefix", ["", "mixamorig:", "Bip01 L ", "Naïve."])
def test_names_stay(tmp_path: Path, prefix: str) -> None:
    pose = read(tmp_path, bvh(prefix=prefix))
    assert [joint for joint in pose.skeleton.joints if not joint.endswith("_end")] == [prefix + name for name in BODY]
    assert pose.skeleton.parents[f"{prefix}LeftLeg"] == f"{prefix}LeftUpLeg"


def test_names_in_the_letters_of_windows(tmp_path: Path) -> None:
    assert "Hüfte.Hips" in read(tmp_path, bvh(prefix="Hüfte.").encode("cp1252")).skeleton.joints


def test_left_and_right_are_known(tmp_path: Path) -> None:
    assert ("LeftLeg", "RightLeg") in read(tmp_path, bvh()).skeleton.pairs


def test_places_are_those_of_the_offsets(tmp_path: Path) -> None:
    pose = read(tmp_path, bvh())
    angle = np.radians(20)
    hip = np.array([0.1, 0.92, 0.2])
    knee = hip + 0.45 * np.array([0, -np.cos(angle), -np.sin(angle)])
    np.testing.assert_allclose(pose.joint("LeftLeg")[2], knee * [1, -1, -1], atol=1e-5)
    np.testing.assert_allclose(pose.joint("Head_end")[2], np.array([0, 1.70, 0.2]) * [1, -1, -1], atol=1e-5)


@pytest.mark.parametrize("added", [False, True])
def test_positions_of_every_joint(tmp_path: Path, added: bool) -> None:
    """As Blender and Axis Neuron write them; zeros of other programs are added to the offset."""
    usual, six = read(tmp_path, bvh()), read(tmp_path, bvh(six=True, added=added))
    np.testing.assert_allclose(six.positions, usual.positions, atol=1e-5)


def test_end_sites_and_lengths_come_through_a_file_of_ours(tmp_path: Path) -> None:
    pose = read(tmp_path, bvh())
    formats.write(tmp_path / "b.bvh", pose)
    text = (tmp_path / "b.bvh").read_text()
    assert "JOINT Head_end" not in text
    assert text.count("End Site") == 3
    again = formats.read(tmp_path / "b.bvh")[0].pose3d
    assert again.skeleton.joints == pose.skeleton.joints
    np.testing.assert_allclose(again.positions, pose.positions, atol=2e-4)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *[("0.033333", 30), ("0.0333333", 30), ("0.033", 30), ("0.03333333507180214", 30), ("3.333333e-02", 30)],
        *[("0.0083333", 120), ("0.008333", 120), ("0.0083", 120), ("0.016667", 60), ("0.0167", 60), ("0.04", 25)],
        *[("0.01", 100), ("0.0333667", 29.97), ("0.041708", 23.97602), ("0.0166833", 59.94006)],
        *[("0.0345", 28.98551), ("0.5", 2), ("0,033333", 30)],
    ],
)
def test_a_rounded_frame_time_is_the_rate_that_was_meant(tmp_path: Path, written: str, meant: float) -> None:
    assert read(tmp_path, bvh(frame_time=written)).fps == meant


@given(st.sampled_from([24.0, 25.0, 30.0, 50.0, 60.0, 100.0, 120.0, 240.0]), st.integers(6, 9))
def test_every_usual_rate_survives_six_digits(rate: float, digits: int) -> None:
    from ampose.poses.timing import usual_rate

    text = f"{1 / rate:.{digits}f}"
    assert usual_rate(1 / float(text), 10.0**-digits * float(rate)) == rate


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{", " {"),
        ("\n", "\r\n"),
        ("End Site", "End site"),
        ("Frames: 3", "Frames:\t3"),
        ("MOTION\n", "MOTION\n\n"),
        ("Xrotation", "xrotation"),
        ("JOINT", "Joint"),
        ("HIERARCHY", "\ufeffHIERARCHY"),
    ],
)
def test_how_other_programs_write_it(tmp_path: Path, old: str, new: str) -> None:
    np.testing.assert_array_equal(read(tmp_path, bvh().replace(old, new)).positions, read(tmp_path, bvh()).positions)


@pytest.mark.parametrize("cut", [0.1, 0.3, 0.5, 0.8, 0.97])
def test_cut_off(tmp_path: Path, cut: float) -> None:
    text = bvh()
    with pytest.raises(InputError, match=r"a\.bvh: must be a whole \.bvh file"):
        read(tmp_path, text[: int(len(text) * cut)])


def test_two_people_in_a_file(tmp_path: Path) -> None:
    hierarchy, _, motion = bvh().partition("MOTION")
    with pytest.raises(InputError, match="must have one ROOT"):
        read(tmp_path, hierarchy + hierarchy.replace("HIERARCHY", "") + "MOTION" + motion)


def test_decimal_commas_in_some_of_the_numbers(tmp_path: Path) -> None:
    head, motion = bvh().split("Frame Time:")
    first, rest = motion.split("\n", 1)
    points = read(tmp_path, bvh()).positions
    for text in (
        f"{head}Frame Time:{first}\n{rest.replace('.', ',')}",
        f"{head}Frame Time:{first.replace('.', ',')}\n{rest}",
        f"{head.replace('.', ',')}Frame Time:{motion}",
    ):
        np.testing.assert_array_equal(read(tmp_path, text).positions, points)
