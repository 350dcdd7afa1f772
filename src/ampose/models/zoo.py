"""Networks by name: register, list, find, create."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from fnmatch import fnmatch
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from ampose.errors import InputError
from ampose.models.lifter_network import LifterConfig, LifterNetwork, ModelEntry, ModelFacts
from ampose.models.losses import LOSSES, Loss
from ampose.models.normalisation import normalisations
from ampose.registry import Registry

_MODELS = Registry[ModelEntry]("model", package="ampose.models.networks", group="ampose.models")

Network = TypeVar("Network", bound=type[LifterNetwork])


def register(
    name: str,
    *,
    config: LifterConfig,
    sizes: Mapping[str, LifterConfig] | None = None,
    losses: Mapping[str, Loss] | None = None,
    **facts: Any,
) -> Callable[[Network], Network]:
    """Return a class decorator that registers a network under ``name`` and under each of its sizes.

    Args:
        name: The model's name.
        config: Its default config, an instance of its own config class.
        sizes: Name -> config of published sizes.
        losses: Its own losses, by the names that recipes use.
        facts: The fields of ``ModelFacts``.

    Raises:
        TypeError: A fact is unknown, or one that every model has is left out.
    """
    known = ModelFacts(**facts)

    def decorate(network: Network) -> Network:
        for key, value in {name: config, **(sizes or {})}.items():
            _MODELS.add(key, ModelEntry(key, network, value, losses or {}, known))
        return network

    return decorate


def list_models(pattern: str = "*") -> list[str]:
    """Return the names of all models that fit the pattern.

    Example:
        >>> list_models("ampose*")
        ['ampose', 'ampose-base', 'ampose-full', 'ampose-small']
    """
    return [name for name in _MODELS.names() if fnmatch(name, pattern)]


def find_model(name: str) -> ModelEntry:
    """Return the entry of a model; raises InputError with the nearest names if there is none."""
    return _MODELS.get(name).target


def find_loss(model: str, name: str) -> Loss:
    """Return a loss by its name in recipes: one that any network may have, or the model's own.

    Raises:
        InputError: The model has no such loss.

    Example:
        >>> find_loss("ampose", "mpjpe").targets is None
        True
    """
    known = {**LOSSES, **find_model(model).losses}
    if name not in known:
        raise InputError(f"loss must be one of {', '.join(known)} for {model}, got {name!r}")
    return known[name]


def make_config(name: str, **overrides: Any) -> LifterConfig:
    """Return the config of a model with some fields changed.

    Raises:
        InputError: The model or a field is unknown, or a value is none that there is.
    """
    config = find_model(name).config
    known = [field.name for field in fields(config)]
    unknown = sorted(set(overrides) - set(known))
    if unknown:
        raise InputError(f"setting of {name} must be one of {', '.join(known)}, got {', '.join(unknown)}")
    types = get_type_hints(type(config))
    for key, value in overrides.items():
        choices = get_args(types[key]) if get_origin(types[key]) is Literal else ()
        if choices and value not in choices:
            raise InputError(f"{key} of {name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
    normalisations.get(overrides.get("normalisation", config.normalisation))  # refuses an unknown one
    return replace(config, **overrides)


def create_model(name: str, **overrides: Any) -> LifterNetwork:
    """Create an untrained network.

    Args:
        name: One of ``list_models()``.
        overrides: Fields of its config, as in ``depth=6`` or ``skeleton="human36m_16"``.

    Raises:
        InputError: The model or a field is unknown, or a value is out of range.

    Example:
        >>> network = create_model("ampose-small", depth=2)
        >>> sum(p.numel() for p in network.parameters()) < 300_000
        True
    """
    return find_model(name).network(make_config(name, **overrides))
