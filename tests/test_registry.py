"""Names, suggestions, and discovery of modules and of other people's packages."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from ampose.errors import InputError
from ampose.registry import Registry


def fill(*names: str) -> Registry[str]:
    registry = Registry[str]("animal")
    for name in names:
        registry.add(name, name.upper())
    return registry


def test_names_are_sorted_and_entries_follow_them() -> None:
    registry = fill("dog", "cat", "bee")
    assert registry.names() == ["bee", "cat", "dog"]
    assert [entry.target for entry in registry.entries()] == ["BEE", "CAT", "DOG"]
    assert "cat" in registry
    assert "cow" not in registry


def test_a_decorator_registers_and_gives_the_thing_back() -> None:
    registry = Registry[type]("animal")

    @registry.register("cat", legs=4)
    class Cat: ...

    entry = registry.get("cat")
    assert (entry.name, entry.target, dict(entry.facts)) == ("cat", Cat, {"legs": 4})


def test_facts_may_be_a_record_of_their_own() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Legs:
        legs: int = 4

    registry = Registry[str, Legs]("animal", Legs)
    registry.add("cat", "CAT")
    registry.add("bee", "BEE", legs=6)
    assert [entry.facts.legs for entry in registry.entries()] == [6, 4]
    with pytest.raises(TypeError, match="wings"):
        registry.add("dog", "DOG", wings=2)


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="animal name must be unique, got 'cat' twice"):
        fill("cat", "cat")


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        pytest.param("cta", "did you mean 'cat' or 'cart'?", id="two near"),
        pytest.param("bearr", "did you mean 'bear'?", id="one near"),
        pytest.param("zebra", "known: bear, cart, cat", id="nothing near"),
        pytest.param("", "known: bear, cart, cat", id="empty"),
    ],
)
def test_an_unknown_name_raises_with_a_hint(asked: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        fill("cat", "bear", "cart").get(asked)
    assert str(caught.value) == f"animal must be a known name, got {asked!r}; {hint}"


def make_package(folder: Path, name: str, modules: dict[str, str]) -> None:
    """Write a package whose modules register themselves with ``<name>.animals``."""
    package = folder / name
    package.mkdir()
    start = f"from ampose.registry import Registry\nanimals = Registry('animal', package={name!r}, group={name!r})\n"
    (package / "__init__.py").write_text(start)
    for module, code in modules.items():
        (package / f"{module}.py").write_text(f"from {name} import animals\n{code}\n")


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("zoo_"):
            del sys.modules[name]


def test_modules_are_imported_when_a_name_is_first_asked_for(importable: Path) -> None:
    make_package(importable, "zoo_lazy", {"cat": "animals.add('cat', 1)", "dog": "animals.add('dog', 2)"})
    from zoo_lazy import animals

    assert "zoo_lazy.cat" not in sys.modules
    assert animals.names() == ["cat", "dog"]
    assert "zoo_lazy.cat" in sys.modules


def test_a_module_may_look_names_up_while_it_is_discovered(importable: Path) -> None:
    make_package(importable, "zoo_nested", {"a": "animals.add('cat', 1)", "b": "assert 'cat' in animals"})
    from zoo_nested import animals

    assert animals.names() == ["cat"]


def test_threads_that_ask_first_together_all_find_all(importable: Path) -> None:
    make_package(importable, "zoo_busy", {"cat": "import time; time.sleep(0.2); animals.add('cat', 1)"})
    from zoo_busy import animals

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: animals.names(), range(4))) == [["cat"]] * 4


def test_a_failed_discovery_fails_again_and_leaves_no_half_filled_registry(importable: Path) -> None:
    make_package(importable, "zoo_broken", {"a": "animals.add('cat', 1)", "b": "raise OSError('no disk')"})
    from zoo_broken import animals

    for _ in range(2):
        with pytest.raises(OSError, match="no disk"):
            animals.names()


def test_an_outside_package_plugs_in_through_its_entry_point(importable: Path) -> None:
    make_package(importable, "zoo_home", {"cat": "animals.add('cat', 1)"})
    (importable / "zoo_guest.py").write_text("from zoo_home import animals\nanimals.add('emu', 3)\n")
    facts = importable / "zoo_guest-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-guest\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[zoo_home]\nemu = zoo_guest\n")
    from zoo_home import animals

    assert animals.names() == ["cat", "emu"]
