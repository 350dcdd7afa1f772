"""Weights of detectors that are fetched at first use: announced before, checked after, kept under the user's cache."""

import hashlib
import http.client
import logging
import os
import shutil
import urllib.request
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from ampose.atomic import replacing
from ampose.errors import InputError

_LOG = logging.getLogger(__name__)

_BLOCK = 1 << 20
_PATIENCE_S = 30


@dataclass(frozen=True, kw_only=True)
class WeightsFile:
    """A file to fetch.

    Args:
        name: What to call it on the disk.
        url: A ZIP archive.
        member: The file's name in the archive, without its folder.
        size: Bytes of the file.
        sha256: Of the file.
        licence: Of the weights, in words.
    """

    name: str
    url: str
    member: str
    size: int
    sha256: str
    licence: str


def fetched(weights: WeightsFile) -> Path:
    """Return the file; fetch it first if it is not there. Before that it is said what comes from where.

    Raises:
        InputError: It cannot be fetched, or is not the file that it should be; the message says how to go on by hand.
    """
    path = folder() / weights.name
    if not path.exists():
        _LOG.warning(
            "downloading %s (%d MB, %s) from %s to %s",
            weights.name, weights.size // 10**6, weights.licence, weights.url, path,
        )  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as unfinished:
            _fetch(weights, unfinished)
            check(unfinished, weights, said_as=path)
    check(path, weights)
    return path


def folder() -> Path:
    """Return where the weights are kept: in ``AMPOSE_CACHE``, or in ``ampose`` in ``XDG_CACHE_HOME`` or ``~/.cache``.

    Example:
        >>> import os
        >>> os.environ["AMPOSE_CACHE"] = "/data/cache"
        >>> folder().as_posix()
        '/data/cache/detectors'
        >>> del os.environ["AMPOSE_CACHE"]
    """
    given = os.environ.get("AMPOSE_CACHE")
    cache = Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ampose"
    return cache / "detectors"


def check(path: Path, weights: WeightsFile, *, said_as: Path | None = None) -> None:
    """Raise InputError unless the file is the one that it should be, bit for bit."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != weights.sha256:
        raise InputError(
            f"{said_as or path}: must be {weights.name} with SHA-256 {weights.sha256[:16]}..., got "
            f"{digest[:16]}...; delete it and run again, or fetch {weights.url} by hand"
        )


def _fetch(weights: WeightsFile, path: Path) -> None:
    archive = path.with_suffix(".zip")  # in the working folder, which goes with all that is in it
    try:
        with (
            urllib.request.urlopen(weights.url, timeout=_PATIENCE_S) as answer,  # noqa: S310  # only our own addresses
            archive.open("wb") as file,
        ):
            shutil.copyfileobj(answer, file, _BLOCK)
        _unpack(weights, archive, path)
    except (http.client.HTTPException, OSError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "reason", None) or error
        raise InputError(
            f"{weights.name}: must be fetched from {weights.url}, got: {reason}; fetch it where there is a network, "
            "and name the files",
            field="detector_option",
        ) from error


def _unpack(weights: WeightsFile, archive: Path, path: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if Path(name).name == weights.member]
        if len(names) != 1 or opened.getinfo(names[0]).file_size != weights.size:
            raise zipfile.BadZipFile(f"an archive without {weights.member} of {weights.size} bytes")
        with opened.open(names[0]) as packed, path.open("wb") as file:
            shutil.copyfileobj(packed, file, _BLOCK)
