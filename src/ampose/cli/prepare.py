"""Convert a dataset once to the format used for training and evaluation."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from ampose.errors import InputError
from ampose.pipeline.progress import progress

if TYPE_CHECKING:
    from ampose.data import MotionCapture

Rows = list[tuple[str, str]]

# Far joint without its side: (name, usual millimetres). Mean over 15 subjects of CMU's database.
_BONES = {
    "hip": ("half hip width", 91),
    "knee": ("thigh", 395),
    "ankle": ("shin", 428),
    "spine": ("pelvis to spine", 219),
    "thorax": ("spine to thorax", 235),
    "neck_nose": ("thorax to neck", 189),
    "head": ("neck to head", 97),
    "shoulder": ("thorax to shoulder", 192),
    "elbow": ("upper arm", 292),
    "wrist": ("forearm", 275),
}
_UNUSUAL = 0.25
"""A mean bone length this far from the usual one deserves a look: wrong unit, wrong joints."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What only some datasets take."""

    keypoints_2d: tuple[Path, ...] = ()
    """Files with detected keypoints (.npz), for datasets with cameras."""
    target: str = ""
    """Which annotation to take as the 3D truth, for datasets with several."""
    sequences: tuple[str, ...] = ()
    """Prepare these sequences alone, for example TS5 TS6 of MPI-INF-3DHP's test set."""
    skip_damaged: bool = False
    """Leave clips out whose files are damaged, and say which; for motion without cameras."""


_NONE = Choices()


def run(
    dataset: tyro.conf.Positional[str],
    root: Path,
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None,
    choices: Choices = _NONE,
) -> None:
    """Convert a dataset once to the format used for training and evaluation.

    Args:
        dataset: Name of the dataset: human36m, cmu...
        root: Folder (or file) of the dataset as it was downloaded.
        output: File or folder to write; default: prepared/<dataset>.npz for motion without cameras,
            prepared/<dataset> for datasets with cameras.
        choices: What only some datasets take.
    """
    from ampose.data import Preparation, datasets

    entry = datasets.get(dataset)
    options = dict(vars(choices))
    skip_damaged = options.pop("skip_damaged")
    if entry.target.prepare is not None:
        if skip_damaged:
            raise InputError(f"--skip-damaged must be left out for {dataset}, which has cameras; remove it")
        output = output or Path("prepared") / dataset
        with progress(f"preparing {dataset}", unit="steps") as report:
            announce = partial(print, flush=True)
            preparation = Preparation(root=root, output=output, report=report, announce=announce, **options)
            rows = entry.target.prepare(preparation)
        _print_rows("prepared", [*rows, *_folder_rows(output)])
    elif entry.target.read is not None:
        given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value]
        if given:
            raise InputError(f"{' and '.join(given)} must be left out for {dataset}, which has no cameras; remove it")
        with progress(f"reading {dataset}", unit="clips") as report:
            motion = entry.target.read(root, report, skip_damaged=skip_damaged)
        _write_motion(motion, output or Path("prepared") / f"{dataset}.npz")
    facts = entry.facts
    rights = {"terms": facts.terms, "acknowledgement": facts.acknowledgement, "link": facts.link}
    _print_rows("rights", [(name, text) for name, text in rights.items() if text])


def _folder_rows(folder: Path) -> Rows:
    from ampose.data import read_recordings

    recordings = read_recordings(folder)
    size = sum(path.stat().st_size for path in folder.iterdir())
    return [
        ("recordings", f"{recordings.num_recordings:,}"),
        ("samples", f"{len(recordings):,}"),
        ("folder", str(folder)),
        ("size", f"{size / 1e6:,.1f} MB"),
        ("sha256", f"{recordings.sha256} (of the positions)"),
    ]


def _write_motion(motion: "MotionCapture", output: Path) -> None:
    from ampose.data import write_motion

    write_motion(motion, output)
    subjects = sorted(set(motion.subjects))
    skipped = motion.provenance.get("left out, damaged")
    rows = [
        ("subjects", f"{len(subjects)} ({', '.join(subjects)})"),
        ("clips", f"{motion.num_clips:,}"),
        *([("left out", f"{skipped} (damaged)")] if skipped else []),
        ("frames", f"{len(motion):,}"),
        ("minutes", f"{motion.seconds / 60:.1f}"),
        ("fps", ", ".join(f"{rate:g}" for rate in sorted(set(motion.fps.tolist())))),
        ("file", str(output)),
        ("size", f"{output.stat().st_size / 1e6:.1f} MB"),
        ("sha256", f"{motion.sha256} (of the positions)"),
    ]
    _print_rows("prepared", rows)
    _print_rows("mean bone lengths", _bone_rows(motion))


def _bone_rows(motion: "MotionCapture") -> Rows:
    """Return each bone's mean over frames and sides beside its usual length."""
    from ampose.poses.geometry import bone_lengths
    from ampose.poses.skeletons.joint_sides import stem_of

    means = bone_lengths(motion.positions, motion.skeleton.bone_indices).mean(axis=0, dtype=float) * 1000
    sides: dict[str, list[float]] = {}
    for (_, joint), mean in zip(motion.skeleton.bones, means, strict=True):
        sides.setdefault(stem_of(joint), []).append(float(mean))
    rows = []
    for joint, lengths in sides.items():
        length = sum(lengths) / len(lengths)
        name, usual = _BONES.get(joint, (joint, 0))
        warning = "  UNUSUAL" if usual and abs(length / usual - 1) > _UNUSUAL else ""
        rows.append((name, f"{length:4.0f} mm" + (f"  (usual {usual}){warning}" if usual else "")))
    return rows


def _print_rows(title: str, rows: Rows) -> None:
    width = max((len(name) for name, _ in rows), default=0)
    print(title)
    for name, text in rows:
        print(f"  {name:<{width}}  {text}")
