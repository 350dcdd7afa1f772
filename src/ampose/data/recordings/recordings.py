"""Recordings: clips seen by fixed, calibrated cameras, one after the other in a few long arrays."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from ampose.errors import InputError, check_known
from ampose.poses.camera import Intrinsics, project
from ampose.poses.skeletons import Skeleton, find_mapping

if TYPE_CHECKING:
    from ampose.poses.samples import Samples

LABELS = ("subjects", "actions", "takes", "cameras", "scenes")
_PER_CAMERA = ("focal", "centre", "image_size")


@dataclass(frozen=True, kw_only=True)
class Recordings:
    """A prepared dataset. One recording is one clip seen by one camera.

    Args:
        positions: Metres, camera axes (x right, y down, z away), absolute: the root keeps its distance.
            May be a read-only memory map.
        keypoints: Pixels by the name of the 2D source ("gt", "cpn"...); NaN in recordings that a source lacks.
        skeleton: Names and order of the joints.
        starts: First sample of each recording, and the number of samples at the end.
        subjects: Who moves, for each recording.
        actions: What they do, for each recording, takes of the same action under one name ("Directions").
        takes: The clip's own name in its dataset ("Directions 1").
        cameras: Which camera looks, for each recording.
        scenes: Where, for each recording; "" where a dataset has one scene only.
        focal: Pixels, fx and fy of each recording.
        centre: Pixels, cx and cy of each recording.
        image_size: Pixels, width and height of each recording.
        fps: Frames per second of each recording.
        valid: Samples whose annotation the dataset calls valid.
        distortion: k1, k2, k3, p1, p2 of ``ampose.poses.camera.distort`` of each recording; None for perfect lenses.
        target: Which annotation of the dataset the positions are ("univ_annot3"...).
        provenance: Source, licence, settings of the reader.

    Raises:
        InputError: The shapes do not fit each other or the skeleton, or a recording is empty.

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> recordings = Recordings(
        ...     positions=np.ones((5, 17, 3), np.float32), keypoints={"gt": np.ones((5, 17, 2), np.float32)},
        ...     skeleton=get_skeleton("human36m_17"), starts=np.array([0, 2, 5]), subjects=("S1", "S9"),
        ...     actions=("Walking", "Sitting"), takes=("Walking", "Sitting 1"), cameras=("54138969", "54138969"),
        ...     scenes=("", ""), focal=np.ones((2, 2), np.float32), centre=np.ones((2, 2), np.float32),
        ...     image_size=np.ones((2, 2), np.float32), fps=np.array([50.0, 50.0]), valid=np.ones(5, bool))
        >>> len(recordings), recordings.sample_labels("subjects").tolist(), len(recordings.select(subjects=["S9"]))
        (5, ['S1', 'S1', 'S9', 'S9', 'S9'], 3)
    """

    positions: Float32[np.ndarray, "sample joint 3"]
    keypoints: Mapping[str, Float32[np.ndarray, "sample joint 2"]]
    skeleton: Skeleton
    starts: Int64[np.ndarray, " end"]
    subjects: tuple[str, ...]
    actions: tuple[str, ...]
    takes: tuple[str, ...]
    cameras: tuple[str, ...]
    scenes: tuple[str, ...]
    focal: Float32[np.ndarray, "recording 2"]
    centre: Float32[np.ndarray, "recording 2"]
    image_size: Float32[np.ndarray, "recording 2"]
    fps: Float64[np.ndarray, " recording"]
    valid: Bool[np.ndarray, " sample"]
    distortion: Float32[np.ndarray, "recording 5"] | None = None
    target: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count, joints = len(self), self.skeleton.num_joints
        shapes = {"positions": (self.positions, 3)}
        shapes |= {f"keypoints {source}": (points, 2) for source, points in self.keypoints.items()}
        for name, (array, axes) in shapes.items():
            want = (count, joints, axes)
            if array.shape != want or array.dtype != np.float32:
                got = f"{array.dtype} {array.shape}"
                raise InputError(f"{name} must be float32 of shape {want} for {self.skeleton.name}, got {got}")
        if self.valid.shape != (count,) or self.valid.dtype != bool:
            raise InputError(f"valid must be bool of shape ({count},), got {self.valid.shape}")
        lengths = {label: len(getattr(self, label)) for label in (*LABELS, *_PER_CAMERA, "fps")}
        if self.distortion is not None:
            lengths["distortion"] = len(self.distortion)
        wrong = [f"{name} {length}" for name, length in lengths.items() if length != self.num_recordings]
        if wrong or len(self.starts) != self.num_recordings + 1:
            raise InputError(
                f"recordings must have {self.num_recordings} of each label and camera, "
                f"got {', '.join(wrong) or len(self.starts)}"
            )
        if self.starts[0] != 0 or self.starts[-1] != count or (np.diff(self.starts) <= 0).any():
            raise InputError(f"starts must rise from 0 to {count}, got {self.starts[0]} to {self.starts[-1]}")

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def num_recordings(self) -> int:
        """How many recordings there are."""
        return len(self.takes)

    @property
    def lengths(self) -> Int64[np.ndarray, " recording"]:
        """Number of samples of each recording."""
        return np.diff(self.starts)

    @property
    def sample_recordings(self) -> Int64[np.ndarray, " sample"]:
        """Index of the recording of each sample."""
        return np.repeat(np.arange(self.num_recordings), self.lengths)

    @cached_property
    def sha256(self) -> str:
        """Hash of the positions, the same on every machine."""
        return hashlib.sha256(np.ascontiguousarray(self.positions, dtype="<f4").data).hexdigest()

    def fingerprint(self, source: str) -> str:
        """Hash of all that a network learns from: positions, one 2D source, cameras, labels and valid samples.

        Raises:
            InputError: There is no such source.
        """
        own = hashlib.sha256(self.sha256.encode())
        labels = [getattr(self, name) for name in LABELS]
        own.update(json.dumps([*labels, self.target, list(self.skeleton.joints)]).encode())
        arrays = [self._source(source), self.valid, self.starts, *(getattr(self, name) for name in _PER_CAMERA)]
        for array in arrays:
            own.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).data)
        return own.hexdigest()

    def sample_labels(self, name: str) -> np.ndarray:
        """Return the subject, action, take, camera or scene of each sample, (sample,) text.

        Args:
            name: "subjects", "actions", "takes", "cameras" or "scenes".

        Raises:
            InputError: There is no such label.
        """
        if name not in LABELS:
            raise InputError(f"label must be one of {', '.join(LABELS)}, got {name!r}")
        return np.repeat(np.array(getattr(self, name)), self.lengths)

    def select(
        self,
        *,
        exclude: Collection[str] = (),
        exclude_takes: Collection[str] = (),
        valid_only: bool = False,
        **wanted: Collection[str] | None,
    ) -> "Recordings":
        """Return some of the recordings; memory maps are not copied as long as the recordings follow each other.

        Args:
            exclude: Subjects to leave out.
            exclude_takes: Takes to leave out, as SUBJECT TAKE: "S9 Greeting".
            valid_only: Drop samples that are not valid, and recordings of which none is left.
            **wanted: ``subjects``, ``actions``, ``takes``, ``cameras`` or ``scenes`` to keep; None keeps all.

        Raises:
            InputError: A name is unknown, or nothing is left.

        """
        check_known("subjects", exclude, self.subjects)
        keep = np.array([subject not in exclude for subject in self.subjects])
        for label, names in wanted.items():
            if label not in LABELS:
                raise InputError(f"selection must be by one of {', '.join(LABELS)}, got {label!r}")
            if names is not None:
                check_known(label, names, getattr(self, label))
                keep &= np.isin(getattr(self, label), list(names))
        takes = [f"{subject} {take}" for subject, take in zip(self.subjects, self.takes, strict=True)]
        check_known("takes", exclude_takes, takes)
        keep &= ~np.isin(takes, list(exclude_takes))
        samples = np.repeat(keep, self.lengths)
        samples = samples & self.valid if valid_only else samples
        lengths = np.add.reduceat(samples.astype(np.int64), self.starts[:-1])
        left = np.flatnonzero(lengths)
        if not len(left):
            raise InputError(
                "selection must leave at least one recording, got none; name other subjects, actions or scenes"
            )
        # A slice where the samples follow each other, because a slice of a memory map copies nothing.
        first, last = int(samples.argmax()), len(samples) - int(samples[::-1].argmax())
        rows = slice(first, last) if samples[first:last].all() else samples
        kept: dict[str, Any] = {label: tuple(getattr(self, label)[k] for k in left) for label in LABELS}
        kept |= {name: getattr(self, name)[left] for name in _PER_CAMERA}
        return replace(
            self,
            positions=self.positions[rows],
            keypoints={source: points[rows] for source, points in self.keypoints.items()},
            valid=self.valid[rows],
            starts=np.concatenate([[0], np.cumsum(lengths[left])]).astype(np.int64),
            fps=self.fps[left],
            distortion=None if self.distortion is None else self.distortion[left],
            **kept,
        )

    def with_skeleton(self, skeleton: "str | Skeleton") -> "Recordings":
        """Return the same recordings with other joints: those of a skeleton whose joints these have by name.

        Raises:
            InputError: The joints do not map to the skeleton's.
        """
        mapping = find_mapping(self.skeleton, skeleton)
        if mapping.target == self.skeleton:
            return self
        return replace(
            self,
            positions=mapping.map_points(self.positions),
            keypoints={source: mapping.map_points(points) for source, points in self.keypoints.items()},
            skeleton=mapping.target,
        )

    def project(self, recording: int) -> Float32[np.ndarray, "sample joint 2"]:
        """Project the positions of one recording with its camera, lens distortion included, to pixels."""
        rows = slice(self.starts[recording], self.starts[recording + 1])
        k1, k2, k3, p1, p2 = (0.0,) * 5 if self.distortion is None else map(float, self.distortion[recording])
        lens = (k1, k2, k3, p1, p2)
        points = np.asarray(self.positions[rows], dtype=np.float64)
        focal, centre = self.focal[recording].astype(np.float64), self.centre[recording].astype(np.float64)
        return project(points, focal, centre, lens if any(lens) else None).astype(np.float32)

    def samples(self, source: str = "gt", *, valid_only: bool = False, whole_takes: bool = False) -> "Samples":
        """Return all samples with the keypoints of one 2D source, in contiguous tensors; each recording is a clip.

        Args:
            source: Name of the 2D source.
            valid_only: Leave out samples that are not valid; networks over time still see these frames.
            whole_takes: Join recordings that follow each other in one take of one camera to one clip. Only for data of
                which no recording was left out.

        Raises:
            InputError: There is no such source, it lacks a recording, or no sample is valid.
        """
        import torch  # noqa: PLC0415  preparing a dataset needs no torch

        from ampose.poses.clips import Clips, FrameIndex  # noqa: PLC0415
        from ampose.poses.samples import Samples  # noqa: PLC0415

        needed = self.valid if valid_only else np.ones(len(self), dtype=bool)
        if not needed.any():
            raise InputError("recordings must have valid samples, got none; name other subjects, actions or scenes")
        points = self._source(source)
        there = np.isfinite(points).all(axis=(1, 2))
        lacking = np.flatnonzero(needed & ~there)
        if len(lacking):
            recording = int(self.sample_recordings[lacking[0]])
            raise InputError(
                f"2D source {source!r} must have every recording, lacks "
                f"{self.subjects[recording]} {self.takes[recording]} {self.cameras[recording]} "
                f"({len(lacking)} samples in all); prepare again with its file, or select others"
            )
        # Samples that are not needed and not there are as in the sample before.
        keypoints = torch.from_numpy(np.array(points if there.all() else points[_latest(there, self.starts)]))
        cameras = {name: torch.from_numpy(getattr(self, name)[self.sample_recordings]) for name in _PER_CAMERA}
        starts = self.starts
        if whole_takes:  # a clip begins where another subject, take or camera does
            takes = list(zip(self.subjects, self.takes, self.cameras, strict=True))
            starts = starts[[True, *(take != before for before, take in pairwise(takes)), True]]
        samples = Samples(
            keypoints_px=keypoints[:, None],
            positions=torch.from_numpy(np.array(self.positions))[:, None],
            intrinsics=Intrinsics(**cameras),
            clips=Clips(keypoints_px=keypoints, index=FrameIndex.of_clips(starts)),
        )
        return samples if needed.all() else samples[torch.from_numpy(np.flatnonzero(needed))]

    def _source(self, name: str) -> Float32[np.ndarray, "sample joint 2"]:
        if name not in self.keypoints:
            raise InputError(f"2D source must be one of {', '.join(self.keypoints)}, got {name!r}")
        return self.keypoints[name]


def _latest(there: Bool[np.ndarray, " sample"], starts: Int64[np.ndarray, " end"]) -> Int64[np.ndarray, " sample"]:
    """For each sample the latest of its recording that is there, or the first one if none was before.

    Example:
        >>> _latest(np.array([False, True, False, False, True]), np.array([0, 3, 5])).tolist()
        [1, 1, 1, 4, 4]
    """
    rows = np.arange(len(there))
    for start, end in pairwise(starts.tolist()):
        own = np.flatnonzero(there[start:end])
        if len(own):
            rows[start:end] = start + own[np.searchsorted(own, np.arange(end - start), side="right").clip(1) - 1]
    return rows
