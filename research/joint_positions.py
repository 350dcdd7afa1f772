"""Motion sets for measuring that are kept as plain arrays of joint positions in one .npz file.

What a file holds: ``root_m`` (frame, 3), metres in world axes with z up; ``relative_tenth_mm`` (frame, joint, 3),
joint minus root in tenths of a millimetre; ``sequence_start`` (sequence + 1,); ``sequence`` and ``action`` (sequence,),
text; ``joint_names`` (joint,), text; ``fps``.
"""

from pathlib import Path

import numpy as np

from ampose.data import MotionCapture
from ampose.errors import InputError
from ampose.poses.skeletons import get_skeleton

KEYS = ("root_m", "relative_tenth_mm", "sequence_start", "sequence", "action", "joint_names", "fps")
TENTH_MM = 1e-4
NAMES = {"pelvis": "hip"} | {
    f"{side[0]}{joint}": f"{side}_{joint}"
    for side in ("left", "right")
    for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
}
"""The joints that are called otherwise in the files; the others have the skeleton's own names."""


def read_joint_positions(file: Path) -> MotionCapture:
    """Read one file as motion in the Human3.6M skeleton of 17 joints, one clip a sequence.

    The files do not say who moves: every clip's subject is "unknown".

    Raises:
        InputError: The file lacks an array, or its joints are not the skeleton's.
    """
    skeleton = get_skeleton("human36m_17")
    with np.load(file, allow_pickle=False) as archive:
        missing = [key for key in KEYS if key not in archive]
        if missing:
            raise InputError(f"{file}: file must hold {', '.join(KEYS)}, found no {', '.join(missing)}")
        arrays = {key: archive[key] for key in KEYS}
    joints = [NAMES.get(str(name), str(name)) for name in arrays["joint_names"]]
    if sorted(joints) != sorted(skeleton.joints):
        differs = ", ".join(sorted(set(joints) ^ set(skeleton.joints)))
        raise InputError(f"{file}: joint_names must be the joints of {skeleton.name}, differs in {differs}")
    # (frame, joint, xyz), the joints put into the skeleton's order
    offsets = arrays["relative_tenth_mm"][:, [joints.index(joint) for joint in skeleton.joints]] * TENTH_MM
    clips = len(arrays["sequence"])
    return MotionCapture(
        positions=(arrays["root_m"].astype(np.float64)[:, None] + offsets).astype(np.float32),
        skeleton=skeleton,
        clip_starts=arrays["sequence_start"].astype(np.int64),
        subjects=("unknown",) * clips,
        actions=tuple(map(str, arrays["action"])),
        names=tuple(map(str, arrays["sequence"])),
        fps=np.full(clips, float(arrays["fps"])),
        provenance={"source": file.name},
    )
