"""Checkpoints: everything a run needs to go on, in one safetensors file, never a pickle.

A kill at any moment leaves the old checkpoint or the new one (``ampose.atomic``).
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import nn

from ampose.atomic import replacing
from ampose.errors import InputError, reading


@dataclass
class RunState:
    """Where a run is. All of it is needed to go on as if nothing had happened."""

    step: int = 0
    """Steps done since the start."""
    loss_sum: float = 0.0
    """Sum of the losses of this epoch's steps so far."""
    best_mpjpe_mm: float = float("inf")
    """Lowest validation error so far."""
    best_epoch: int = -1
    """Epoch that had it."""
    seconds: float = 0.0
    """Training time so far, over all sessions."""


def save_checkpoint(
    path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, run_state: RunState, config_hash: str
) -> None:
    """Write the state of a run.

    Raises:
        InputError: The disk is full.
    """
    tensors = {f"network/{key}": value.detach().contiguous() for key, value in network.state_dict().items()}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{index}/{key}": value.contiguous() for key, value in state.items()}
    metadata = {"progress": json.dumps(asdict(run_state)), "config_hash": config_hash}
    with replacing(path) as unfinished:
        unfinished.write_bytes(save(tensors, metadata=metadata))  # its save_file does not say that a disk is full


def load_checkpoint(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, config_hash: str) -> RunState:
    """Put the state of a run into its network and optimiser, and return where it was.

    Raises:
        InputError: The file is missing or damaged, or belongs to a run with another config.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no checkpoint to resume from; start a new run without", field="resume")
    with reading(path, "a whole checkpoint"), safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    if metadata.get("config_hash") != config_hash:
        raise InputError(f"{path} must belong to a run of this recipe and data, got another; use another run folder")
    with reading(path, "a whole checkpoint"):
        network.load_state_dict({key[8:]: value for key, value in tensors.items() if key.startswith("network/")})
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith("optimiser/"):
                _, index, name = key.split("/")
                state.setdefault(int(index), {})[name] = value
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
        return RunState(**json.loads(metadata["progress"]))
