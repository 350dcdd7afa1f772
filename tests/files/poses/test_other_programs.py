"""BVH and glTF in programs that are not ours: Blender, and the validator of Khronos, where they are installed."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests.constant_lengths import constant_length_positions

from ampose.files import poses as formats
from ampose.files.poses.axes import from_camera
from ampose.poses.people import Person

ROOT = Path(__file__).parents[3]
LIFTED = ROOT / "examples" / "balance_beam.npz"
VALIDATOR = ROOT / "web" / "node_modules" / "gltf-validator"
VALIDATE = """
const { readFileSync } = require("node:fs");
require(process.argv[1]).validateBytes(new Uint8Array(readFileSync(process.argv[2])))
  .then((report) => console.log(JSON.stringify(report.issues)));
"""


@pytest.fixture(scope="module")
def person() -> Person:
    return formats.read(LIFTED)[0]


def run(*words: object) -> str:
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("suffix", [".glb", ".gltf"])
def test_khronos_validator_has_nothing_to_say(person, tmp_path, suffix):
    node = shutil.which("node")
    if not node or not VALIDATOR.is_dir():
        pytest.skip("no node, or no gltf-validator in web/ (make web installs it)")
    path = tmp_path / f"a{suffix}"
    formats.write(path, person)
    issues = json.loads(run(node, "-e", VALIDATE, VALIDATOR, path))
    assert issues["messages"] == []
    path.write_bytes(path.read_bytes().replace(b'"VEC4"', b'"VEC3"'))
    assert json.loads(run(node, "-e", VALIDATE, VALIDATOR, path))["numErrors"] > 0, "it does look at the file"


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".bvh", ".glb"])
def test_blender_finds_the_same_places_and_renders_them(person, tmp_path, suffix):
    blender = shutil.which("blender")
    if not blender:
        pytest.skip("no blender on this machine (Debian: blender)")
    path, script = tmp_path / f"a{suffix}", Path(__file__).with_name("blender_import.py")
    formats.write(path, person)
    pose = person.pose3d
    options = ("--background", "--factory-startup", "--python-exit-code", "3", "--python")
    run(blender, *options, script, "--", path, tmp_path / "places.json", round(pose.fps), tmp_path / "frame.png")
    found = json.loads((tmp_path / "places.json").read_text())
    assert found["fps"] == pytest.approx(pose.fps, rel=1e-6)
    assert found["last"] == len(pose) - 1
    expected = from_camera(constant_length_positions(pose.positions, pose.skeleton), "z")
    for frame, places in found["frames"].items():
        heads = np.array([places[joint] for joint in pose.skeleton.joints])
        np.testing.assert_allclose(heads, expected[int(frame)], rtol=0, atol=1e-3, err_msg=f"frame {frame}")
    from PIL import Image

    picture = np.asarray(Image.open(tmp_path / "frame.png").convert("RGB")).astype(int)
    red, blue = (picture[..., a] - picture[..., b] > 60 for a, b in ((0, 2), (2, 0)))
    assert min(red.sum(), blue.sum()) > 300, "a right and a left side are seen"
