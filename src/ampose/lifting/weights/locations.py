"""Where weights are: those that come with the package, a folder, the Hub. PyTorch is not needed to find them."""

from importlib import resources
from pathlib import Path

from ampose.errors import InputError
from ampose.lifting.weights.hub import SCHEME, fetch_weights
from ampose.lifting.weights.weights_folder import CONFIG_FILE, FolderFormat

WEIGHTS = FolderFormat(
    name="ampose.weights",
    version=1,
    what="weights",
    keys={"model": str, "config": dict, "skeleton": dict},
    optional_keys={"facts": dict},
)


def bundled_weights() -> dict[str, Path]:
    """Return the folders of the weights that come with the package, by name."""
    home = Path(str(resources.files("ampose.lifting.weights")))
    return {path.parent.name: path.parent for path in sorted(home.glob(f"*/{CONFIG_FILE}"))}


def find_weights(name_or_folder: str | Path) -> Path:
    """Return the folder of bundled weights of that name, of weights on the Hub, or the folder itself.

    Raises:
        InputError: It is none of these.
    """
    if str(name_or_folder).startswith(SCHEME):
        return fetch_weights(str(name_or_folder))
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


def hub_source(name_or_folder: str | Path, folder: Path) -> dict[str, str]:
    """Return the fact that weights are from the Hub, with their commit; nothing for others.

    Args:
        name_or_folder: What ``find_weights`` was given.
        folder: What it returned.
    """
    name = str(name_or_folder)
    return {"source": f"{name.partition('@')[0]}@{folder.name}"} if name.startswith(SCHEME) else {}
