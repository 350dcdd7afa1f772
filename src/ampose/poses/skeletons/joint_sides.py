"""How a joint's name tells its side: ``left_knee`` and ``right_knee`` have the stem ``knee``."""

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


def pairs_among(joints: Collection[str]) -> list[tuple[str, str]]:
    """Return the pairs of left and right that names show, in the order of the left ones.

    Example:
        >>> pairs_among(["hip", "left_hip", "left_toe", "right_hip"])
        [('left_hip', 'right_hip')]
    """
    both = (sides_of(stem_of(joint)) for joint in joints if joint.startswith(_LEFT))
    return [pair for pair in both if pair[1] in joints]
