"""Read and write the weights folder of a pose refinement, which belongs to one lifter's weights."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from ampose.atomic import replacing
from ampose.errors import InputError
from ampose.models.refinement import PoseRefinement, RefinementConfig
from ampose.weights.store import CONFIG_FILE, TENSOR_FILE, check_tensors

FORMAT, VERSION = "ampose.refinement", 1
SUFFIX = "-refinement"
"""A refinement's folder has the name of its lifter's, and this."""


@dataclass(frozen=True)
class RefinementWeights:
    """A refinement with its weights."""

    refinement: PoseRefinement
    sha256: str
    """Hash of the tensor file."""
    lifter_sha256: str
    """Hash of the lifter's tensors with which it was trained."""
    facts: Mapping[str, Any]
    """What the training wrote down."""


def refinement_beside(lifter: Path) -> Path | None:
    """Return the folder of the refinement beside a lifter's weights folder, if there is one.

    Example:
        >>> refinement_beside(Path("no such run") / "last") is None
        True
    """
    folder = lifter.with_name(lifter.name + SUFFIX)
    return folder if (folder / CONFIG_FILE).is_file() else None


def save_refinement(
    folder: Path, refinement: PoseRefinement, lifter_sha256: str, facts: Mapping[str, Any] | None = None
) -> str:
    """Write the folder whole or not at all; return the hash of the tensors."""
    content = save({key: value.detach().cpu().contiguous() for key, value in refinement.state_dict().items()})
    meta = {
        "format": FORMAT,
        "version": VERSION,
        "config": asdict(refinement.config),
        "sha256": hashlib.sha256(content).hexdigest(),
        "lifter_sha256": lifter_sha256,
        "facts": dict(facts or {}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    # The inner block is renamed first: the config comes last, and a folder with a config is complete.
    with replacing(folder / CONFIG_FILE) as config_file, replacing(folder / TENSOR_FILE) as tensor_file:
        config_file.write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
        tensor_file.write_bytes(content)
    return str(meta["sha256"])


def load_refinement(folder: Path) -> RefinementWeights:
    """Read a refinement in evaluation mode.

    Raises:
        InputError: A file is missing or damaged, or they do not fit together; the message names it.
    """
    path = folder / CONFIG_FILE
    meta = _read_meta(path)
    tensors = folder / TENSOR_FILE
    check_tensors(tensors, meta["sha256"])
    try:
        refinement = PoseRefinement(TypeAdapter(RefinementConfig).validate_python(meta["config"]))
        refinement.load_state_dict(load_file(tensors))
    except (ValidationError, InputError, SafetensorError, RuntimeError) as error:
        raise InputError(f"{folder} must hold a refinement, got: {' '.join(str(error).split())}") from error
    return RefinementWeights(refinement.eval(), meta["sha256"], meta["lifter_sha256"], meta["facts"])


def _read_meta(path: Path) -> dict[str, Any]:
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
        found = meta["format"], meta["version"]
        texts = [meta[key] for key in ("sha256", "lifter_sha256")]
        mappings = [meta[key] for key in ("config", "facts")]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{path} must describe a refinement of {FORMAT}, got something else") from error
    fits = all(isinstance(text, str) for text in texts) and all(isinstance(part, dict) for part in mappings)
    if found != (FORMAT, VERSION) or not fits:
        raise InputError(f"{path} must be {FORMAT} version {VERSION}, got {found[0]} {found[1]}")
    return dict(meta)
