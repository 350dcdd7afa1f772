"""Read and write a weights folder."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ampose.errors import InputError, reading
from ampose.lifting.weights.filling import Unfilled, fill
from ampose.lifting.weights.locations import WEIGHTS, find_weights, hub_source
from ampose.lifting.weights.weights_folder import CONFIG_FILE, TENSOR_FILE, check_tensors
from ampose.models import LifterConfig, LifterNetwork, find_model
from ampose.models.normalisation import normalisations
from ampose.poses.skeletons import Skeleton, register_skeleton


@dataclass(frozen=True)
class Weights:
    """A network with its weights, and what is known about them."""

    network: LifterNetwork
    name: str
    """Name of the model, as in ``"ampose-small"``."""
    sha256: str
    """Hash of the tensor file."""
    facts: Mapping[str, Any]
    """What the training wrote down: data, terms, errors."""


def save_weights(
    folder: Path, name: str, network: LifterNetwork, facts: Mapping[str, Any] | None = None, *, half: bool = False
) -> str:
    """Write a weights folder, whole or not at all; return the hash of the tensors.

    Args:
        folder: Where to; created if needed.
        name: Of the model.
        network: What to write.
        facts: What is known about it.
        half: Write numbers of 16 bits (float16), in half the space. Reading makes 32 bits of them.

    Raises:
        TypeError: A fact cannot be written as JSON.
    """
    state = network.state_dict()
    if half:
        state = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    meta = {
        "model": name,
        "config": asdict(network.config),
        "skeleton": network.skeleton.as_dict(),
        "facts": dict(facts or {}),
    }
    return WEIGHTS.write(folder, meta, state)


def load_weights(name_or_folder: str | Path, *, found: Path | None = None) -> Weights:
    """Read a weights folder and build its network, in evaluation mode.

    Args:
        name_or_folder: As for ``find_weights``.
        found: What that returned, if it has been asked already.

    Raises:
        InputError: The folder, its config or its tensors are missing, damaged or do not fit together.
    """
    folder = found or find_weights(name_or_folder)
    meta = WEIGHTS.read_meta(folder)
    check_tensors(folder, meta)
    config = _parse_config(folder / CONFIG_FILE, meta)
    with reading(folder, f"weights that fit their {CONFIG_FILE}"), Unfilled((folder / TENSOR_FILE).stat().st_size):
        network = find_model(meta["model"]).network(config)
    fill(network, folder)
    facts = {**meta.get("facts", {}), **hub_source(name_or_folder, folder)}
    return Weights(network.eval(), meta["model"], meta["sha256"], facts)


def _parse_config(path: Path, meta: Mapping[str, Any]) -> LifterConfig:
    try:
        return _check_config(meta)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: config.{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _check_config(meta: Mapping[str, Any]) -> LifterConfig:
    """Make the model's config, and make its skeleton known if all else is right."""
    config: LifterConfig = TypeAdapter(type(find_model(meta["model"]).config)).validate_python(meta["config"])
    normalisations.get(config.normalisation)
    skeleton = Skeleton.from_dict(meta["skeleton"])
    if skeleton.name != config.skeleton:
        raise InputError(f"skeleton must be {config.skeleton}, as the config says, got {skeleton.name}")
    register_skeleton(skeleton)
    return config
