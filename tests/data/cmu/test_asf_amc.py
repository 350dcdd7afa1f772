from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ampose.data.cmu.asf_amc import ROOT, bone_ends, read_amc, read_asf
from ampose.errors import InputError

CMU = Path(__file__).parents[3].parent / "shared" / "data" / "cmu-mocap" / "subjects"

ASF = """# two bones, made up
:version 1.10
:name ARM
:units
  mass 1.0
  length 0.0254
  angle deg
:documentation
  one unit is a metre
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
   orientation 0 0 0
:bonedata
  begin
     id 1
     name upper
     direction 0 1 0
     length 2
     axis 0 0 0 XYZ
    dof rx ry rz
    limits (-180 180)
           (-180 180)
           (-180 180)
  end
  begin
     id 2
     name lower
     direction 1 0 0
     length 1
     axis 0 0 90 XYZ
    dof rx
  end
:hierarchy
  begin
    root upper
    upper lower
  end
"""
AMC = """#!OML:ASF somewhere
:FULLY-SPECIFIED
:DEGREES
1
root 1 2 3 0 0 0
upper 0 0 0
lower 90
2
root 0 0 0 0 0 90
upper 90 0 0
lower 0
3
root 0 0 0 0 0 0
upper 90 0 90
lower 0
"""


@pytest.fixture
def files(tmp_path):
    asf, amc = tmp_path / "01.asf", tmp_path / "01_01.amc"
    asf.write_text(ASF)
    amc.write_text(AMC)
    return asf, amc


def test_positions_worked_out_by_hand(files):
    armature = read_asf(files[0])
    ends = bone_ends(armature, read_amc(files[1], armature))
    # 1: the lower bone's own x axis is the world's y, about which 90 degrees turn x into -z.
    # 2: the upper bone falls from y to z, which the root's turn about z leaves; the lower turns from x to y.
    # 3: x before z: y to z, and z stays. The other order would leave the bone along -x.
    np.testing.assert_allclose(ends[ROOT], [[1, 2, 3], [0, 0, 0], [0, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(ends["upper"], [[1, 4, 3], [0, 0, 2], [0, 0, 2]], atol=1e-12)
    np.testing.assert_allclose(ends["lower"], [[1, 4, 2], [0, 1, 2], [0, 1, 2]], atol=1e-12)


def test_units_are_the_files_own(files):
    files[0].write_text(ASF.replace("length 0.0254", "length 0.45").replace("angle deg", "angle rad"))
    files[1].write_text(AMC.replace(":DEGREES", ":RADIANS").replace(" 90", f" {np.pi / 2}"))
    armature = read_asf(files[0])
    ends = bone_ends(armature, read_amc(files[1], armature))
    np.testing.assert_allclose(ends["upper"][1], [0, 0, 2 * 0.0254 / 0.45], atol=1e-12)


def test_root_has_a_place_and_a_direction_of_its_own(files):
    files[0].write_text(
        ASF.replace("position 0 0 0", "position 5 6 7").replace("orientation 0 0 0", "orientation 0 0 90")
    )
    files[1].write_text(AMC.replace("root 1 2 3 0 0 0", "root 1 2 3 90 0 0"))
    armature = read_asf(files[0])
    ends = bone_ends(armature, read_amc(files[1], armature))
    np.testing.assert_allclose(ends[ROOT][0], [6, 8, 10], atol=1e-12)
    # The root's own x axis is the world's y, about which the upper bone does not move.
    np.testing.assert_allclose(ends["upper"][0], [6, 10, 10], atol=1e-12)


def test_bones_may_come_in_another_order(files):
    files[1].write_text("1\nlower 90\nupper 0 0 0\nroot 1 2 3 0 0 0\n")
    armature = read_asf(files[0])
    np.testing.assert_allclose(bone_ends(armature, read_amc(files[1], armature))["lower"], [[1, 4, 2]], atol=1e-12)


def test_windows_line_ends(files):
    files[0].write_bytes(ASF.replace("\n", "\r\n").encode())
    files[1].write_bytes(AMC.replace("\n", "\r\n").encode())
    armature = read_asf(files[0])
    assert len(read_amc(files[1], armature)["lower"]) == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("direction 0 1 0", "direction 0 one 0", r"01\.asf, line 19: .*direction.*'direction 0 one 0'"),
        ("direction 0 1 0", "direction 0 1", r"line 19: .*direction"),
        ("     length 2\n", "", r"line 25: .*length before its end"),
        ("axis 0 0 90 XYZ", "axis 0 0 90 XYY", r"line 32: .*order"),
        ("    dof rx\n", "    dof rx l\n", r"line 33: .*dof"),
        ("    dof rx\n", "    dofs rx\n", r"line 33: .*dof.*'dofs rx'"),
        ("name lower", "name upper", r"line 29: .*no other bone"),
        ("  end\n  begin\n     id 2", "  begin\n     id 2", r"line 26: .*end"),
        ("    upper lower\n", "    uper lower\n", r"line 38: .*'uper lower'"),
        ("    upper lower\n", "", r"same bones.*lower"),
        ("order TX TY TZ RX RY RZ", "order TX TY TZ RX RY", r"line 11: .*order"),
        ("   axis XYZ\n", "", r":root must have axis"),
        (":hierarchy", ":hierarchies", r"section :hierarchy"),
        ("length 0.0254", "length 0", r"line 6: .*positive"),
        ("angle deg", "angle turns", r"line 7: .*angle"),
    ],
)
def test_broken_skeleton_names_file_and_line(files, old, new, message):
    assert old in ASF
    files[0].write_text(ASF.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_asf(files[0])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("upper 90 0 0", "upper 90 x 0", r"01_01\.amc, line 10: .*upper with 3.*'upper 90 x 0'"),
        ("upper 90 0 0", "upper 90 0", r"line 10: .*upper with 3"),
        ("upper 90 0 0", "upper 90 0 0 0", r"line 10: .*upper with 3"),
        ("upper 90 0 0", "upper 90 nan 0", r"line 10: .*finite"),
        ("upper 90 0 0", "uper 90 0 0", r"line 10: .*'uper 90 0 0'"),
        ("upper 90 0 0\n", "", r"line 11: .*upper before the next frame"),
        ("upper 90 0 90\nlower 0\n", "", r"cut off"),
        ("2\nroot", "two\nroot", r"line 8: .*frame number.*'two'"),
        ("upper 90 0 0\nlower 0", "lower 0\nupper 90 0 0", r"same order"),
        (":DEGREES", ":RADIANS", r":radians"),
        (AMC, ":DEGREES\n", r"0 frames"),
        (AMC, "", r"0 frames"),
    ],
)
def test_broken_motion_names_file_and_line(files, old, new, message):
    assert old in AMC
    files[1].write_text(AMC.replace(old, new))
    armature = read_asf(files[0])
    with pytest.raises(InputError, match=message):
        read_amc(files[1], armature)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nobody\.asf"):
        read_asf(tmp_path / "nobody.asf")


def ends_one_frame_at_a_time(armature, frame):
    """The same formula by other means: SciPy's rotations, one frame, one bone at a time."""

    def local(name):
        bone = armature.bones[name]
        angles = [value for channel, value in zip(bone.channels, frame[name], strict=True) if channel[0] == "r"]
        axes = "".join(channel[1] for channel in bone.channels if channel[0] == "r")
        own = Rotation.from_euler(axes, angles if len(axes) > 1 else angles[0], degrees=True)
        axis = Rotation.from_matrix(bone.axis)
        return axis * own * axis.inv()

    turned, ends = {ROOT: local(ROOT)}, {ROOT: np.array(frame[ROOT][:3])}
    for name, parent in armature.parents.items():
        turned[name] = turned[parent] * local(name) if armature.bones[name].channels else turned[parent]
        ends[name] = ends[parent] + turned[name].apply(armature.bones[name].offset)
    return {name: end * 0.0254 / 0.45 for name, end in ends.items()}


@pytest.mark.skipif(not CMU.is_dir(), reason="needs CMU's database in ../shared")
def test_real_file_agrees_with_scipy():
    armature = read_asf(CMU / "02" / "02.asf")
    path = CMU / "02" / "02_05.amc"
    ends = bone_ends(armature, read_amc(path, armature))
    frames = path.read_text().split(":DEGREES")[1].split("\nroot ")[1:]
    assert len(frames) == len(ends[ROOT])
    for number in range(0, len(frames), 97):
        lines = ("root " + frames[number]).splitlines()
        frame = {words[0]: [float(x) for x in words[1:]] for words in map(str.split, lines) if len(words) > 1}
        for name, end in ends_one_frame_at_a_time(armature, frame).items():
            np.testing.assert_allclose(ends[name][number], end, atol=1e-9)
