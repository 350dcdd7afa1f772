"""The skeletons that ampose knows by name.

Orders are the published ones: Human3.6M's 17 joints as VideoPose3D orders them and the 16 joints of
SemGCN without Neck/Nose; MPI-INF-3DHP's 28 and its 17 "relevant" ones; COCO's 17; BlazePose's 33; Halpe's
26; OpenPose's 18 and 25. Detector layouts have no root in the anatomical sense; their trees serve for drawing.
"""

from itertools import pairwise

from ampose.poses.skeletons.joint_sides import sides_of
from ampose.poses.skeletons.skeleton import Skeleton


def _skeleton(name: str, *, joints: str, bones: str, pairs: str) -> Skeleton:
    """Make a skeleton from its joints' names, where ``*knee`` stands for ``left_knee`` and then ``right_knee``.

    Args:
        name: Of the skeleton.
        joints: In the order of the arrays.
        bones: Chains that lead away from the root.
        pairs: Joints that there are on both sides, without their side.
    """
    parents: dict[str, str] = {}
    for chain in bones.split(", "):
        for near, far in pairwise(chain.split(" > ")):
            # Two knees hang on two hips, but two hips on one spine.
            parents |= zip(_both(far), _both(near) * 2, strict=False)
    names = [joint for word in joints.split() for joint in _both(word)]
    return Skeleton(name, {joint: parents.get(joint) for joint in names}, [sides_of(stem) for stem in pairs.split()])


def _both(word: str) -> tuple[str, ...]:
    return sides_of(word[1:]) if word.startswith("*") else (word,)


_LIMBS = "hip knee ankle shoulder elbow wrist"

HUMAN36M_17 = _skeleton(
    "human36m_17",
    joints="hip right_hip right_knee right_ankle left_hip left_knee left_ankle spine thorax neck_nose head "
    "left_shoulder left_elbow left_wrist right_shoulder right_elbow right_wrist",
    bones="hip > *hip > *knee > *ankle, hip > spine > thorax > neck_nose > head, thorax > *shoulder > *elbow > *wrist",
    pairs=_LIMBS,
)

HUMAN36M_16 = _skeleton(
    "human36m_16",
    joints=" ".join(joint for joint in HUMAN36M_17.joints if joint != "neck_nose"),
    bones="hip > *hip > *knee > *ankle, hip > spine > thorax > head, thorax > *shoulder > *elbow > *wrist",
    pairs=_LIMBS,
)

MPI_INF_3DHP_28 = _skeleton(
    "mpi_inf_3dhp_28",
    joints="spine3 spine4 spine2 spine hip neck head head_top "
    "left_clavicle left_shoulder left_elbow left_wrist left_hand "
    "right_clavicle right_shoulder right_elbow right_wrist right_hand "
    "left_hip left_knee left_ankle left_foot left_toe right_hip right_knee right_ankle right_foot right_toe",
    bones="hip > spine > spine2 > spine3 > spine4 > neck > head > head_top, "
    "neck > *clavicle > *shoulder > *elbow > *wrist > *hand, hip > *hip > *knee > *ankle > *foot > *toe",
    pairs=f"{_LIMBS} clavicle hand foot toe",
)
"""All joints of MPI-INF-3DHP's training annotations. Its pelvis is called ``hip`` here, as Human3.6M's is. Its ``head``
lies inside the head and is not Human3.6M's ``head``, which is the top of it: see ``mappings.FROM_MPI_INF_3DHP``."""

MPI_INF_3DHP_17 = _skeleton(
    "mpi_inf_3dhp_17",
    joints="head_top neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist "
    "right_hip right_knee right_ankle left_hip left_knee left_ankle hip spine head",
    bones="hip > spine > neck > head > head_top, neck > *shoulder > *elbow > *wrist, hip > *hip > *knee > *ankle",
    pairs=_LIMBS,
)
"""The "relevant" joints: the order of the test annotations and of the field's npz files. The root is not the first."""

COCO_17 = _skeleton(
    "coco_17",
    joints="nose *eye *ear *shoulder *elbow *wrist *hip *knee *ankle",
    bones="nose > *eye > *ear, nose > *shoulder > *elbow > *wrist, *shoulder > *hip > *knee > *ankle",
    pairs=f"eye ear {_LIMBS}",
)

BLAZEPOSE_33 = _skeleton(
    "blazepose_33",
    joints="nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer *ear *mouth "
    "*shoulder *elbow *wrist *pinky *index *thumb *hip *knee *ankle *heel *foot_index",
    bones="nose > *eye_inner > *eye > *eye_outer > *ear, nose > *mouth, nose > *shoulder > *elbow > *wrist, "
    "*wrist > *pinky, *wrist > *index, *wrist > *thumb, *shoulder > *hip > *knee > *ankle > *heel > *foot_index",
    pairs=f"eye_inner eye eye_outer ear mouth {_LIMBS} pinky index thumb heel foot_index",
)

HALPE_26 = _skeleton(
    "halpe_26",
    joints="nose *eye *ear *shoulder *elbow *wrist *hip *knee *ankle head neck hip *big_toe *small_toe *heel",
    bones="hip > neck > nose > head, nose > *eye > *ear, neck > *shoulder > *elbow > *wrist, "
    "hip > *hip > *knee > *ankle, *ankle > *big_toe, *ankle > *small_toe, *ankle > *heel",
    pairs=f"eye ear {_LIMBS} big_toe small_toe heel",
)

OPENPOSE_18 = _skeleton(
    "openpose_18",
    joints="nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist "
    "right_hip right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear left_ear",
    bones="neck > nose > *eye > *ear, neck > *shoulder > *elbow > *wrist, neck > *hip > *knee > *ankle",
    pairs=f"eye ear {_LIMBS}",
)
"""OpenPose's "COCO" output, 18 points: COCO's joints in another order, with a neck between the shoulders."""

BODY_25 = _skeleton(
    "body_25",
    joints="nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist hip "
    "right_hip right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear left_ear "
    "left_big_toe left_small_toe left_heel right_big_toe right_small_toe right_heel",
    bones="hip > neck > nose > *eye > *ear, neck > *shoulder > *elbow > *wrist, "
    "hip > *hip > *knee > *ankle, *ankle > *big_toe, *ankle > *small_toe, *ankle > *heel",
    pairs=f"eye ear {_LIMBS} big_toe small_toe heel",
)
"""OpenPose's BODY_25. Its neck lies between the shoulders and its hip between the hips."""

BODY_25B = _skeleton(
    "body_25b",
    joints="nose *eye *ear *shoulder *elbow *wrist *hip *knee *ankle upper_neck head "
    "left_big_toe left_small_toe left_heel right_big_toe right_small_toe right_heel",
    bones="upper_neck > nose > head, nose > *eye > *ear, upper_neck > *shoulder > *elbow > *wrist, "
    "upper_neck > *hip > *knee > *ankle, *ankle > *big_toe, *ankle > *small_toe, *ankle > *heel",
    pairs=f"eye ear {_LIMBS} big_toe small_toe heel",
)
"""OpenPose's BODY_25B: as many points as BODY_25 in another order. Its neck is MPII's, above the shoulders."""

KNOWN = (
    *(HUMAN36M_17, HUMAN36M_16, MPI_INF_3DHP_28, MPI_INF_3DHP_17),
    *(COCO_17, BLAZEPOSE_33, HALPE_26, OPENPOSE_18, BODY_25, BODY_25B),
)
