"""Writing recordings one at a time, so that memory stays bounded; the folder appears whole or not at all."""

import contextlib
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from jaxtyping import Bool, Float, Float32

from ampose.atomic import replacing_folder
from ampose.errors import InputError
from ampose.poses.skeletons import Skeleton

FORMAT, VERSION, INDEX = "ampose.views", 1, "index.json"
LABELS = ("subject", "action", "take", "camera", "scene")
NUMBERS = {"focal": 2, "centre": 2, "image_size": 2, "distortion": 5}
"""Fields of a recording, as the index has them; how many numbers each has."""

_SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]*")

Pair = Sequence[float | int] | Float[np.ndarray, " 2"]
"""x and y in pixels."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One clip seen by one camera; see ``Recordings`` for what the fields mean."""

    positions: Float32[np.ndarray, "sample joint 3"]
    keypoints: Mapping[str, Float32[np.ndarray, "sample joint 2"]]
    subject: str
    action: str
    take: str
    camera: str
    focal: Pair
    centre: Pair
    image_size: Pair
    fps: float | int
    scene: str = ""
    valid: Bool[np.ndarray, " sample"] | None = None
    distortion: Sequence[float | int] = (0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass
class _Column:
    """One array on the disk that grows by whole rows."""

    file: BinaryIO
    dtype: str
    shape: tuple[int, ...]
    rows: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        self._write_header()

    def append(self, values: np.ndarray) -> None:
        data = np.ascontiguousarray(values, dtype=self.dtype)
        self.file.write(data.data)
        self.digest.update(data.data)
        self.rows += len(values)

    def finish(self) -> dict[str, Any]:
        """Write the true length into the header: NumPy leaves room for it."""
        self.file.seek(0)
        self._write_header()
        self.file.close()
        return {"dtype": self.dtype, "shape": [self.rows, *self.shape], "sha256": self.digest.hexdigest()}

    def _write_header(self) -> None:
        about = {"descr": self.dtype, "fortran_order": False, "shape": (self.rows, *self.shape)}
        np.lib.format.write_array_header_1_0(self.file, about)


class RecordingsWriter:
    """Write a folder of prepared recordings; use it as a context manager.

    Nothing is seen at ``folder`` until the block ends without an error. A folder of recordings that is there
    already is replaced then.

    Args:
        folder: Where the recordings go.
        skeleton: The joints of all recordings.
        sources: Names of the 2D sources: small letters, digits, and _ . -
        target: Which annotation of the dataset the positions are.
        provenance: Source, licence, settings of the reader; plain JSON values. May be changed until the end.

    Raises:
        InputError: The folder holds something else, cannot be written to, or the disk is full; or a recording
            does not fit.
    """

    def __init__(
        self,
        folder: Path,
        *,
        skeleton: Skeleton,
        sources: Sequence[str] = ("gt",),
        target: str = "",
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        for source in sources:
            if not _SOURCE.fullmatch(source):
                raise InputError(f"2D source must be small letters, digits and _ . - only, got {source!r}; rename it")
        self.folder, self.skeleton, self.sources = Path(folder), skeleton, tuple(sources)
        self.target, self.provenance = target, dict(provenance or {})
        self._open = contextlib.ExitStack()
        self._recordings: list[dict[str, Any]] = []
        self._columns: dict[str, _Column] = {}

    def __enter__(self) -> "RecordingsWriter":
        check_replaceable(self.folder)
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.folder}: must be in a folder that can be written to, got {error}") from error
        self._unfinished = self._open.enter_context(replacing_folder(self.folder))
        joints = self.skeleton.num_joints
        self._columns = {
            "positions": self._column("positions", "<f4", (joints, 3)),
            "valid": self._column("valid", "|b1", ()),
            **{f"keypoints_{s}": self._column(f"keypoints_{s}", "<f4", (joints, 2)) for s in self.sources},
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._open.__exit__(kind, error, trace)
            return
        with self._open:
            self._finish()

    def append(self, recording: Recording) -> None:
        """Add one recording. A source that it lacks is NaN there.

        Raises:
            InputError: Its arrays do not fit the skeleton or each other, or hold no finite numbers where valid.
        """
        count = len(recording.positions)
        valid = np.ones(count, dtype=bool) if recording.valid is None else recording.valid
        _check(recording, valid, self.skeleton, self.sources)
        nothing = np.full((count, self.skeleton.num_joints, 2), np.nan, dtype=np.float32)
        self._columns["positions"].append(recording.positions)
        self._columns["valid"].append(valid)
        for source in self.sources:
            self._columns[f"keypoints_{source}"].append(recording.keypoints.get(source, nothing))
        labels = {name: getattr(recording, name) for name in LABELS}
        numbers = {name: np.asarray(getattr(recording, name), dtype=np.float32).tolist() for name in NUMBERS}
        self._recordings.append({**labels, "samples": count, "fps": float(recording.fps), **numbers})

    def _column(self, name: str, dtype: str, shape: tuple[int, ...]) -> _Column:
        return _Column(self._open.enter_context((self._unfinished / f"{name}.npy").open("wb")), dtype, shape)

    def _finish(self) -> None:
        if not self._recordings:
            raise InputError(f"{self.folder}: dataset must have at least one recording, found none")
        index = {
            "format": FORMAT,
            "version": VERSION,
            "target": self.target,
            "skeleton": self.skeleton.as_dict(),
            "sources": self.sources,
            "arrays": {name: column.finish() for name, column in self._columns.items()},
            "views": self._recordings,
            "provenance": self.provenance,
        }
        text = json.dumps(index, ensure_ascii=False, indent=1)
        (self._unfinished / INDEX).write_text(text + "\n", encoding="utf-8", newline="\n")


def check_replaceable(folder: Path) -> None:
    """Refuse to write over anything but an empty folder or prepared recordings.

    Raises:
        InputError: There is something else at that place.
    """
    if folder.exists() and not (folder.is_dir() and (is_recordings_folder(folder) or not any(folder.iterdir()))):
        raise InputError(
            f"{folder}: output must be a new folder or one of prepared recordings, found something else; name another"
        )


def is_recordings_folder(path: Path) -> bool:
    """Whether there is a folder of prepared recordings at that place."""
    return (path / INDEX).is_file()


def _check(recording: Recording, valid: np.ndarray, skeleton: Skeleton, sources: Sequence[str]) -> None:
    name = " ".join((recording.subject, recording.take, recording.camera))
    strangers = set(recording.keypoints) - set(sources)
    if strangers:
        raise InputError(f"{name}: 2D sources must be among {', '.join(sources)}, got {', '.join(strangers)}")
    shapes = {"positions": (recording.positions, 3)}
    shapes |= {f"keypoints {source}": (points, 2) for source, points in recording.keypoints.items()}
    for part, (array, axes) in shapes.items():
        want = (len(valid), skeleton.num_joints, axes)
        if array.shape != want or not len(array):
            raise InputError(f"{name}: {part} must have shape {want} and at least one sample, got {array.shape}")
        broken = ~np.isfinite(array).all(axis=(1, 2)) & valid
        if broken.any():
            raise InputError(f"{name}: {part} must be finite, got frame {int(broken.argmax())} that is not")
