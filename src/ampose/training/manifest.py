"""The manifest of a run: everything that one needs to repeat it, and on what it ran."""

import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from ampose import __version__
from ampose.atomic import replacing
from ampose.errors import reading
from ampose.training.config import TrainConfig

PACKAGES = ("torch", "numpy", "lightning-fabric", "safetensors")


def hash_config(config: TrainConfig, input_hashes: Mapping[str, str]) -> str:
    """Identify what a run computes; where files are and how often it saves does not matter, but their order does.

    Args:
        config: The run's.
        input_hashes: Of everything that goes in: the data's, then those of the weights that it starts from.
    """
    text = json.dumps([settings_of(config), list(input_hashes.values())], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def settings_of(config: TrainConfig) -> dict[str, Any]:
    """Return what decides what a run computes, beside what is in the files that go in."""
    settings = asdict(config)
    del settings["checkpoint_minutes"], settings["data"]["files"], settings["start_from"]
    if settings["refinement"] is not None:
        del settings["refinement"]["lifter"]
    return settings


def write_manifest(folder: Path, config: TrainConfig, input_hashes: Mapping[str, str], *, resumed: bool) -> None:
    """Write ``run.json``, or add a session to it if the run is taken up again."""
    path = folder / "run.json"
    sessions = []
    if resumed and path.is_file():
        with reading(path, "a run's manifest", "remove it"):
            sessions = list(json.loads(path.read_text(encoding="utf-8"))["sessions"])
    session = {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": sys.argv[1:],
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }
    manifest = {
        "ampose": __version__,
        "config": asdict(config),
        "config_hash": hash_config(config, input_hashes),
        "data_sha256": dict(input_hashes),
        "sessions": [*sessions, session],
    }
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _commit() -> str | None:
    """Return the commit of the source, with a mark if it was changed since; None outside a checkout."""
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        found = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
