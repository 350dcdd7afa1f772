"""Human3.6M's four cameras, read from ``human36m_cameras.json``, which says where the numbers are from."""

import json
from importlib.resources import files

import numpy as np
from scipy.spatial.transform import Rotation

from ampose.poses.camera import Camera, Intrinsics

_CONTENT = json.loads(files(__package__).joinpath("human36m_cameras.json").read_text(encoding="utf-8"))

LENSES = _CONTENT["lenses"]
"""Camera -> focal length, centre, image size (pixels) and distortion."""

POSES = _CONTENT["poses"]
"""Subject -> camera -> quaternion (w, x, y, z) of the rotation from camera to world, and position in millimetres."""

CAMERAS = tuple(LENSES)
"""The cameras' ids, in the order of the published 2D files."""

SUBJECTS = tuple(POSES)
"""The subjects with 3D: train and test."""


def camera_of(subject: str, camera: str) -> Camera:
    """Return one camera as it stood when that subject was recorded, in metres.

    Example:
        >>> camera_of("S1", "54138969").position.round(3).tolist()
        [1.841, 4.955, 1.563]
    """
    lens, pose = LENSES[camera], POSES[subject][camera]
    intrinsics = {name: np.array(lens[name], dtype=np.float64) for name in ("focal", "centre", "image_size")}
    w, *xyz = pose["quaternion"]
    to_world = Rotation.from_quat([*xyz, w])  # SciPy has w last, and divides by the length
    return Camera(
        intrinsics=Intrinsics(**intrinsics),
        rotation=to_world.inv().as_matrix(),
        position=np.array(pose["position_mm"], dtype=np.float64) / 1000,
        distortion=tuple(lens["distortion"]),
    )
