"""Registered metrics as torchmetrics classes: sums and counts, so uneven batches and processes do no harm."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ampose.errors import MissingExtraError
from ampose.poses.geometry import root_relative
from ampose.poses.metrics import metrics
from ampose.poses.metrics.roots import apply_root_convention
from ampose.poses.skeletons import get_skeleton

try:
    from torchmetrics import Metric
except ModuleNotFoundError as error:
    raise MissingExtraError("torchmetrics", extra="evaluate", purpose="a metric that adds up over batches") from error


class PoseMetric(Metric):
    """The mean of a registered metric over all samples that it was shown.

    ``update`` takes predictions and targets in metres, of any batch size; for a metric of whole sequences
    (mpjve) it takes one whole sequence a call. ``compute`` returns the function's unit: metres or percent.

    Args:
        name: A registered metric: "mpjpe", "p_mpjpe", "pck"...
        skeleton: Whose joints the poses have.
        root: One of ``ampose.poses.metrics.roots.ROOT_CONVENTIONS``.
        kwargs: Passed on to torchmetrics.

    Raises:
        InputError: The metric or the skeleton is unknown.

    Example:
        >>> metric = PoseMetric("mpjpe")
        >>> target = torch.zeros(2, 17, 3)
        >>> metric.update(target, target)
        >>> metric.compute().item()
        0.0
    """

    total: Tensor
    count: Tensor
    is_differentiable = False
    full_state_update = False

    def __init__(self, name: str, *, skeleton: str = "human36m_17", root: str = "subtract", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name, self.root = name, root
        self._function = metrics.get(name).target
        self._root_index = get_skeleton(skeleton).root_index
        self._add_states(1)

    def _add_states(self, groups: int) -> None:
        self.add_state("total", torch.zeros(groups, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros(groups, dtype=torch.int64), dist_reduce_fx="sum")

    def _values(self, predicted: Tensor, target: Tensor) -> Tensor:
        predicted = apply_root_convention(predicted, self._root_index, self.root)
        return self._function(predicted, root_relative(target, self._root_index)).double()

    def update(self, predicted: Float[Tensor, "sample joint 3"], target: Float[Tensor, "sample joint 3"]) -> None:
        """Add some samples."""
        values = self._values(predicted, target)
        self.total += values.sum()
        self.count += values.numel()

    def compute(self) -> Float[Tensor, ""]:
        """Return the mean over all samples; NaN before the first."""
        return (self.total / self.count).squeeze(0)


class ActionMetric(PoseMetric):
    """A registered metric by action, and the unweighted mean over actions that the field's tables print.

    Each sample is credited to its own action, also where a batch mixes actions.

    Args:
        name: A registered metric.
        actions: Names of the actions; ``update`` takes indices into them.
        kwargs: As for ``PoseMetric``.
    """

    def __init__(self, name: str, *, actions: Sequence[str], **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.actions = tuple(actions)
        self._add_states(len(self.actions))

    def update(  # type: ignore[override]  # torchmetrics lets each class choose what it takes
        self,
        predicted: Float[Tensor, "sample joint 3"],
        target: Float[Tensor, "sample joint 3"],
        action: Int[Tensor, " sample"],
    ) -> None:
        """Add some samples with the index of each one's action."""
        values = self._values(predicted, target)
        self.total.index_add_(0, action, values)
        self.count += torch.bincount(action, minlength=len(self.actions))

    def by_action(self) -> dict[str, float]:
        """Return the mean of each action that was seen, on this process alone."""
        seen = zip(self.actions, self.total.tolist(), self.count.tolist(), strict=True)
        return {action: total / count for action, total, count in seen if count}

    def compute(self) -> Float[Tensor, ""]:
        """Return the unweighted mean over the actions that were seen; NaN before the first."""
        seen = self.count > 0
        return (self.total[seen] / self.count[seen]).mean()
