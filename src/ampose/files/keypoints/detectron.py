"""The npz files that VideoPose3D's ``infer_video_d2.py`` and ``infer_video.py`` write with Detectron.

``boxes``, ``segments``, ``keypoints`` and ``metadata = {w, h}``, pickled: they are read without running anything.
``keypoints[frame][1]`` are the people, (person, 4, 17): rows x, y, logit and probability; empty where nobody was found.
https://github.com/facebookresearch/VideoPose3D/blob/main/inference/infer_video_d2.py
"""

import numpy as np

from ampose.errors import InputError
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import RawPerson, gather
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers

_PERSON = 1
"""The class of people; 0 is the background."""

_X_Y_PROBABILITY = [0, 1, 3]
_SCORE = 4


@readers.register(
    "detectron",
    title="Detectron, by VideoPose3D",
    looks_for="an npz file with boxes, keypoints and metadata",
    words=("boxes", "segments", "keypoints", "metadata"),
    size=True,
    example="clip.mp4.npz",
)
class Detectron:
    """Raw Detectron output; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether the arrays have these names."""
        return {"boxes", "keypoints", "metadata"} <= content.names

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all frames."""
        size = content.arrays["metadata"]
        if len(content.arrays["keypoints"]) != len(content.arrays["boxes"]):
            raise InputError("keypoints and boxes must be of as many frames")
        people: dict[str, list[RawPerson]] = {
            str(number): [
                RawPerson(np.asarray(person, dtype=np.float64)[_X_Y_PROBABILITY].T, score=float(box[_SCORE]))
                for person, box in zip(frame[_PERSON], boxes[_PERSON], strict=True)
            ]
            for number, (frame, boxes) in enumerate(
                zip(content.arrays["keypoints"], content.arrays["boxes"], strict=True)
            )
        }
        return gather(people, options, image_size=(int(size["w"]), int(size["h"])))
