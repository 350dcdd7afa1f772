"""Show a model: its parameters, multiply-adds and FLOPs, layer by layer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import tyro

from ampose.cli.arguments import call_with_arguments

if TYPE_CHECKING:
    from ampose.models.cost import Cost

CONVENTION = """\
MACs       every multiply-add of every matrix product, attention and aggregation (dense) included; FLOPs = 2 x MACs
weight MACs  multiply-adds with weights alone, as the papers' tool (thop 0.0.31) counted: AMPose's published "FLOPs\""""


def run(args: Sequence[str]) -> None:
    """Print what is known about a model."""
    call_with_arguments(info, "info", args)


def info(
    model: Annotated[str, tyro.conf.arg(metavar="MODEL")] = "",
    /,
    *,
    depth: int = 2,
    every: Annotated[bool, tyro.conf.arg(name="all")] = False,
) -> None:
    """Show a model's facts and its cost for one pose; without a name, list the models and the bundled weights.

    Args:
        model: Name of a model, as in ampose-full.
        depth: How many levels of parts to show.
        every: Show all models in one table: what each costs, and what is published about it.
    """
    if every:
        _print_systems()
        return
    if not model:
        _list()
        return
    from ampose.models import create_model, find_model
    from ampose.models.cost import measure_cost

    entry = find_model(model)
    for key, value in vars(entry.facts).items():
        if value and key != "published":
            print(f"{key:<8} {value}")
    print(f"config   {entry.config}\n")
    _print_table(measure_cost(create_model(model), depth=depth))
    print(f"\n{CONVENTION}")


def _list() -> None:
    from ampose.lifting.weights import bundled_weights
    from ampose.models import list_models

    print("models:  " + ", ".join(list_models()))
    print("weights: " + (", ".join(bundled_weights()) or "none"))


def _print_systems() -> None:
    from ampose.evaluation.systems import HEADER, describe_system, list_systems

    rows = [describe_system(name) for name in list_systems()]
    lines = [HEADER, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    numbers = ("joints", "frames", "parameters", "MACs")
    for line in lines:
        cells = zip(HEADER, line, widths, strict=True)
        print("  ".join(f"{text:{'>' if label in numbers else '<'}{width}}" for label, text, width in cells).rstrip())
    print("\nMACs: every multiply-add of every matrix product for one output pose; FLOPs = 2 x MACs.")
    print("Published MPJPE: Human3.6M, as the AMPose paper's tables print it.\n")
    for row in rows:
        if row.published.note:
            print(f"{row.name}: {row.published.note}")


def _print_table(costs: "list[Cost]") -> None:
    costs = [cost for cost in costs if cost.parameters or cost.macs]
    names = ["  " * cost.depth + cost.name.rsplit(".", 1)[-1] for cost in costs]
    width = max(map(len, names))
    kind = max(len(cost.kind) for cost in costs)
    print(f"{'':<{width}}  {'':<{kind}}  {'parameters':>12} {'MACs':>13} {'FLOPs':>13} {'weight MACs':>13}")
    for name, cost in zip(names, costs, strict=True):
        numbers = f"{cost.parameters:>12,} {cost.macs:>13,} {cost.flops:>13,} {cost.weight_macs:>13,}"
        print(f"{name:<{width}}  {cost.kind:<{kind}}  {numbers}")
