"""Metrics that add up over batches and processes (torchmetrics; extra ``evaluate``).

The classes are in a file of their own that is imported when one is asked for, so that the pure functions and
their registry work without torchmetrics.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ampose.poses.metrics.streaming.pose_metric import ActionMetric, PoseMetric

__all__ = ["ActionMetric", "PoseMetric"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.pose_metric"), name)
