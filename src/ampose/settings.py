"""Settings that are dataclasses with defaults."""

from collections.abc import Collection, Iterator
from dataclasses import MISSING, fields
from typing import Any


def changed(settings: Any, names: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Yield name and value of those named settings that are not left at their default.

    What has no effect is refused by it: else two things of other settings would be the same.

    Args:
        settings: An instance of a dataclass.
        names: Of its fields that have a default.

    Example:
        >>> from dataclasses import dataclass, field
        >>> @dataclass
        ... class Settings:
        ...     size: int = 3
        ...     tags: list[str] = field(default_factory=list)
        >>> list(changed(Settings(size=4), ["size", "tags"]))
        [('size', 4)]
    """
    for setting in fields(settings):
        if setting.name not in names:
            continue
        default = setting.default if setting.default_factory is MISSING else setting.default_factory()
        value = getattr(settings, setting.name)
        if value != default:
            yield setting.name, value
