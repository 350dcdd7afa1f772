"""Human3.6M: the protocols of the AMPose paper's Tables 1, 2 and 5.

P1 is MPJPE, P2 P-MPJPE (similarity alignment), P3 N-MPJPE (scale), and MPJVE the error of the velocity. The paper
prints P1; the others are extras. Its average is the plain mean over the 15 actions; the mean over all frames stands
beside it.
"""

from dataclasses import replace

from ampose.evaluation.fixed_cameras import FixedCameraProtocol
from ampose.evaluation.protocol import register

TEST_SUBJECTS = ("S9", "S11")
TRAIN_SUBJECTS = ("S1", "S5", "S6", "S7", "S8")

PUBLISHED_TEST_SAMPLES = 543_344
"""Frames of S9 and S11 times 4 cameras, without S11 Directions."""

H36M_CPN_17 = FixedCameraProtocol(
    name="h36m-cpn-17",
    description="Human3.6M, 2D of the fine-tuned CPN, 17 joints (Table 1, top; Table 5).",
    subjects=TEST_SUBJECTS,
    keypoints="cpn",
    metrics=("mpjpe", "p_mpjpe", "n_mpjpe", "mpjve"),
    threshold_joints=(),
    # As Pavllo, Cai, Zou and Lutz do with CPN.
    flip=True,
)

H36M_GT_17 = replace(
    H36M_CPN_17,
    name="h36m-gt-17",
    description="Human3.6M, ground-truth 2D, 17 joints (Table 1, bottom).",
    keypoints="gt",
    # As Lutz and Zeng do, with whom the table compares.
)

H36M_CPN_16 = replace(
    H36M_CPN_17,
    name="h36m-cpn-16",
    description="Human3.6M, 2D of the fine-tuned CPN, 16 joints without neck_nose (Table 2).",
    skeleton="human36m_16",
    # SemGCN and GraFormer, whose 16 joints these are, do not average with the mirrored prediction.
    flip=False,
)

H36M_GT_16 = replace(
    H36M_CPN_16,
    name="h36m-gt-16",
    description="Human3.6M, ground-truth 2D, 16 joints without neck_nose (Table 2).",
    keypoints="gt",
)

for _protocol in (H36M_CPN_17, H36M_GT_17, H36M_CPN_16, H36M_GT_16):
    register(_protocol)


def said_count(samples: int) -> str:
    """Say how a number of measured samples compares with the published one.

    Example:
        >>> said_count(543_344)
        '543,344, as published'
        >>> said_count(100)
        '100, not the published 543,344: this is no figure of Human3.6M'
    """
    if samples == PUBLISHED_TEST_SAMPLES:
        return f"{samples:,}, as published"
    return f"{samples:,}, not the published {PUBLISHED_TEST_SAMPLES:,}: this is no figure of Human3.6M"
