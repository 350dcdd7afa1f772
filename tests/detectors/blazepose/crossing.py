"""Two people in one clip: the man of the example, and his mirror image, cut out along his bones and moved across."""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw

from ampose.detectors.blazepose import BlazePoseDetector
from ampose.poses.people import Detection

WIDTH = 16
"""Half-size pixels around a bone that are cut out with it."""


def mask_of(man: Detection, height: int, width: int) -> np.ndarray:
    """Return where somebody is in an image: thick bones, and the trunk and head between them."""
    image = Image.new("1", (width, height))
    draw = ImageDraw.Draw(image)
    points = [tuple(point) for point in man.keypoints.tolist()]
    skeleton = BlazePoseDetector.skeleton
    for joint, parent in skeleton.parents.items():
        if parent is not None and "shoulder" not in joint:
            draw.line([points[skeleton.index(joint)], points[skeleton.index(parent)]], fill=1, width=2 * WIDTH)
    trunk = [points[skeleton.index(f"{side}_{part}")] for side, part in (
        ("left", "shoulder"), ("right", "shoulder"), ("right", "hip"), ("left", "hip"))]  # fmt: skip
    draw.polygon(trunk, fill=1)
    x, y = points[skeleton.index("nose")]
    draw.ellipse([x - 26, y - 34, x + 26, y + 60], fill=1)  # head and neck
    return np.asarray(image)


def crossing(frames: list[np.ndarray], men: list[Detection], start: int, end: int) -> Iterator[np.ndarray]:
    """Yield the frames, three times as wide, with the mirrored man moving before the other.

    Args:
        frames: Of the clip, all of one size; the clip's man stays in the middle.
        men: Where he is in each.
        start: Column of the left edge of the mirrored frame, at first.
        end: And at last.
    """
    height, width, _ = frames[0].shape
    for number, (frame, man) in enumerate(zip(frames, men, strict=True)):
        wall = np.full_like(frame, np.median(frame, axis=(0, 1)).astype(np.uint8))
        wide = np.concatenate([wall, frame, wall], axis=1)
        at = start + round((end - start) * number / max(len(frames) - 1, 1))
        low, high = max(0, at), min(3 * width, at + width)
        cut = mask_of(man, height, width)[:, ::-1][:, low - at : high - at]
        wide[:, low:high][cut] = frame[:, ::-1][:, low - at : high - at][cut]
        yield wide
