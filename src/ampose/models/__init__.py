"""Lifting networks, one file each, by name.

A file registers its network with ``@models.register("name", config=FooConfig, sizes={...}, paper=..., licence=...)``.
Discovery is lazy: the files are imported when a name is first asked for.
"""

from ampose.models.lifter_network import LifterConfig, LifterNetwork, ModelEntry, Published
from ampose.models.zoo import create_model, find_loss, find_model, list_models, make_config, register

__all__ = [
    "LifterConfig",
    "LifterNetwork",
    "ModelEntry",
    "Published",
    "create_model",
    "find_loss",
    "find_model",
    "list_models",
    "make_config",
    "register",
]
