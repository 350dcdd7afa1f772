"""What goes into a pose file, what every file format promises, and the formats by suffix."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from ampose.atomic import replacing
from ampose.errors import InputError
from ampose.pose import Pose2D, Pose3D
from ampose.registry import Registry


@dataclass(frozen=True)
class Person:
    """One person in a file: the 3D pose and the 2D keypoints that it came from.

    Args:
        pose3d: Metres.
        pose2d: Pixels, in the detector's joints; of the same frames.
        id: Tells the persons of one file apart.

    Raises:
        InputError: The poses have different numbers of frames.
    """

    pose3d: Pose3D
    pose2d: Pose2D
    id: int = 0

    def __post_init__(self) -> None:
        if len(self.pose2d) != len(self.pose3d):
            raise InputError(
                f"person {self.id} must have as many frames in 2D as in 3D, got {len(self.pose2d)} and "
                f"{len(self.pose3d)}"
            )


@runtime_checkable
class Format(Protocol):
    """One file format. A format that cannot do one of the two says so in its registration."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write the people, who have the same frames and skeletons, to a new file."""

    def read(self, path: Path) -> list[Person]:
        """Read them back; raises ValueError, KeyError, TypeError or OSError if the file is damaged."""


formats = Registry[type[Format]]("file suffix", package="ampose.formats", group="ampose.formats")


def suffixes(ability: str) -> list[str]:
    """Return the suffixes of all formats that have the ability ``"reads"`` or ``"writes"``.

    Example:
        >>> suffixes("writes")
        ['.json', '.npz']
    """
    return [entry.name for entry in formats.entries() if entry.facts[ability]]


def write(path: str | Path, people: Person | Sequence[Person]) -> None:
    """Write people to a file in the format that its suffix names.

    The file appears when it is complete.

    Raises:
        InputError: The suffix is unknown, there is nobody to write, the people do not share frames and
            skeletons, or the folder cannot be written to.
    """
    path = Path(path)
    people = [people] if isinstance(people, Person) else list(people)
    file_format = _find(path, "writes")
    _check_alike(people)
    with replacing(path) as unfinished:
        file_format.write(unfinished, people)


def read(path: str | Path) -> list[Person]:
    """Read people from a file in the format that its suffix names.

    Raises:
        InputError: The suffix is unknown, there is no such file, or it is damaged or something else.
    """
    path = Path(path)
    file_format = _find(path, "reads")
    if not path.is_file():
        raise InputError(f"{path}: must be a file with poses, but there is no such file")
    try:
        return file_format.read(path)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(f"{path}: must be a pose file written by ampose, got one with {reason}") from error


def _find(path: Path, ability: str) -> Format:
    known = suffixes(ability)
    if path.suffix.lower() not in known:
        raise InputError(f"{path}: the name must end in {' or '.join(known)}, got {path.suffix or 'no suffix'!r}")
    return formats.get(path.suffix.lower()).target()


def _check_alike(people: Sequence[Person]) -> None:
    if not people:
        raise InputError("people must hold at least one person, got none; there is nothing to write")
    shapes = {(p.pose3d.positions.shape, p.pose3d.skeleton.name, p.pose2d.skeleton.name) for p in people}
    if len(shapes) > 1:
        raise InputError(f"people in one file must share frames and skeletons, got {sorted(shapes)}")
