"""Protocols on the CMU motion capture database, seen by virtual cameras."""

from dataclasses import replace

from ampose.evaluation.protocol import Protocol, register
from ampose.synthesis.detector_noise import NoiseConfig

HELD_OUT_SUBJECTS = ("02", "08", "16", "39", "55")

CMU_HELD_OUT = register(
    Protocol(
        name="cmu-held-out",
        description="people that no training has seen, ideal 2D.",
        subjects=HELD_OUT_SUBJECTS,
    )
)

CMU_HELD_OUT_NOISY = register(
    replace(
        CMU_HELD_OUT,
        name="cmu-held-out-noisy",
        description="people that no training has seen, 2D as imperfect as a detector's.",
        noise=NoiseConfig(largest=0.03),
    )
)

CMU_ALL = register(
    Protocol(
        name="cmu-all",
        description="every clip of the file; whether training saw these people is for the reader to know.",
        subjects=(),
        frame_stride=2,
    )
)
