"""MPI-INF-3DHP (https://vcai.mpi-inf.mpg.de/3dhp-dataset): training and test set, from the trees or the npz files.

Prepared as the 17 "relevant" joints, in metres and camera axes, with the 2D ground truth as source "gt". The target is
``univ_annot3`` unless ``annot3`` is asked for; it is written into the index, and both can be prepared side by side.

Routes, looked for in this order: the original tree (``mpi_inf_3dhp_train``, ``mpi_inf_3dhp_testset``), which tells the
cameras and the activities; P-STMO's ``data_train_3dhp.npz`` and ``data_test_3dhp.npz`` (``mpi_inf_3dhp_npz``).
"""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from ampose.data import register_recordings
from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_files import (
    ACKNOWLEDGEMENT,
    ANNOTATIONS,
    DOWNLOAD,
    LINK,
    NUM_CAMERAS,
    TERMS,
    TEST_SEQUENCES,
    TRAIN_SEQUENCES,
    USUAL_CAMERAS,
)
from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_npz import (
    TEST_FILE,
    TRAIN_FILE,
    read_test_npz,
    read_train_npz,
)
from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_testset import read_test_tree
from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_train import read_train_tree
from ampose.data.preparation import Preparation, Rows
from ampose.data.recordings import Recording, RecordingsWriter
from ampose.errors import InputError
from ampose.poses.skeletons import get_skeleton

_SKELETON = get_skeleton("mpi_inf_3dhp_17")
_TRAIN_TREES = dict.fromkeys((".", "mpi_inf_3dhp"), "S[1-8]/Seq[12]")
_TEST_TREES = dict.fromkeys((".", "mpi_inf_3dhp_test_set", "mpi_inf_3dhp_test_set/mpi_inf_3dhp_test_set"), "TS[1-6]")
"""Folders in which the trees may lie -> what they hold."""


@register_recordings("mpi-inf-3dhp-train", terms=TERMS, acknowledgement=ACKNOWLEDGEMENT, link=LINK)
def prepare_mpi_inf_3dhp_train(preparation: Preparation, cameras: Collection[int] = USUAL_CAMERAS) -> Rows:
    """Prepare S1 to S8, both sequences of each, one recording a camera.

    Args:
        preparation: What to read and where to write; ``target`` is "univ_annot3" (default) or "annot3".
        cameras: Numbers of the cameras, 0 to 13.

    Raises:
        InputError: There is no training set, a file is missing, broken or of another shape, or an option is
            unknown; the message names it.
    """
    target = _target(preparation)
    if preparation.sequences:
        raise InputError("sequences must be left out for mpi-inf-3dhp-train, which is prepared as a whole")
    if not cameras or len(set(cameras)) != len(cameras) or not set(cameras) <= set(range(NUM_CAMERAS)):
        raise InputError(f"cameras must be different numbers from 0 to {NUM_CAMERAS - 1}, got {list(cameras)}")
    notes: Rows = []
    source = _find(preparation.root, _TRAIN_TREES, TRAIN_FILE, "S1 to S8")
    read = read_train_tree if source.is_dir() else read_train_npz
    published = sum(frames for frames, _ in TRAIN_SEQUENCES.values()) * len(cameras)
    recordings = read(source, target, tuple(cameras), notes)
    preparation.claim_disk(published, _SKELETON, num_sources=1)
    about = {"split": "train", "source": source.name, "cameras": list(cameras)}
    frames, _ = _write(preparation, recordings, len(TRAIN_SEQUENCES) * len(cameras), about, notes)
    return [("target", target), ("frames x cameras", f"{frames:,} ({published:,} published)"), *notes]


@register_recordings("mpi-inf-3dhp-test", terms=TERMS, acknowledgement=ACKNOWLEDGEMENT, link=LINK)
def prepare_mpi_inf_3dhp_test(preparation: Preparation) -> Rows:
    """Prepare TS1 to TS6, a recording for each stretch of one activity (for each sequence, from the npz file).

    Args:
        preparation: What to read and where to write; ``target`` is "univ_annot3" (default) or "annot3", ``sequences``
            those of TS1 to TS6 that are there, if not all are.

    Raises:
        InputError: There is no test set, a file is missing, broken or of another shape, or an option is
            unknown; the message names it.
    """
    target = _target(preparation)
    strangers = [name for name in preparation.sequences if name not in TEST_SEQUENCES]
    if strangers:
        raise InputError(f"sequences must be among {', '.join(TEST_SEQUENCES)}, got {', '.join(strangers)}")
    wanted = [name for name in TEST_SEQUENCES if not preparation.sequences or name in preparation.sequences]
    notes: Rows = []
    source = _find(preparation.root, _TEST_TREES, TEST_FILE, "TS1 to TS6")
    read = read_test_tree if source.is_dir() else read_test_npz
    recordings = list(read(source, target, wanted, notes))  # small, and its size is only known when it is read
    preparation.claim_disk(sum(len(recording.positions) for recording in recordings), _SKELETON, num_sources=1)
    about = {"split": "test", "source": source.name, "sequences": wanted, "fps": "not published; 25 assumed"}
    frames, valid = _write(preparation, recordings, len(recordings), about, notes)
    published = sum(TEST_SEQUENCES[name].valid for name in wanted)
    part = [("sequences", f"{', '.join(wanted)} only")] if len(wanted) < len(TEST_SEQUENCES) else []
    return [("target", target), *part, ("valid frames", f"{valid:,} of {frames:,} ({published:,} published)"), *notes]


def _write(
    preparation: Preparation, recordings: Iterable[Recording], total: int, about: dict[str, Any], notes: Rows
) -> tuple[int, int]:
    """Write the recordings; return how many frames there are and how many of them are valid."""
    frames = valid = 0
    target = _target(preparation)
    provenance = {
        "dataset": "mpi-inf-3dhp",
        "link": LINK,
        "terms": TERMS,
        "acknowledgement": ACKNOWLEDGEMENT,
        "reader": "28 joints to the relevant 17; millimetres to metres; camera axes as annotated",
        **about,
    }
    with RecordingsWriter(preparation.output, skeleton=_SKELETON, target=target, provenance=provenance) as writer:
        for done, recording in enumerate(recordings, start=1):
            writer.append(recording)
            frames += len(recording.positions)
            valid += len(recording.positions) if recording.valid is None else int(recording.valid.sum())
            preparation.report(done, total, f"{recording.take} camera {recording.camera}")
        writer.provenance |= {"frames": frames, "valid_frames": valid, "notes": [": ".join(note) for note in notes]}
    return frames, valid


def _target(preparation: Preparation) -> str:
    if preparation.keypoints_2d:
        raise InputError(
            f"keypoints_2d must be empty for MPI-INF-3DHP, got {preparation.keypoints_2d[0]}; "
            "its 2D ground truth is the only source that has a published layout"
        )
    target = preparation.target or ANNOTATIONS[0]
    if target not in ANNOTATIONS:
        raise InputError(f"target must be {' or '.join(ANNOTATIONS)}, got {target!r}")
    return target


def _find(root: Path, trees: Mapping[str, str], file: str, what: str) -> Path:
    """Return the folder of the original tree, at or below ``root``, or else the npz file that ``root`` is or holds."""
    folders = [root / name for name, pattern in trees.items() if any((root / name).glob(pattern))]
    npz = root if root.is_file() else root / file
    if not folders and not npz.is_file():
        names = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
        found = ", ".join(names[:6]) or "nothing"
        raise InputError(f"{root}: folder must hold {what} or {file}, found {found}; {DOWNLOAD}")
    return next(iter(folders), npz)
