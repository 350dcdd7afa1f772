"""People who walk in front of a level camera: world metres, z up."""

from collections.abc import Sequence

import numpy as np

from ampose.poses.camera import Camera, Intrinsics
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")
FPS = 30.0
SIZE = (1920, 1080)
CAMERA = Camera(
    intrinsics=Intrinsics.from_field_of_view(SIZE),
    rotation=np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]),  # looks along world y, level
    position=np.array([0.0, 0.0, 1.2]),
)


def walker(start: Sequence[float], speed: Sequence[float], num_frames: int, height: float = 1.75) -> np.ndarray:
    """World metres, z up, of somebody who walks straight on and swings arms and legs."""
    along = np.array(speed) / max(np.linalg.norm(speed), 1e-9)
    across = np.array([-along[1], along[0]])
    seconds = np.arange(num_frames) / FPS
    swing = 0.3 * np.sin(2 * np.pi * 0.9 * seconds)
    tall = {"hip": 0.53, "knee": 0.28, "ankle": 0.04, "spine": 0.66, "thorax": 0.82, "neck_nose": 0.88, "head": 1.0}
    tall |= {"shoulder": 0.81, "elbow": 0.63, "wrist": 0.48}
    wide = {"hip": 0.13, "knee": 0.12, "ankle": 0.11, "shoulder": 0.17, "elbow": 0.22, "wrist": 0.23}
    reach = {"knee": 0.5, "ankle": 1.0, "elbow": -0.4, "wrist": -0.9}
    points = np.zeros((num_frames, SKELETON.num_joints, 3))
    for number, joint in enumerate(SKELETON.joints):
        side = {"left": 1.0, "right": -1.0}.get(joint.partition("_")[0], 0.0)
        part = joint.removeprefix("left_").removeprefix("right_")
        ahead = side * swing * reach.get(part, 0.0)
        points[:, number, :2] = np.array(start) + seconds[:, None] * speed + ahead[:, None] * along
        points[:, number, :2] += side * wide.get(part, 0.0) * across
        points[:, number, 2] = tall[part] * height
    return points


def bodies_px(num_frames: int, seed: int = 0) -> np.ndarray:
    """(frame, joint, 2) pixels, float32: a body in each frame somewhere in the picture, its joints 50 off at most."""
    generator = np.random.default_rng(seed)
    metres = walker((0.0, 0.0), (1.0, 0.0), 1)[0]
    body = 200 * (metres[:, [1, 2]] - metres[SKELETON.root_index, [1, 2]]) * [1, -1]
    where = generator.uniform([600, 400], [1300, 700], size=(num_frames, 1, 2))
    return (where + body + generator.uniform(-50, 50, size=(num_frames, *body.shape))).astype(np.float32)
