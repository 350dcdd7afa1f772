"""Protocols on the CMU motion capture database, filmed by virtual cameras."""

from ampose.data.synthesis.detector_noise import NoiseConfig
from ampose.data.synthesis.virtual_cameras import VirtualCameraConfig
from ampose.evaluation.protocol import Protocol, VirtualCameras, register

HELD_OUT_SUBJECTS = ("02", "08", "16", "39", "55")

_WIDE = VirtualCameraConfig(
    pitch_degrees=(-45.0, 70.0),
    roll_degrees=(-20.0, 20.0),
    distance_m=(2.0, 10.0),
    field_of_view_degrees=(30.0, 100.0),
    off_centre=(0.0, 0.8),
)

CMU_HELD_OUT = register(
    Protocol(
        name="cmu-held-out",
        description="people that no training has seen, ideal 2D.",
        subjects=HELD_OUT_SUBJECTS,
    )
)

CMU_HELD_OUT_NOISY = register(
    Protocol(
        name="cmu-held-out-noisy",
        description="people that no training has seen, 2D as imperfect as a detector's.",
        subjects=HELD_OUT_SUBJECTS,
        source=VirtualCameras(noise=NoiseConfig(largest=0.03)),
    )
)

CMU_HELD_OUT_WIDE = register(
    Protocol(
        name="cmu-held-out-wide",
        description="people that no training has seen, from cameras of all kinds, ideal 2D.",
        subjects=HELD_OUT_SUBJECTS,
        frame_stride=4,
        source=VirtualCameras(cameras=_WIDE),
    )
)

CMU_HELD_OUT_WIDE_NOISY = register(
    Protocol(
        name="cmu-held-out-wide-noisy",
        description="the same, 2D as imperfect as a detector's: noise, far outliers, sides mistaken.",
        subjects=HELD_OUT_SUBJECTS,
        frame_stride=4,
        source=VirtualCameras(cameras=_WIDE, noise=NoiseConfig(largest=0.03, outliers=0.05, swaps=0.01)),
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
