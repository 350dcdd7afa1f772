"""Run a folder that `ampose export` wrote. Needs NumPy and the folder's engine, not ampose.

    python run_exported.py FOLDER KEYPOINTS.npy WIDTH HEIGHT POSITIONS.npy

KEYPOINTS.npy holds the pixels of one person: (frame, joint, 2), joints in the order of the folder's labels.txt. The
camera is taken to see 60 degrees across the longer side of a picture of WIDTH x HEIGHT pixels. POSITIONS.npy gets
metres: (frame, joint, 3), relative to the hip, x to the right, y down, z away from the camera.
"""

import hashlib
import json
import math
import sys
from pathlib import Path

import numpy as np

CHUNK = 64  # larger batches fall out of a CPU's cache


def check(folder: Path) -> None:
    """Stop if a file is not the one that was exported."""
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        expected, name = line.split(maxsplit=1)
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            sys.exit(f"{folder / name} is damaged: its hash is not the one in SHA256SUMS")


def load(folder: Path, kind: str, file: str):
    """Return a function (keypoints, camera) -> positions."""
    if kind == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(folder / file, providers=["CPUExecutionProvider"])
        return lambda keypoints, camera: session.run(None, {"keypoints": keypoints, "camera": camera})[0]
    if kind == "openvino":
        import openvino

        # Left alone, OpenVINO rounds to bfloat16 on processors that have it, which costs millimetres.
        model = openvino.compile_model(folder / file, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        return lambda keypoints, camera: model({"keypoints": keypoints, "camera": camera})[0]
    import torch

    module = torch.export.load(folder / file).module()
    return lambda keypoints, camera: module(torch.from_numpy(keypoints), torch.from_numpy(camera)).numpy()


def main(folder: Path, keypoints_file: Path, width: float, height: float, positions_file: Path) -> None:
    """Lift all frames."""
    check(folder)
    config = json.loads((folder / "config.json").read_text())
    run = load(folder, config["kind"], config["file"])
    focal = max(width, height) / 2 / math.tan(math.radians(60) / 2)
    keypoints = np.load(keypoints_file, allow_pickle=False).astype(np.float32)
    camera = np.tile(np.float32([focal, focal, width / 2, height / 2, width, height]), (len(keypoints), 1))
    chunks = range(0, len(keypoints), CHUNK)
    positions = np.concatenate([run(keypoints[i : i + CHUNK], camera[i : i + CHUNK]) for i in chunks])
    np.save(positions_file, positions)
    print(f"{positions_file}: {len(positions)} poses of {config['model']}, {config['kind']}")


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), Path(sys.argv[5]))
