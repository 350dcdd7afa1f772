"""BlazePose by its own networks: several people, 33 joints each, on ONNX Runtime; weights inside, no network call.

Paper: Bazarevsky et al., BlazePose: On-device Real-time Body Pose Tracking, 2020, arXiv:2006.10204. In a video people
are followed: where somebody was in one frame says where to look in the next, so that the person detector runs only
when somebody may have been lost or have come. Joints that are hidden are extrapolated, with a low confidence, and so
are those outside the image, with none.
"""

from collections import deque
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from ampose.detectors.blazepose import landmark_network, person_network
from ampose.detectors.blazepose.following import distinct, newcomers
from ampose.detectors.blazepose.landmark_network import NUM_JOINTS, Landmarks, next_regions, read_landmarks
from ampose.detectors.blazepose.networks import load_network, read_landmark_network
from ampose.detectors.blazepose.regions import (
    Regions,
    cut_out,
    no_regions,
    region_of_box,
    regions_from_points,
    squares,
    whole_image,
)
from ampose.detectors.detector import detectors
from ampose.errors import InputError
from ampose.media import Frame
from ampose.media.cuts import AROUND, Changes, begins_shot
from ampose.poses.boxes import Box, bounding_boxes, share_middle
from ampose.poses.people import Detection
from ampose.poses.skeletons import get_skeleton

SEARCH_EVERY = 10
"""Frames after which the person detector looks for newcomers."""

SEARCH_SOON, SOON = 3, 30
"""The same for so many frames after somebody was lost, who is often there again."""

LEAST_PRESENCE = 0.5
"""A region that the landmark network thinks less likely to hold a person is let go."""


@detectors.register("blazepose", licence="Apache-2.0")
class BlazePoseDetector:
    """Several people with BlazePose.

    Args:
        tracking: Whether the frames are those of a video.
        people: How many people are followed at most; ``all``: as many as there are.
        box: Where somebody is in the first frame (``x,y,width,height``): they come first, and are looked for there if
            the person detector misses them.
        network: ``full``, which is in the package, or the file of another landmark network: ``heavy`` is nearer to the
            truth and takes four times as long (in the repository: ``tools/blazepose/landmarks_heavy.onnx``).
        flip: ``yes``: each answer is averaged with that for the mirror image, in twice the time; ``heavy`` gains by it.

    Raises:
        InputError: An option is not what it should be.
    """

    name = "blazepose"
    skeleton = get_skeleton("blazepose_33")

    def __init__(
        self, *, tracking: bool, people: str = "all", box: str = "", network: str = "full", flip: str = "no"
    ) -> None:
        if people != "all" and not (people.isdecimal() and int(people)):
            raise InputError(f"people of blazepose must be all or a number from 1, got {people!r}")
        self._most = None if people == "all" else int(people)
        if flip not in ("no", "yes"):
            raise InputError(f"flip of blazepose must be no or yes, got {flip!r}")
        self._flip = flip == "yes"
        self._box = Box.parse(box) if box else None
        self._tracking = tracking
        self._find = load_network("person")
        self._locate = load_network("landmarks") if network == "full" else read_landmark_network(Path(network))
        self.reset()

    def reset(self) -> None:
        """Begin another video."""
        self._changes, self._last_changes = Changes(), deque[float](maxlen=AROUND)
        self._expected = self._box
        self._forget()

    def _forget(self) -> None:
        self._regions, self._searches = no_regions(), 0
        self._until_search = self._soon = 0  # frames

    def detect(self, frame: Frame) -> list[Detection]:
        """Return everybody in the frame."""
        now = self._changes.step(frame)
        if not self._tracking or begins_shot(now, self._last_changes):
            self._forget()
        self._last_changes.append(now)
        regions = self._regions
        if self._until_search <= 0 and (self._most is None or len(regions) < self._most):
            regions = self._search(frame, regions)
            self._until_search = SEARCH_EVERY if self._soon <= 0 else SEARCH_SOON
        rank = (np.arange(len(regions)) >= len(self._regions)).astype(int)  # the search puts newcomers last
        landmarks, points = self._people(frame, regions, rank)
        if len(points) < len(self._regions):
            self._until_search, self._soon = 0, SOON
        elif not len(points):
            self._until_search = 0
        self._until_search, self._soon = self._until_search - 1, self._soon - 1
        self._regions = next_regions(points)
        height, width, _ = frame.shape
        keypoints = points[:, :NUM_JOINTS].astype(np.float32)
        inside = ((keypoints >= 0) & (keypoints <= (width, height))).all(axis=-1)
        confidence = np.where(inside, landmarks.confidence[:, :NUM_JOINTS], 0).astype(np.float32)
        return [Detection(*person) for person in zip(keypoints, confidence, strict=True)]

    def _search(self, frame: Frame, known: Regions) -> Regions:
        """Return the known regions and those of newcomers.

        People are looked for in the whole image and, larger, in squares of it: in all of them while nobody is known,
        in turn when somebody is, so that following one person stays cheap.
        """
        height, width, _ = frame.shape
        views = whole_image(width, height)
        if width != height:
            views = views.join(squares(width, height))
        if len(known):
            views = views[[self._searches % len(views)]]
            self._searches += 1
        boxes, scores = self._find(cut_out(frame, views, person_network.SIDE, beyond=0.0) / 127.5 - 1)
        for number in range(len(views)):
            people = person_network.blend(person_network.decode(boxes[number], scores[number]))
            # (1, person * point, xy) in pixels of the view's image
            points = views[[number]].to_image(people.points.reshape(1, -1, 2)).reshape(people.points.shape)
            found = regions_from_points(points[:, person_network.HIPS], points[:, person_network.TOP])
            known = known.join(newcomers(found, known))
        return known

    def _people(
        self, frame: Frame, regions: Regions, rank: Int[np.ndarray, " region"]
    ) -> tuple[Landmarks, Float[np.ndarray, "person 39 2"]]:
        """Return the landmarks of as many as may be there, and their points in pixels: of several, the first by rank.

        In the first frame whoever is in the box comes before all; if nobody is, the box itself is looked at.
        """
        expected, self._expected = self._expected, None
        landmarks, points, ranks = self._look(frame, regions, rank)
        if expected and not _there(points, expected).any():
            regions, rank = regions.join(region_of_box(expected)), np.append(rank, 2)
            landmarks, points, ranks = self._look(frame, regions, rank)
        there = _there(points, expected) if expected else np.zeros(len(points), dtype=bool)
        chosen = np.sort(np.lexsort((-landmarks.person, ranks, ~there))[: self._most])
        return landmarks[chosen], points[chosen]

    def _look(
        self, frame: Frame, regions: Regions, rank: Int[np.ndarray, " region"]
    ) -> tuple[Landmarks, Float[np.ndarray, "person 39 2"], Int[np.ndarray, " person"]]:
        """Return the landmarks of who is in the regions, their points in pixels, and the ranks that they keep."""
        images = cut_out(frame, regions, landmark_network.SIDE) / 255
        landmarks = read_landmarks(*self._locate(images)[:3])
        if self._flip:
            mirror_images = np.ascontiguousarray(images[..., ::-1])
            landmarks = landmarks.mean(read_landmarks(*self._locate(mirror_images)[:3]).mirrored())
        points = regions.to_image(landmarks.points)
        present = np.flatnonzero(landmarks.person >= LEAST_PRESENCE)
        parts = (points[:, :NUM_JOINTS], regions.size, landmarks.person, rank)
        kept = present[distinct(*(part[present] for part in parts))]
        return landmarks[kept], points[kept], rank[kept]

    def close(self) -> None:
        """Forget who was followed."""
        self.reset()

    def __enter__(self) -> "BlazePoseDetector":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _there(points: Float[np.ndarray, "person 39 2"], box: Box) -> Bool[np.ndarray, " person"]:
    return share_middle(box.corners, bounding_boxes(points[:, :NUM_JOINTS]))
