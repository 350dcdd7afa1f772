"""Recipes: training configs as TOML, by path or by the name of one that comes with the package.

A recipe that begins with ``extends = "wild-small"`` (a packaged recipe, or a file beside it) says only what differs; of
several, ``extends = ["paper", "mine.toml"]``, each is laid over those before it. What is the same for all systems that
are trained on a dataset (files, subjects) is in ``recipes/protocols``.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ampose.errors import InputError, reading
from ampose.models import find_model, list_models
from ampose.training.config import TrainConfig

DEFAULT = "paper"
"""The recipe of the AMPose paper; used when a model is named instead of a recipe."""


def packaged_recipes() -> dict[str, Path]:
    """Return the recipes that come with the package, by name."""
    home = Path(str(resources.files("ampose"))) / "recipes"
    return {path.stem: path for path in sorted(home.glob("*.toml"), key=lambda path: path.stem)}


def read_recipe(name_or_path: str) -> TrainConfig:
    """Read a recipe: a TOML file, a packaged recipe's name, or a model's name (with the paper's recipe).

    Raises:
        InputError: There is no such recipe, or it has an unknown key or a wrong value.
    """
    packaged = packaged_recipes()
    if name_or_path in packaged:
        return parse_recipe(packaged[name_or_path])
    if name_or_path in list_models():
        return parse_recipe(packaged[DEFAULT], model_name=name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        names = ", ".join([*packaged, *list_models()])
        raise InputError(f"recipe must be a TOML file or one of {names}, got {name_or_path!r}")
    return parse_recipe(path)


def parse_recipe(path: Path, *, model_name: str | None = None) -> TrainConfig:
    """Read a recipe from a file, possibly with another model in its default size."""
    table = _read_table(path)
    model = table.pop("model", {})
    if not isinstance(model, dict) or "name" not in model:
        raise InputError(f'{path} must name its model, got no [model] name; add name = "ampose-small"')
    named = str(model.pop("name"))
    entry = find_model(model_name or named)
    settings = {} if model_name else model
    default = {field.name: getattr(entry.config, field.name) for field in fields(entry.config)}
    config = _validate(path, type(entry.config), {**default, **settings}, prefix="model.")
    return _validate(path, TrainConfig, {**table, "model_name": entry.name, "model": config})


def _read_table(path: Path, below: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Read a file, and below it what it extends."""
    with reading(path, "TOML in UTF-8", "correct it"):
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    names = table.pop("extends", [])
    extended: dict[str, Any] = {}
    for name in names if isinstance(names, list) else [names]:
        file = packaged_recipes().get(str(name), path.parent / str(name))
        if not file.is_file() or file.resolve() in (path.resolve(), *below):
            wrong = "one that extends this one" if file.is_file() else "no such file"
            raise InputError(
                f"{path}: extends must be a packaged recipe or a file beside this one, got {str(name)!r}, {wrong}"
            )
        extended = _merge(extended, _read_table(file, (*below, path.resolve())))
    return _merge(extended, table)


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one table over another, key by key."""
    both = {
        key: _merge(below[key], value) if isinstance(value, dict) and isinstance(below.get(key), dict) else value
        for key, value in above.items()
    }
    return {**below, **both}


def _validate(path: Path, kind: type[Any], values: dict[str, Any], prefix: str = "") -> Any:
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = prefix + ".".join(str(part) for part in first["loc"])
        if first["type"] == "unexpected_keyword_argument":
            raise InputError(f"{path}: {key} is no known key{_suggest(kind, first['loc'])}") from error
        message = first["msg"].removeprefix("Value error, ")
        # What is wrong between several keys names them itself; the whole table would only hide it.
        place = f"{key}: {message}, got {first['input']!r}" if first["loc"] else message
        raise InputError(f"{path}: {place}") from error


def _suggest(kind: type[Any], loc: tuple[int | str, ...]) -> str:
    """Find the key that was meant."""
    for part in loc[:-1]:
        hint = next((field.type for field in fields(kind) if field.name == part), None)
        options = [hint, *getattr(hint, "__args__", ())]
        kind = next((option for option in options if isinstance(option, type) and is_dataclass(option)), kind)
    near = difflib.get_close_matches(str(loc[-1]), [field.name for field in fields(kind)], n=1)
    return f"; did you mean {near[0]}?" if near else ""
