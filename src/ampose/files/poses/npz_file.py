"""``poses.npz``: the same content as ``poses.json`` as plain NumPy arrays, exact; nothing is pickled.

Arrays (version 1)::

    format, version            "ampose.poses", 1
    positions                  (person, frame, joint, 3) float32 metres; NaN where a person or a joint was not found
    confidence                 (person, frame, joint) float32, 0 to 1
    expected_error             (person, frame, joint) float32 metres; NaN where there is none
    keypoints_2d               (person, frame, joint_2d, 2) float32 pixels; NaN likewise
    confidence_2d              (person, frame, joint_2d) float32
    ids                        (person,) int64
    joints, joints_2d          names in the order of the arrays
    made_up                    names of the joints that were computed from others
    image_size                 (2,) int64: width, height
    fps                        NaN for images
    times                      (frame,) float64 seconds
    unit, frame_of_reference   as in the JSON file
    skeleton, skeleton_2d, provenance   JSON texts

The arrays of the 2D keypoints (those called ``..._2d``, and ``image_size``) are not there when the file carries no 2D,
``expected_error`` not when the lifter does not estimate it, ``times`` not when ``fps`` says them all.
"""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ampose.errors import InputError
from ampose.files.archives import read_npz
from ampose.files.poses.own_header import check_header, expected_errors, header_of, person_of
from ampose.files.poses.pose_format import formats
from ampose.poses.people import Person

_TEXTS = ("skeleton", "skeleton_2d", "provenance")
_OF_EACH = ("positions", "confidence", "expected_error", "keypoints_2d", "confidence_2d")
_NOT_HELD = ("uneven_times", "num_frames", "parents")
"""Fields of the header that the arrays tell."""


@formats.register(".npz")
class NpzFile:
    """People as NumPy arrays; the layout is described at the top of this file."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write compressed arrays."""
        header = {key: value for key, value in header_of(people).items() if key not in _NOT_HELD}
        times = people[0].pose3d.times
        arrays: dict[str, Any] = {
            **header,
            **{key: json.dumps(header[key]) for key in _TEXTS if header[key] is not None},
            "made_up": np.array(header["made_up"], dtype=str),
            "fps": np.nan if header["fps"] is None else header["fps"],
            "ids": np.array([person.id for person in people]),
            "positions": np.stack([person.pose3d.positions for person in people]),
            "confidence": np.stack([person.pose3d.confidence for person in people]),
            "expected_error": expected_errors(people),
            "times": None if times is None else times.astype(np.float64),
        }
        poses = [person.pose2d for person in people if person.pose2d is not None]
        if poses:
            arrays["keypoints_2d"] = np.stack([pose.keypoints for pose in poses])
            arrays["confidence_2d"] = np.stack([pose.confidence for pose in poses])
        archive = io.BytesIO()  # a disk that is full would make the unfinished archive complain when it is collected
        np.savez_compressed(archive, **{key: value for key, value in arrays.items() if value is not None})
        path.write_bytes(archive.getvalue())

    def read(self, path: Path) -> list[Person]:
        """Read the people back, bit for bit."""
        data = read_npz(path)
        # Numbers and texts are arrays without axes; a list of names is one of texts.
        header = {key: array.tolist() for key, array in data.items() if array.dtype.kind == "U" or not array.ndim}
        check_header(header)
        header |= {key: json.loads(header[key]) for key in _TEXTS if key in header}
        if np.isnan(header["fps"]):
            header["fps"] = None
        header["image_size"] = data.get("image_size")
        _check_counts(data)
        people = []
        for number, identity in enumerate(data["ids"].tolist()):
            arrays = {key: data[key][number] for key in _OF_EACH if key in data}
            if "expected_error" in arrays and np.isnan(arrays["expected_error"]).all():  # only others have one
                del arrays["expected_error"]
            people.append(person_of(int(identity), header, arrays | {"times": data.get("times")}))
        return people


def _check_counts(data: Mapping[str, np.ndarray]) -> None:
    """Refuse arrays of more or fewer people than there are ids: the others would be lost without a word."""
    counts = {key: data[key].shape[:1] for key in ("ids", *_OF_EACH) if key in data}
    if any(count != counts["ids"] for count in counts.values()):
        shown = ", ".join(f"{key} {count[0] if count else 'none'}" for key, count in counts.items())
        raise InputError(f"ids and the other arrays must be of as many people, got {shown}")
