"""Human3.6M: the protocols of the AMPose paper's Tables 1, 2 and 5.

P1 is MPJPE, P2 P-MPJPE (similarity alignment), P3 N-MPJPE (scale), and MPJVE the error of the velocity. The paper
prints P1; the others are extras. Its average is the plain mean over the 15 actions; the mean over all frames stands
beside it.

In three takes of S9 the recorded motion drifts against the images. Published lifting figures keep them, and so do these
protocols; ``exclude_takes`` leaves them out: "S9 Greeting", "S9 SittingDown 1", "S9 Waiting 1" by the names of their
files (Sarandi et al., MeTRAbs, correct them), Greeting-2, SittingDown-2 and Waiting-1 in Human3.6M's own numbering
(Iskakov et al., Learnable Triangulation, ICCV 2019, leave them out).
"""

from dataclasses import replace

from ampose.evaluation.protocol import FixedCameras, Protocol, register

TEST_SUBJECTS = ("S9", "S11")

PUBLISHED_TEST_SAMPLES = 543_344
"""Frames of S9 and S11 times 4 cameras, without S11 Directions."""

H36M_CPN_17 = Protocol(
    name="h36m-cpn-17",
    description="Human3.6M, 2D of the fine-tuned CPN, 17 joints (Table 1, top; Table 5).",
    subjects=TEST_SUBJECTS,
    source=FixedCameras(keypoints="cpn", published_samples=PUBLISHED_TEST_SAMPLES),
    metrics=("mpjpe", "p_mpjpe", "n_mpjpe", "mpjve"),
    threshold_joints=(),
    # As Pavllo, Cai, Zou and Lutz do with CPN.
    flip=True,
)

H36M_GT_17 = replace(
    H36M_CPN_17.with_source(keypoints="gt"),
    name="h36m-gt-17",
    description="Human3.6M, ground-truth 2D, 17 joints (Table 1, bottom).",
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
    H36M_CPN_16.with_source(keypoints="gt"),
    name="h36m-gt-16",
    description="Human3.6M, ground-truth 2D, 16 joints without neck_nose (Table 2).",
)

for _protocol in (H36M_CPN_17, H36M_GT_17, H36M_CPN_16, H36M_GT_16):
    register(_protocol)
