"""How well a person's place in the room is found from one camera whose intrinsics are known, the height being given.

Motion-capture clips of people stand 5 m in front of a virtual camera with a field of view of 50 degrees. What is
placed: the true pose, and what a lifter made of the keypoints; both from exact keypoints and with 5 pixels of noise.
The height is the one that the person's own thigh, shank and trunk belong to. The error is that of the hips' place, by
their distance from the camera: the median over the frames of a clip; stated are the median and the worst clip.

    python -m research.absolute_position prepared/cmu.npz --model ampose-small
"""

from pathlib import Path

import numpy as np
import tyro
from jaxtyping import Float

import ampose
from ampose import DEFAULT_MODEL
from ampose.data.motion_capture import read_motion
from ampose.lifting.lifter import Lifter
from ampose.poses.camera import Intrinsics, project
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import Skeleton
from ampose.processing.placement import height_scale, place

SIZE = (1920, 1080)
CAMERA = Intrinsics.from_field_of_view(SIZE, 50.0)
DISTANCE_M, NOISE_PX = 5.0, 5.0
FRAMES = 200
FROM_WORLD = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""World axes (z up) to those of a level camera that looks along y."""


def before_camera(world: Float[np.ndarray, "frame joint 3"], root: int) -> Float[np.ndarray, "frame joint 3"]:
    """Turn a clip into camera axes and move it as a whole, so that the hips are on average 5 m away."""
    seen = world @ FROM_WORLD.T
    return seen - seen[:, root].mean(axis=0) + np.array([0.0, 0.0, DISTANCE_M])


def error_percent(pose: Pose3D, seen: Pose2D, truth: np.ndarray, height_m: float) -> float:
    """Return by how many percent of the distance the hips are off: the median over the frames."""
    root = pose.skeleton.root_index
    placed = place(pose, seen, CAMERA, height_m=height_m).positions[:, root]
    off = np.linalg.norm(placed - truth[:, root], axis=1) / np.linalg.norm(truth[:, root], axis=1)
    return 100 * float(np.nanmedian(off))


def own_height(pose: Pose3D) -> float:
    """Return the height to which the person's legs and trunk belong."""
    return 1.0 / height_scale(pose, 1.0)


def errors_of_clip(truth: np.ndarray, skeleton: Skeleton, lifter: Lifter, fps: float) -> list[float]:
    """Return the errors of the true and of the lifted pose, from exact keypoints and from noisy ones."""
    relative = (truth - truth[:, skeleton.root_index, None]).astype(np.float32)
    true = Pose3D(positions=relative, confidence=np.ones(truth.shape[:2]), skeleton=skeleton, fps=fps)
    height, errors = own_height(true), []
    noise = np.random.default_rng(0).normal(0, NOISE_PX, (*truth.shape[:2], 2))
    for pixels in (project(truth, CAMERA.focal, CAMERA.centre), project(truth, CAMERA.focal, CAMERA.centre) + noise):
        seen = Pose2D.from_array(pixels, skeleton=skeleton, image_size=SIZE, fps=fps)
        errors += [error_percent(pose, seen, truth, height) for pose in (true, lifter.lift(seen, intrinsics=CAMERA))]
    return errors


def measure(motion: Path, /, model: str = DEFAULT_MODEL, every: int = 6) -> None:
    """Print the table.

    Args:
        motion: A prepared file of motion capture.
        model: Bundled weights, or a folder that training wrote.
        every: Take one clip of so many.
    """
    clips, lifter = read_motion(motion), ampose.load_model(model)
    rows = []
    for number in range(0, clips.num_clips, every):
        world = clips.clip(number).astype(np.float64)
        step = max(1, len(world) // FRAMES)
        truth = before_camera(world[::step], clips.skeleton.root_index)
        rows.append(errors_of_clip(truth, clips.skeleton, lifter, float(clips.fps[number]) / step))
    cells = np.array(rows)
    print(f"{len(rows)} clips, {model}; % of the distance: median clip, worst clip, clips within 3 %")
    for column, name in enumerate(("true, exact", "lifted, exact", "true, noisy", "lifted, noisy")):
        within = int((cells[:, column] <= 3).sum())
        print(f"{name:<15}{np.median(cells[:, column]):6.2f}{cells[:, column].max():7.1f}{within:6d}")


if __name__ == "__main__":
    tyro.cli(measure)
