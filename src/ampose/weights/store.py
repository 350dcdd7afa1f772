"""Read and write a weights folder."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from ampose.atomic import replacing_together
from ampose.errors import InputError
from ampose.models import LifterConfig, LifterNetwork, find_model
from ampose.normalisation import normalisations
from ampose.skeletons import Skeleton, get_skeleton, register_skeleton
from ampose.weights.unfilled import Unfilled

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


def save_weights(
    folder: Path, name: str, network: LifterNetwork, facts: Mapping[str, Any] | None = None, *, half: bool = False
) -> str:
    """Write a weights folder; return the hash of the tensors.

    Both files are on the disk under temporary names before either is renamed into place, so that a full disk or an
    error leaves an older folder as it was. The config comes last: a folder with a config is complete. Tensors that
    do not fit a config (a machine that lost power between the two) are noticed by their hash.

    Args:
        folder: Where to; created if needed.
        name: Of the model.
        network: What to write.
        facts: What is known about it.
        half: Write numbers of 16 bits (float16), in half the space. Reading makes 32 bits of them.

    Raises:
        TypeError: A fact cannot be written as JSON.
    """
    state = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    if half:
        state = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    content = save(state)
    digest = hashlib.sha256(content).hexdigest()
    meta = {
        "format": FORMAT,
        "version": VERSION,
        "model": name,
        "config": asdict(network.config),
        "skeleton": get_skeleton(network.config.skeleton).as_dict(),
        "sha256": digest,
        "facts": dict(facts or {}),
    }
    config = (json.dumps(meta, indent=2) + "\n").encode()
    folder.mkdir(parents=True, exist_ok=True)
    with replacing_together(folder / TENSOR_FILE, folder / CONFIG_FILE) as (tensor_file, config_file):
        tensor_file.write_bytes(content)
        config_file.write_bytes(config)
    return digest


def load_weights(name_or_folder: str | Path) -> Weights:
    """Read a weights folder and build its network, in evaluation mode.

    Raises:
        InputError: The folder, its config or its tensors are missing, damaged or do not fit together.
    """
    folder = find_weights(name_or_folder)
    meta = _read_meta(folder / CONFIG_FILE)
    check_tensors(folder / TENSOR_FILE, meta["sha256"])
    config = _parse_config(folder / CONFIG_FILE, meta)
    with Unfilled():
        network = find_model(meta["model"]).network(config)
    try:
        # The file is mapped, and copied from there: a program that runs on outlives a file that is overwritten.
        network.load_state_dict(load_file(folder / TENSOR_FILE))
    except (SafetensorError, RuntimeError) as error:
        message = f"{folder / TENSOR_FILE} must fit its {CONFIG_FILE}: {' '.join(str(error).split())}"
        raise InputError(message) from error
    return Weights(network.eval(), meta["model"], meta["sha256"], meta.get("facts", {}))


def check_tensors(path: Path, expected: str) -> None:
    """Compare the file's hash.

    Raises:
        InputError: There is no such file, or it has another hash.
    """
    if not path.is_file():
        raise InputError(f"{path} must hold the weights, got no such file; copy the whole folder again")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != expected:
        raise InputError(f"{path} must have the hash that {CONFIG_FILE} states, got {digest[:12]}; it is damaged")


_KEYS = {"format": str, "version": int, "model": str, "config": dict, "skeleton": dict, "sha256": str}
_OPTIONAL_KEYS = {"facts": dict}


def _read_meta(path: Path) -> dict[str, Any]:
    """Read config.json and check that each key is there and of its type."""
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} must be JSON, got: {error}") from error
    missing = [key for key in _KEYS if key not in meta] if isinstance(meta, dict) else list(_KEYS)
    if missing:
        raise InputError(f"{path} must describe weights, got no {', '.join(missing)}")
    if (meta["format"], meta["version"]) != (FORMAT, VERSION):
        raise InputError(f"{path} must be {FORMAT} version {VERSION}, got {meta['format']} {meta['version']}")
    for key, kind in (_KEYS | _OPTIONAL_KEYS).items():
        if key in meta and not isinstance(meta[key], kind):
            expected = "mapping" if kind is dict else "string"
            raise InputError(f"{path}: {key} must be a {expected}, got {meta[key]!r:.80}")
    return dict(meta)


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
