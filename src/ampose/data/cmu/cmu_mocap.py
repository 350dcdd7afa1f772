"""CMU Graphics Lab Motion Capture Database (http://mocap.cs.cmu.edu): optical, 120 fps, 144 subjects.

Layout of the official download: ``subjects/NN/NN.asf`` (skeleton) and ``subjects/NN/NN_MM.amc`` (trial).
An ``index.csv`` with the columns ``trial`` and ``description`` beside ``subjects`` names the actions.

How its bones become the 17 joints of Human3.6M: hips, knees, ankles, shoulders, elbows and the ends of
the spine's bones are joints of the skeleton. The pelvis is the middle of the hips (Human3.6M's
convention; the database's root lies about 10 cm higher). ``neck_nose`` is the base of the skull: no bone
points to the nose. Wrists are the ends of ``rwrist`` and ``lwrist``, since ``radius`` ends at two thirds of
the forearm.
"""

import csv
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ampose import Progress
from ampose.data import ignore_report, register
from ampose.data.cmu.asf_amc import Armature, bone_ends, read_amc, read_asf
from ampose.data.motion_capture import MotionCapture
from ampose.errors import InputError, reading
from ampose.poses.skeletons import get_skeleton

FPS = 120.0
LINK = "http://mocap.cs.cmu.edu"
TERMS = (
    "Free for all uses; may be included in commercially sold products, but not resold directly, even in converted form."
)
ACKNOWLEDGEMENT = (
    "The data used in this project was obtained from mocap.cs.cmu.edu. The database was created with funding "
    "from NSF EIA-0196217."
)

_STARTS = {
    "right_hip": "rfemur",
    "left_hip": "lfemur",
    "left_shoulder": "lhumerus",
    "right_shoulder": "rhumerus",
}
_ENDS = {
    "right_knee": "rfemur",
    "right_ankle": "rtibia",
    "left_knee": "lfemur",
    "left_ankle": "ltibia",
    "spine": "lowerback",
    "thorax": "thorax",
    "neck_nose": "upperneck",
    "head": "head",
    "left_elbow": "lhumerus",
    "left_wrist": "lwrist",
    "right_elbow": "rhumerus",
    "right_wrist": "rwrist",
}
_Y_UP_TO_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""A quarter turn about x: up (y) becomes z, towards the viewer (z) becomes -y."""


@register("cmu", terms=TERMS, acknowledgement=ACKNOWLEDGEMENT, link=LINK)
def read_cmu(root: Path, report: Progress = ignore_report, *, skip_damaged: bool = False) -> MotionCapture:
    """Read all trials as 17 Human3.6M joints, one clip a trial.

    Args:
        root: The folder that holds ``subjects``, or ``subjects`` itself.
        report: Called after each trial.
        skip_damaged: Leave trials out that cannot be read; the provenance says which.

    Raises:
        InputError: There is no trial, or files are missing or broken; the message names all of them.
    """
    if not root.is_dir():
        raise InputError(f"{root}: folder of the database must be there, found none; get it from {LINK}")
    folder = root / "subjects" if (root / "subjects").is_dir() else root.resolve()
    trials = sorted(folder.glob("*/*_*.amc"))
    if not trials:
        raise InputError(f"{folder}: folder must hold trials as NN/NN_MM.amc, found none")
    actions = _read_actions(folder.parent / "index.csv")
    armatures: dict[str, Armature] = {}
    clips: list[np.ndarray] = []
    damaged: dict[Path, str] = {}
    for done, trial in enumerate(trials, start=1):
        subject = trial.parent.name
        try:
            if subject not in armatures:
                armatures[subject] = _read_armature(trial.with_name(f"{subject}.asf"))
            clips.append(_read_joints(trial, armatures[subject]))
        except InputError as error:  # the rest is read, so that one run names all that is damaged
            damaged[trial] = str(error)
        report(done, len(trials), trial.stem)
    if damaged and not (skip_damaged and clips):
        raise InputError("\n".join(dict.fromkeys(damaged.values())))
    trials = [trial for trial in trials if trial not in damaged]
    left_out = {"left out, damaged": ", ".join(trial.stem for trial in damaged)} if damaged else {}
    return MotionCapture(
        positions=np.concatenate(clips),
        skeleton=get_skeleton("human36m_17"),
        clip_starts=np.cumsum([0, *map(len, clips)], dtype=np.int64),
        subjects=tuple(trial.parent.name for trial in trials),
        actions=tuple(actions.get(trial.stem, "unknown") for trial in trials),
        names=tuple(trial.stem for trial in trials),
        fps=np.full(len(trials), FPS),
        provenance=left_out
        | {
            "dataset": "cmu",
            "source": f"CMU Graphics Lab Motion Capture Database, {LINK}",
            "terms": TERMS,
            "acknowledgement": ACKNOWLEDGEMENT,
            "reader": "pelvis in the middle of the hips; neck_nose at the base of the skull; y up turned to z up",
        },
    )


def _read_actions(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    with reading(path, "a CSV of trials and descriptions"), path.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        if not {"trial", "description"} <= set(table.fieldnames or ()):
            raise InputError(f"{path}: columns must be trial and description, found {table.fieldnames}")
        return {row["trial"]: row["description"] or "unknown" for row in table}


def _read_armature(path: Path) -> Armature:
    with reading(path, "a whole ASF file"):
        armature = read_asf(path)
    for bone in (*_STARTS.values(), *_ENDS.values()):
        if bone not in armature.parents:
            raise InputError(f"{path}: skeleton must have the bone {bone}, found {', '.join(armature.parents)}")
    return armature


def _read_joints(path: Path, armature: Armature) -> Float[np.ndarray, "frame joint 3"]:
    """Read a trial as Human3.6M's joints."""
    with reading(path, "a whole AMC file"):
        ends = bone_ends(armature, read_amc(path, armature))
    joints = {joint: ends[bone] for joint, bone in _ENDS.items()}
    joints |= {
        joint: ends[armature.parents[bone]] for joint, bone in _STARTS.items()
    }  # a bone starts where its parent ends
    joints["hip"] = (joints["left_hip"] + joints["right_hip"]) / 2
    ordered = np.stack([joints[joint] for joint in get_skeleton("human36m_17").joints], axis=1)
    return (ordered @ _Y_UP_TO_Z_UP.T).astype(np.float32)
