"""What the data engine reaches, against the recorded motion that it starts from.

Draws frames as the training of abroad-small draws them, makes bodies of them as it does, and compares: where limbs
point in the axes of the body that they hang on, how far elbows and knees are bent, how the trunk stands to the
vertical.

    python -m research.coverage --prepared prepared
"""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import tyro
from jaxtyping import Bool, Float
from torch import Tensor

from ampose.data.motion_capture import concatenate, read_motion
from ampose.data.synthesis.anatomy import is_possible
from ampose.data.synthesis.bones import chest_axes, pelvis_axes, unit
from ampose.data.synthesis.joint_definitions import vary_definitions
from ampose.data.synthesis.pose_augmentation import augment_poses
from ampose.data.synthesis.proportions import vary_proportions
from ampose.poses.skeletons import Skeleton
from ampose.training.batches import InputSpec, VirtualCameraBatches
from ampose.training.config import DataConfig
from ampose.training.recipe import read_recipe
from research import coverage_pictures

HERE = Path(__file__).parent
IMAGES = HERE.parent / "docs" / "images"

LIMBS = {
    "upper arm": ("shoulder", "elbow", chest_axes),
    "forearm": ("elbow", "wrist", chest_axes),
    "thigh": ("hip", "knee", pelvis_axes),
    "shank": ("knee", "ankle", pelvis_axes),
}
BANDS, SECTORS = 25, 40
"""Cells of equal area: bands of equal height on the sphere, cut at equal longitudes."""

REACHED = 1e-5
"""A cell is reached if at least this share of the limbs points there: an even spread gives each cell 1e-3."""

STRETCHED = 0.95
"""Of the arm's length, from shoulder to wrist."""


def draw_bodies(data: DataConfig, count: int, batch: int) -> tuple[Tensor, Tensor, Skeleton]:
    """Return recorded poses in the order of the training, and what the engine makes of them, batch by batch."""
    motion = concatenate([read_motion(Path(file)) for file in data.files])
    motion = motion.select(
        exclude=data.held_out_subjects, exclude_clips=data.left_out_clips, clips=data.train_clips or None
    )
    source = VirtualCameraBatches(motion, replace(data, samples_per_epoch=count), InputSpec(motion.skeleton, ""), 0)
    recorded = source.positions[source.sampler.order(0)]
    generator = torch.Generator().manual_seed(0)
    made = [_make(poses, motion.skeleton, data, generator) for poses in recorded.split(batch)]
    return recorded, torch.cat(made), motion.skeleton


def _make(poses: Tensor, skeleton: Skeleton, data: DataConfig, generator: torch.Generator) -> Tensor:
    poses = augment_poses(poses, skeleton, data.augmentation, generator)
    poses = vary_proportions(poses, skeleton, data.proportions, generator)
    return vary_definitions(poses, skeleton, data.definitions, generator)


def limb_directions(poses: Tensor, skeleton: Skeleton, limb: str) -> Float[np.ndarray, "limb 3"]:
    """Return where both sides' limbs point: outward, forward, up, of length 1."""
    start, end, axes_of = LIMBS[limb]
    axes, both = axes_of(poses, skeleton), []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        bone = poses[:, skeleton.index(f"{side}_{end}")] - poses[:, skeleton.index(f"{side}_{start}")]
        local = (axes @ unit(bone)[..., None])[..., 0]
        both.append(local * torch.tensor([sign, 1.0, 1.0]))
    return torch.cat(both).numpy()


def cells(directions: Float[np.ndarray, "limb 3"]) -> Float[np.ndarray, "band sector"]:
    """Return the share of directions in each cell of the sphere, from down to up and from -180 to 180 degrees."""
    longitude = np.arctan2(directions[:, 0], directions[:, 1])
    limits = ((-1.0001, 1.0001), (-np.pi, np.pi))
    counts, _, _ = np.histogram2d(directions[:, 2], longitude, bins=(BANDS, SECTORS), range=limits)
    return np.asarray(counts / len(directions))


def share_reached(shares: Float[np.ndarray, "band sector"]) -> float:
    """Return the share of the sphere's cells that are reached."""
    return float((shares >= REACHED).mean())


def flexion(poses: Tensor, skeleton: Skeleton, joints: tuple[str, str, str]) -> Float[np.ndarray, " limb"]:
    """Return by how many degrees the middle one of three joints is bent, on both sides."""
    both = []
    for side in ("left", "right"):
        start, middle, end = (poses[:, skeleton.index(f"{side}_{joint}")] for joint in joints)
        both.append((unit(middle - start) * unit(end - middle)).sum(-1).clamp(-1, 1).acos().rad2deg())
    return torch.cat(both).numpy()


def trunk_tilt(poses: Tensor, skeleton: Skeleton) -> Float[np.ndarray, " sample"]:
    """Return the angle between the trunk and the vertical in degrees; 90 is level, 180 upside down."""
    trunk = unit(poses[:, skeleton.index("thorax")] - poses[:, skeleton.root_index])
    return trunk[:, 2].clamp(-1, 1).acos().rad2deg().numpy()


def kinds(poses: Tensor, skeleton: Skeleton) -> dict[str, Bool[np.ndarray, " sample"]]:
    """Tell which poses sit, bend over, lie, or reach with a stretched arm above the shoulder."""
    tilt, knee = trunk_tilt(poses, skeleton), flexion(poses, skeleton, ("hip", "knee", "ankle")).reshape(2, -1)
    thigh = limb_directions(poses, skeleton, "thigh")[:, 2].reshape(2, -1)
    level = np.ptp(poses[..., 2].numpy(), axis=1)
    shank = [poses[:, skeleton.index(f"{s}_knee"), 2] - poses[:, skeleton.index(f"{s}_ankle"), 2] for s in _SIDES]
    return {
        "sitting": (thigh > -0.5).all(0) & (knee > 50).all(0) & (tilt < 40),
        "bending over": (tilt > 50) & (tilt < 120) & (torch.stack(shank).numpy() > 0.3).all(0),
        "lying": (tilt > 65) & (tilt < 115) & (level < 0.7),
        "reaching up": np.any([_reaches(poses, skeleton, side) for side in _SIDES], axis=0) & (tilt < 40),
    }


_SIDES = ("left", "right")


def _reaches(poses: Tensor, skeleton: Skeleton, side: str) -> Bool[np.ndarray, " sample"]:
    shoulder, elbow, wrist = (poses[:, skeleton.index(f"{side}_{joint}")] for joint in ("shoulder", "elbow", "wrist"))
    length = (elbow - shoulder).norm(dim=-1) + (wrist - elbow).norm(dim=-1)
    arm = wrist - shoulder
    return ((arm.norm(dim=-1) > STRETCHED * length) & (arm[:, 2] > 0.5 * length)).numpy()


def engine_speed(data: DataConfig, recorded: Tensor, skeleton: Skeleton, batch: int) -> float:
    """Return the milliseconds of CPU time of a batch of bodies, the mean of many."""
    generator, batches = torch.Generator().manual_seed(0), recorded[: 50 * batch].split(batch)
    start = time.process_time()
    for poses in batches:
        _make(poses, skeleton, data, generator)
    return 1e3 * (time.process_time() - start) / len(batches)


def main(prepared: Path = Path("prepared"), count: int = 100_000) -> None:
    """Print figures, write research/coverage.json, and coverage.png and engine-poses.png of docs/images.

    Args:
        prepared: Folder of the recipe's prepared files.
        count: Poses to look at.
    """
    torch.set_num_threads(1)
    recipe = read_recipe("abroad-small")
    data = replace(recipe.data, files=tuple(str(prepared / Path(file).name) for file in recipe.data.files))
    recorded, made, skeleton = draw_bodies(data, count, recipe.batch_size)
    bodies = {"recorded": recorded, "engine": made}
    maps = {
        name: {limb: cells(limb_directions(poses, skeleton, limb)) for limb in LIMBS} for name, poses in bodies.items()
    }
    reached = {name: {limb: share_reached(shares) for limb, shares in of.items()} for name, of in maps.items()}
    figures = {
        name: {
            "cells reached": reached[name],
            "kinds": {kind: float(which.mean()) for kind, which in kinds(poses, skeleton).items()},
            "upside down": float((trunk_tilt(poses, skeleton) > 120).mean()),
        }
        for name, poses in bodies.items()
    }
    about = {
        "poses": count,
        "recorded poses within the limits": float(is_possible(recorded, skeleton).float().mean()),
        "ms a batch of bodies": engine_speed(data, recorded, skeleton, recipe.batch_size),
    }
    print(json.dumps({**about, **figures}, indent=1))
    (HERE / "coverage.json").write_text(json.dumps({"poses": count, **figures}, indent=1) + "\n")
    bent = {"elbow": ("shoulder", "elbow", "wrist"), "knee": ("hip", "knee", "ankle")}
    angles = {
        name: {
            **{joint: flexion(poses, skeleton, joints) for joint, joints in bent.items()},
            "trunk against the vertical": trunk_tilt(poses, skeleton),
        }
        for name, poses in bodies.items()
    }
    coverage_pictures.draw_coverage(IMAGES / "coverage.png", maps, angles, reached)
    coverage_pictures.draw_bodies(IMAGES / "engine-poses.png", made, skeleton, kinds(made, skeleton))


if __name__ == "__main__":
    tyro.cli(main)
