"""The shell blocks of every page in docs/ run, in order, in a folder that holds what they speak of.

The example, and the reader's own videos, are its first frames: the commands are what is tried here. A block without an
``ampose`` command is not run. Nor is one after ``<!-- not executed: reason -->``, for what needs a camera, a download
or licensed data. A lift that was run before gives the files of then.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from tests.files.keypoints.samples import make_people, openpose
from tests.walkers import bodies_px

from ampose.media import open_media
from ampose.media.video_writer import writing_video

ROOT = Path(__file__).parents[2]
FRAMES = 12
VIDEOS = ("examples/balance_beam.mp4", "my_video.mp4", "match.mp4", "clips/first.mp4", "clips/second.mp4")
BLOCK = re.compile(r"(?:<!-- not executed: ([^>]+?) -->\n+)?^```(?:sh|bash)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHIM = '''#!{python}
"""The command; a lift that was made before is copied."""
import hashlib, shutil, sys
from pathlib import Path
from ampose.cli import main
def run(words):
    at = next((n for n, word in enumerate(words) if word in ("-o", "--output")), None)
    if words[:1] != ["lift"] or at is None or not words[1:2][0].endswith(".mp4") or len(words[1:at]) > 1:
        sys.exit(main(words))
    told = words[:at] + words[at + 2:]
    kept = Path({kept!r}) / hashlib.sha256(" ".join(told).encode()).hexdigest()
    if not kept.exists():
        status = main([*told, "-o", str(kept)])
        if status:
            sys.exit(status)
    shutil.copytree(kept, words[at + 1], dirs_exist_ok=True)
if __name__ == "__main__":
    run(sys.argv[1:])
'''


@dataclass(frozen=True)
class Script:
    """What a page runs, and why it does not run the rest."""

    code: str
    reasons: tuple[str, ...]


def script_of(text: str) -> Script:
    blocks = [(reason, body) for reason, body in BLOCK.findall(text) if re.search(r"^ampose ", body, re.MULTILINE)]
    return Script(
        "".join(body for reason, body in blocks if not reason), tuple(reason for reason, _ in blocks if reason)
    )


PAGES = [page for page in sorted(ROOT.glob("docs/*.md")) if script_of(page.read_text()).code]


@pytest.fixture(scope="session")
def tools(tmp_path_factory) -> Path:
    """A folder with the commands ``ampose`` and ``python``."""
    pytest.importorskip("onnxruntime", reason="onnxruntime, which finds the person in the example, is not installed")
    folder = tmp_path_factory.mktemp("tools")
    (folder / "ampose").write_text(SHIM.format(python=sys.executable, kept=str(tmp_path_factory.mktemp("lifted"))))
    (folder / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    for tool in folder.iterdir():
        tool.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """The first frames of the example."""
    media = open_media(ROOT / "examples" / "balance_beam.mp4")
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with writing_video(path, image_size=media.image_size, fps=media.fps) as video:
        for frame in islice(media, FRAMES):
            video.write(frame)
    return path


@pytest.mark.slow
@pytest.mark.detector
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_runs(page, tools, clip, tmp_path):
    text = page.read_text()
    for name in VIDEOS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(clip, tmp_path / name)
    openpose(tmp_path, make_people("body_25")).rename(tmp_path / "output_json")
    shutil.copy(ROOT / "examples" / "run_exported.py", tmp_path / "examples")
    np.save(tmp_path / "keypoints.npy", bodies_px(FRAMES))
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    options = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script_of(text).code], check=False, **options)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    promised = {name for name in re.findall(r"`(demo/[\w./-]+\.\w+)`", text) if "*" not in name}
    missing = {name for name in promised if not (tmp_path / name).exists()}
    assert not missing, f"the page speaks of files that its commands do not write: {missing}"


def test_the_check_knows_what_to_run():
    text = (
        "```sh\nampose a\n```\n<!-- not executed: needs a camera -->\n```bash\nampose b\n```\n"
        "```sh\npip install x\n```\n```python\nampose c\n```\n```sh\ncd x\nampose d\n```\n"
    )
    assert script_of(text) == Script("ampose a\ncd x\nampose d\n", ("needs a camera",))


def test_pages_of_tasks_are_all_run():
    tasks = {"to-blender", "to-unity", "to-opensim", "a-figure-for-my-paper", "send-it-to-a-colleague"}
    tasks |= {"my-own-program", "my-own-video", "several-people", "openpose-folder", "usable-3d"}
    assert tasks <= {page.stem for page in PAGES}
