"""Lifters that lie ready as ONNX programs: pixels in, metres out, by ONNX Runtime; PyTorch is not even imported.

A program is that of a network's config, without its weights: those come from the weights folder.
``tools/lifter_program.py`` writes it; a test holds both ways together.
"""

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from safetensors.numpy import load_file

from ampose.errors import reading
from ampose.lifting.weights.locations import WEIGHTS
from ampose.lifting.weights.weights_folder import CONFIG_FILE, TENSOR_FILE, check_tensors
from ampose.packages import onnx_session
from ampose.poses.camera import Intrinsics
from ampose.poses.skeletons import Skeleton, register_skeleton

_CHUNK = 64


def program_name(meta: Mapping[str, Any]) -> str:
    """Return the file name of the program for the network that a weights folder's config describes."""
    described = json.dumps([meta[key] for key in ("model", "config", "skeleton")], sort_keys=True)
    return f"{meta['model']}-{hashlib.sha256(described.encode()).hexdigest()[:8]}.onnx"


class ReadyProgram:
    """Lifts single frames, averaged with the mirrored prediction.

    Args:
        content: The program, in ONNX.
        folder: Of the weights.
        meta: What the folder's config says.
    """

    receptive_field = 1

    def __init__(self, content: bytes, folder: Path, meta: Mapping[str, Any]) -> None:
        self.folder = folder
        self.name, self.sha256, self.facts = meta["model"], meta["sha256"], dict(meta.get("facts", {}))
        self.skeleton = Skeleton.from_dict(meta["skeleton"])
        register_skeleton(self.skeleton)
        self._tensors = load_file(folder / TENSOR_FILE)  # the session uses them where they are
        self._session = onnx_session(content, weights=self._tensors)
        about = self._session.get_modelmeta().custom_metadata_map
        self.normalisation = about["normalisation"]
        self.takes_missing = about["takes_missing"] == "yes"
        self.predicts_error = len(self._session.get_outputs()) > 1

    def __call__(
        self, points: Float[np.ndarray, "sample joint xy"], cameras: Intrinsics
    ) -> tuple[Float[np.ndarray, "sample joint 3"], Float[np.ndarray, "sample joint"] | None]:
        """Return positions, metres, root-relative, camera axes; and the expected error, if the network predicts it."""
        rows = np.concatenate([cameras.focal, cameras.centre, cameras.image_size], axis=1).astype(np.float32)
        starts = range(0, max(1, len(points)), _CHUNK)
        parts = [
            self._session.run(
                None,
                {
                    "keypoints": points[start : start + _CHUNK].astype(np.float32),
                    "camera": rows[start : start + _CHUNK],
                },
            )
            for start in starts
        ]
        positions, *error = map(np.concatenate, zip(*parts, strict=True))
        return positions, error[0] if error else None


def find_program(folder: Path) -> ReadyProgram | None:
    """Return the program for the weights in a folder; None if no such lies ready.

    Args:
        folder: What ``find_weights`` returned.

    Raises:
        InputError: The folder, its config or its tensors are missing or damaged.
    """
    meta = WEIGHTS.read_meta(folder)
    file = files("ampose.lifting").joinpath("programs", program_name(meta))
    if not file.is_file():
        return None
    check_tensors(folder, meta)
    with reading(folder, f"weights that fit their {CONFIG_FILE}"):
        return ReadyProgram(file.read_bytes(), folder, meta)
