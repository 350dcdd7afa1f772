"""Motion that is already an array of joints: one .npz file of plain arrays.

What the file holds: ``root_m`` (frame, 3) metres, world, z up; ``relative_tenth_mm`` (frame, joint, 3)
integers, joint minus root in tenths of a millimetre; ``sequence_start`` (sequence + 1,); ``sequence`` and
``action`` (sequence,) text; ``joint_names`` (joint,) text; ``fps``. Nothing says who moves, so the subject
is "unknown".

The right arm of that file is wrong and is put right: see ``ampose.data.cmu.shifted_arm``.
"""

import logging
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ampose.data import Report, ignore_report, register
from ampose.data.cmu.shifted_arm import has_shifted_right_arm, restore_right_arm
from ampose.data.motion import Motion
from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton, get_skeleton

_log = logging.getLogger(__name__)

_TENTH_MM = 1e-4
_KEYS = ("root_m", "relative_tenth_mm", "sequence_start", "sequence", "action", "joint_names", "fps")
_STEMS = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
_OUR_NAMES = {"pelvis": "hip"} | {
    short + stem: long + stem for short, long in {"l": "left_", "r": "right_"}.items() for stem in _STEMS
}


@register(
    "joint-arrays",
    terms="Those of the recordings in the file.",
    acknowledgement="That of the recordings in the file.",
    link="",
)
def read_joint_arrays(root: Path, report: Report = ignore_report) -> Motion:
    """Read one file of joints as a motion, one clip a sequence.

    Args:
        root: The .npz file, or a folder that holds one.
        report: Called once, at the end.

    Raises:
        InputError: There is no such file, or it holds something else; the message names it.
    """
    path = _find_file(root)
    arrays = _read_arrays(path)
    try:
        motion = _as_motion(path.name, arrays)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    report(motion.num_clips, motion.num_clips, path.name)
    return motion


def _as_motion(source: str, arrays: Mapping[str, np.ndarray]) -> Motion:
    skeleton = get_skeleton("human36m_17")
    positions = _positions(arrays, skeleton)
    names = tuple(map(str, arrays["sequence"]))
    provenance = {"dataset": "joint-arrays", "source": source}
    if has_shifted_right_arm(positions, skeleton):
        _log.warning("%s: the right arm's rotations are shifted by one bone; restored", source)
        positions = restore_right_arm(positions, skeleton)
        provenance["reader"] = "right arm restored: its rotations were shifted by one bone"
    return Motion(
        positions=positions.astype(np.float32),
        skeleton=skeleton,
        clip_starts=arrays["sequence_start"].astype(np.int64),
        subjects=("unknown",) * len(names),
        actions=tuple(map(str, arrays["action"])),
        names=names,
        fps=np.full(len(names), float(arrays["fps"])),
        provenance=provenance,
    )


def _find_file(root: Path) -> Path:
    if root.is_file():
        return root
    files = sorted(root.glob("*.npz"))
    if len(files) != 1:
        found = ", ".join(file.name for file in files) or "none"
        raise InputError(f"{root}: root must be one .npz file or a folder with one, found {found}")
    return files[0]


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            missing = [key for key in _KEYS if key not in archive]
            if not missing:
                return {key: archive[key] for key in _KEYS}
    except (zipfile.BadZipFile, ValueError, EOFError, TypeError) as error:
        raise InputError(f"{path}: file must be an .npz of plain arrays, got another ({error})") from error
    raise InputError(f"{path}: file must hold {', '.join(_KEYS)}, found no {', '.join(missing)}")


def _positions(arrays: Mapping[str, np.ndarray], skeleton: Skeleton) -> Float[np.ndarray, "frame joint 3"]:
    root, relative = arrays["root_m"].astype(np.float64), arrays["relative_tenth_mm"]
    if relative.ndim != 3 or root.shape != (len(relative), 3):
        raise InputError(
            f"root_m must be (frame, 3) and relative_tenth_mm (frame, joint, 3), got {root.shape} and {relative.shape}"
        )
    columns = _columns([str(name) for name in arrays["joint_names"]], skeleton)
    return root[:, None] + relative[:, columns] * _TENTH_MM


def _columns(names: Sequence[str], skeleton: Skeleton) -> list[int]:
    """Where each of the skeleton's joints is in the file."""
    ours = [_OUR_NAMES.get(name, name) for name in names]
    if sorted(ours) != sorted(skeleton.joints):
        differs = ", ".join(sorted(set(ours) ^ set(skeleton.joints))) or "a name that is there twice"
        raise InputError(f"joint_names must be the joints of {skeleton.name}, differs in {differs}")
    return [ours.index(joint) for joint in skeleton.joints]
