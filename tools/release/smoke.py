"""Use an installed ampose as its user would: ``python smoke.py EXTRA REPOSITORY``, in an empty folder.

It knows nothing but the package; from the repository it takes a video and a few motion files.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import ampose
from ampose.cli import main
from ampose.files import poses
from ampose.poses.people import Person


def run(*words: object) -> None:
    """Run a command that has to succeed."""
    if main([str(word) for word in words]):
        raise SystemExit(f"ampose {' '.join(map(str, words))} failed")


def core(repository: Path) -> None:
    """Lift keypoints, write, convert and show them; prepare motion."""
    keypoints = np.random.default_rng(0).uniform(200, 800, size=(10, 17, 2))
    pose = ampose.lift(keypoints, image_size=(1000, 1000), skeleton="coco_17", fps=30)
    poses.write("poses.npz", [Person(0, None, pose)])
    for name in ("json", "csv", "trc", "bvh", "glb"):
        run("convert", "poses.npz", f"poses.{name}")
    run("view", "poses.json")
    run("prepare", "cmu", "--root", repository / "tests" / "data" / "cmu" / "stick_figure", "-o", "cmu.npz")


def video(repository: Path) -> None:
    """Find and lift the person in a video."""
    result = ampose.lift_video(repository / "examples" / "balance_beam.mp4")
    if len(result.people) != 1:
        raise SystemExit(f"one person is in the video, not {len(result.people)}")


def train(repository: Path) -> None:
    """Train a tiny network on a figure of sticks, and hold out its twin."""
    subjects = repository / "tests" / "data" / "cmu" / "stick_figure" / "subjects"
    for subject in ("01", "02"):
        for file in (subjects / "01").iterdir():
            copy = Path("cmu", "subjects", subject, subject + file.name[2:])
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    run("prepare", "cmu", "--root", "cmu", "-o", "cmu.npz")
    brief = ("--epochs", "1", "--data.samples-per-epoch", "64", "--batch-size", "32", "--model.channels", "16")
    run("info", "ampose-small")
    run("train", "ampose-small", "--data.files", "cmu.npz", "--data.held-out-subjects", "02", "-o", "run", *brief)
    ampose.load_model("run/last")


def all(repository: Path) -> None:  # noqa: A001 - the name of the extra
    """Use what no other extra here brings: figures, tables, C3D and the engines."""
    for use in (core, video, train):
        use(repository)
    run("lift", repository / "examples" / "balance_beam.mp4", "-o", "lifted", "--to", "c3d,parquet,pdf")
    run("export", "onnx", "ampose-small")
    ampose.load_model("ampose-small", engine="openvino")


if __name__ == "__main__":
    if (sys.argv[1] in ("core", "video")) == bool(find_spec("torch")):
        raise SystemExit("PyTorch belongs to training and all, and to nothing else")
    globals()[sys.argv[1]](Path(sys.argv[2]).resolve())
    sys.stdout.write(f"ampose {ampose.__version__} in {Path(ampose.__file__).parent}\n")
