"""Motion that is already an array of joints: one .npz file of plain arrays.

What the file holds: ``root_m`` (frame, 3) metres, world, z up; ``relative_tenth_mm`` (frame, joint, 3)
integers, joint minus root in tenths of a millimetre; ``sequence_start`` (sequence + 1,); ``sequence`` and
``action`` (sequence,) text; ``joint_names`` (joint,) text; ``fps``. Nothing says who moves, so the subject
is "unknown".

The fault that is repaired: in CMU's eight further actions, computed on subject 02's skeleton, each bone
of the right arm was turned with the rotation of the bone after it, so that the collar bone swings with the
upper arm, the upper arm with the forearm, and the elbow is always straight. The true pose can be had back,
since nothing was lost: the collar bone and the upper arm make a known angle that shows where the elbow's
hinge points, and the true forearm is there as the false upper arm.
"""

import logging
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ampose.data import Report, ignore_report, register
from ampose.data.motion import Motion
from ampose.errors import InputError
from ampose.skeletons import Skeleton, get_skeleton

_log = logging.getLogger(__name__)

_TENTH_MM = 1e-4
_KEYS = ("root_m", "relative_tenth_mm", "sequence_start", "sequence", "action", "joint_names", "fps")
_STEMS = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
_OUR_NAMES = {"pelvis": "hip"} | {
    short + stem: long + stem for short, long in {"l": "left_", "r": "right_"}.items() for stem in _STEMS
}

# Subject 02's right arm at rest, from 02.asf, axes x left, y back, z up: the directions of the bones
# and of the elbow's hinge. Where the right shoulder is from the thorax, mean over that subject's trials
# (standard deviation 1, 2, 6 mm), in metres in the axes of ``_trunk_axes``.
_COLLAR_AT_REST = np.array([-0.973174, 0.090739, 0.211421])
_ARM_AT_REST = np.array([-1.0, 0.0, 0.0])
_HINGE_AT_REST = np.array([0.0, 0.5, np.sqrt(0.75)])
_SHOULDER_ON_TRUNK = np.array([-0.1958, 0.0271, 0.0451])
_STRAIGHT = 1e-5
"""1 + cosine of an elbow angle that is straight but for the rounding of the file (0.26 degrees)."""


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


def has_shifted_right_arm(positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton) -> bool:
    """Say whether the right elbow is straight in every frame, as only the fault makes it.

    Example:
        >>> skeleton = get_skeleton("human36m_17")
        >>> positions = np.random.default_rng(0).normal(size=(9, 17, 3))
        >>> has_shifted_right_arm(positions, skeleton)
        False
    """
    shoulder, elbow, wrist = (
        positions[:, skeleton.index(joint)] for joint in ("right_shoulder", "right_elbow", "right_wrist")
    )
    cosine = (_unit(shoulder - elbow) * _unit(wrist - elbow)).sum(axis=1)
    return bool((cosine < _STRAIGHT - 1).all())


def restore_right_arm(
    positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton
) -> Float[np.ndarray, "frame joint 3"]:
    """Undo the fault that the file's header describes.

    Args:
        positions: Metres, computed with the right arm's rotations shifted by one bone.
        skeleton: Names and order of the joints.

    Returns:
        The positions with the right shoulder, elbow and wrist where they were. The shoulder's place on the
        trunk is a mean (a few millimetres); the bones' directions are exact but for rounding.
    """
    thorax, shoulder, elbow, wrist = (
        positions[:, skeleton.index(joint)].astype(np.float64)
        for joint in ("thorax", "right_shoulder", "right_elbow", "right_wrist")
    )
    forearm, collar = _unit(elbow - shoulder), _unit(shoulder - thorax)
    upper_arm = _upper_arm(forearm, collar)
    true_shoulder = thorax + _trunk_axes(positions, skeleton) @ _SHOULDER_ON_TRUNK
    true_elbow = true_shoulder + upper_arm * _length(elbow - shoulder)
    true_wrist = true_elbow + forearm * _length(wrist - elbow)
    restored = positions.astype(np.float64)
    for joint, points in (
        ("right_shoulder", true_shoulder),
        ("right_elbow", true_elbow),
        ("right_wrist", true_wrist),
    ):
        restored[:, skeleton.index(joint)] = points
    return restored


def _upper_arm(
    forearm: Float[np.ndarray, "frame 3"], collar: Float[np.ndarray, "frame 3"]
) -> Float[np.ndarray, "frame 3"]:
    """Direction of the true upper arm.

    With the rotation G of the upper arm and the elbow's bend b, the file gives ``collar = G collar_0`` and
    ``forearm = G R(hinge_0, b) arm_0``. Their angle gives b (never negative); then two
    directions before and after give G.
    """
    sideways = np.cross(_HINGE_AT_REST, _ARM_AT_REST)
    along, across = _COLLAR_AT_REST @ _ARM_AT_REST, _COLLAR_AT_REST @ sideways
    cosine = (forearm * collar).sum(axis=1) / np.hypot(along, across)
    bend = np.arctan2(across, along) + np.arccos(cosine.clip(-1, 1))
    forearm_at_rest = np.cos(bend)[:, None] * _ARM_AT_REST + np.sin(bend)[:, None] * sideways
    before = _axes(forearm_at_rest, np.broadcast_to(_COLLAR_AT_REST, forearm_at_rest.shape))
    turned: np.ndarray = _axes(forearm, collar) @ before.swapaxes(1, 2) @ _ARM_AT_REST
    return turned


def _trunk_axes(positions: Float[np.ndarray, "frame joint 3"], skeleton: Skeleton) -> Float[np.ndarray, "frame 3 3"]:
    """Columns: left (towards the left shoulder), back, up (along the spine)."""
    spine, thorax, shoulder = (
        positions[:, skeleton.index(joint)].astype(np.float64) for joint in ("spine", "thorax", "left_shoulder")
    )
    up = _unit(thorax - spine)
    back = _unit(np.cross(up, shoulder - thorax))
    return np.stack([np.cross(back, up), back, up], axis=2)


def _axes(first: Float[np.ndarray, "frame 3"], second: Float[np.ndarray, "frame 3"]) -> Float[np.ndarray, "frame 3 3"]:
    """Right-handed axes as columns: the first direction, the normal of both, and what completes them."""
    normal = _unit(np.cross(first, second))
    return np.stack([first, normal, np.cross(first, normal)], axis=2)


def _length(vectors: Float[np.ndarray, "frame 3"]) -> Float[np.ndarray, "frame 1"]:
    return np.linalg.norm(vectors, axis=1, keepdims=True)


def _unit(vectors: Float[np.ndarray, "frame 3"]) -> Float[np.ndarray, "frame 3"]:
    return vectors / _length(vectors)


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
