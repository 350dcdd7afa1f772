"""What the formats of rotations hold: directions as they are, each bone of its median length."""

import numpy as np

from ampose.poses.skeletons import Skeleton
from ampose.processing.kinematics import bone_directions


def constant_length_positions(positions: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Positions (frame, joint, xyz) in which each bone has its median length; gaps are held as in solve."""
    root, directions, lengths = bone_directions(positions.astype(np.float64), skeleton)
    places = np.empty_like(directions)
    for joint in skeleton.topological_order:
        parent = skeleton.parent_indices[joint]
        places[:, joint] = root if joint == parent else places[:, parent] + directions[:, joint] * lengths[joint]
    return places
