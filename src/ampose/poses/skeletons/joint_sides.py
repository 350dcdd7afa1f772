"""How a joint's name tells its side: ``left_knee`` and ``right_knee`` have the stem ``knee``."""

import re
from collections.abc import Collection

_LEFT, _RIGHT = "left_", "right_"


def sides_of(stem: str) -> tuple[str, str]:
    """Return the left and the right joint.

    Example:
        >>> sides_of("knee")
        ('left_knee', 'right_knee')
    """
    return _LEFT + stem, _RIGHT + stem


def stem_of(joint: str) -> str:
    """Return the joint's name without its side; a joint in the middle is its own stem.

    Example:
        >>> stem_of("right_knee"), stem_of("thorax")
        ('knee', 'thorax')
    """
    return joint.removeprefix(_LEFT).removeprefix(_RIGHT)


_MIRRORED = [
    (re.compile("left"), "right"),
    (re.compile("Left"), "Right"),
    (re.compile("LEFT"), "RIGHT"),
    (re.compile(r"(?<![A-Za-z])L(?![a-z])"), "R"),
    (re.compile(r"(?<![A-Za-z])l(?![A-Za-z])"), "r"),
    (re.compile(r"(?<![A-Za-z])l(?=[A-Z])"), "r"),
]
"""How names say left, and what the right joint has in its place: ``LeftLeg``, ``LTOE``, ``hip.L``, ``l_hip``."""


def pairs_among(joints: Collection[str]) -> list[tuple[str, str]]:
    """Return the pairs of left and right that names show, in the order of the left ones.

    Example:
        >>> pairs_among(["hip", "left_hip", "left_toe", "right_hip", "hand.L", "hand.R", "RTOE", "LTOE"])
        [('left_hip', 'right_hip'), ('hand.L', 'hand.R'), ('LTOE', 'RTOE')]
    """
    pairs: list[tuple[str, str]] = []
    for joint in joints:
        others = (left.sub(right, joint, count=1) for left, right in _MIRRORED if left.search(joint))
        other = next((name for name in others if name in joints), None)
        if other is not None:
            pairs.append((joint, other))
    return pairs
