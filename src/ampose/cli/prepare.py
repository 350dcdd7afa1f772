"""Read a dataset once into the file or folder that training and evaluation read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from ampose.cli.arguments import call_with_arguments
from ampose.cli.progress import progress
from ampose.errors import InputError

if TYPE_CHECKING:
    from ampose.data import DatasetPreparer, DatasetReader, MotionCapture

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


def run(args: Sequence[str]) -> None:
    """Read the arguments and prepare one dataset."""
    import tyro

    def prepare(
        dataset: tyro.conf.Positional[str],
        root: Path,
        output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None,
        keypoints_2d: tuple[Path, ...] = (),
        target: str = "",
        skip_damaged: bool = False,
    ) -> None:
        """Read a dataset once into the file or folder that training and evaluation read.

        Args:
            dataset: Name of the dataset: human36m, cmu...
            root: Folder (or file) of the dataset as it was downloaded.
            output: File or folder to write; default: prepared/<dataset>.npz for motion without cameras,
                prepared/<dataset> for datasets with cameras.
            keypoints_2d: Files with detected keypoints (.npz), for datasets with cameras.
            target: Which annotation to take as the 3D truth, for datasets with several.
            skip_damaged: Leave clips out whose files are damaged, and say which; for motion without cameras.
        """
        choices = {"keypoints_2d": keypoints_2d, "target": target}
        _prepare(dataset, root, output, choices, skip_damaged=skip_damaged)

    call_with_arguments(prepare, "prepare", args)


def _prepare(dataset: str, root: Path, output: Path | None, choices: Mapping[str, Any], *, skip_damaged: bool) -> None:
    from ampose.data import datasets

    entry = datasets.get(dataset)
    if entry.facts.get("recordings"):
        if skip_damaged:
            raise InputError(f"--skip-damaged must be left out for {dataset}, which has cameras; remove it")
        _prepare_recordings(dataset, root, output or Path("prepared") / dataset, choices)
    else:
        given = [f"--{name.replace('_', '-')}" for name, value in choices.items() if value]
        if given:
            raise InputError(f"{' and '.join(given)} must be left out for {dataset}, which has no cameras; remove it")
        _prepare_motion(dataset, root, output or Path("prepared") / f"{dataset}.npz", skip_damaged=skip_damaged)
    _print_rows("rights", _rights(entry.facts))


def _prepare_recordings(dataset: str, root: Path, output: Path, choices: Mapping[str, Any]) -> None:
    from ampose.data import Preparation, datasets

    prepare = cast("DatasetPreparer", datasets.get(dataset).target)
    with progress(f"preparing {dataset}", unit="steps") as report:
        rows = prepare(Preparation(root=root, output=output, report=report, announce=_announce, **choices))
    _print_rows("prepared", [*rows, *_folder_rows(output)])


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


def _announce(line: str) -> None:
    print(line, flush=True)


def _prepare_motion(dataset: str, root: Path, output: Path, *, skip_damaged: bool) -> None:
    from ampose.data import datasets, write_motion

    read = cast("DatasetReader", datasets.get(dataset).target)
    with progress(f"reading {dataset}", unit="clips") as report:
        motion = read(root, report, skip_damaged=skip_damaged)
    write_motion(motion, output)
    _print_rows("prepared", _summary(motion, output))
    _print_rows("mean bone lengths", _bone_rows(motion))


def _summary(motion: "MotionCapture", output: Path) -> Rows:
    rates = sorted(set(motion.fps.tolist()))
    subjects = sorted(set(motion.subjects))
    skipped = motion.provenance.get("left out, damaged")
    return [
        ("subjects", f"{len(subjects)} ({', '.join(subjects)})"),
        ("clips", f"{motion.num_clips:,}"),
        *([("left out", f"{skipped} (damaged)")] if skipped else []),
        ("frames", f"{len(motion):,}"),
        ("minutes", f"{motion.seconds / 60:.1f}"),
        ("fps", ", ".join(f"{rate:g}" for rate in rates)),
        ("file", str(output)),
        ("size", f"{output.stat().st_size / 1e6:.1f} MB"),
        ("sha256", f"{motion.sha256} (of the positions)"),
    ]


def _bone_rows(motion: "MotionCapture") -> Rows:
    """Each bone's mean over frames and sides beside its usual length."""
    from ampose.poses.geometry import bone_lengths
    from ampose.poses.skeletons.joint_sides import stem_of

    means = bone_lengths(motion.positions, motion.skeleton.bone_indices).mean(axis=0, dtype=float) * 1000
    sides: dict[str, list[float]] = {}
    for (_, joint), mean in zip(motion.skeleton.bones, means, strict=True):
        sides.setdefault(stem_of(joint), []).append(float(mean))
    return [_bone_row(joint, sum(lengths) / len(lengths)) for joint, lengths in sides.items()]


def _bone_row(joint: str, mean: float) -> tuple[str, str]:
    name, usual = _BONES.get(joint, (joint, 0))
    if not usual:
        return name, f"{mean:4.0f} mm"
    warning = "  UNUSUAL" if abs(mean / usual - 1) > _UNUSUAL else ""
    return name, f"{mean:4.0f} mm  (usual {usual}){warning}"


def _rights(facts: Mapping[str, Any]) -> Rows:
    return [(key, str(facts[key])) for key in ("terms", "acknowledgement", "link") if facts.get(key)]


def _print_rows(title: str, rows: Rows) -> None:
    width = max((len(name) for name, _ in rows), default=0)
    print(title)
    for name, text in rows:
        print(f"  {name:<{width}}  {text}")
