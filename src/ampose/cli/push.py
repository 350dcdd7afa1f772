"""Publish weights on the Hugging Face Hub, with the card that it expects."""

from pathlib import Path
from typing import Annotated

import tyro


def run(
    weights: Annotated[str, tyro.conf.arg(metavar="WEIGHTS")],
    repository: Annotated[str, tyro.conf.arg(metavar="OWNER/NAME")],
    /,
    *,
    licence: str | None = None,
    revision: str = "main",
    private: bool = False,
    preview: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None,
) -> None:
    """Publish weights on the Hugging Face Hub, with the card that it expects.

    Published are config.json, model.safetensors and README.md; ampose.load_model("hf://OWNER/NAME@COMMIT") loads them.
    Log in first, with: hf auth login.

    Args:
        weights: Name of bundled weights, or a folder that training wrote.
        repository: Where to, as in my-lab/squat-lifter; it is made if there is none.
        licence: The weights' licence as the Hub names it, as in apache-2.0 or cc-by-nc-4.0; by default what the
            training recorded. Data that was licensed to you may forbid to publish what was trained on it.
        revision: The branch.
        private: Make a new repository private.
        preview: Write the card to this file, and publish nothing.
    """
    from ampose.atomic import replacing
    from ampose.errors import InputError
    from ampose.lifting.weights import find_weights, load_weights
    from ampose.lifting.weights.hub import CARD_FILE, HubCard, make_card, push_weights

    loaded = load_weights(weights)
    known = licence or loaded.facts.get("licence")
    if not known:
        raise InputError("licence must be given: the training recorded none", field="licence")
    card = HubCard(loaded.name, loaded.sha256, loaded.facts, str(known).lower())
    folder = find_weights(weights)
    if preview is not None:
        with replacing(preview) as unfinished:
            text = make_card(repository, card, own=folder / CARD_FILE)
            unfinished.write_text(text, encoding="utf-8", newline="\n")
        print(f"{preview}: the card; nothing was published")
        return
    reference, address = push_weights(folder, repository, card, revision=revision, private=private)
    print(f"{address}\n{reference}  sha256 {loaded.sha256}")
