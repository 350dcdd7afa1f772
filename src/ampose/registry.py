"""One small registry, used for models, datasets, detectors, file formats, metrics and skeletons.

A room registers a thing with a decorator in the one file that holds it. Discovery is lazy: the first
look-up imports the modules of the package, then the entry points of other people's packages, so that
an outside package plugs in through the same door and there is no second list to edit.
"""

import difflib
import importlib
import importlib.metadata
import pkgutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from typing_extensions import TypeVar

from ampose.errors import InputError

T = TypeVar("T")
F = TypeVar("F", default=Mapping[str, Any])


@dataclass(frozen=True)
class Entry(Generic[T, F]):
    """A registered thing with the facts that its file states about it (paper, licence, extra...)."""

    name: str
    target: T
    facts: F


class Registry(Generic[T, F]):
    """Named things of one kind.

    Args:
        kind: What the things are, in the singular, for messages: "model".
        facts: The record of what a registration states about its thing; a dictionary if it may state anything.
        package: The package whose modules register themselves when imported: "ampose.models".
            An empty string when the things are registered by hand.
        group: The entry-point group of outside packages: "ampose.models".

    Example:
        >>> animals = Registry[type]("animal")
        >>> @animals.register("cat", legs=4)
        ... class Cat: ...
        >>> animals.get("cat").facts["legs"]
        4
        >>> animals.get("cta")
        Traceback (most recent call last):
        ...
        ampose.errors.InputError: animal must be a known name, got 'cta'; did you mean 'cat'?
    """

    def __init__(
        self,
        kind: str,
        facts: Callable[..., F] = dict,  # type: ignore[assignment]  # where F is its default
        *,
        package: str = "",
        group: str = "",
    ) -> None:
        self.kind = kind
        self._facts = facts
        self._package = package
        self._group = group
        self._entries: dict[str, Entry[T, F]] = {}
        self._discovered = self._discovering = False
        self._turn = threading.RLock()

    def register(self, name: str, **facts: Any) -> Callable[[T], T]:
        """Return a decorator that registers its target under ``name`` with these facts.

        Raises:
            ValueError: The name is taken.
            TypeError: A fact is unknown or left out, where the registry has a record of them.
        """

        def decorate(target: T) -> T:
            self.add(name, target, **facts)
            return target

        return decorate

    def add(self, name: str, target: T, **facts: Any) -> None:
        """Register ``target`` under ``name``; raises ValueError if the name is taken."""
        if name in self._entries:
            raise ValueError(f"{self.kind} name must be unique, got {name!r} twice; choose another name")
        self._entries[name] = Entry(name, target, self._facts(**facts))

    def get(self, name: str) -> Entry[T, F]:
        """Return the entry called ``name``.

        Raises:
            InputError: There is none; the message holds the nearest names.
        """
        self._discover()
        if name in self._entries:
            return self._entries[name]
        near = difflib.get_close_matches(name, self._entries, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known: {', '.join(self.names())}"
        raise InputError(f"{self.kind} must be a known name, got {name!r}; {hint}")

    def names(self) -> list[str]:
        """Return all names in alphabetical order."""
        self._discover()
        return sorted(self._entries)

    def entries(self) -> list[Entry[T, F]]:
        """Return all entries in alphabetical order of their names."""
        return [self._entries[name] for name in self.names()]

    def __contains__(self, name: object) -> bool:
        self._discover()
        return name in self._entries

    def _discover(self) -> None:
        if self._discovered:
            return
        with self._turn:  # other threads wait until all names are there
            if self._discovered or self._discovering:
                return
            self._discovering = True  # the modules imported below may look names up
            try:
                if self._package:
                    package = importlib.import_module(self._package)
                    for module in pkgutil.iter_modules(package.__path__, prefix=f"{self._package}."):
                        importlib.import_module(module.name)
                if self._group:
                    for point in importlib.metadata.entry_points(group=self._group):
                        point.load()
                self._discovered = True
            finally:
                self._discovering = False
