"""Run a folder that `ampose export` wrote. Needs NumPy and the folder's engine, not ampose.

    python run_exported.py FOLDER KEYPOINTS.npy WIDTH HEIGHT POSES.npz [DETECTOR]

KEYPOINTS.npy holds the pixels of one person: (frame, joint, 2), NaN for missing joints. The joints are in the order of
the folder's labels.txt, or of a DETECTOR in its detectors.json, such as coco_17. The field of view is assumed to
be 60 degrees across the longer side of an image of WIDTH x HEIGHT pixels. POSES.npz holds the "outputs" of config.json:
positions (frame, joint, 3) in metres, relative to the hip, x to the right, y down, z away from the camera; and the
expected error of each joint, if the model predicts it.
"""

import hashlib
import json
import math
import os
import sys
from pathlib import Path

import numpy as np

VERSION = 2  # of the folder
CHUNK = 64  # larger batches fall out of a CPU's cache


def check(folder: Path) -> None:
    """Stop if a file is not the one that was exported."""
    if not (folder / "SHA256SUMS").is_file():
        sys.exit(f"{folder}: must be a folder that `ampose export` wrote, but there is no SHA256SUMS in it")
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        expected, name = line.split(maxsplit=1)
        if not (folder / name).is_file():
            sys.exit(f"{folder / name} is missing: copy the whole folder")
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            sys.exit(f"{folder / name} is damaged: its hash is not the one in SHA256SUMS")


def load(folder: Path, kind: str, file: str):
    """Return a function (keypoints, camera) -> the outputs, in the order of config.json."""
    if kind == "onnx":
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # else it reports its use over the network
        import onnxruntime

        session = onnxruntime.InferenceSession(folder / file, providers=["CPUExecutionProvider"])
        return lambda keypoints, camera: session.run(None, {"keypoints": keypoints, "camera": camera})
    if kind == "openvino":
        import openvino

        # By default OpenVINO rounds to bfloat16 on processors that have it, which costs millimetres.
        model = openvino.compile_model(folder / file, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        return lambda keypoints, camera: model({"keypoints": keypoints, "camera": camera}).to_tuple()
    import torch

    module = torch.export.load(folder / file).module()
    return lambda keypoints, camera: [out.numpy() for out in module(torch.tensor(keypoints), torch.tensor(camera))]


def to_model(points: np.ndarray, labels: list[str], detector: dict) -> np.ndarray:
    """Map a detector's joints to the model's as weighted sums; joints without a source are NaN."""
    at = {joint: number for number, joint in enumerate(detector["joints"])}
    made = np.full((len(points), len(labels), 2), np.nan, np.float32)
    for number, joint in enumerate(labels):
        weights = detector["weights"][joint]
        if weights:
            made[:, number] = sum(weight * points[:, at[source]] for source, weight in weights.items())
    return made


def read(file: Path, folder: Path, detector: str) -> np.ndarray:
    """Return the keypoints in the model's order."""
    labels = (folder / "labels.txt").read_text().splitlines()
    detectors = json.loads((folder / "detectors.json").read_text())
    if detector and detector not in detectors:
        sys.exit(f"DETECTOR must be one of {', '.join(detectors)}, got {detector}")
    joints = detectors[detector]["joints"] if detector else labels
    try:
        points = np.load(file, allow_pickle=False).astype(np.float32)
    except (OSError, ValueError, TypeError) as error:
        sys.exit(f"{file}: must be a .npy file with numbers, got one that cannot be read ({error})")
    if points.ndim != 3 or points.shape[1:] != (len(joints), 2):
        sys.exit(f"{file}: must have shape (frame, {len(joints)}, 2), got {points.shape}; joints: {', '.join(joints)}")
    return to_model(points, labels, detectors[detector]) if detector else points


def main(folder: Path, keypoints_file: Path, width: float, height: float, poses_file: Path, detector: str = "") -> None:
    """Lift all frames."""
    check(folder)
    config = json.loads((folder / "config.json").read_text())
    if config["version"] != VERSION:
        sys.exit(f"{folder}: version must be {VERSION}, got {config['version']}; export it again")
    keypoints = read(keypoints_file, folder, detector)
    run = load(folder, config["kind"], config["file"])
    focal = max(width, height) / 2 / math.tan(math.radians(60) / 2)
    camera = np.tile(np.float32([focal, focal, width / 2, height / 2, width, height]), (len(keypoints), 1))
    starts = range(0, max(len(keypoints), 1), CHUNK)
    chunks = [run(keypoints[i : i + CHUNK], camera[i : i + CHUNK]) for i in starts]
    outputs = {
        name: np.concatenate(parts) for name, parts in zip(config["outputs"], zip(*chunks, strict=True), strict=True)
    }
    np.savez(poses_file, **outputs)
    print(f"{poses_file}: {', '.join(outputs)} of {len(keypoints)} frames, by {config['model']} and {config['kind']}")


if __name__ == "__main__":
    if len(sys.argv) not in (6, 7):
        sys.exit(__doc__)
    try:
        size = float(sys.argv[3]), float(sys.argv[4])
    except ValueError:
        sys.exit(f"WIDTH and HEIGHT must be numbers, got {sys.argv[3]} and {sys.argv[4]}")
    main(Path(sys.argv[1]), Path(sys.argv[2]), *size, Path(sys.argv[5]), *sys.argv[6:])
