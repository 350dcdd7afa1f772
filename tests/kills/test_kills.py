"""A few moments at which a command is ended; ``python -m tests.kills`` takes 50 of each command."""

import sys
from pathlib import Path

import pytest
from tests.kills.__main__ import check, commands

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")


def test_a_command_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    assert "nothing left behind" in check("convert", commands(tmp_path)["convert"], tmp_path, moments=4)
