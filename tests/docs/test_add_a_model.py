"""What the page adds plugs in from outside: contract tests cover it, and the real commands run with it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ampose.media.video_writer import writing_video

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "add-a-model.md"
MODULES = {
    "wave": ("ampose.models", "1. Write one file"),
    "plain": ("ampose.datasets", "A dataset"),
    "standing": ("ampose.detectors", "A detector"),
    ".xyz": ("ampose.formats", "A file format"),
}
"""Name of each thing that the page adds, the group of its entry point, and the heading above its file."""


def first_code_below(heading: str) -> str:
    section = PAGE.read_text().partition(f"\n## {heading}\n")[2]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0]


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """A folder with the page's files as a package that is installed."""
    site = tmp_path_factory.mktemp("site")
    installed = site / "added-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: added\nVersion: 1.0\n")
    points = ""
    for name, (group, heading) in MODULES.items():
        module = f"added_{name.strip('.')}"
        (site / f"{module}.py").write_text(first_code_below(heading))
        points += f"[{group}]\n{name} = {module}\n"
    (installed / "entry_points.txt").write_text(points)
    path = os.pathsep.join([str(site), str(ROOT / "src")])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "COLUMNS": "100"}


def run(environment: dict[str, str], *words: str) -> str:
    return run_python(environment, "-m", *words)


def run_python(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_info_and_help_show_the_model(environment):
    """The commands one after the other in one process, for each would load torch."""
    calls = [["info"], ["info", "wave"], ["train", "wave", "--help"]]
    code = f"from ampose.cli import main\nfor words in {calls!r}:\n    main(words)"
    said = run_python(environment, "-c", code)
    assert re.search(r"^models: .*\bwave\b", said, re.MULTILINE)
    assert "channels=64" in said
    assert f"{2 * 17 * 4 * 64 + 64 + 64 * 51 + 51:,}" in said, "its parameters are counted"
    assert "--model.frequencies INT" in said


def test_dataset_model_detector_and_format_run_through_the_commands(environment, tmp_path, rng):
    clips = tmp_path / "clips"
    clips.mkdir()
    for subject, frames in (("01", 200), ("02", 100)):
        swing = 0.1 * np.sin(np.linspace(0, 20, frames)[:, None, None] + rng.uniform(0, 6, size=(1, 17, 3)))
        np.save(clips / f"{subject}_walk.npy", rng.normal([0, 0, 1], 0.3, size=(1, 17, 3)) + swing)
    motion, weights, lifted = tmp_path / "motion.npz", tmp_path / "run" / "last", tmp_path / "lifted"
    run(environment, "ampose", "prepare", "plain", "--root", str(clips), "-o", str(motion))
    options = {
        "--data.files": motion,
        "--data.held-out-subjects": "02",
        "--data.validation-samples": 20,
        "--epochs": 1,
        "--output": weights.parent,
    }
    words = [str(word) for option in options.items() for word in option]
    assert "done" in run(environment, "ampose", "train", "wave", *words)
    measured = run(environment, "ampose", "evaluate", str(weights), str(motion), "--protocol", "cmu-all")
    assert "MPJPE" in measured
    video = tmp_path / "clip.mp4"
    with writing_video(video, image_size=(96, 128), fps=10.0) as stream:
        for _ in range(5):
            stream.write(np.zeros((128, 96, 3), dtype=np.uint8))
    how = ["--detector", "standing", "--model", str(weights), "--to", "xyz", "--no-preview"]
    run(environment, "ampose", "lift", str(video), "-o", str(lifted), *how)
    assert len((lifted / "poses.xyz").read_text().splitlines()) == 5 * 17


def test_contract_tests_cover_the_model_by_themselves(environment):
    said = run(
        environment, "pytest", "tests/models/test_lifter_network.py", "-k", "wave", "-q", "-p", "no:cacheprovider"
    )
    assert re.search(r"[5-9]\d* passed|[1-9]\d+ passed", said)
    assert "failed" not in said
