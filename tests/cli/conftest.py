"""Weights for the commands: what they do with a lifter is tested here, not how good it is."""

import pytest
import torch

from ampose.lifting.weights import save_weights
from ampose.models import create_model


@pytest.fixture(scope="session")
def untrained(tmp_path_factory) -> str:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights") / "untrained"
    save_weights(folder, "ampose-small", create_model("ampose-small"))
    return str(folder)
