"""The published figures: Tables 1 to 5 of the AMPose paper as data, exactly as they are printed.

A figure is kept as the text that the paper prints, so that nothing is rounded on the way. Where a figure is
inconsistent with others of the paper, a footnote says so; the figure itself stays as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ACTIONS = (
    "Directions", "Discussion", "Eating", "Greeting", "Phoning", "Photo", "Posing", "Purchases", "Sitting",
    "SittingDown", "Smoking", "Waiting", "WalkDog", "Walking", "WalkTogether",
)  # fmt: skip
"""Human3.6M's actions in the order of Table 1."""

SCENES = ("GS", "noGS", "Outdoor")
"""MPI-INF-3DHP's scenes in the order of Table 3."""

OURS, REFINED, SMALL, FULL, OURS_1_FRAME = (
    "Ours", "Ours (refinement)", "Ours (small)", "Ours (full)", "Ours (1 frame)"
)  # fmt: skip
"""The paper's own rows."""

_CI, _CAI, _PAVLLO = "Ci et al. [18]", "Cai et al. (refinement) [3]", "Pavllo et al. [2]"
_ZOU, _ZHAO, _LI = "Zou et al. (refinement) [10]", "Zhao et al. [1]", "Li et al. (9 frames) [5]"
_ZHANG_1, _ZHANG_27 = "Zhang et al. (1 frame) [6]", "Zhang et al. (27 frames) [6]"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        key: By which a row's figure is found.
        label: What stands above it, with its unit.
        decimals: Of figures that we measure.
        derived: Whether it is not in the paper, but computed from what is.
    """

    key: str
    label: str
    decimals: int = 1
    derived: bool = False


@dataclass(frozen=True)
class PublishedRow:
    """A row as it is printed.

    Args:
        method: Who, in the paper's words, with the number in its list of references.
        figures: Column key -> what is printed.
        notes: Keys of the footnotes that are about this row.
    """

    method: str
    figures: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def value(self, key: str) -> float:
        """Return a figure as a number; NaN where nothing is printed.

        Example:
            >>> TABLES["table5"].row("Ours").value("mpjpe"), TABLES["table5"].row("Ours").value("delta")
            (49.5, nan)
        """
        text = self.figures.get(key, "-")
        return float("nan") if text == "-" else float(text)


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """A table of the paper, or a part of one that has its own heading."""

    title: str
    """The paper's caption."""

    columns: tuple[Column, ...]
    """In order; the method stands before them."""

    rows: tuple[PublishedRow, ...]
    """In order."""

    notes: tuple[str, ...] = ()
    """Keys of the footnotes that are about the whole table."""

    def row(self, method: str) -> PublishedRow:
        """Return the row of a method.

        Raises:
            KeyError: There is none.
        """
        return {row.method: row for row in self.rows}[method]


FOOTNOTES: Mapping[str, str] = {
    "average": "Avg. is the plain mean of the 15 actions' means, whatever their lengths.",
    "gt-average": "The paper prints 33.7 for AMPose with GT; its own 15 figures average to 33.63.",
    "refined": "Refinement (Cai et al.) uses GT root depth: the true distance of the root joint, also at test time.",
    "zou": "49.4 is with refinement; the author gives 50.73 before it and 51.28 with another seed.",
    "pavllo": "51.8 is VideoPose3D's single-frame network (all filter widths 1).",
    "ci-gt": "Other protocols give Ci et al. other figures (its README: 32.5 with GT).",
    "selection": "The papers of the field keep the epoch that is best on the test subjects. Ours says which it is.",
    "flip": "No paper row states test-time flip alike: Cai, Pavllo, Lutz and Zeng average with the mirrored "
    "prediction. Ours is shown with and without it.",
    "small": "The paper's 0.67 M is not reached by its own depth 5: with 96 channels it is 0.655 M.",
    "full": "All parameters of AMPose are 18.405 M at 17 joints; the paper's tool left LayerNorm and the position "
    "embedding out (18.386 M), and its figures are cut, not rounded.",
    "flip-16": "SemGCN and GraFormer, whose protocol the 16-joint table follows, do not average with the mirrored "
    "prediction; ours is shown with and without it.",
    "scene-average": "The averages of Ci, Liu and Xu fit pooling over the 2,929 valid frames (603 + 540, 505 + 553, "
    "276 + 452), not the mean of the scenes; Zou fits both. AMPose's 87.0 is 87.00 as the mean of the scenes and "
    "86.93 pooled, so which it is cannot be told. Ours shows both.",
    "graformer-average": "79.0 follows from neither way of averaging its scenes: 77.8 pooled, 77.4 as their mean.",
    "cross-silent": "The paper does not say which 2D it trained on, nor whether 16 or 17 joints count; ours says it.",
    "flop-units": "The paper's FLOPs column mixes units: 1030 and 493 are 2 x multiply-adds, 312 is multiply-adds. "
    "The column FLOPs (2 x MACs) shows all in one unit; AMPose is 624, more than P-STMO's 493.",
    "mixste-cost": "645 is MixSTE's own figure for one frame, taken as multiply-adds; counting its public code gives "
    "572 to 577.",
    "mhformer-cost": "The row pairs MHFormer's accuracy at 9 frames with its cost at 27; at 9 frames it needs 344 M.",
    "copied": "The rows of other methods are copied from P-STMO's paper.",
    "macs": "The paper's FLOPs are multiply-adds with weights alone; attention and aggregation do not count, and "
    "figures are cut to one decimal. Ours are counted in the same way.",
    "two-residual": "18.5 M has no explanation: a residual adds no parameters to the 18.3 M of the row Ours.",
    "delta": "Delta is the distance to the row Ours, in mm.",
}
"""Footnotes by key: what is inconsistent or silent in the paper, and how we read it."""


def _rows(
    keys: Sequence[str], lines: Mapping[str, str], notes: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[PublishedRow, ...]:
    """Make rows of lines of figures."""
    notes = notes or {}
    return tuple(
        PublishedRow(method, dict(zip(keys, line.split(), strict=True)), notes.get(method, ()))
        for method, line in lines.items()
    )


_TABLE1 = (
    *(Column(action, label) for action, label in zip(ACTIONS, (
        "Dire.", "Discu.", "Eat", "Greet", "Phone", "Photo", "Pose", "Purchu.", "Sit", "SitD.", "Smoke", "Wait",
        "WalkD.", "Walk", "WalkT.",
    ), strict=True)),
    Column("average", "Avg."),
    Column("all_frames", "All frames", derived=True),
)  # fmt: skip
_KEYS1 = [column.key for column in _TABLE1 if not column.derived]

TABLE1_CPN = PublishedTable(
    title="Table 1, top: MPJPE in mm on Human3.6M, 2D detector CPN with 17 keypoints as input",
    columns=_TABLE1,
    rows=_rows(_KEYS1, {
        _CI: "46.8 52.3 44.7 50.4 52.9 68.9 49.6 46.4 60.2 78.9 51.2 50.0 54.8 40.4 43.3 52.7",
        _CAI: "46.5 48.8 47.6 50.9 52.9 61.3 48.3 45.8 59.2 64.4 51.2 48.4 53.5 39.2 41.2 50.6",
        _PAVLLO: "47.1 50.6 49.0 51.8 53.6 61.4 49.4 47.4 59.3 67.4 52.4 49.5 55.3 39.5 42.7 51.8",
        _ZOU: "45.4 49.2 45.7 49.4 50.4 58.2 47.9 46.0 57.5 63.0 49.7 46.6 52.2 38.9 40.8 49.4",
        "Lutz et al. [19]": "45.0 48.8 46.6 49.4 53.2 60.1 47.0 46.7 59.6 67.1 51.2 47.1 53.8 39.4 42.4 50.5",
        OURS: "44.9 49.3 45.2 48.8 51.3 58.6 47.8 44.8 57.1 66.5 49.9 46.4 52.9 39.0 40.6 49.5",
        REFINED: "42.8 48.6 45.1 48.0 51.0 56.5 46.2 44.9 56.5 63.9 49.6 46.2 50.5 37.9 39.5 48.5",
    }, {
        _CAI: ("refined",),
        _PAVLLO: ("pavllo",),
        _ZOU: ("refined", "zou"),
        REFINED: ("refined",),
    }),
    notes=("average", "flip", "selection"),
)  # fmt: skip

TABLE1_GT = PublishedTable(
    title="Table 1, bottom: MPJPE in mm on Human3.6M, ground-truth 2D with 17 keypoints as input",
    columns=_TABLE1,
    rows=_rows(_KEYS1, {
        _CI: "36.3 38.8 29.7 37.8 34.6 42.5 39.8 32.5 36.2 39.5 34.4 38.4 38.2 31.3 34.2 36.3",
        "Lutz et al. [19]": "31.0 36.6 30.2 33.4 33.5 39.0 37.1 31.3 37.1 40.1 33.8 33.5 35.0 28.7 29.1 34.0",
        "Zeng et al. [20]": "32.9 34.5 27.6 31.7 33.5 42.5 35.1 29.5 38.9 45.9 33.3 34.9 34.4 26.5 27.1 33.9",
        OURS: "30.7 35.9 30.0 33.2 33.9 37.7 37.1 31.9 34.3 41.8 33.2 34.5 34.3 27.5 28.5 33.7",
    }, {_CI: ("ci-gt",), OURS: ("gt-average",)}),
    notes=("average", "flip", "selection"),
)  # fmt: skip

TABLE2 = PublishedTable(
    title="Table 2: MPJPE in mm on Human3.6M, CPN and GT with 16 keypoints as input",
    columns=(
        Column("parameters", "Param. (M)", decimals=2),
        Column("cpn", "MPJPE (CPN)"),
        Column("gt", "MPJPE (GT)"),
    ),
    rows=_rows(("parameters", "cpn", "gt"), {
        "Liu et al. [9]": "4.22 52.4 37.8",
        "Xu et al. [8]": "3.70 51.9 35.8",
        _ZHAO: "0.65 51.8 35.2",
        SMALL: "0.67 51.3 34.8",
        FULL: "18.3 50.5 34.1",
    }, {SMALL: ("small",), FULL: ("full",)}),
    notes=("average", "flip-16", "selection"),
)  # fmt: skip

TABLE3 = PublishedTable(
    title="Table 3: cross-dataset comparison on MPI-INF-3DHP; PCK at 150 mm and AUC in %",
    columns=(
        *(Column(scene, scene) for scene in SCENES),
        Column("pck", "Avg. PCK"),
        Column("auc", "AUC"),
        Column("scene_mean", "PCK, mean of scenes", derived=True),
    ),
    rows=_rows((*SCENES, "pck", "auc"), {
        _CI: "74.8 70.8 77.3 74.0 36.7",
        _ZHAO: "80.1 77.9 74.1 79.0 43.8",
        "Liu et al. [9]": "77.6 80.5 80.1 79.3 47.6",
        "Xu et al. [8]": "81.5 81.7 75.2 80.1 45.8",
        "Zou et al. [10]": "86.4 86.0 85.7 86.1 53.7",
        OURS: "86.1 87.5 87.4 87.0 55.2",
    }, {_ZHAO: ("graformer-average",)}),
    notes=("scene-average", "cross-silent"),
)  # fmt: skip

TABLE4 = PublishedTable(
    title="Table 4: comparison results on the MPI-INF-3DHP dataset (trained on its training set)",
    columns=(
        Column("parameters", "Param. (M)"),
        Column("flops", "FLOPs (M), as printed", decimals=0),
        Column("flops_one_unit", "FLOPs (M) = 2 x MACs", decimals=0, derived=True),
        Column("pck", "PCK"),
        Column("auc", "AUC"),
        Column("mpjpe", "MPJPE"),
    ),
    rows=_rows(("parameters", "flops", "flops_one_unit", "pck", "auc", "mpjpe"), {
        _LI: "18.9 1030 1030 93.8 63.3 58.0",
        _ZHANG_1: "33.7 645 1290 94.2 63.8 57.9",
        _ZHANG_27: "33.7 645 1290 94.4 66.5 54.9",
        "Shan et al. (81 frames) [7]": "5.4 493 493 97.9 75.8 32.2",
        OURS_1_FRAME: "18.3 312 624 98.0 79.1 30.8",
    }, {
        _LI: ("mhformer-cost",),
        _ZHANG_1: ("mixste-cost",),
        _ZHANG_27: ("mixste-cost",),
        OURS_1_FRAME: ("full",),
    }),
    notes=("flop-units", "copied"),
)  # fmt: skip

TABLE5 = PublishedTable(
    title="Table 5: different designs for the GCN block; MPJPE on Human3.6M, CPN with 17 keypoints",
    columns=(
        Column("parameters", "Param. (M)"),
        Column("flops", "FLOPs (M)"),
        Column("mpjpe", "MPJPE (mm)"),
        Column("delta", "Delta"),
    ),
    rows=_rows(("parameters", "flops", "mpjpe", "delta"), {
        "Two residual": "18.5 312.2 50.1 0.6",
        "Transformer": "17.0 289.8 50.1 0.6",
        "ConvNeXt": "17.0 289.9 50.0 0.5",
        OURS: "18.3 312.2 49.5 -",
    }, {"Two residual": ("two-residual",), OURS: ("full",)}),
    notes=("macs", "delta", "average", "flip", "selection"),
)  # fmt: skip

TABLES: Mapping[str, PublishedTable] = {
    "table1-cpn": TABLE1_CPN,
    "table1-gt": TABLE1_GT,
    "table2": TABLE2,
    "table3": TABLE3,
    "table4": TABLE4,
    "table5": TABLE5,
}
"""The tables and parts of tables by name."""
