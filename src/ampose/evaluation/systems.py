"""All systems side by side: what each costs here, and what is published about it."""

import functools
from dataclasses import dataclass

from ampose.evaluation.paper.published import TABLES
from ampose.models import Published, create_model, find_model, list_models
from ampose.models.cost import Cost, measure_cost
from ampose.poses.skeletons import get_skeleton

_MPJPE = (
    ("CPN", "table1-cpn", "average"),
    ("GT", "table1-gt", "average"),
    ("CPN, 16 joints", "table2", "cpn"),
    ("GT, 16 joints", "table2", "gt"),
)
"""Where the AMPose paper's tables hold a method's MPJPE on Human3.6M: label, table, column."""

HEADER = ("model", "venue", "joints", "frames", "parameters", "published M", "MACs", "MPJPE published, mm")
"""Of ``SystemRow.cells``."""


@dataclass(frozen=True)
class SystemRow:
    """A size of a model in its default skeleton."""

    name: str
    venue: str
    joints: int
    frames: int
    """Frames in for one pose out."""
    cost: Cost
    """For one output pose; MACs are every multiply-add of every matrix product."""
    published: Published

    @property
    def mpjpe(self) -> str:
        """Published MPJPE on Human3.6M, mm, by 2D source."""
        found = [
            f"{row.figures[key]} ({label})"
            for label, table, key in _MPJPE
            for row in TABLES[table].rows
            if row.method in self.published.rows and row.figures.get(key, "-") != "-"
        ]
        own = self.published
        source = f" [{own.source}]" if own.source else ""
        return ", ".join([*found, *([own.mpjpe + source] if own.mpjpe else [])])

    def cells(self) -> tuple[str, ...]:
        """Return the texts below ``HEADER``."""
        counts = (f"{self.joints}", f"{self.frames}", f"{self.cost.parameters:,}")
        return (self.name, self.venue, *counts, self.published.parameters, f"{self.cost.macs:,}", self.mpjpe)


@functools.cache
def describe_system(name: str) -> SystemRow:
    """Build a model and count it, once.

    Example:
        >>> row = describe_system("graformer")
        >>> row.cost.parameters, row.published.parameters, row.mpjpe
        (654179, '0.65 (paper)', '51.8 (CPN, 16 joints), 35.2 (GT, 16 joints)')
    """
    entry = find_model(name)
    network = create_model(name)
    return SystemRow(
        name=name,
        venue=f"{entry.facts.venue} {entry.facts.year}".strip(),
        joints=get_skeleton(entry.config.skeleton).num_joints,
        frames=network.receptive_field,
        cost=measure_cost(network, depth=0)[0],
        published=entry.facts.published.get(name, Published()),
    )


def list_systems() -> list[str]:
    """Return the models of the registry, each size once: where two names are one size, the longer."""
    sizes: dict[object, str] = {}
    for name in sorted(list_models(), key=len):
        entry = find_model(name)
        sizes[entry.network, entry.config] = name
    return sorted(sizes.values())
