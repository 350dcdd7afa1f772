"""What poses.json, poses.npz and our Parquet say of themselves, and what is refused when it is something else."""

from collections.abc import Sequence

from ampose.errors import InputError
from ampose.poses.pose import UNIT
from ampose.poses.skeletons import Skeleton

FORMAT, VERSION = "ampose.poses", 1


def check_version(found: object, version: object) -> None:
    """Refuse another format, or a version that is not known.

    Raises:
        InputError: It is one.
    """
    if found != FORMAT:
        raise InputError(f"format must be {FORMAT!r}, got {found!r}; name the file as its own format's")
    if version != VERSION:
        raise InputError(f"version must be {VERSION}, got {version}; take an ampose that knows it")


def check_unit(unit: object) -> None:
    """Refuse positions in another unit than metres.

    Raises:
        InputError: They are.
    """
    if unit != UNIT:
        raise InputError(f"unit must be {UNIT!r}, of all positions, got {unit!r}; turn them into metres, and say so")


def check_joints(joints: Sequence[str], skeleton: Skeleton) -> None:
    """Refuse columns that are in another order than the joints of the file's skeleton.

    Raises:
        InputError: They are.
    """
    if tuple(joints) != skeleton.joints:
        raise InputError(
            f"joints must be those of the file's skeleton in its order, {', '.join(skeleton.joints)}, got "
            f"{', '.join(map(str, joints))}; give both in the order of the positions"
        )
