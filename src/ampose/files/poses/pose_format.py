"""What goes into a pose file, what every file format promises, and the formats by suffix."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from ampose.atomic import replacing_together
from ampose.errors import InputError, no_such_path, reading
from ampose.files.not_read import check_is_read
from ampose.files.poses.body_axes import FileAxes
from ampose.packages import require
from ampose.poses.people import Person
from ampose.poses.pose import Pose3D
from ampose.poses.skeletons.by_joints import skeleton_of
from ampose.poses.timing import is_uneven
from ampose.registry import Entry, Registry

PARTS = {
    "positions": "changes of bone lengths",  # a format of rotations does not hold each joint's own position
    "confidence": "confidence",
    "expected_error": "expected error",
    "keypoints_2d": "2D keypoints",
    "skeleton": "which joints are joined",  # only asked for where the joints' names do not tell it
    "frame_of_reference": "the words for the frame of reference",
    "provenance": "provenance",
    "missing_joints": "single missing joints",
    "inferred_joints": "joints that were inferred, not seen",
    "missing_frames": "frames in which the person is missing",
    "times": "uneven times",
    "start": "the time at which the clip begins",
    "no_fps": "that there is no frame rate",
    "people": "several people in one file",
}
"""What a format may carry, in a registration's ``carries``, with the words for it."""


def all_but(*parts: str) -> tuple[str, ...]:
    """Return ``PARTS`` without some of them."""
    return tuple(part for part in PARTS if part not in parts)


People = Person | Pose3D | Sequence[Person | Pose3D]
"""What is written: one person, or several, or poses alone."""


@runtime_checkable
class PoseWriter(Protocol):
    """A file format that can be written."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write the people, who have the same frames and skeletons, to a new file."""


@runtime_checkable
class PoseReader(Protocol):
    """A file format that can be read."""

    def read(self, path: Path) -> list[Person]:
        """Read the people; whatever it raises becomes an InputError with the file's name."""


@dataclass(frozen=True, kw_only=True)
class FormatFacts:
    """What a registration states about a format.

    Args:
        carries: Which of ``PARTS``.
        up: The axis that points up in the file; the writer turns the poses there from camera axes. None where the
            poses' own axes are kept.
        measures: Whether the file is read as measurements: joints that the lifter inferred are missing in it.
        foreign: Whether other programs write it in units and axes of their own: its reader takes ``FileAxes``.
        package: What it needs, and
        extra: what brings it.
    """

    carries: Collection[str] = tuple(PARTS)
    up: Literal["y", "z"] | None = None
    measures: bool = False
    foreign: bool = False
    package: str = ""
    extra: str = ""


FormatEntry = Entry[type[PoseReader] | type[PoseWriter], FormatFacts]

formats = Registry[type[PoseReader] | type[PoseWriter], FormatFacts](
    "file suffix", FormatFacts, package="ampose.files.poses", group="ampose.formats"
)


def suffixes(ability: Literal["reads", "writes"]) -> list[str]:
    """Return the suffixes of all formats that have the ability ``"reads"`` or ``"writes"``.

    Example:
        >>> [suffix for suffix in suffixes("writes") if suffix in (".json", ".npz")]
        ['.json', '.npz']
    """
    kind = PoseReader if ability == "reads" else PoseWriter
    return [entry.name for entry in formats.entries() if issubclass(entry.target, kind)]


def carries(path: str | Path) -> frozenset[str]:
    """Return which of ``PARTS`` a file of this name can carry.

    Raises:
        InputError: The suffix is unknown.

    Example:
        >>> "keypoints_2d" in carries("poses.json"), "keypoints_2d" in carries("clip.trc")
        (True, False)
    """
    facts = _entry(Path(path), "writes").facts
    inferred = {"inferred_joints"}
    return frozenset(facts.carries) - inferred if facts.measures else frozenset(facts.carries) | inferred


def up_axis(path: str | Path) -> str | None:
    """Return the axis that points up in files of this name; None where the poses' own axes are kept.

    Example:
        >>> up_axis("clip.trc"), up_axis("poses.json")
        ('y', None)
    """
    return _entry(Path(path), "writes").facts.up


def losses(path: str | Path, people: People) -> list[str]:
    """Return, in words, what of these people a file of this name cannot carry.

    Raises:
        InputError: The suffix is unknown.

    Example:
        >>> import numpy as np
        >>> from ampose.poses.skeletons import get_skeleton
        >>> pose = Pose3D(
        ...     positions=np.zeros((1, 17, 3)), confidence=np.ones((1, 17)), skeleton=get_skeleton("human36m_17")
        ... )
        >>> losses("poses.json", pose)
        []
    """
    people = as_people(people)
    poses = [person.pose3d for person in people]
    lost = [np.isnan(pose.positions).any(axis=2) for pose in poses]
    there = {
        "positions": True,
        "confidence": any((pose.confidence[~gone] != 1).any() for pose, gone in zip(poses, lost, strict=True)),
        "expected_error": any(pose.expected_error is not None for pose in poses),
        "keypoints_2d": any(person.pose2d is not None for person in people),
        "skeleton": any(skeleton_of(pose.skeleton.joints) != pose.skeleton for pose in poses),
        "frame_of_reference": True,
        "provenance": any(pose.provenance for pose in poses),
        "missing_joints": any((gone.any(axis=1) & ~gone.all(axis=1)).any() for gone in lost),
        "inferred_joints": any(pose.inferred.any() for pose in poses),
        "missing_frames": any(gone.all(axis=1).any() for gone in lost),
        "times": any(is_uneven(pose.times) for pose in poses if pose.times is not None),
        "start": any(pose.times is not None and pose.times[0] != 0 for pose in poses),
        "no_fps": any(pose.seconds is None for pose in poses),
        "people": len(people) > 1,
    }
    return [PARTS[part] for part in there if there[part] and part not in carries(path)]


def check_writable(path: str | Path, *, timed: bool = True) -> None:
    """Refuse a name that cannot be written in its format, before the long work begins.

    Args:
        path: The file.
        timed: Whether the poses have a frame rate.

    Raises:
        InputError: The suffix is unknown, its format is only read, or it needs a frame rate.
        MissingExtraError: The package that the format needs is not installed.
    """
    path = Path(path)
    _open(path, "writes")
    _check_rate(path, timed=timed)


def write(path: str | Path, people: People) -> None:
    """Write people to a file in the format that its suffix names.

    The file appears when it is complete. What the format cannot carry is left out: see ``losses``.

    Raises:
        InputError: The suffix is unknown, there is nobody to write, the people do not share frames and
            skeletons, the format holds one person or needs a frame rate, or the folder cannot be written to.
        MissingExtraError: The package that the format needs is not installed.
    """
    path, people = Path(path), as_people(people)
    if len(people) > 1 and "people" not in carries(path):
        raise InputError(
            f"{path}: people must be one in a {path.suffix} file, got {len(people)}; write a file for each (write_each)"
        )
    _check_people(path, people)
    write_each(path, people)


def write_each(path: str | Path, people: People) -> list[Path]:
    """Write people to a file, or to a file each (``clip_0.trc``, ``clip_1.trc``) where it cannot hold them together.

    That is where the format holds only one, and for subjects and props of different markers in any format.

    Returns:
        The files; they appear when all are complete.

    Raises:
        InputError: As in ``write``.
        MissingExtraError: The package that the format needs is not installed.
    """
    path, people = Path(path), as_people(people)
    if len(people) == 1 or ("people" in carries(path) and len(_shapes(people)) == 1):
        paths, groups = [path], [people]
    else:
        paths = [path.with_name(f"{path.stem}_{person.id}{path.suffix}") for person in people]
        groups = [[person] for person in people]
    _check_ids(path, people)
    for group in groups:
        _check_people(path, group)
    writer: PoseWriter = _open(path, "writes")
    if "inferred_joints" not in carries(path):
        groups = [[replace(person, pose3d=person.pose3d.without_inferred()) for person in group] for group in groups]
    with replacing_together(*paths) as unfinished:
        for part, group in zip(unfinished, groups, strict=True):
            writer.write(part, group)
    return paths


def read(path: str | Path, *, unit: str | float | None = None, up: str | None = None) -> list[Person]:
    """Read people from a file in the format that its suffix names.

    Args:
        path: The file.
        unit: Of a BVH, C3D or TRC file that does not state it, or wrongly: a name or metres a unit.
        up: The axis that points up in such a file, as in ``"z"``.

    Raises:
        InputError: The suffix is unknown, there is no such file, it is damaged or something else, or it states its
            unit and axes itself.
        MissingExtraError: The package that the format needs is not installed.
    """
    path = Path(path)
    check_is_read(path)
    _entry(path, "reads")
    if not path.exists():
        raise no_such_path(path, "a file with poses")
    if not path.is_file():
        raise InputError(f"{path}: must be a file with poses, got a folder; name the file in it")
    reader: Any = _open(path, "reads")  # one of a foreign format takes more than a PoseReader
    with reading(path, f"a whole {path.suffix} file with poses"):
        if not _entry(path, "reads").facts.foreign:
            if (unit, up) != (None, None):
                raise InputError(
                    f"a {path.suffix} file states its unit and axes itself; leave {'unit' if up is None else 'up'} out",
                    field="unit" if up is None else "up",
                )
            people: list[Person] = reader.read(path)
            if people:
                _check_ids(path, people)
            return people
        return reader.read(path, FileAxes.stated(unit, up))


def as_people(people: People) -> list[Person]:
    """Return them as a list of persons; a pose alone is one without 2D, numbered from 0."""
    several = [people] if isinstance(people, Person | Pose3D) else list(people)
    return [Person(number, None, one) if isinstance(one, Pose3D) else one for number, one in enumerate(several)]


def _entry(path: Path, ability: Literal["reads", "writes"]) -> FormatEntry:
    known = suffixes(ability)
    if path.suffix.lower() not in known:
        raise InputError(f"{path}: the name must end in {' or '.join(known)}, got {path.suffix or 'no suffix'!r}")
    return formats.get(path.suffix.lower())


def _open(path: Path, ability: Literal["reads", "writes"]) -> Any:
    """Return the format, a ``PoseReader`` or a ``PoseWriter``; its package is there."""
    entry = _entry(path, ability)
    if entry.facts.package:
        require(entry.facts.package, extra=entry.facts.extra, purpose=f"a {entry.name} file")
    return entry.target()


def _check_people(path: Path, people: Sequence[Person]) -> None:
    if len(shapes := _shapes(people)) > 1:
        kinds = " and ".join(sorted({f"{frames} frames of {skeleton.num_joints}" for frames, skeleton, _ in shapes}))
        raise InputError(
            f"{path}: people in one file must share frames and joints, got {kinds} joints; write a file for each"
        )
    _check_ids(path, people)
    if not len(people[0].pose3d):
        raise InputError(f"{path}: people must have at least one frame, got none; there is nothing to write")
    poses = [person.pose3d for person in people]
    if len({(pose.fps, None if pose.times is None else tuple(pose.times.tolist())) for pose in poses}) > 1:
        raise InputError(
            f"{path}: people in one file must share frame rate and times, got different ones; write a file for each"
        )
    _check_rate(path, timed=poses[0].seconds is not None)


def _shapes(people: Sequence[Person]) -> set[tuple[Any, ...]]:
    """Return what people in one file must share, of each: frames and joints in 3D and 2D."""
    return {(len(p.pose3d), p.pose3d.skeleton, p.pose2d and p.pose2d.skeleton) for p in people}


def _check_ids(path: Path, people: Sequence[Person]) -> None:
    if not people:
        raise InputError(f"{path}: people must hold at least one person, got none; there is nothing to write")
    if len({person.id for person in people}) < len(people):
        raise InputError(f"{path}: people must each have their own id, got {[person.id for person in people]}")


def _check_rate(path: Path, *, timed: bool) -> None:
    if not timed and "no_fps" not in carries(path):
        raise InputError(
            f"{path}: a {path.suffix} file needs a frame rate, and single images have none; give one", field="fps"
        )
