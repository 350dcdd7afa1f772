"""The skeletons that ampose knows by name.

Orders are the published ones: Human3.6M's 17 joints as VideoPose3D orders them and the 16 joints of
SemGCN without Neck/Nose; MPI-INF-3DHP's 28 and its 17 "relevant" ones; COCO's 17; BlazePose's 33; Halpe's
26; OpenPose's 18 and 25. Detector layouts have no root in the anatomical sense; their trees serve for drawing.
"""

from ampose.poses.skeletons.joint_sides import sides_of
from ampose.poses.skeletons.skeleton import Skeleton


def _sides(*stems: str) -> list[tuple[str, str]]:
    return [sides_of(stem) for stem in stems]


_LIMBS = _sides("hip", "knee", "ankle", "shoulder", "elbow", "wrist")

HUMAN36M_17 = Skeleton(
    "human36m_17",
    {
        "hip": None,
        "right_hip": "hip",
        "right_knee": "right_hip",
        "right_ankle": "right_knee",
        "left_hip": "hip",
        "left_knee": "left_hip",
        "left_ankle": "left_knee",
        "spine": "hip",
        "thorax": "spine",
        "neck_nose": "thorax",
        "head": "neck_nose",
        "left_shoulder": "thorax",
        "left_elbow": "left_shoulder",
        "left_wrist": "left_elbow",
        "right_shoulder": "thorax",
        "right_elbow": "right_shoulder",
        "right_wrist": "right_elbow",
    },
    _LIMBS,
)

HUMAN36M_16 = Skeleton(
    "human36m_16",
    {
        joint: "thorax" if parent == "neck_nose" else parent
        for joint, parent in HUMAN36M_17.parents.items()
        if joint != "neck_nose"
    },
    _LIMBS,
)

MPI_INF_3DHP_28 = Skeleton(
    "mpi_inf_3dhp_28",
    {
        "spine3": "spine2",
        "spine4": "spine3",
        "spine2": "spine",
        "spine": "hip",
        "hip": None,
        "neck": "spine4",
        "head": "neck",
        "head_top": "head",
        "left_clavicle": "neck",
        "left_shoulder": "left_clavicle",
        "left_elbow": "left_shoulder",
        "left_wrist": "left_elbow",
        "left_hand": "left_wrist",
        "right_clavicle": "neck",
        "right_shoulder": "right_clavicle",
        "right_elbow": "right_shoulder",
        "right_wrist": "right_elbow",
        "right_hand": "right_wrist",
        "left_hip": "hip",
        "left_knee": "left_hip",
        "left_ankle": "left_knee",
        "left_foot": "left_ankle",
        "left_toe": "left_foot",
        "right_hip": "hip",
        "right_knee": "right_hip",
        "right_ankle": "right_knee",
        "right_foot": "right_ankle",
        "right_toe": "right_foot",
    },
    [*_LIMBS, *_sides("clavicle", "hand", "foot", "toe")],
)
"""All joints of MPI-INF-3DHP's training annotations. Its pelvis is called ``hip`` here, as Human3.6M's is. Its ``head``
lies inside the head and is not Human3.6M's ``head``, which is the top of it: see ``mappings.FROM_MPI_INF_3DHP``."""

MPI_INF_3DHP_17 = Skeleton(
    "mpi_inf_3dhp_17",
    {
        "head_top": "head",
        "neck": "spine",
        "right_shoulder": "neck",
        "right_elbow": "right_shoulder",
        "right_wrist": "right_elbow",
        "left_shoulder": "neck",
        "left_elbow": "left_shoulder",
        "left_wrist": "left_elbow",
        "right_hip": "hip",
        "right_knee": "right_hip",
        "right_ankle": "right_knee",
        "left_hip": "hip",
        "left_knee": "left_hip",
        "left_ankle": "left_knee",
        "hip": None,
        "spine": "hip",
        "head": "neck",
    },
    _LIMBS,
)
"""The "relevant" joints: the order of the test annotations and of the field's npz files. The root is not the first."""

COCO_17 = Skeleton(
    "coco_17",
    {
        "nose": None,
        "left_eye": "nose",
        "right_eye": "nose",
        "left_ear": "left_eye",
        "right_ear": "right_eye",
        "left_shoulder": "nose",
        "right_shoulder": "nose",
        "left_elbow": "left_shoulder",
        "right_elbow": "right_shoulder",
        "left_wrist": "left_elbow",
        "right_wrist": "right_elbow",
        "left_hip": "left_shoulder",
        "right_hip": "right_shoulder",
        "left_knee": "left_hip",
        "right_knee": "right_hip",
        "left_ankle": "left_knee",
        "right_ankle": "right_knee",
    },
    [*_sides("eye", "ear"), *_LIMBS],
)


BLAZEPOSE_33 = Skeleton(
    "blazepose_33",
    {
        "nose": None,
        "left_eye_inner": "nose",
        "left_eye": "left_eye_inner",
        "left_eye_outer": "left_eye",
        "right_eye_inner": "nose",
        "right_eye": "right_eye_inner",
        "right_eye_outer": "right_eye",
        "left_ear": "left_eye_outer",
        "right_ear": "right_eye_outer",
        "left_mouth": "nose",
        "right_mouth": "nose",
        "left_shoulder": "nose",
        "right_shoulder": "nose",
        "left_elbow": "left_shoulder",
        "right_elbow": "right_shoulder",
        "left_wrist": "left_elbow",
        "right_wrist": "right_elbow",
        "left_pinky": "left_wrist",
        "right_pinky": "right_wrist",
        "left_index": "left_wrist",
        "right_index": "right_wrist",
        "left_thumb": "left_wrist",
        "right_thumb": "right_wrist",
        "left_hip": "left_shoulder",
        "right_hip": "right_shoulder",
        "left_knee": "left_hip",
        "right_knee": "right_hip",
        "left_ankle": "left_knee",
        "right_ankle": "right_knee",
        "left_heel": "left_ankle",
        "right_heel": "right_ankle",
        "left_foot_index": "left_heel",
        "right_foot_index": "right_heel",
    },
    [
        *_sides("eye_inner", "eye", "eye_outer", "ear", "mouth"),
        *_LIMBS,
        *_sides("pinky", "index", "thumb", "heel", "foot_index"),
    ],
)

HALPE_26 = Skeleton(
    "halpe_26",
    {
        "nose": "neck",
        "left_eye": "nose",
        "right_eye": "nose",
        "left_ear": "left_eye",
        "right_ear": "right_eye",
        "left_shoulder": "neck",
        "right_shoulder": "neck",
        "left_elbow": "left_shoulder",
        "right_elbow": "right_shoulder",
        "left_wrist": "left_elbow",
        "right_wrist": "right_elbow",
        "left_hip": "hip",
        "right_hip": "hip",
        "left_knee": "left_hip",
        "right_knee": "right_hip",
        "left_ankle": "left_knee",
        "right_ankle": "right_knee",
        "head": "nose",
        "neck": "hip",
        "hip": None,
        "left_big_toe": "left_ankle",
        "right_big_toe": "right_ankle",
        "left_small_toe": "left_ankle",
        "right_small_toe": "right_ankle",
        "left_heel": "left_ankle",
        "right_heel": "right_ankle",
    },
    [*_sides("eye", "ear"), *_LIMBS, *_sides("big_toe", "small_toe", "heel")],
)

OPENPOSE_18 = Skeleton(
    "openpose_18",
    {
        "nose": "neck",
        "neck": None,
        "right_shoulder": "neck",
        "right_elbow": "right_shoulder",
        "right_wrist": "right_elbow",
        "left_shoulder": "neck",
        "left_elbow": "left_shoulder",
        "left_wrist": "left_elbow",
        "right_hip": "neck",
        "right_knee": "right_hip",
        "right_ankle": "right_knee",
        "left_hip": "neck",
        "left_knee": "left_hip",
        "left_ankle": "left_knee",
        "right_eye": "nose",
        "left_eye": "nose",
        "right_ear": "right_eye",
        "left_ear": "left_eye",
    },
    [*_sides("eye", "ear"), *_LIMBS],
)
"""OpenPose's "COCO" output, 18 points: COCO's joints in another order, with a neck between the shoulders."""

BODY_25 = Skeleton(
    "body_25",
    {
        "nose": "neck",
        "neck": "hip",
        "right_shoulder": "neck",
        "right_elbow": "right_shoulder",
        "right_wrist": "right_elbow",
        "left_shoulder": "neck",
        "left_elbow": "left_shoulder",
        "left_wrist": "left_elbow",
        "hip": None,
        "right_hip": "hip",
        "right_knee": "right_hip",
        "right_ankle": "right_knee",
        "left_hip": "hip",
        "left_knee": "left_hip",
        "left_ankle": "left_knee",
        "right_eye": "nose",
        "left_eye": "nose",
        "right_ear": "right_eye",
        "left_ear": "left_eye",
        "left_big_toe": "left_ankle",
        "left_small_toe": "left_ankle",
        "left_heel": "left_ankle",
        "right_big_toe": "right_ankle",
        "right_small_toe": "right_ankle",
        "right_heel": "right_ankle",
    },
    [*_sides("eye", "ear"), *_LIMBS, *_sides("big_toe", "small_toe", "heel")],
)
"""OpenPose's BODY_25. Its neck lies between the shoulders and its hip between the hips."""

BODY_25B = Skeleton(
    "body_25b",
    {
        "nose": "upper_neck",
        "left_eye": "nose",
        "right_eye": "nose",
        "left_ear": "left_eye",
        "right_ear": "right_eye",
        "left_shoulder": "upper_neck",
        "right_shoulder": "upper_neck",
        "left_elbow": "left_shoulder",
        "right_elbow": "right_shoulder",
        "left_wrist": "left_elbow",
        "right_wrist": "right_elbow",
        "left_hip": "upper_neck",
        "right_hip": "upper_neck",
        "left_knee": "left_hip",
        "right_knee": "right_hip",
        "left_ankle": "left_knee",
        "right_ankle": "right_knee",
        "upper_neck": None,
        "head": "nose",
        "left_big_toe": "left_ankle",
        "left_small_toe": "left_ankle",
        "left_heel": "left_ankle",
        "right_big_toe": "right_ankle",
        "right_small_toe": "right_ankle",
        "right_heel": "right_ankle",
    },
    [*_sides("eye", "ear"), *_LIMBS, *_sides("big_toe", "small_toe", "heel")],
)
"""OpenPose's BODY_25B: as many points as BODY_25 in another order. Its neck is MPII's, above the shoulders."""

KNOWN = (
    HUMAN36M_17,
    HUMAN36M_16,
    MPI_INF_3DHP_28,
    MPI_INF_3DHP_17,
    COCO_17,
    BLAZEPOSE_33,
    HALPE_26,
    OPENPOSE_18,
    BODY_25,
    BODY_25B,
)
