"""MPI-INF-3DHP: two settings that must not be mixed up, each with its own name.

``3dhp-cross-*``: trained on Human3.6M with ground-truth 2D, tested on 3DHP (Table 3). ``3dhp-in-dataset-*``: trained on
3DHP's own training set (Table 4). The number at the end is that of the joints that count in PCK and AUC: the official
14, or all 16 or 17 of the model, the root included. MPJPE is always over all joints of the model.

In all of them: the valid frames of TS1 to TS6, counted from the files; ``univ_annot3``; ground-truth 2D divided by the
width; the root aligned and nothing else (no scale, no Procrustes, no bone lengths). Rows are scenes; the pooled mean
over valid frames and the plain mean of the scenes are both shown.
"""

from dataclasses import replace

from ampose.evaluation.protocol import FixedCameras, Protocol, register
from ampose.poses.metrics.threshold import OFFICIAL_14

TEST_SUBJECTS = ("TS1", "TS2", "TS3", "TS4", "TS5", "TS6")

PUBLISHED_VALID_FRAMES = 2929
"""603 + 540 + 505 + 553 + 276 + 452, as the official README counts. Copies of TS6 with 392 are about."""

_OWN_NAMES = {"head": "head_top", "thorax": "neck"}
"""Human3.6M's names of the official joints -> 3DHP's own."""


def official_14(skeleton: str) -> tuple[str, ...]:
    """Return the official 14 joints by their names in a skeleton.

    Example:
        >>> official_14("human36m_16")[:2], official_14("mpi_inf_3dhp_17")[:2]
        (('head', 'thorax'), ('head_top', 'neck'))
    """
    own = skeleton.startswith("mpi_inf_3dhp")
    return tuple(_OWN_NAMES.get(joint, joint) if own else joint for joint in OFFICIAL_14)


CROSS_16 = Protocol(
    name="3dhp-cross-16",
    description="trained on Human3.6M, tested on MPI-INF-3DHP; PCK and AUC over all 16 joints (Table 3).",
    subjects=TEST_SUBJECTS,
    skeleton="human36m_16",
    source=FixedCameras(annotation="univ_annot3", valid_only=True, published_samples=PUBLISHED_VALID_FRAMES),
    group="scenes",
    metrics=("pck", "auc", "mpjpe"),
    threshold_joints=(),
    # As PoseAug does on 3DHP.
    flip=True,
)

CROSS_17 = replace(
    CROSS_16,
    name="3dhp-cross-17",
    description="trained on Human3.6M, tested on MPI-INF-3DHP; PCK and AUC over all 17 joints (Table 3).",
    skeleton="human36m_17",
)

CROSS_14 = replace(
    CROSS_16,
    name="3dhp-cross-14",
    description="trained on Human3.6M, tested on MPI-INF-3DHP; PCK and AUC over the official 14 joints (Table 3).",
    threshold_joints=official_14("human36m_16"),
)

IN_DATASET_14 = replace(
    CROSS_16,
    name="3dhp-in-dataset-14",
    description="trained and tested on MPI-INF-3DHP; PCK and AUC over the official 14 joints, MPJPE over 17 (Table 4).",
    skeleton="mpi_inf_3dhp_17",
    threshold_joints=official_14("mpi_inf_3dhp_17"),
)

IN_DATASET_17 = replace(
    IN_DATASET_14,
    name="3dhp-in-dataset-17",
    description="trained and tested on MPI-INF-3DHP; PCK and AUC over all 17 joints, the root included (Table 4).",
    threshold_joints=(),
)

for _protocol in (CROSS_14, CROSS_16, CROSS_17, IN_DATASET_14, IN_DATASET_17):
    register(_protocol)


def with_joints_of(protocol: Protocol, skeleton: str) -> Protocol:
    """Return a protocol in the joints of a lifter; which of them count stays the same.

    Example:
        >>> with_joints_of(CROSS_14, "human36m_17").skeleton
        'human36m_17'
    """
    return replace(
        protocol, skeleton=skeleton, threshold_joints=official_14(skeleton) if protocol.threshold_joints else ()
    )
