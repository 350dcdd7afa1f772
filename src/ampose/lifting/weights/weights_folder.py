"""What every weights folder is: ``config.json`` and ``model.safetensors``, whole, of one hash, and never unpickled."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ampose.atomic import replacing_together
from ampose.errors import InputError, check_format, reading

if TYPE_CHECKING:
    from torch import Tensor

CONFIG_FILE = "config.json"
TENSOR_FILE = "model.safetensors"


@dataclass(frozen=True)
class FolderFormat:
    """What a config says of itself, and what else it must hold."""

    name: str
    version: int
    what: str
    """In words, for messages."""
    keys: Mapping[str, type]
    """Besides format, version and hash."""
    optional_keys: Mapping[str, type]

    def write(self, folder: Path, meta: Mapping[str, Any], state: "Mapping[str, Tensor]") -> str:
        """Write a folder; return the hash of the tensors.

        Both files are on the disk under temporary names before either is renamed into place, so that a full disk or
        an error leaves an older folder as it was. The config comes last: a folder with a config is complete. Tensors
        that do not fit a config (a machine that lost power between the two) are noticed by their hash.

        Args:
            folder: Where to; created if needed.
            meta: What the config says under each key.
            state: The tensors.

        Raises:
            TypeError: Something cannot be written as JSON.
        """
        from safetensors.torch import save  # noqa: PLC0415  # PyTorch loads when it is needed

        content = save({key: value.detach().cpu().contiguous() for key, value in state.items()})
        digest = hashlib.sha256(content).hexdigest()
        whole = {"format": self.name, "version": self.version, "sha256": digest, **meta}
        config = (json.dumps(whole, indent=2) + "\n").encode()
        folder.mkdir(parents=True, exist_ok=True)
        with replacing_together(folder / TENSOR_FILE, folder / CONFIG_FILE) as (tensor_file, config_file):
            tensor_file.write_bytes(content)
            config_file.write_bytes(config)
        return digest

    def read_meta(self, folder: Path) -> dict[str, Any]:
        """Read the config and check that each key is there and of its type.

        Raises:
            InputError: It is missing, of another format, or not as described.
        """
        path = folder / CONFIG_FILE
        with reading(path, "a JSON file"):
            meta = json.loads(path.read_text(encoding="utf-8"))
            check_format(meta, self.name, self.version)
        required = {"sha256": str, **self.keys}
        if missing := [key for key in required if key not in meta]:
            raise InputError(f"{path} must describe {self.what}, got no {', '.join(missing)}")
        for key, kind in (required | dict(self.optional_keys)).items():
            if key in meta and not isinstance(meta[key], kind):
                expected = "mapping" if kind is dict else "string"
                raise InputError(f"{path}: {key} must be a {expected}, got {meta[key]!r:.80}")
        return dict(meta)


def check_tensors(folder: Path, meta: Mapping[str, Any]) -> None:
    """Compare the hash of the tensors with the one that the config states.

    Raises:
        InputError: There is no such file, or it has another hash.
    """
    path = folder / TENSOR_FILE
    if not path.is_file():
        raise InputError(f"{path} must hold the weights, got no such file; copy the whole folder again")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != meta["sha256"]:
        raise InputError(f"{path} must have the hash that {CONFIG_FILE} states, got {digest[:12]}; it is damaged")
