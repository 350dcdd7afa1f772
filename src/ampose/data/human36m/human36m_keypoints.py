"""Detected 2D keypoints of Human3.6M, from any detector, in VideoPose3D's layout.

``positions_2d``: subject -> take -> one array (frame, 17, 2 or more) of pixels for each camera, in the order of
``CAMERAS``; ``metadata``: num_joints, and keypoints_symmetry, from which one sees which joints they are.
CPN's file: https://dl.fbaipublicfiles.com/video-pose-3d/data_2d_h36m_cpn_ft_h36m_dbb.npz.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from ampose.data.human36m.human36m_cameras import CAMERAS, SUBJECTS
from ampose.data.human36m.human36m_files import Take, read_videopose3d
from ampose.errors import InputError
from ampose.files.pickles.restricted_pickle import load_restricted_npz
from ampose.poses.skeletons import get_skeleton

GROUND_TRUTH = "gt"
_PREFIX = "data_2d_h36m_"
_SHORT = {"cpn_ft_h36m_dbb": "cpn"}
_SKELETON = get_skeleton("human36m_17")


@dataclass(frozen=True, kw_only=True)
class Keypoints:
    """What one 2D file holds of the subjects that have 3D.

    Args:
        name: Name of the source: gt, cpn...
        path: The file.
        arrays: One array a camera for each take.
    """

    name: str
    path: Path
    arrays: Mapping[Take, Sequence[np.ndarray]]

    def read(self, take: Take, frames: int) -> list[Float32[np.ndarray, "frame 17 2"]] | None:
        """Return the pixels of the first ``frames`` frames for each camera; None if the take is not there.

        The 2D files may be longer than the 3D, whose recording ends first; they are cut.

        Raises:
            InputError: They are shorter, of another shape or not finite; the message names file and take.
        """
        if take not in self.arrays:
            return None
        pixels = []
        for camera, array in zip(CAMERAS, self.arrays[take], strict=True):
            name, joints = f"{self.path}: {' '.join(take)} camera {camera}", _SKELETON.num_joints
            if array.ndim != 3 or array.shape[1] != joints or array.shape[2] < 2 or array.dtype.kind not in "fiu":
                raise InputError(f"{name} must have shape (frame, {joints}, 2), got {array.dtype} {array.shape}")
            if len(array) < frames:
                raise InputError(
                    f"{name} must have at least the {frames} frames of the 3D positions, got {len(array)}; "
                    "get the file again"
                )
            points = array[:frames, :, :2].astype(np.float32)
            broken = ~np.isfinite(points).all(axis=(1, 2))
            if broken.any():
                frame = int(broken.argmax())
                raise InputError(f"{name} must be finite, got frame {frame} that is not; get the file again")
            pixels.append(points)
        return pixels

    def surplus(self, take: Take, frames: int) -> int:
        """How many frames ``read`` cuts off, all cameras together."""
        return sum(len(array) - frames for array in self.arrays.get(take, ()))


def find_keypoints(root: Path, files: Sequence[Path]) -> list[Keypoints]:
    """Read the named files and those in ``root`` that have VideoPose3D's names.

    Raises:
        InputError: A file is broken, of another layout, or two have the same name.
    """
    folder = root.parent if root.is_file() else root
    paths = list(files)
    known = {path.resolve() for path in files}
    paths += [path for path in sorted(folder.glob(f"{_PREFIX}*.npz")) if path.resolve() not in known]
    found = [read_keypoints(path) for path in paths]
    for number, source in enumerate(found):
        for other in found[:number]:
            if source.name == other.name:
                raise InputError(f"{source.path}: 2D source {source.name!r} must be there once, got {other.path} too")
    return found


def read_keypoints(path: Path) -> Keypoints:
    """Read one file.

    Raises:
        InputError: It is missing, broken, of another layout, or its joints are not Human3.6M's 17.
    """
    content = load_restricted_npz(path)
    takes = read_videopose3d(path, content, "positions_2d")
    if not takes:
        found = ", ".join(content["positions_2d"])
        raise InputError(f"{path}: file must hold keypoints of {', '.join(SUBJECTS)}, found {found}")
    _check_joints(path, content.get("metadata"))
    arrays = {}
    for take, cameras in takes.items():
        count = len(cameras) if isinstance(cameras, list | tuple | np.ndarray) else type(cameras).__name__
        if count != len(CAMERAS):
            name = " ".join(take)
            raise InputError(f"{path}: {name} must have one array for each of {len(CAMERAS)} cameras, got {count}")
        arrays[take] = [np.asarray(camera) for camera in cameras]
    return Keypoints(name=source_name(path), path=path, arrays=arrays)


def source_name(path: Path) -> str:
    """Return the short name of a 2D file.

    Example:
        >>> source_name(Path("data_2d_h36m_cpn_ft_h36m_dbb.npz")), source_name(Path("My HRNet.npz"))
        ('cpn', 'my_hrnet')
    """
    stem = path.stem.removeprefix(_PREFIX)
    return _SHORT.get(stem) or re.sub(r"[^a-z0-9_.-]+", "_", stem.lower()).lstrip("_.-") or "detected"


def _check_joints(path: Path, metadata: Any) -> None:
    """The symmetry tells the layouts with 17 joints apart: COCO has 17 joints too."""
    if not isinstance(metadata, Mapping):
        return
    wanted = [sorted(_SKELETON.joints.index(pair[side]) for pair in _SKELETON.pairs) for side in (0, 1)]
    symmetry = metadata.get("keypoints_symmetry")
    sides = [sorted(map(int, side)) for side in symmetry] if isinstance(symmetry, list | tuple) else wanted
    joints = metadata.get("num_joints", _SKELETON.num_joints)
    if joints != _SKELETON.num_joints or sides != wanted:
        raise InputError(
            f"{path}: keypoints must be the {_SKELETON.num_joints} joints of Human3.6M, got {joints} joints with "
            f"left {sides[0]} and right {sides[-1]}; give a file whose detector was trained on Human3.6M's joints"
        )
