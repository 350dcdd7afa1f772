"""The skeleton of a table or a file that names its joints but does not say how they are joined."""

from collections.abc import Sequence

from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton, get_skeleton, list_skeletons
from ampose.poses.skeletons.joint_sides import pairs_among

_ROOTS = ("hip", "hips", "pelvis", "mid_hip", "midhip", "root")


def skeleton_of(joints: Sequence[str]) -> Skeleton:
    """Return the known skeleton with these joints in this order, or else one whose joints all hang on one.

    That one is the joint called hip, pelvis or the like, or else the first. ``left_`` and ``right_`` make pairs.

    Raises:
        InputError: A name stands there twice, or there is no name.

    Example:
        >>> skeleton_of(get_skeleton("human36m_17").joints).name
        'human36m_17'
        >>> skeleton_of(["left_heel", "pelvis", "right_heel"]).parents
        {'left_heel': 'pelvis', 'pelvis': None, 'right_heel': 'pelvis'}
    """
    if not joints or len(set(joints)) < len(joints):
        raise InputError(f"joints must have a name each, got {', '.join(joints) or 'none'}")
    for name in list_skeletons():
        if get_skeleton(name).joints == tuple(joints):
            return get_skeleton(name)
    root = next((joint for joint in joints if joint.lower() in _ROOTS), joints[0])
    return Skeleton("markers", {joint: None if joint == root else root for joint in joints}, pairs_among(joints))
