"""Lift 2D human keypoints to 3D.

Importing this package loads neither torch nor any other heavy library: names are fetched when they are first used.
"""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from ampose.errors import MissingExtraError
from ampose.packages import needing_torch

if TYPE_CHECKING:
    from ampose.files.keypoints import read_keypoints
    from ampose.files.poses import read as read_poses
    from ampose.files.poses import write as write_poses
    from ampose.lifting.lifter import Lifter, lift, load_model
    from ampose.models import create_model, list_models
    from ampose.pipeline.lift_options import LiftOptions
    from ampose.pipeline.video import lift_video
    from ampose.poses.pose import Pose2D, Pose3D
    from ampose.poses.skeletons import Skeleton

    __version__: str

DEFAULT_MODEL = "ampose-small"
"""The bundled weights that lift unless others are named."""

Progress = Callable[[int, int | None, str], None]
"""What long work calls to tell how far it is: (steps done, steps in all or None, note)."""

__all__ = [
    "LiftOptions",
    "Lifter",
    "Pose2D",
    "Pose3D",
    "Skeleton",
    "create_model",
    "lift",
    "lift_video",
    "list_models",
    "load_model",
    "read_keypoints",
    "read_poses",
    "write_poses",
]

_HOMES = {
    "Lifter": "ampose.lifting.lifter",
    "LiftOptions": "ampose.pipeline.lift_options",
    "lift": "ampose.lifting.lifter",
    "lift_video": "ampose.pipeline.video",
    "load_model": "ampose.lifting.lifter",
    "read_keypoints": "ampose.files.keypoints",
    "read_poses": "ampose.files.poses:read",
    "write_poses": "ampose.files.poses:write",
    "create_model": "ampose.models",
    "list_models": "ampose.models",
    "Pose2D": "ampose.poses.pose",
    "Pose3D": "ampose.poses.pose",
    "Skeleton": "ampose.poses.skeletons",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":  # from what was installed, which git's tags decided
        return importlib.import_module("importlib.metadata").version("ampose")
    if name not in _HOMES:
        raise AttributeError(f"module 'ampose' has no attribute {name!r}")
    module, _, there = _HOMES[name].partition(":")
    try:
        with needing_torch(f"ampose.{name}"):
            return getattr(importlib.import_module(module), there or name)
    except MissingExtraError as error:  # the name is there for help() and hasattr() all the same
        missing = error

    def not_installed(*_: object, **__: object) -> NoReturn:
        raise missing

    not_installed.__name__, not_installed.__doc__ = name, str(missing)
    return not_installed


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
