"""Parts of a body: the trunk and the limbs, derived from a skeleton."""

from ampose.poses.skeletons import Skeleton


def body_parts(skeleton: Skeleton) -> list[list[int]]:
    """Return the array indices of the trunk's joints, then of each limb's.

    A limb is a run of bones on one side: arms and legs of a human body. The trunk is what has no side.

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> skeleton = get_skeleton("human36m_16")
        >>> [skeleton.joints[part[0]] for part in body_parts(skeleton)]
        ['hip', 'right_hip', 'left_hip', 'left_shoulder', 'right_shoulder']
    """
    sides = [skeleton.side_of(joint) for joint in skeleton.joints]
    trunk = [joint for joint, side in enumerate(sides) if side == "middle"]
    limb_of: dict[int, list[int]] = {}
    starts = []
    for joint in skeleton.topological_order:
        parent = int(skeleton.parent_indices[joint])
        if sides[joint] == "middle":
            continue
        if parent != joint and sides[parent] == sides[joint]:
            limb_of[joint] = limb_of[parent]
        else:
            limb_of[joint] = []
            starts.append(joint)
        limb_of[joint].append(joint)
    return [trunk, *(sorted(limb_of[start]) for start in sorted(starts))]
