"""Which filter over time serves a video: none, one-euro, Butterworth, Savitzky-Golay; on 2D, on 3D, or on both.

Clips of held-out subjects and a martial artist of the CMU database, of HDM05 and of dance (research/abroad.py says
where they come from) are filmed by cameras that stand still, at 30 frames per second, with 2D as a detector gives it,
lifted frame by frame, and measured: MPJPE and P-MPJPE in mm, MPJVE in mm a frame, and the error of the acceleration in
m/s^2, all root-relative.

A detector's errors hang together over time: of each joint's, half of the variance is new in every frame and half dies
away in ``MEMORY_S``. A twentieth of the joints is five times as far off, and one frame in a hundred has left and right
of a limb exchanged.

    python -m research.over_time ampose-small --output research
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import tyro
from jaxtyping import Float
from research.abroad import ARRAYS, AT_HOME, MARTIAL_ARTIST, PREPARED, SHARED
from research.joint_positions import read_joint_positions

import ampose
from ampose.atomic import replacing
from ampose.data.motion_capture import MotionCapture, concatenate, read_motion
from ampose.data.synthesis.detector_noise import NoiseConfig, swap_left_right
from ampose.data.synthesis.virtual_cameras import VirtualCameraConfig, draw_cameras
from ampose.lifting.lifter import Lifter
from ampose.poses.camera import Intrinsics, project
from ampose.poses.metrics.position import p_mpjpe
from ampose.poses.pose import Pose2D, Pose3D
from ampose.processing.smoothing import Butterworth, Filter, OneEuro, SavitzkyGolay, smooth

FPS = 30.0
SECONDS = (2.0, 6.0)
"""Shorter clips are left out, longer ones cut."""

CAMERAS = VirtualCameraConfig(pitch_degrees=(-10, 30), roll_degrees=(-5, 5), distance_m=(4, 8))
LARGEST, OUTLIERS, FARTHER, MEMORY_S = 0.03, 0.05, 5.0, 0.25
SWAPS = NoiseConfig(swaps=0.01)
SEED = 0

FILTERS: dict[str, Filter] = {
    "one-euro": OneEuro(),
    "butterworth 3 Hz": Butterworth(cutoff=3.0),
    "butterworth 4.5 Hz": Butterworth(cutoff=4.5),
    "butterworth 6 Hz": Butterworth(),
    "savitzky-golay 0.3 s": SavitzkyGolay(window=0.3),
    "savitzky-golay 0.5 s": SavitzkyGolay(window=0.5),
}
METRICS = ("mpjpe_mm", "p_mpjpe_mm", "mpjve_mm_per_frame", "acceleration_m_s2")
Scores = dict[str, float]


@dataclass(frozen=True)
class Clip:
    """A clip as a camera that stands still filmed it."""

    seen: Pose2D
    camera: Intrinsics
    truth: Float[np.ndarray, "frame joint 3"]
    """Root-relative metres in camera axes."""


def film(motion: MotionCapture, most: int) -> list[Clip]:
    """Film up to ``most`` clips, evenly spread over the set; the same each time."""
    long = [number for number in range(motion.num_clips) if len(motion.clip(number)) / motion.fps[number] >= SECONDS[0]]
    chosen = [long[at] for at in np.unique(np.linspace(0, len(long) - 1, min(most, len(long))).astype(int))]
    generator = torch.Generator().manual_seed(SEED)
    return [_film_clip(motion, number, generator) for number in chosen]


def _film_clip(motion: MotionCapture, number: int, generator: torch.Generator) -> Clip:
    step = round(motion.fps[number] / FPS)
    world = torch.from_numpy(motion.clip(number)[::step][: int(SECONDS[1] * FPS)])
    fps, root = float(motion.fps[number]) / step, motion.skeleton.root_index
    camera = draw_cameras(1, CAMERAS, generator)
    # The camera aims at where the person is in the mean.
    places = (world - world[:, root].mean(dim=0)) @ camera.rotation[0].T + camera.root[0]
    pixels = project(places, camera.intrinsics.focal, camera.intrinsics.centre)
    seen = Pose2D(
        keypoints=_detected(pixels, motion, fps, generator).numpy(),
        confidence=np.ones(pixels.shape[:2], np.float32),
        skeleton=motion.skeleton,
        image_size=tuple(int(side) for side in camera.intrinsics.image_size[0]),
        fps=fps,
    )
    eye = camera.intrinsics.map(lambda field: field[0].numpy())
    return Clip(seen, eye, (places - places[:, root : root + 1]).numpy())


def _detected(
    pixels: Float[torch.Tensor, "frame joint 2"], motion: MotionCapture, fps: float, generator: torch.Generator
) -> Float[torch.Tensor, "frame joint 2"]:
    box = (pixels.amax(dim=1) - pixels.amin(dim=1)).amax(dim=-1)[:, None, None]
    spread = LARGEST * torch.rand(1, generator=generator) * box
    fresh = torch.randn(2, *pixels.shape, generator=generator)
    kept = math.exp(-1 / (MEMORY_S * fps))
    slow = fresh[1].clone()
    for frame in range(1, len(slow)):
        slow[frame] = kept * slow[frame - 1] + math.sqrt(1 - kept**2) * fresh[1, frame]
    far = torch.where(torch.rand(*pixels.shape[:2], 1, generator=generator) < OUTLIERS, FARTHER, 1.0)
    noisy = pixels + spread * (far * fresh[0] + slow) / math.sqrt(2)
    return swap_left_right(noisy, motion.skeleton, SWAPS, generator)


def variants(clip: Clip, lifter: Lifter) -> Iterator[tuple[str, Pose3D]]:
    """Lift a clip in all ways."""
    raw = lifter.lift(clip.seen, intrinsics=clip.camera)
    yield "none", raw
    for name, method in FILTERS.items():
        before = lifter.lift(smooth(clip.seen, method), intrinsics=clip.camera)
        yield f"{name}, 2D", before
        yield f"{name}, 3D", smooth(raw, method)
        yield f"{name}, both", smooth(before, method)


def measure(pose: Pose3D, clip: Clip) -> Scores:
    """Return the means over a clip."""
    root = pose.skeleton.root_index
    lifted, truth = pose.positions - pose.positions[:, root : root + 1], clip.truth
    off = lifted - truth
    values = {
        "mpjpe_mm": 1000 * np.linalg.norm(off, axis=-1),
        "p_mpjpe_mm": 1000 * p_mpjpe(torch.from_numpy(lifted), torch.from_numpy(truth)).numpy(),
        "mpjve_mm_per_frame": 1000 * np.linalg.norm(np.diff(off, axis=0), axis=-1),
        "acceleration_m_s2": np.linalg.norm(np.diff(off, n=2, axis=0), axis=-1) * clip.seen.fps**2,
    }
    return {name: float(value.mean()) for name, value in values.items()}


def study(lifter: Lifter, clips: list[Clip]) -> dict[str, Scores]:
    """Return each variant's means over the clips; every clip counts the same."""
    rows: dict[str, list[Scores]] = {}
    for clip in clips:
        for name, pose in variants(clip, lifter):
            rows.setdefault(name, []).append(measure(pose, clip))
    return {
        name: {metric: float(np.mean([row[metric] for row in some])) for metric in METRICS}
        for name, some in rows.items()
    }


def table(found: Mapping[str, Mapping[str, Scores]]) -> str:
    """Return the study as Markdown: MPJPE / P-MPJPE / MPJVE / acceleration by set."""
    names = list(found)
    lines = [f"| filter | {' | '.join(names)} |", f"|---|{'--:|' * len(names)}"]
    for variant in found[names[0]]:
        cells = [" / ".join(f"{found[name][variant][metric]:.1f}" for metric in METRICS) for name in names]
        lines.append(f"| {variant} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(
    weights: tyro.conf.Positional[str] = "ampose-small",
    data: Path = SHARED,
    prepared: tuple[Path, ...] = PREPARED,
    clips: int = 12,
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None,
) -> None:
    """Print the study; with an output folder, write over-time.json into it too.

    Args:
        weights: Bundled weights by name, or a folder of weights.
        data: Folder of the foreign sets.
        prepared: Prepared motion of the CMU database, with its held-out subjects and the martial artist.
        clips: Of each set.
        output: Folder for the figures.
    """
    lifter = ampose.load_model(weights)
    ours = concatenate([read_motion(path) for path in prepared])
    motions = {
        "CMU held out": ours.select(subjects=AT_HOME),
        "martial arts": ours.select(subjects=(MARTIAL_ARTIST,)),
        "HDM05": read_joint_positions(data / ARRAYS["HDM05"]),
        "dance": read_joint_positions(data / ARRAYS["dance"]),
    }
    found = {name: study(lifter, film(motion, clips)) for name, motion in motions.items()}
    print(table(found))
    if output is not None:
        with replacing(output / "over-time.json") as temporary:
            temporary.write_text(json.dumps({"weights": lifter.weights_hash, "found": found}, indent=1) + "\n")


if __name__ == "__main__":
    tyro.cli(main)
