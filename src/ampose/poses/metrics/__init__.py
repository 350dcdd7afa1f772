"""Metrics of 3D poses: pure functions on tensors, one file a subject, by name.

Positions go in in metres; distances come out in metres and shares in percent. Each function returns one
value a sample, never a batch mean, so that a mean over an action is right whatever the batches were.
The torchmetrics class that adds them up is in ``ampose.poses.metrics.streaming`` (extra ``evaluate``).

A file registers its function with ``@metrics.register("name", label=..., unit=..., factor=...)``:
``factor`` times the function's value is in ``unit``, the unit that tables print. Two facts more, where
they hold: ``chosen_joints=True`` (a protocol may name the joints that count) and ``whole_sequence=True``
(what goes in is one sequence, not independent samples).
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ampose.registry import Registry

__all__ = ["Displayed", "MetricFunction", "display", "metrics", "register"]

MetricFunction = Callable[[Tensor, Tensor], Tensor]
"""(predicted (sample, joint, 3), target (sample, joint, 3), both in metres) -> (sample,)."""

metrics = Registry[MetricFunction]("metric", package="ampose.poses.metrics", group="ampose.metrics")
register = metrics.register


@dataclass(frozen=True)
class Displayed:
    """How a metric is shown: its column's name, the unit, and the factor from the function's value to it."""

    label: str
    unit: str
    factor: float


def display(name: str) -> Displayed:
    """Return how the metric called ``name`` is shown; raises InputError if there is no such metric.

    Example:
        >>> display("p_mpjpe")
        Displayed(label='P-MPJPE', unit='mm', factor=1000.0)
    """
    facts = metrics.get(name).facts
    return Displayed(str(facts["label"]), str(facts["unit"]), float(facts["factor"]))
