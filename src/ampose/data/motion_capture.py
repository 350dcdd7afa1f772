"""Recorded motion: 3D joints of many clips in one world, and the prepared file that holds it.

Every dataset is read into a ``MotionCapture`` once; training and evaluation read only the prepared file. It
holds plain arrays and a JSON text, never a pickle, and the same motion gives the same bytes.
"""

import hashlib
import json
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, compress
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64

from ampose.atomic import replacing
from ampose.errors import InputError, check_format, check_known, reading
from ampose.files.archives import read_npz
from ampose.poses.skeletons import Skeleton

WORLD_Z_UP = "world axes (right-handed, z up), metres"
"""The frame of reference of every motion."""

_FORMAT, _VERSION = "ampose-motion", 1
_AGAIN = "prepare it again with this version of ampose"
_ARRAYS = {"about": ("|u1", 1), "positions": ("<f4", 3), "clip_starts": ("<i8", 1), "fps": ("<f8", 1)}
_TEXTS = ("subjects", "actions", "names")


@dataclass(frozen=True, kw_only=True)
class MotionCapture:
    """Clips of one person each, one after the other.

    Args:
        positions: Metres, world axes, z up, right-handed.
        skeleton: Names and order of the joints.
        clip_starts: First frame of each clip, and the number of frames at the end.
        subjects: Who moves, for each clip.
        actions: What they do, for each clip.
        names: Each clip's own name in its dataset.
        fps: Frames per second of each clip.
        provenance: Source, terms, acknowledgement, settings of the reader.

    Raises:
        InputError: The shapes do not fit each other or the skeleton, a position is not finite, or a clip
            is empty.

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> motion = MotionCapture(
        ...     positions=np.zeros((5, 17, 3), np.float32), skeleton=get_skeleton("human36m_17"),
        ...     clip_starts=np.array([0, 2, 5]), subjects=("01", "02"), actions=("walk", "run"),
        ...     names=("01_01", "02_01"), fps=np.array([120.0, 120.0]))
        >>> len(motion), motion.frame_actions.tolist(), len(motion.select(exclude=["01"]))
        (5, ['walk', 'walk', 'run', 'run', 'run'], 3)
    """

    positions: Float32[np.ndarray, "frame joint 3"]
    skeleton: Skeleton
    clip_starts: Int64[np.ndarray, " clip_end"]
    subjects: tuple[str, ...]
    actions: tuple[str, ...]
    names: tuple[str, ...]
    fps: Float64[np.ndarray, " clip"]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        positions, starts, want = self.positions, self.clip_starts, (self.skeleton.num_joints, 3)
        if positions.ndim != 3 or positions.shape[1:] != want or positions.dtype != np.float32:
            raise InputError(
                f"positions must be float32 of shape (frame, {want[0]}, 3) for {self.skeleton.name}, "
                f"got {positions.dtype} {positions.shape}"
            )
        broken = ~np.isfinite(positions).all(axis=(1, 2))
        if broken.any():
            raise InputError(f"positions must be finite, got frame {int(broken.argmax())} that is not")
        counts = [len(values) for values in (self.subjects, self.actions, self.names, self.fps)]
        if set(counts) != {len(starts) - 1}:
            raise InputError(
                "subjects, actions, names and fps must have one entry a clip and clip_starts one more, got "
                f"{', '.join(map(str, counts))} and {len(starts)}"
            )
        if starts[0] != 0 or starts[-1] != len(self) or (np.diff(starts) <= 0).any():
            raise InputError(f"clip_starts must rise from 0 to {len(self)}, got {starts[0]} to {starts[-1]}")
        if not (np.isfinite(self.fps) & (self.fps > 0)).all():
            raise InputError(f"fps must be positive, got {self.fps.min()}")

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def num_clips(self) -> int:
        """How many clips there are."""
        return len(self.names)

    @property
    def clip_lengths(self) -> Int64[np.ndarray, " clip"]:
        """Number of frames of each clip."""
        return np.diff(self.clip_starts)

    @property
    def frame_subjects(self) -> np.ndarray:
        """Name of the subject of each frame, (frame,) text."""
        return np.repeat(np.array(self.subjects), self.clip_lengths)

    @property
    def frame_actions(self) -> np.ndarray:
        """Name of the action of each frame, (frame,) text."""
        return np.repeat(np.array(self.actions), self.clip_lengths)

    @property
    def seconds(self) -> float:
        """Duration of all clips together."""
        return float((self.clip_lengths / self.fps).sum())

    @cached_property
    def sha256(self) -> str:
        """Hash of the positions, the same on every machine."""
        return hashlib.sha256(np.ascontiguousarray(self.positions, dtype="<f4").data).hexdigest()

    def clip(self, index: int) -> Float32[np.ndarray, "frame joint 3"]:
        """Return the positions of one clip."""
        return self.positions[self.clip_starts[index] : self.clip_starts[index + 1]]

    def select(
        self,
        *,
        subjects: Collection[str] | None = None,
        clips: Collection[str] | None = None,
        exclude: Collection[str] = (),
        exclude_clips: Collection[str] = (),
    ) -> "MotionCapture":
        """Return the motion of some subjects, whole clips only.

        Args:
            subjects: The subjects to keep; None keeps all.
            clips: Names of the clips to keep; None keeps all of these subjects.
            exclude: Subjects to leave out.
            exclude_clips: Names of clips to leave out.

        Raises:
            InputError: A subject or a clip is unknown, or nothing is left.
        """
        check_known("subjects", [*(subjects or ()), *exclude], self.subjects)
        check_known("clips", [*(clips or ()), *exclude_clips], self.names)
        keep = np.array(
            [
                (subjects is None or subject in subjects)
                and (clips is None or name in clips)
                and subject not in exclude
                and name not in exclude_clips
                for subject, name in zip(self.subjects, self.names, strict=True)
            ]
        )
        if not keep.any():
            raise InputError("selection must leave at least one clip, got none; name other subjects or clips")
        return replace(
            self,
            positions=self.positions[np.repeat(keep, self.clip_lengths)],
            clip_starts=_starts(self.clip_lengths[keep]),
            subjects=tuple(compress(self.subjects, keep)),
            actions=tuple(compress(self.actions, keep)),
            names=tuple(compress(self.names, keep)),
            fps=self.fps[keep],
        )


def concatenate(motions: Sequence[MotionCapture]) -> MotionCapture:
    """Join motions of the same skeleton one after the other.

    The provenance lists each part's own, unless they are all the same.

    Raises:
        InputError: There are none, or the skeletons differ.
    """
    if not motions:
        raise InputError("motions must be at least one, got none")
    first = motions[0]
    if len(motions) == 1:
        return first
    for motion in motions:
        if motion.skeleton.as_dict() != first.skeleton.as_dict():
            raise InputError(
                f"motions must have the same skeleton, got {first.skeleton.name} and {motion.skeleton.name}"
            )
    origins = [dict(motion.provenance) for motion in motions]
    return MotionCapture(
        positions=np.concatenate([motion.positions for motion in motions]),
        skeleton=first.skeleton,
        clip_starts=_starts(np.concatenate([motion.clip_lengths for motion in motions])),
        subjects=tuple(chain.from_iterable(motion.subjects for motion in motions)),
        actions=tuple(chain.from_iterable(motion.actions for motion in motions)),
        names=tuple(chain.from_iterable(motion.names for motion in motions)),
        fps=np.concatenate([motion.fps for motion in motions]),
        provenance=origins[0] if all(origin == origins[0] for origin in origins) else {"parts": origins},
    )


def write_motion(motion: MotionCapture, path: Path) -> None:
    """Write a motion to an .npz file; the same motion gives the same bytes.

    The file appears whole or not at all.
    """
    about = {
        "format": _FORMAT,
        "version": _VERSION,
        "frame_of_reference": WORLD_Z_UP,
        "skeleton": motion.skeleton.as_dict(),
        "subjects": motion.subjects,
        "actions": motion.actions,
        "names": motion.names,
        "provenance": dict(motion.provenance),
        "sha256": motion.sha256,
    }
    arrays = {
        "about": np.frombuffer(json.dumps(about, ensure_ascii=False, indent=1).encode(), dtype=np.uint8),
        "positions": np.ascontiguousarray(motion.positions, dtype="<f4"),
        "clip_starts": motion.clip_starts.astype("<i8"),
        "fps": motion.fps.astype("<f8"),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished, zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            # np.savez would take the date from the clock, and zipfile the operating system's own number.
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            with archive.open(info, "w") as member:
                np.save(member, array, allow_pickle=False)


def read_motion(path: Path) -> MotionCapture:
    """Read what ``write_motion`` wrote.

    Raises:
        InputError: The file is missing, is no such file, is cut off or changed; the message names it.
    """
    arrays = _read_arrays(path)
    with reading(path, "prepared motion", "make it again with: ampose prepare"):
        about = _read_about(path, arrays["about"])
        motion = MotionCapture(
            positions=arrays["positions"],
            clip_starts=arrays["clip_starts"],
            fps=arrays["fps"],
            subjects=tuple(about["subjects"]),
            actions=tuple(about["actions"]),
            names=tuple(about["names"]),
            skeleton=Skeleton.from_dict(about["skeleton"]),
            provenance=about["provenance"],
        )
    if motion.sha256 != about["sha256"]:
        raise InputError(
            f"{path}: positions must have the hash {about['sha256'][:12]}... that the file states, "
            f"got {motion.sha256[:12]}...; the file was changed, prepare it again"
        )
    return motion


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise InputError(f"{path}: prepared motion must be a file, found none; make it with: ampose prepare")
    arrays = read_npz(path)
    differs = set(_ARRAYS) ^ set(arrays)
    if differs:
        raise InputError(f"{path}: arrays must be {', '.join(_ARRAYS)}, differs in {sorted(differs)}")
    for key, (dtype, axes) in _ARRAYS.items():
        if arrays[key].dtype != dtype or arrays[key].ndim != axes:
            raise InputError(f"{path}: {key} must be an array of {np.dtype(dtype)} with {axes} axes, got another")
    return {key: array.astype(array.dtype.newbyteorder("="), copy=False) for key, array in arrays.items()}


def _read_about(path: Path, raw: np.ndarray) -> dict[str, Any]:
    with reading(path, f"a file with the JSON of {_FORMAT} in about", _AGAIN):
        about = json.loads(raw.tobytes())
        check_format(about, _FORMAT, _VERSION, _AGAIN)
    known = {"format", "version", "frame_of_reference", "skeleton", *_TEXTS, "provenance", "sha256"}
    if set(about) != known:
        raise InputError(f"{path}: about must have {sorted(known)}, differs in {sorted(known ^ set(about))}")
    texts_fit = all(isinstance(about[key], list) and set(map(type, about[key])) <= {str} for key in _TEXTS)
    if not texts_fit or not isinstance(about["provenance"], dict) or not isinstance(about["skeleton"], dict):
        raise InputError(f"{path}: about must have lists of text, a skeleton and a provenance, got something else")
    return dict(about)


def _starts(lengths: np.ndarray) -> Int64[np.ndarray, " clip_end"]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
