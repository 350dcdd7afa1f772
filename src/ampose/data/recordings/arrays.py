"""Views: clips seen by fixed, calibrated cameras, one after the other in a few long arrays."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from ampose.errors import InputError
from ampose.poses.camera import Intrinsics, project
from ampose.poses.skeletons import Skeleton, find_mapping

if TYPE_CHECKING:
    from ampose.poses.samples import Samples

LABELS = ("subjects", "actions", "takes", "cameras", "scenes")
_PER_CAMERA = ("focal", "centre", "image_size")


@dataclass(frozen=True, kw_only=True)
class Views:
    """A prepared dataset. One view is one clip seen by one camera.

    Args:
        positions: Metres, camera axes (x right, y down, z away), absolute: the root keeps its distance.
            May be a read-only memory map.
        keypoints: Pixels by the name of the 2D source ("gt", "cpn"...); NaN in views that a source lacks.
        skeleton: Names and order of the joints.
        view_starts: First sample of each view, and the number of samples at the end.
        subjects: Who moves, for each view.
        actions: What they do, for each view, takes of the same action under one name ("Directions").
        takes: The clip's own name in its dataset ("Directions 1").
        cameras: Which camera looks, for each view.
        scenes: Where, for each view; "" where a dataset has one scene only.
        focal: Pixels, fx and fy of each view.
        centre: Pixels, cx and cy of each view.
        image_size: Pixels, width and height of each view.
        fps: Frames per second of each view.
        valid: Samples whose annotation the dataset calls valid.
        distortion: k1, k2, k3, p1, p2 of ``ampose.poses.camera.distort`` of each view; None for perfect lenses.
        target: Which annotation of the dataset the positions are ("univ_annot3"...).
        provenance: Source, licence, settings of the reader.

    Raises:
        InputError: The shapes do not fit each other or the skeleton, or a view is empty.

    Example:
        >>> from ampose.poses.skeletons import get_skeleton
        >>> views = Views(
        ...     positions=np.ones((5, 17, 3), np.float32), keypoints={"gt": np.ones((5, 17, 2), np.float32)},
        ...     skeleton=get_skeleton("human36m_17"), view_starts=np.array([0, 2, 5]), subjects=("S1", "S9"),
        ...     actions=("Walking", "Sitting"), takes=("Walking", "Sitting 1"), cameras=("54138969", "54138969"),
        ...     scenes=("", ""), focal=np.ones((2, 2), np.float32), centre=np.ones((2, 2), np.float32),
        ...     image_size=np.ones((2, 2), np.float32), fps=np.array([50.0, 50.0]), valid=np.ones(5, bool))
        >>> len(views), views.sample_labels("subjects").tolist(), len(views.select(subjects=["S9"]))
        (5, ['S1', 'S1', 'S9', 'S9', 'S9'], 3)
    """

    positions: Float32[np.ndarray, "sample joint 3"]
    keypoints: Mapping[str, Float32[np.ndarray, "sample joint 2"]]
    skeleton: Skeleton
    view_starts: Int64[np.ndarray, " view_end"]
    subjects: tuple[str, ...]
    actions: tuple[str, ...]
    takes: tuple[str, ...]
    cameras: tuple[str, ...]
    scenes: tuple[str, ...]
    focal: Float32[np.ndarray, "view 2"]
    centre: Float32[np.ndarray, "view 2"]
    image_size: Float32[np.ndarray, "view 2"]
    fps: Float64[np.ndarray, " view"]
    valid: Bool[np.ndarray, " sample"]
    distortion: Float32[np.ndarray, "view 5"] | None = None
    target: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_samples(self)
        _check_views(self)

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def num_views(self) -> int:
        """How many views there are."""
        return len(self.takes)

    @property
    def view_lengths(self) -> Int64[np.ndarray, " view"]:
        """Number of samples of each view."""
        return np.diff(self.view_starts)

    @property
    def sample_views(self) -> Int64[np.ndarray, " sample"]:
        """Index of the view of each sample."""
        return np.repeat(np.arange(self.num_views), self.view_lengths)

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
        arrays = [self._source(source), self.valid, self.view_starts, *(getattr(self, name) for name in _PER_CAMERA)]
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
        return np.repeat(np.array(getattr(self, name)), self.view_lengths)

    def select(
        self,
        *,
        exclude: Collection[str] = (),
        exclude_takes: Collection[tuple[str, str]] = (),
        valid_only: bool = False,
        **wanted: Collection[str] | None,
    ) -> "Views":
        """Return some of the views; memory maps are not copied as long as the views follow each other.

        Args:
            exclude: Subjects to leave out.
            exclude_takes: (subject, take) of clips to leave out; a dataset may name such sets.
            valid_only: Drop samples that are not valid, and views of which none is left.
            **wanted: ``subjects``, ``actions``, ``takes``, ``cameras`` or ``scenes`` to keep; None keeps all.

        Raises:
            InputError: A name is unknown, or nothing is left.

        """
        keep = np.array([subject not in exclude for subject in self.subjects])
        _check_known("subjects", exclude, self.subjects)
        for label, names in wanted.items():
            if label not in LABELS:
                raise InputError(f"selection must be by one of {', '.join(LABELS)}, got {label!r}")
            if names is not None:
                have = getattr(self, label)
                _check_known(label, names, have)
                keep &= np.isin(have, list(names))
        clips = zip(self.subjects, self.takes, strict=True)
        keep &= np.array([clip not in set(exclude_takes) for clip in clips])
        samples = np.repeat(keep, self.view_lengths)
        return self._only(samples & self.valid if valid_only else samples)

    def _only(self, keep: Bool[np.ndarray, " sample"]) -> "Views":
        lengths = np.add.reduceat(keep.astype(np.int64), self.view_starts[:-1])
        left = np.flatnonzero(lengths)
        if not len(left):
            raise InputError("selection must leave at least one view, got none; name other subjects, actions or scenes")
        rows = _rows(keep)
        kept: dict[str, Any] = {label: tuple(getattr(self, label)[k] for k in left) for label in LABELS}
        kept |= {name: getattr(self, name)[left] for name in _PER_CAMERA}
        return replace(
            self,
            positions=self.positions[rows],
            keypoints={source: points[rows] for source, points in self.keypoints.items()},
            valid=self.valid[rows],
            view_starts=np.concatenate([[0], np.cumsum(lengths[left])]).astype(np.int64),
            fps=self.fps[left],
            distortion=None if self.distortion is None else self.distortion[left],
            **kept,
        )

    def with_skeleton(self, skeleton: "str | Skeleton") -> "Views":
        """Return the same views with other joints: those of a skeleton whose joints these have by name.

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

    def project(self, view: int) -> Float32[np.ndarray, "sample joint 2"]:
        """Project the positions of one view with its camera, lens distortion included, to pixels."""
        rows = slice(self.view_starts[view], self.view_starts[view + 1])
        k1, k2, k3, p1, p2 = (0.0,) * 5 if self.distortion is None else map(float, self.distortion[view])
        lens = (k1, k2, k3, p1, p2)
        points = np.asarray(self.positions[rows], dtype=np.float64)
        focal, centre = self.focal[view].astype(np.float64), self.centre[view].astype(np.float64)
        return project(points, focal, centre, lens if any(lens) else None).astype(np.float32)

    def samples(self, source: str = "gt", *, valid_only: bool = False, whole_takes: bool = False) -> "Samples":
        """Return all samples with the keypoints of one 2D source, in contiguous tensors; a view is a clip over time.

        Args:
            source: Name of the 2D source.
            valid_only: Leave out samples that are not valid; networks over time still see these frames.
            whole_takes: Views that follow each other in one take of one camera are one clip over time. Only where no
                view of a take was left out.

        Raises:
            InputError: There is no such source, it lacks a view, or no sample is valid.
        """
        import torch  # noqa: PLC0415  preparing a dataset needs no torch

        from ampose.poses.clips import Clips, FrameIndex  # noqa: PLC0415
        from ampose.poses.samples import Samples  # noqa: PLC0415

        needed = self.valid if valid_only else np.ones(len(self), dtype=bool)
        if not needed.any():
            raise InputError("views must have valid samples, got none; name other subjects, actions or scenes")
        keypoints = torch.from_numpy(np.array(self._whole_source(source, needed)))
        cameras = {name: torch.from_numpy(getattr(self, name)[self.sample_views]) for name in _PER_CAMERA}
        starts = self._take_starts() if whole_takes else self.view_starts
        samples = Samples(
            keypoints_px=keypoints[:, None],
            positions=torch.from_numpy(np.array(self.positions))[:, None],
            intrinsics=Intrinsics(**cameras),
            clips=Clips(keypoints_px=keypoints, index=FrameIndex.of_clips(starts)),
        )
        return samples if needed.all() else samples[torch.from_numpy(np.flatnonzero(needed))]

    def _take_starts(self) -> Int64[np.ndarray, " take_end"]:
        """Where another subject, take or camera begins, and the number of samples at the end."""
        takes = list(zip(self.subjects, self.takes, self.cameras, strict=True))
        begins = [view == 0 or takes[view] != takes[view - 1] for view in range(len(takes))]
        return self.view_starts[[*begins, True]]

    def _source(self, name: str) -> Float32[np.ndarray, "sample joint 2"]:
        if name not in self.keypoints:
            raise InputError(f"2D source must be one of {', '.join(self.keypoints)}, got {name!r}")
        return self.keypoints[name]

    def _whole_source(self, source: str, needed: Bool[np.ndarray, " sample"]) -> Float32[np.ndarray, "sample joint 2"]:
        """Return keypoints of all samples; those that are not needed and not there are as in the sample before."""
        points = self._source(source)
        there = np.isfinite(points).all(axis=(1, 2))
        gone = np.flatnonzero(needed & ~there)
        if len(gone):
            view = int(self.sample_views[gone[0]])
            raise InputError(
                f"2D source {source!r} must have every view, lacks {self.subjects[view]} {self.takes[view]} "
                f"{self.cameras[view]} ({len(gone)} samples in all); prepare again with its file, or select others"
            )
        return points if there.all() else points[_latest(there, self.view_starts)]


def _latest(there: Bool[np.ndarray, " sample"], starts: Int64[np.ndarray, " view_end"]) -> Int64[np.ndarray, " sample"]:
    """For each sample the latest of its view that is there, or the first one if none was before.

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


def _rows(keep: Bool[np.ndarray, " sample"]) -> "slice | Bool[np.ndarray, ' sample']":
    """A slice where the samples follow each other, because a slice of a memory map copies nothing."""
    first, last = int(keep.argmax()), len(keep) - int(keep[::-1].argmax())
    return slice(first, last) if keep[first:last].all() else keep


def _check_known(label: str, wanted: Collection[str], known: Sequence[str]) -> None:
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        have = ", ".join(sorted(set(known))[:20])
        raise InputError(f"{label} must be some that the views have, got {', '.join(unknown)}; they have {have}")


def _check_samples(views: Views) -> None:
    joints = views.skeleton.num_joints
    shapes = {"positions": (views.positions, 3)}
    shapes |= {f"keypoints {source}": (points, 2) for source, points in views.keypoints.items()}
    for name, (array, axes) in shapes.items():
        want = (len(views.positions), joints, axes)
        if array.shape != want or array.dtype != np.float32:
            raise InputError(
                f"{name} must be float32 of shape {want} for {views.skeleton.name}, got {array.dtype} {array.shape}"
            )
    if views.valid.shape != (len(views.positions),) or views.valid.dtype != bool:
        raise InputError(f"valid must be bool of shape ({len(views.positions)},), got {views.valid.shape}")


def _check_views(views: Views) -> None:
    starts, count = views.view_starts, views.num_views
    lengths = {label: len(getattr(views, label)) for label in (*LABELS, *_PER_CAMERA, "fps")}
    lengths["distortion"] = count if views.distortion is None else len(views.distortion)
    wrong = [f"{name} {length}" for name, length in lengths.items() if length != count]
    if wrong or len(starts) != count + 1:
        raise InputError(f"views must have {count} of each label and camera, got {', '.join(wrong) or len(starts)}")
    if starts[0] != 0 or starts[-1] != len(views) or (np.diff(starts) <= 0).any():
        raise InputError(f"view_starts must rise from 0 to {len(views)}, got {starts[0]} to {starts[-1]}")
