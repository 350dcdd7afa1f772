"""BlazePose's landmark network followed over a video of one person, with all that it answers, in variants.

The detector itself (``ampose.detectors.blazepose``) returns keypoints and one confidence. Studies need what it leaves
out: both of the network's own confidences, and its 3D "world landmarks". The loop here is the detector's for one
person.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ampose.atomic import replacing
from ampose.detectors.blazepose import landmark_network, person_network
from ampose.detectors.blazepose.landmark_network import (
    MIRRORED,
    NUM_JOINTS,
    NUM_POINTS,
    next_regions,
    read_landmarks,
)
from ampose.detectors.blazepose.networks import Network, load_network, read_landmark_network
from ampose.detectors.blazepose.regions import Regions, cut_out, regions_from_points, squares, whole_image
from ampose.media import Frame, open_media

LEAST_PRESENCE = 0.5


@dataclass(frozen=True)
class Variant:
    """How the person is looked at.

    Args:
        network: Another landmark network than the one in the package.
        passes: How often each frame is looked at; each time the region is centred on what was seen before.
        mirrored: Whether the answer is averaged with that for the mirror image.
        predicted: By how many frames' motion the region of the next frame is moved.
    """

    network: Path | None = None
    passes: int = 1
    mirrored: bool = False
    predicted: float = 0.0

    @property
    def key(self) -> str:
        """A name for a cache."""
        return hashlib.sha256(str(sorted(asdict(self).items())).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Answers:
    """What the network answers over a video; NaN where nobody is found.

    Args:
        keypoints: Pixels.
        visible: Whether the joint is in the image and not hidden, as logit.
        present: Whether the joint is in the image, as logit.
        world: Metres from the middle of the hips, in camera axes.
    """

    keypoints: Float[np.ndarray, "frame 33 2"]
    visible: Float[np.ndarray, "frame 33"]
    present: Float[np.ndarray, "frame 33"]
    world: Float[np.ndarray, "frame 33 3"]


def follow(frames: Iterable[Frame], variant: Variant) -> Answers:
    """Follow the surest person of the first frame."""
    locate = load_network("landmarks") if variant.network is None else read_landmark_network(variant.network)
    find = load_network("person")
    rows, regions, before = [], None, None
    for frame in frames:
        regions = _find(frame, find) if regions is None else regions
        if not len(regions):
            rows.append(np.full((NUM_JOINTS, 7), np.nan))
            regions = None
            continue
        for _ in range(variant.passes):
            row, points, person = _look(frame, regions, locate, mirrored=variant.mirrored)
            regions = next_regions(points)
        if person < LEAST_PRESENCE:
            row, regions, before = np.full((NUM_JOINTS, 7), np.nan), None, None
        elif before is None:
            before = regions
        else:
            moved = regions.centre - before.centre
            before, regions = regions, Regions(regions.centre + variant.predicted * moved, regions.size, regions.angle)
        rows.append(row)
    values = np.stack(rows)
    return Answers(values[..., :2], values[..., 2], values[..., 3], values[..., 4:])


def _find(frame: Frame, find: Network) -> Regions:
    height, width, _ = frame.shape
    for views in (whole_image(width, height), squares(width, height)):
        boxes, scores = find(cut_out(frame, views, person_network.SIDE, beyond=0.0) / 127.5 - 1)
        for number in range(len(views)):
            people = person_network.blend(person_network.decode(boxes[number], scores[number]))
            if len(people.score):
                points = views[[number]].to_image(people.points[:1])
                return regions_from_points(points[:, person_network.HIPS], points[:, person_network.TOP])
    return whole_image(width, height)[:0]


def _look(
    frame: Frame, regions: Regions, locate: Network, *, mirrored: bool
) -> tuple[Float[np.ndarray, "33 7"], Float[np.ndarray, "1 39 2"], float]:
    """Return what is answered for one region, its points in pixels, and how surely there is a person."""
    image = cut_out(frame, regions, landmark_network.SIDE) / 255
    outputs = locate(np.concatenate([image, image[..., ::-1]]) if mirrored else image)
    landmarks, world = read_landmarks(*outputs[:3]), outputs[3].reshape(-1, NUM_POINTS, 3).astype(float)
    logits = outputs[0].reshape(-1, NUM_POINTS, 5)[..., 3:].astype(float)
    points = landmarks.points
    if mirrored:
        points = np.stack([points[0], landmarks.mirrored().points[1]])
        logits, world = (np.stack([part[0], part[1, MIRRORED]]) for part in (logits, world))
        world[1, :, 0] *= -1
    points, logits, world = (part.mean(axis=0, keepdims=True) for part in (points, logits, world))
    pixels = regions.to_image(points)
    # The network's metres are in the region's axes, which are turned as the person leans.
    world[..., :2] = world[..., :2] @ (regions.axes[0] / regions.size[0]).T
    row = np.concatenate([pixels, logits, world], axis=-1)[0, :NUM_JOINTS]
    return row, pixels, float(landmarks.person.mean())


def answers(
    file: Path, cache: Path, variant: Variant, cover: Callable[[Frame, int], Frame] | None = None, covered: str = ""
) -> Answers:
    """Return the answers for a video, from the cache if they are there.

    Args:
        file: The video.
        cache: Folder.
        variant: How the person is looked at.
        cover: What is done to each frame before, by its number.
        covered: What the cache calls that.
    """
    kept = cache / f"{file.stem}-{file.stat().st_size}-{variant.key}{covered}.npz"
    if not kept.is_file():
        frames = open_media(file)
        found = follow((cover(frame, n) for n, frame in enumerate(frames)) if cover else frames, variant)
        cache.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as temporary, temporary.open("wb") as stream:
            np.savez(stream, **{part.name: getattr(found, part.name) for part in fields(found)})
    with np.load(kept, allow_pickle=False) as arrays:
        return Answers(**arrays)
