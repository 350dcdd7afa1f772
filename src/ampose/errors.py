"""The errors that a user can cause, apart from the errors that are ours; and checks that several rooms make.

The command line turns these into one line and exit status 2; anything else is a bug and shows a traceback.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import MISSING, fields
from typing import Any


class InputError(ValueError):
    """Something the user gave is wrong. The message is one line: what, where, expected, found, what to do.

    Args:
        message: In the words of the library, which knows no command line.
        field: The parameter or option that is wrong or would help, as in ``"image_size"``; the command line adds its
            flag to the message.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class MissingExtraError(ImportError):
    """An optional dependency is not installed. The message holds the pip command that installs it."""

    def __init__(self, package: str, *, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the package {package}; install it with: pip install 'ampose[{extra}]'")


def changed_fields(config: Any, names: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Yield name and value of those named fields of a dataclass that are not at their default.

    Callers refuse them where they would have no effect: two equal runs or networks would look different.

    Example:
        >>> from dataclasses import dataclass, field
        >>> @dataclass
        ... class Options:
        ...     size: int = 3
        ...     tags: list[str] = field(default_factory=list)
        >>> list(changed_fields(Options(size=4), ["size", "tags"]))
        [('size', 4)]
    """
    for each in fields(config):
        if each.name in names:
            default = each.default if each.default_factory is MISSING else each.default_factory()
            value = getattr(config, each.name)
            if value != default:
                yield each.name, value


def check_known(label: str, wanted: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that the data has not.

    Raises:
        InputError: Some names are not known.

    Example:
        >>> check_known("subjects", ["S9"], ["S1", "S9"])
    """
    if unknown := sorted(set(wanted) - set(known)):
        have = ", ".join(sorted(set(known))[:20])
        raise InputError(f"{label} must be some that the data has, got {', '.join(unknown)}; it has {have}")
