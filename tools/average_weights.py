"""Weights on the line between those that a run started from and those that it ended with.

A network that goes on from another with other data gains where the new data is, and loses where the old was. Weights in
between often keep the most of both (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022,
arXiv:2109.01903). research/abroad.md says what that gives here.

    python -m tools.average_weights runs/abroad-small/last runs/abroad-small-end/last runs/abroad-small-end/averaged
"""

from pathlib import Path

import tyro

from ampose.errors import InputError
from ampose.lifting.weights import load_weights, save_weights


def average(
    start: tyro.conf.Positional[Path],
    end: tyro.conf.Positional[Path],
    output: tyro.conf.Positional[Path],
    share: float = 0.5,
) -> None:
    """Write the weighted mean of two weights folders.

    Args:
        start: Weights that the run started from.
        end: Weights that it ended with; the new folder states of which run these are.
        output: Folder to write.
        share: Of the end, from 0 (the start) to 1.
    """
    if not 0 <= share <= 1:
        raise InputError(f"share must be from 0 to 1, got {share}")
    first, last = load_weights(start), load_weights(end)
    if first.network.config != last.network.config:
        raise InputError(f"{start} and {end} must be networks of the same shape")
    before, after = first.network.state_dict(), last.network.state_dict()
    last.network.load_state_dict({name: before[name].lerp(after[name], share) for name in after})
    output.mkdir(parents=True, exist_ok=True)
    save_weights(output, last.name, last.network, last.facts)


if __name__ == "__main__":
    tyro.cli(average)
