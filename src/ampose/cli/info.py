"""Show a model: its parameters, multiply-adds and FLOPs, layer by layer."""

from typing import Annotated

import tyro

CONVENTION = """\
MACs       every multiply-add of every matrix product, attention and aggregation (dense) included; FLOPs = 2 x MACs
weight MACs  multiply-adds with weights alone, as the papers' tool (thop 0.0.31) counted: AMPose's published "FLOPs\""""


def run(
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
    from tabulate import tabulate

    from ampose.lifting.weights import bundled_weights
    from ampose.models import create_model, find_model, list_models
    from ampose.models.cost import measure_cost

    if not model:
        print("models:  " + ", ".join(list_models()))
        print("weights: " + (", ".join(bundled_weights()) or "none"))
        return
    entry = find_model(model)
    for key, value in vars(entry.facts).items():
        if value and key != "published":
            print(f"{key:<8} {value}")
    print(f"config   {entry.config}\n")
    rows = [["", "", "parameters", "MACs", "FLOPs", "weight MACs"]]
    for cost in measure_cost(create_model(model), depth=depth):
        if cost.parameters or cost.macs:
            numbers = (cost.parameters, cost.macs, cost.flops, cost.weight_macs)
            rows.append(["  " * cost.depth + cost.name.rsplit(".", 1)[-1], cost.kind, *(f"{n:,}" for n in numbers)])
    sides = ("left", "left", "right", "right", "right", "right")
    print(tabulate(rows, tablefmt="plain", colalign=sides, disable_numparse=True, preserve_whitespace=True))
    print(f"\n{CONVENTION}")


def _print_systems() -> None:
    from tabulate import tabulate

    from ampose.evaluation.systems import HEADER, describe_system, list_systems

    rows = [describe_system(name) for name in list_systems()]
    sides = ["right" if label in ("joints", "frames", "parameters", "MACs") else "left" for label in HEADER]
    lines = [HEADER, *(row.cells() for row in rows)]
    print(tabulate(lines, tablefmt="plain", colalign=sides, disable_numparse=True))
    print("\nMACs: every multiply-add of every matrix product for one output pose; FLOPs = 2 x MACs.")
    print("Published MPJPE: Human3.6M, as the AMPose paper's tables print it.\n")
    for row in rows:
        if row.published.note:
            print(f"{row.name}: {row.published.note}")
