"""The page's own lifter plugs in from outside and passes the contract tests that nobody wrote for it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ampose.data import MotionCapture, write_motion
from ampose.poses.skeletons import get_skeleton

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
    path = os.pathsep.join([str(site), str(ROOT / "src")])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "100"}


def run(environment: dict[str, str], *words: str) -> str:
    return python(environment, "-m", *words)


def python(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_command_line_knows_the_model(environment):
    assert "--model.frequencies INT" in run(environment, "ampose", "train", "wave", "--help")


def test_info_shows_the_model(environment):
    assert re.search(r"^models: .*\bwave\b", run(environment, "ampose", "info"))
    assert "channels=64" in run(environment, "ampose", "info", "wave")


def test_table_of_all_models_has_it_here_and_on_the_page(environment):
    parameters = f"{2 * 17 * 4 * 64 + 64 + 64 * 51 + 51:,}"
    (row,) = [line for line in run(environment, "ampose", "info", "--all").splitlines() if line.startswith("wave ")]
    assert parameters in row
    page = python(environment, "-c", "from tools.docs.tables import models; print(models())")
    assert re.search(rf"\| `wave` \| 2026 \| 17 \| 1 \| {parameters} \|", page)


def test_it_trains_and_is_measured_on_the_command_line(environment, tmp_path, rng):
    swing = 0.1 * np.sin(np.linspace(0, 20, 300)[:, None, None] + rng.uniform(0, 6, size=(1, 17, 3)))
    motion = MotionCapture(
        positions=(rng.normal([0, 0, 1], 0.3, size=(1, 17, 3)) + swing).astype(np.float32),
        skeleton=get_skeleton("human36m_17"),
        clip_starts=np.array([0, 200, 300]),
        subjects=("01", "02"),
        actions=("walk", "walk"),
        names=("a1", "b1"),
        fps=np.array([30.0, 30.0]),
    )
    motion_file = tmp_path / "motion.npz"
    write_motion(motion, motion_file)
    options = {
        "--data.files": motion_file,
        "--data.held-out-subjects": "02",
        "--data.validation-samples": 20,
        "--epochs": 1,
        "--output": tmp_path / "run",
    }
    words = [str(word) for option in options.items() for word in option]
    assert "done" in run(environment, "ampose", "train", "wave", *words)
    measured = run(
        environment, "ampose", "evaluate", str(tmp_path / "run" / "last"), str(motion_file), "--protocol", "cmu-all"
    )
    assert "MPJPE" in measured


def test_contract_tests_cover_the_model_by_themselves(environment):
    said = run(
        environment, "pytest", "tests/models/test_lifter_network.py", "-k", "wave", "-q", "-p", "no:cacheprovider"
    )
    assert re.search(r"[5-9]\d* passed|[1-9]\d+ passed", said)
    assert "failed" not in said
