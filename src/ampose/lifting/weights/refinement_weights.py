"""Read and write the weights folder of a pose refinement, which belongs to one lifter's weights."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ampose.errors import reading
from ampose.lifting.refinement import PoseRefinement, RefinementConfig
from ampose.lifting.weights.filling import Unfilled, fill
from ampose.lifting.weights.weights_folder import CONFIG_FILE, TENSOR_FILE, FolderFormat, check_tensors

REFINEMENT = FolderFormat(
    name="ampose.refinement",
    version=1,
    what="a refinement",
    keys={"config": dict, "lifter_sha256": str, "facts": dict},
    optional_keys={},
)
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
    meta = {"config": asdict(refinement.config), "lifter_sha256": lifter_sha256, "facts": dict(facts or {})}
    return REFINEMENT.write(folder, meta, refinement.state_dict())


def load_refinement(folder: Path) -> RefinementWeights:
    """Read a refinement in evaluation mode.

    Raises:
        InputError: A file is missing or damaged, or they do not fit together; the message names it.
    """
    meta = REFINEMENT.read_meta(folder)
    check_tensors(folder, meta)
    with reading(folder / CONFIG_FILE, "a refinement's"), Unfilled((folder / TENSOR_FILE).stat().st_size):
        refinement = PoseRefinement(TypeAdapter(RefinementConfig).validate_python(meta["config"]))
    fill(refinement, folder)
    return RefinementWeights(refinement.eval(), meta["sha256"], meta["lifter_sha256"], meta["facts"])
