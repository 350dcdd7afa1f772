"""The page's own lifter plugs in from outside and passes the contract tests that nobody wrote for it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "add-a-model.md"
ENTRY_POINTS = "[ampose.models]\nwave = wave_lifter\n"


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """A folder with the page's first code block as a package that is installed."""
    site = tmp_path_factory.mktemp("site")
    (site / "wave_lifter.py").write_text(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[0])
    installed = site / "wave_lifter-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: wave-lifter\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(ENTRY_POINTS)
    return {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1", "COLUMNS": "100"}


def run(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_command_line_knows_the_model(environment):
    assert "--model.frequencies INT" in run(environment, "ampose", "train", "wave", "--help")


def test_contract_tests_cover_the_model_by_themselves(environment):
    said = run(environment, "pytest", "tests/models/test_contract.py", "-k", "wave", "-q", "-p", "no:cacheprovider")
    assert re.search(r"[5-9]\d* passed|[1-9]\d+ passed", said)
    assert "failed" not in said
