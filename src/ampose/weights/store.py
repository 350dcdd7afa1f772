"""Read and write a weights folder."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save

from ampose.errors import InputError
from ampose.models import LifterConfig, LifterNetwork, find_model
from ampose.skeletons import Skeleton, get_skeleton, register_skeleton

CONFIG_FILE = "config.json"
TENSOR_FILE = "model.safetensors"
FORMAT, VERSION = "ampose.weights", 1


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


def bundled_weights() -> dict[str, Path]:
    """Return the folders of the weights that come with the package, by name."""
    home = Path(str(resources.files("ampose.weights")))
    return {path.parent.name: path.parent for path in sorted(home.glob(f"*/{CONFIG_FILE}"))}


def find_weights(name_or_folder: str | Path) -> Path:
    """Return the folder of bundled weights of that name, or the folder itself.

    Raises:
        InputError: It is neither.
    """
    bundled = bundled_weights()
    if str(name_or_folder) in bundled:
        return bundled[str(name_or_folder)]
    folder = Path(name_or_folder)
    if not (folder / CONFIG_FILE).is_file():
        known = ", ".join(bundled) or "none"
        raise InputError(
            f"weights must be a name ({known}) or a folder with {CONFIG_FILE}, got {str(name_or_folder)!r}"
        )
    return folder


def save_weights(folder: Path, name: str, network: LifterNetwork, facts: Mapping[str, Any] | None = None) -> str:
    """Write a weights folder; return the hash of the tensors.

    The config is written last and renamed into place, so that a folder with a config is complete. Tensors that
    no longer fit a config (a write that was cut short) are noticed by their hash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    content = save(state)
    digest = hashlib.sha256(content).hexdigest()
    config = {
        "format": FORMAT,
        "version": VERSION,
        "model": name,
        "config": asdict(network.config),
        "skeleton": get_skeleton(network.config.skeleton).as_dict(),
        "sha256": digest,
        "facts": dict(facts or {}),
    }
    _replace(folder / TENSOR_FILE, content)
    _replace(folder / CONFIG_FILE, (json.dumps(config, indent=2) + "\n").encode())
    return digest


def _replace(path: Path, content: bytes) -> None:
    """Write under a temporary name, flush to the disk, then rename."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_weights(name_or_folder: str | Path) -> Weights:
    """Read a weights folder and build its network, in evaluation mode.

    Raises:
        InputError: The folder, its config or its tensors are missing, damaged or do not fit together.
    """
    folder = find_weights(name_or_folder)
    meta = _read_config(folder / CONFIG_FILE)
    tensors = folder / TENSOR_FILE
    if not tensors.is_file():
        raise InputError(f"{tensors} must hold the weights, got no such file; copy the whole folder again")
    content = tensors.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != meta["sha256"]:
        raise InputError(f"{tensors} must have the hash that {CONFIG_FILE} states, got {digest[:12]}; it is damaged")
    network = find_model(meta["model"]).network(_parse_config(folder / CONFIG_FILE, meta))
    try:
        network.load_state_dict(load(content))
    except (SafetensorError, RuntimeError) as error:
        raise InputError(f"{tensors} must fit its {CONFIG_FILE}: {' '.join(str(error).split())}") from error
    return Weights(network.eval(), meta["model"], digest, meta.get("facts", {}))


def _read_config(path: Path) -> dict[str, Any]:
    try:
        meta = json.loads(path.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} must be JSON, got: {error}") from error
    keys = ("format", "version", "model", "config", "skeleton", "sha256")
    missing = [key for key in keys if key not in meta] if isinstance(meta, dict) else list(keys)
    if missing:
        raise InputError(f"{path} must describe weights, got no {', '.join(missing)}")
    if (meta["format"], meta["version"]) != (FORMAT, VERSION):
        raise InputError(f"{path} must be {FORMAT} version {VERSION}, got {meta['format']} {meta['version']}")
    return dict(meta)


def _parse_config(path: Path, meta: Mapping[str, Any]) -> LifterConfig:
    register_skeleton(Skeleton.from_dict(meta["skeleton"]))
    try:
        config: LifterConfig = TypeAdapter(type(find_model(meta["model"]).config)).validate_python(meta["config"])
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: config.{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return config
