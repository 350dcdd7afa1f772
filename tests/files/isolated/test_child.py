"""What ends or keeps the child is one error here, and the next file is read by a new child."""

import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from ampose.errors import InputError
from ampose.files import poses
from ampose.files.isolated import child, parse_apart
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons import get_skeleton


@pytest.fixture
def c3d(tmp_path: Path) -> Path:
    pose = Pose3D(
        positions=np.zeros((3, 17, 3)), confidence=np.ones((3, 17)), skeleton=get_skeleton("human36m_17"), fps=30.0
    )
    poses.write(tmp_path / "a.c3d", pose)
    return tmp_path / "a.c3d"


def test_a_file_that_keeps_its_parser_for_ever(c3d: Path) -> None:
    content = bytearray(c3d.read_bytes())
    content[6:10] = struct.pack("<HH", 1, 65535)  # frames that are not there
    content[512 + 4 : 512 + 6] = b"\x7f\x7f"  # and names of parameters that end elsewhere
    for place in range(520, 700, 3):
        content[place] ^= 0x80
    c3d.write_bytes(content)
    started = time.monotonic()
    with pytest.raises(InputError, match=r"a\.c3d: must be a whole \.c3d file"):
        poses.read(c3d)
    assert time.monotonic() - started < 30  # of a second of CPU time, on a machine that is busy


def test_a_child_that_ends_is_followed_by_another(c3d: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "points" in parse_apart("c3d_points", c3d)
    first = child._children[0]
    os.kill(first._process.pid, 9)
    first._process.wait()
    assert "points" in parse_apart("c3d_points", c3d)
    assert child._children[0] is not first


def test_memory_is_in_proportion_to_the_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("tracks", shape=(10_000, 10_000), dtype=np.float64, chunks=(100, 100))  # none is written
        file["few"] = np.arange(3)
    with pytest.raises(ValueError, match="tracks of 800 MB"):
        parse_apart("hdf5_arrays", tmp_path / "a.h5", ["tracks"])
    found = parse_apart("hdf5_arrays", tmp_path / "a.h5", ["few", "none"])
    assert found.keys() == {"@names", "few"}
    np.testing.assert_array_equal(found["few"], [0, 1, 2])


def test_the_limits_of_a_file_are_not_those_of_the_next_parser(c3d: Path) -> None:
    resource = pytest.importorskip("resource", reason="Windows has no such limits")
    if not hasattr(resource, "prlimit"):
        pytest.skip("limits of another process can be read on Linux alone")
    parse_apart("c3d_points", c3d)
    pid = child._children[0]._process.pid
    assert resource.prlimit(pid, resource.RLIMIT_AS) == resource.getrlimit(resource.RLIMIT_AS)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux alone")
def test_a_large_file_is_read_under_a_limit_that_the_user_set(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["few"] = np.arange(3)
    os.truncate(tmp_path / "a.h5", 10**9)  # what may be made of a file of this size is more than the limit
    code = f"""if True:
        import resource
        from pathlib import Path
        resource.setrlimit(resource.RLIMIT_AS, (8 * 10**9, 8 * 10**9))
        from ampose.files.isolated import parse_apart
        print(parse_apart("hdf5_arrays", Path({str(tmp_path / "a.h5")!r}), ["few"])["few"])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[0 1 2]\n", done.stderr


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        parse_apart("c3d_points", tmp_path / "none.c3d")
