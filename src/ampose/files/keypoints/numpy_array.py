"""A plain array: ``np.save("keypoints.npy", keypoints)``, or an npz file with one array.

The array is (frame, joint, 2 or 3), (person, frame, joint, 2 or 3), as the demos of MHFormer and its like write it, or
(frame, person, joint, 2 or 3): more frames than people are taken for granted. The third number is the confidence.
Without one, a joint is missing where it is NaN, or exactly in the corner, where detectors put it.

Of 17 points COCO's and Human3.6M's orders are recognised by the lengths of the bones; everything else by the
number of points.
"""

import numpy as np
from jaxtyping import Float

from ampose.errors import InputError
from ampose.files.archives import check_no_objects
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import RawPerson, gather
from ampose.files.keypoints.joints import layout_by_number
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers
from ampose.poses.skeletons import get_skeleton
from ampose.poses.skeletons.joint_order import likelier, where_seen

_ORDERS_OF_17 = ("coco_17", "human36m_17")
_SHORTER = 0.75
"""On points in Human3.6M's order its bones are half as long as COCO's (of 400 single frames of CMU at most 0.71), on
points in COCO's order a third longer."""

_NOT_FOUND = -1.0
_MOST_NEGATIVE, _MOST = 0.1, 255.0
"""How many scores may be negative, as single ones of networks that write logits are, and how large they may be: there
are percents and bytes."""


@readers.register(
    "numpy",
    title="a NumPy array",
    looks_for="an npy file, or an npz file with one array",
    size=False,
    example="keypoints.npy",
)
class NumpyArray:
    """A plain array; the shapes are described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether it is one array."""
        return content.kind == "npy" or (content.kind == "npz" and len(content.names) == 1)

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all people and frames."""
        if content.kind == "npy":
            check_no_objects(content.path)
        # Mapped: the header's shape is compared with the size of the file before room is made for anything.
        only = np.load(content.path, mmap_mode="r") if content.kind == "npy" else next(iter(content.arrays.values()))
        if not isinstance(only, np.ndarray) or only.dtype.kind not in "fiu":
            kind = getattr(only, "dtype", type(only).__name__)
            raise InputError(f"keypoints must be an array of numbers, got {kind}")
        frames = _by_frame(np.asarray(only, dtype=np.float64))
        if frames.shape[-1] == 2:  # without a confidence, what is NaN or exactly (0, 0) was not found
            found = np.isfinite(frames).all(axis=-1) & (frames != 0).any(axis=-1)
            frames = np.concatenate([frames, found[..., None].astype(np.float64)], axis=-1)
        _check_scores(frames[np.isfinite(frames).all(axis=-1), 2])
        skeleton, (usual, other) = options.skeleton, map(get_skeleton, _ORDERS_OF_17)
        if skeleton is None and frames.shape[2] == usual.num_joints:
            skeleton = likelier(where_seen(frames.reshape(-1, *frames.shape[2:])), usual, other, below=_SHORTER)
        people: dict[str, list[RawPerson]] = {
            str(number): [RawPerson(points, who) for who, points in enumerate(frame)]
            for number, frame in enumerate(frames)
        }
        layout = layout_by_number(frames.shape[2], skeleton)
        return gather(people, options, layout=layout)


def _by_frame(array: np.ndarray) -> np.ndarray:
    """Return (frame, person, joint, 2 or 3)."""
    shape = array.shape
    if array.ndim not in (3, 4) or shape[-1] not in (2, 3) or array.size == 0:
        raise InputError(
            f"keypoints must have shape (frame, joint, 2 or 3), with another axis for people before or after the "
            f"frames, got {shape}"
        )
    if array.ndim == 3:
        return array[:, None]
    if shape[0] == shape[1] > 1:
        raise InputError(f"keypoints must have more frames than people, or fewer, to tell the axes apart, got {shape}")
    return array.swapaxes(0, 1) if shape[0] < shape[1] else array


def _check_scores(third: Float[np.ndarray, " point"]) -> None:
    """Refuse what is z of a 3D pose where the confidence belongs."""
    stated = third[third != _NOT_FOUND]
    if len(stated) and ((stated < 0).mean() > _MOST_NEGATIVE or np.median(stated) > _MOST):
        raise InputError(
            "holds 3D poses already, no 2D keypoints: its third numbers are no confidences, from "
            f"{stated.min():.3g} to {stated.max():.3g}; if x and y are pixels, leave the third out"
        )
