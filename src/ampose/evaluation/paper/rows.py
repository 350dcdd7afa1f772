"""Which of our recipes fills which row of the paper's tables, and under which protocols it is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ampose.evaluation.protocol import Protocol
from ampose.evaluation.protocols import human36m, mpi_inf_3dhp
from ampose.evaluation.protocols.mpi_inf_3dhp import with_joints_of

HUMAN36M, MPI_INF_3DHP = "prepared/human36m", "prepared/mpi-inf-3dhp-test"


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """A row of ours.

    Args:
        recipe: The recipe that trains it; also its name.
        part: The table, or the part of one, in ``published.TABLES``.
        compared: The published row that it is compared with; for a compared system its own.
        variants: Name -> protocol; the first one is that of the paper.
        column: The column that it fills, in a table whose rows join several rows; "" where it fills a row.
        data: Where ``ampose prepare`` puts what it is measured on.
        second_stage_of: The recipe whose lifter it refines; "" for a lifter.
    """

    recipe: str
    part: str
    compared: str
    variants: Mapping[str, Protocol]
    column: str = ""
    data: str = HUMAN36M
    second_stage_of: str = ""

    @property
    def protocol(self) -> Protocol:
        """The protocol of the paper's figure."""
        return next(iter(self.variants.values()))


def _both_flips(protocol: Protocol) -> dict[str, Protocol]:
    """The protocol's own way first: the field reports now one, now the other."""
    ways = {"flip": replace(protocol, flip=True), "no flip": replace(protocol, flip=False)}
    return dict(sorted(ways.items(), key=lambda way: way[1].flip != protocol.flip))


def _named(joints: str, variants: Mapping[str, Protocol]) -> dict[str, Protocol]:
    return {f"{joints} joints, {name}": protocol for name, protocol in variants.items()}


def _cross(recipe: str, protocol: Protocol, joints: str) -> TableRow:
    official = with_joints_of(mpi_inf_3dhp.CROSS_14, protocol.skeleton)
    variants = {**_named(joints, _both_flips(protocol)), **_named("14", _both_flips(official))}
    return TableRow(recipe=recipe, part="table3", compared="Ours", variants=variants, data=MPI_INF_3DHP)


def _of_human36m(recipe: str, part: str, compared: str, protocol: Protocol, column: str = "") -> TableRow:
    return TableRow(recipe=recipe, part=part, compared=compared, variants=_both_flips(protocol), column=column)


ROWS: Mapping[str, Sequence[TableRow]] = {
    "table1": (
        _of_human36m("h36m-cpn-17", "table1-cpn", "Ours", human36m.H36M_CPN_17),
        TableRow(
            recipe="h36m-cpn-17-refine",
            part="table1-cpn",
            compared="Ours (refinement)",
            variants=_both_flips(human36m.H36M_CPN_17),
            second_stage_of="h36m-cpn-17",
        ),
        _of_human36m("h36m-gt-17", "table1-gt", "Ours", human36m.H36M_GT_17),
    ),
    "table2": (
        _of_human36m("h36m-cpn-16-small", "table2", "Ours (small)", human36m.H36M_CPN_16, "cpn"),
        _of_human36m("h36m-gt-16-small", "table2", "Ours (small)", human36m.H36M_GT_16, "gt"),
        _of_human36m("h36m-cpn-16", "table2", "Ours (full)", human36m.H36M_CPN_16, "cpn"),
        _of_human36m("h36m-gt-16", "table2", "Ours (full)", human36m.H36M_GT_16, "gt"),
    ),
    "table3": (
        _cross("h36m-gt-16", mpi_inf_3dhp.CROSS_16, "16"),
        _cross("h36m-gt-17", mpi_inf_3dhp.CROSS_17, "17"),
    ),
    "table4": (
        TableRow(
            recipe="3dhp",
            part="table4",
            compared="Ours (1 frame)",
            variants={
                **_named("14", _both_flips(mpi_inf_3dhp.IN_DATASET_14)),
                **_named("17", _both_flips(mpi_inf_3dhp.IN_DATASET_17)),
            },
            data=MPI_INF_3DHP,
        ),
    ),
    "table5": (
        _of_human36m("h36m-cpn-17-two-residual", "table5", "Two residual", human36m.H36M_CPN_17),
        _of_human36m("h36m-cpn-17-transformer", "table5", "Transformer", human36m.H36M_CPN_17),
        _of_human36m("h36m-cpn-17-convnext", "table5", "ConvNeXt", human36m.H36M_CPN_17),
        _of_human36m("h36m-cpn-17", "table5", "Ours", human36m.H36M_CPN_17),
    ),
}
"""Table -> the rows of AMPose, in the order of its rows."""


COMPARED_ROWS: Mapping[str, Sequence[TableRow]] = {
    "table1": (
        _of_human36m("h36m-st-gcn", "table1-cpn", "Cai et al. (refinement) [3]", human36m.H36M_CPN_17),
        _of_human36m("h36m-modulated-gcn", "table1-cpn", "Zou et al. (refinement) [10]", human36m.H36M_CPN_17),
        _of_human36m("h36m-jointformer", "table1-cpn", "Lutz et al. [19]", human36m.H36M_CPN_17),
        _of_human36m("h36m-lcn", "table1-gt", "Ci et al. [18]", replace(human36m.H36M_GT_17, flip=False)),
        _of_human36m("h36m-srnet", "table1-gt", "Zeng et al. [20]", human36m.H36M_GT_17),
    ),
    "table2": (
        _of_human36m("h36m-weight-sharing", "table2", "Liu et al. [9]", human36m.H36M_CPN_16, "cpn"),
        _of_human36m("h36m-stacked-hourglass", "table2", "Xu et al. [8]", human36m.H36M_CPN_16, "cpn"),
        _of_human36m("h36m-graformer", "table2", "Zhao et al. [1]", human36m.H36M_GT_16, "gt"),
    ),
    "table4": (replace(ROWS["table4"][0], recipe="3dhp-p-stmo", compared="Shan et al. (81 frames) [7]"),),
}
"""Table -> the rows of the systems that the paper compares with, where a recipe trains one as its row says."""


def rows_of(table: str) -> tuple[TableRow, ...]:
    """Return all rows of a table: AMPose's, then the compared systems'.

    Example:
        >>> [row.recipe for row in rows_of("table4")]
        ['3dhp', '3dhp-p-stmo']
    """
    return (*ROWS[table], *COMPARED_ROWS.get(table, ()))


def parts_of(table: str) -> list[str]:
    """Return the names of the parts of a table in ``published.TABLES``.

    Example:
        >>> parts_of("table1")
        ['table1-cpn', 'table1-gt']
    """
    return list(dict.fromkeys(row.part for row in ROWS[table]))
