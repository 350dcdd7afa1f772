"""Metrics of 3D poses: pure functions on tensors, one file a subject, by name.

Positions go in in metres; distances come out in metres and shares in percent. Each function returns one
value a sample, never a batch mean. To average over batches or processes, add up the values and their number and
divide once at the end: a mean of batch means is wrong as soon as the batches differ in size.

A file registers its function with ``@metrics.register("name", label=..., unit=..., factor=...)``:
``MetricFacts`` says what each of these means.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ampose.registry import Registry

__all__ = ["MetricFacts", "MetricFunction", "display", "metrics", "register"]

MetricFunction = Callable[[Tensor, Tensor], Tensor]
"""(predicted (sample, joint, 3), target (sample, joint, 3), both in metres) -> (sample,)."""


@dataclass(frozen=True, kw_only=True)
class MetricFacts:
    """How a metric is shown, and what goes into it.

    Args:
        label: Its column's name.
        unit: What tables print.
        factor: From the function's value to the unit.
        chosen_joints: Whether a protocol may name the joints that count.
        whole_sequence: Whether the samples must be one sequence in order, not independent ones.
    """

    label: str
    unit: str
    factor: float
    chosen_joints: bool = False
    whole_sequence: bool = False


metrics = Registry[MetricFunction, MetricFacts](
    "metric", MetricFacts, package="ampose.poses.metrics", group="ampose.metrics"
)
register = metrics.register


def display(name: str) -> MetricFacts:
    """Return how the metric called ``name`` is shown; raises InputError if there is no such metric.

    Example:
        >>> display("p_mpjpe").label
        'P-MPJPE'
    """
    return metrics.get(name).facts
