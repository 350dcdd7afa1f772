"""A few moments at which a command is ended, and a few disks that are too small; their modules take more of each."""

import sys
from pathlib import Path

import pytest
from tests.kills.__main__ import check, commands
from tests.kills.full_disk import check_full, small_disk

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")


def test_a_command_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    assert "nothing left behind" in check("convert", commands(tmp_path)["convert"], tmp_path, moments=4)


@pytest.mark.parametrize("name", ["convert", "train"])
def test_a_disk_that_is_full_is_told_in_a_line_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    try:
        with small_disk(tmp_path / "probe"):
            pass
    except OSError as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    assert "nothing left behind" in check_full(name, commands(tmp_path)[name], tmp_path, sizes=2)
