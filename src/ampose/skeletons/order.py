"""In which of two orders of joints points without names are: in the wrong one, bones lead across the body."""

import numpy as np
from jaxtyping import Float

from ampose.skeletons.skeleton import Skeleton


def likelier(
    points: Float[np.ndarray, "person point 2"], usual: Skeleton, other: Skeleton, *, below: float
) -> Skeleton:
    """Return which of two skeletons with as many joints it is: the other one, if its bones are much shorter.

    Args:
        points: Of all people and frames; NaN where one was not seen.
        usual: Which it is if that does not tell.
        other: Which it may be.
        below: How long the other one's bones may be at most, as a part of the usual one's.
    """
    bones = [np.linalg.norm(np.diff(points[:, s.bone_indices], axis=2), axis=-1) for s in (usual, other)]
    lengths = [np.median(of_one[np.isfinite(of_one)]) for of_one in bones if np.isfinite(of_one).any()]
    return other if len(lengths) == 2 and lengths[1] < below * lengths[0] else usual
