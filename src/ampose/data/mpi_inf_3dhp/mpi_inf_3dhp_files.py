"""What MPI-INF-3DHP holds, as published: sequences, lengths, scenes, sizes, cameras, terms; and checks.

Mehta et al., "Monocular 3D Human Pose Estimation In The Wild Using Improved CNN Supervision", 3DV 2017. Training: 8
subjects x 2 sequences x 14 cameras in a green-screen studio. Test: 6 sequences of one camera each, two with a green
screen, two in the same studio without, two outdoors.

Two 3D annotations lie side by side, in millimetres and camera axes. ``annot3`` is the body as measured, and ``annot2``
is its projection. ``univ_annot3`` is the same body scaled about its root to the height of Human3.6M's universal
skeleton; the field's figures are against it, and it does not project to ``annot2``.

Lengths and rates are those of the official ``mpii_get_sequence_info``. They are compared with the files, and the
comparison is noted in the summary. What is used is what the file holds, cut to the published length where it is longer,
as the dataset's README asks (S3/Seq1 has an annotation more than it has pictures).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32

from ampose.data.preparation import Rows
from ampose.errors import InputError

LINK = "https://vcai.mpi-inf.mpg.de/3dhp-dataset"
TERMS = "Non-commercial research only, under the licence that comes with the download; cite Mehta et al., 3DV 2017."
ACKNOWLEDGEMENT = (
    "Mehta, Rhodin, Casas, Fua, Sotnychenko, Xu, Theobalt: Monocular 3D Human Pose Estimation In The Wild Using "
    "Improved CNN Supervision, 3DV 2017."
)
DOWNLOAD = f"download it from {LINK} (licence: non-commercial research only)"

ANNOTATIONS = ("univ_annot3", "annot3")
NUM_CAMERAS = 14
USUAL_CAMERAS = (0, 1, 2, 4, 5, 6, 7, 8)
"""VNect's set, which SPIN, MargiPose and P-STMO take: no ceiling cameras."""

TRAIN_SIZE = (2048.0, 2048.0)
TRAIN_SEQUENCES = {
    "S1 Seq1": (6416, 25.0),
    "S1 Seq2": (12430, 50.0),
    "S2 Seq1": (6502, 25.0),
    "S2 Seq2": (6081, 25.0),
    "S3 Seq1": (12488, 50.0),
    "S3 Seq2": (12283, 50.0),
    "S4 Seq1": (6171, 25.0),
    "S4 Seq2": (6675, 25.0),
    "S5 Seq1": (12820, 50.0),
    "S5 Seq2": (12312, 50.0),
    "S6 Seq1": (6188, 25.0),
    "S6 Seq2": (6145, 25.0),
    "S7 Seq1": (6239, 25.0),
    "S7 Seq2": (6320, 25.0),
    "S8 Seq1": (6468, 25.0),
    "S8 Seq2": (6054, 25.0),
}
"""Sequence -> (pictures of a camera, frames per second)."""

UNLABELLED = "unlabelled"
ACTIVITIES = (
    "Standing/Walking",
    "Exercising",
    "Sitting",
    "Reaching/Crouching",
    "On the Floor",
    "Sports",
    "Miscellaneous",
)
"""The activities 1 to 7 of the test set."""

TEST_FPS = 25.0
"""Assumed: no file tells. TS1 to TS4 last four minutes at that rate, as the training sequences do."""


@dataclass(frozen=True, kw_only=True)
class Lens:
    """Focal length, principal point and picture size of one camera, in pixels."""

    focal: tuple[float, float]
    centre: tuple[float, float]
    image_size: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class PublishedSequence:
    """What is published about a test sequence: where, the camera, the frames that count.

    Another copy of TS6 that is about has 392 valid frames.
    """

    scene: str
    lens: Lens
    valid: int


# TS5/TS6: fitted to the files' annot2 and annot3 (residual below 0.25 px); TS1 to TS4: as SRNet gives them.
_STUDIO = Lens(focal=(1500.07, 1500.66), centre=(1017.38, 1043.06), image_size=(2048.0, 2048.0))
_OUTDOOR = Lens(focal=(1683.48, 1671.93), centre=(939.93, 560.21), image_size=(1920.0, 1080.0))
TEST_SEQUENCES = {
    "TS1": PublishedSequence(scene="GS", lens=_STUDIO, valid=603),
    "TS2": PublishedSequence(scene="GS", lens=_STUDIO, valid=540),
    "TS3": PublishedSequence(scene="noGS", lens=_STUDIO, valid=505),
    "TS4": PublishedSequence(scene="noGS", lens=_STUDIO, valid=553),
    "TS5": PublishedSequence(scene="Outdoor", lens=_OUTDOOR, valid=276),
    "TS6": PublishedSequence(scene="Outdoor", lens=_OUTDOOR, valid=452),
}


def require_files(root: Path, paths: Sequence[Path], what: str) -> None:
    """Raise InputError naming the first missing files of a dataset; ``what`` says which part it is."""
    missing = [path for path in paths if not path.is_file()]
    if missing:
        shown = ", ".join(str(path.relative_to(root)) for path in missing[:4])
        more = f" and {len(missing) - 4} more" if len(missing) > 4 else ""
        raise InputError(
            f"{root}: {what} must have {len(paths)} files, {len(missing)} missing: {shown}{more}; {DOWNLOAD}"
        )


def check_finite(where: str, points: Float[np.ndarray, "frame joint axis"]) -> None:
    """Raise InputError naming the first frame of an annotation that holds no numbers."""
    lost = ~np.isfinite(points).all(axis=(1, 2))
    if lost.any():
        raise InputError(f"{where} must be finite, got frame {int(np.flatnonzero(lost)[0])} that is not; {DOWNLOAD}")


def metres(millimetres: Float[np.ndarray, "frame joint 3"]) -> Float32[np.ndarray, "frame joint 3"]:
    """Turn millimetres into metres; divided in double precision, so that every route rounds alike."""
    return (millimetres.astype(np.float64) / 1000).astype(np.float32)


def published_length(sequence: str, frames: int, notes: Rows) -> int:
    """Return how many frames of a training sequence are used, and note where it is not what was published."""
    published, _ = TRAIN_SEQUENCES[sequence]
    if frames > published:
        cut = f"{frames:,} annotations for {published:,} pictures; the last {frames - published:,} left out"
        notes.append((sequence, cut))
    elif frames < published:
        notes.append((sequence, f"{frames:,} frames, {published:,} published; the file is shorter than the original"))
    return min(frames, published)
