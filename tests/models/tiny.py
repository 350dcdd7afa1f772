"""Networks over time in a size that is tested in milliseconds; the others are tested as they are."""

from ampose.models import create_model, find_model, list_models

TINY = {
    "MHFormer": {
        "receptive_field": 9,
        "channels": 16,
        "hidden": 24,
        "heads": 2,
        "generation_depth": 1,
        "generation_heads": 3,
        "refinement_depth": 1,
    },
    "MixSTE": {"receptive_field": 3, "channels": 64, "heads": 2, "depth": 2},
    "PSTMO": {"strides": (3, 3), "channels": 32, "hidden": 48, "heads": 2, "depth": 1},
    "VideoPose3D": {"widths": (3, 3), "channels": 32},
}
"""By the name of the network's class."""

SINGLE_FRAME = {"mixste-1": {"receptive_field": 1}, "videopose3d-1": {"widths": (1, 1)}}


def settings(name):
    """What is changed of a model's config for a test."""
    tiny = TINY.get(find_model(name).network.__name__, {})
    return {**tiny, **SINGLE_FRAME.get(name, {})} if tiny else {}


def create_tiny(name, **overrides):
    return create_model(name, **{**settings(name), **overrides})


def without_twins(names):
    """Leave out sizes that are the same once they are tiny: those that differ only in how many frames they see."""
    seen = {}
    for name in names:
        network = find_model(name).network
        key = (network, *map(str, settings(name).items())) if settings(name) else name
        seen.setdefault(key, name)
    return list(seen.values())


NAMES = without_twins(name for name in list_models() if "full" not in name and name != "ampose")
