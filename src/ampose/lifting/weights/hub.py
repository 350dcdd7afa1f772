"""Weights on the Hugging Face Hub: ``hf://owner/name@revision`` to load them, ``ampose push`` to publish them.

A repository there is a weights folder: ``config.json``, ``model.safetensors`` and the card, ``README.md``. Nothing else
is ever fetched. The Hub's own cache keeps what was fetched, each commit apart.
"""

import contextlib
import logging
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ampose.errors import InputError
from ampose.lifting.weights.weights_folder import CONFIG_FILE, TENSOR_FILE
from ampose.packages import load_package

CARD_FILE = "README.md"
SCHEME = "hf://"
MAIN = "main"

_REFERENCE = re.compile(r"hf://([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LINK = re.compile(r"!?\[([^\]]*)\]\((?!https?:)[^)]*\)")
_PATIENCE_S = 10.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class HubCard:
    """What the card says of weights."""

    name: str
    """Of the model."""
    sha256: str
    """Hash of the tensor file."""
    facts: Mapping[str, Any]
    """What the training wrote down."""
    licence: str
    """As the Hub names it, as in ``"apache-2.0"``."""


def fetch_weights(reference: str) -> Path:
    """Return the folder of weights on the Hub, in the Hub's cache.

    Args:
        reference: ``"hf://owner/name@revision"``. The revision is a commit, a tag or a branch; without one, it is the
            newest commit, which is logged. A commit that is in the cache is taken without asking the Hub.

    Raises:
        InputError: There is no such repository or revision, or the Hub cannot be reached and the cache lacks it.
        MissingExtraError: huggingface_hub is not installed.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise InputError(f"weights on the Hub must be hf://owner/name@revision, got {reference!r}")
    repository, revision = match[1], match[2] or MAIN
    hub, errors = _hub(), _hub("errors")
    missing = (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.HFValidationError)
    unreachable = None
    try:
        if _COMMIT.fullmatch(revision):
            with contextlib.suppress(errors.LocalEntryNotFoundError):
                return _download(repository, revision, offline=True)
        # Asked once, and first: a download that cannot reach the Hub tries again for half a minute.
        try:
            hub.HfApi().model_info(repository, revision=revision, timeout=_PATIENCE_S)
        except missing:
            raise
        except (errors.HTTPError, OSError) as error:
            unreachable = type(error).__name__
        folder = _download(repository, revision, offline=unreachable is not None)
    except missing as error:
        raise InputError(f"{reference}: the Hub has no such repository or revision that you may read") from error
    except (errors.HTTPError, OSError) as error:
        reason = unreachable or type(error).__name__
        raise InputError(
            f"{reference}: the Hub cannot be reached ({reason}), and the cache does not have it; connect to the "
            "network once, or name a folder"
        ) from error
    if unreachable:
        _LOG.warning("%s: the Hub cannot be reached (%s); from the cache: %s", reference, unreachable, folder.name)
    elif revision != folder.name:
        _LOG.warning("%s is commit %s; name it to have the same weights again", reference, folder.name)
    return folder


def _download(repository: str, revision: str, *, offline: bool) -> Path:
    files = [CONFIG_FILE, TENSOR_FILE, CARD_FILE]
    fetch = _hub().snapshot_download
    return Path(fetch(repository, revision=revision, allow_patterns=files, local_files_only=offline))


def push_weights(
    folder: Path, repository: str, card: HubCard, *, revision: str = MAIN, private: bool = False
) -> tuple[str, str]:
    """Publish a weights folder; the repository is made if there is none.

    Returns:
        The reference that loads just these weights, and the address of the commit.

    Raises:
        InputError: The Hub refuses it or cannot be reached; nothing was published.
        MissingExtraError: huggingface_hub is not installed.
    """
    hub, errors = _hub(), _hub("errors")
    with tempfile.TemporaryDirectory() as work:
        staged = Path(work)
        for name in (CONFIG_FILE, TENSOR_FILE):
            (staged / name).write_bytes((folder / name).read_bytes())
        text = make_card(repository, card, own=folder / CARD_FILE)
        (staged / CARD_FILE).write_text(text, encoding="utf-8", newline="\n")
        api = hub.HfApi()
        try:
            api.create_repo(repository, private=private, exist_ok=True)
            if revision != MAIN:
                api.create_branch(repository, branch=revision, exist_ok=True)
            message = f"{card.name}, sha256 {card.sha256[:12]}"
            commit = api.upload_folder(
                repo_id=repository, folder_path=staged, revision=revision, commit_message=message
            )
        except (errors.HTTPError, ValueError, OSError) as error:
            raise InputError(f"{repository}: must be published on the Hub, got: {error}") from error
    return f"{SCHEME}{repository}@{commit.oid}", str(commit.commit_url)


def make_card(repository: str, card: HubCard, *, own: Path | None = None) -> str:
    """Return the card: the metadata that the Hub reads, and the weights' own card or a short one.

    Args:
        repository: As in ``"owner/name"``.
        card: What to say.
        own: The card of the weights folder, if it has one.

    Raises:
        MissingExtraError: huggingface_hub is not installed.
    """
    hub = _hub()
    error = card.facts.get("validation_mpjpe_mm")
    results = error is not None and [
        hub.EvalResult(
            task_type="keypoint-detection",
            dataset_type="held-out-subjects",
            dataset_name=f"held-out subjects of {card.facts.get('data', 'the training data')}",
            metric_type="mpjpe",
            metric_name="MPJPE, mm",
            metric_value=round(float(error), 1),
        )
    ]
    metadata = hub.ModelCardData(
        license=card.licence,
        library_name="ampose",
        pipeline_tag="keypoint-detection",
        tags=["human-pose-estimation", "3d-human-pose", "2d-to-3d-lifting"],
        model_name=card.name,
        eval_results=results or None,
    )
    use = (
        f'```python\nimport ampose\n\nlifter = ampose.load_model("{SCHEME}{repository}")\n```\n\n'
        f"`model.safetensors` has the SHA-256 `{card.sha256}`. Name a commit (`{SCHEME}{repository}@...`) to have the "
        "same weights again."
    )
    if own is not None and own.is_file():
        # The front matter is made again, and links into our repository lead nowhere on the Hub.
        text = _LINK.sub(r"\1", hub.ModelCard(own.read_text(encoding="utf-8")).text)
        title, _, rest = text.strip().partition("\n")
        body = f"{title}\n\n{use}\n{rest}"
    else:
        facts = {key: value for key, value in card.facts.items() if isinstance(value, str | int | float)}
        rows = "".join(f"| {key} | {value} |\n" for key, value in facts.items())
        body = f"# {card.name}\n\nLifts 2D human keypoints to 3D.\n\n{use}\n\n| | |\n|---|---|\n{rows}"
    return f"---\n{metadata.to_yaml()}\n---\n\n{body.rstrip()}\n"


def _hub(module: str = "") -> Any:
    name = f"huggingface_hub.{module}" if module else "huggingface_hub"
    return load_package(name, extra="hub", purpose="the Hugging Face Hub")
