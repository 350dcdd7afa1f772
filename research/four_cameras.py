"""What a lifter makes of one moment seen by four cameras, against triangulation.

Four calibrated cameras film one man on a beam (../shared/media, from pose2sim's demo). Each view is lifted on its own.
A lifter that is right gives the same body four times: how far the four differ needs no ground truth. The same 2D
keypoints triangulated give a reference that no lifter had a part in; its own noise is stated beside every figure.

    python -m research.four_cameras --model ampose-small --output docs
"""

import itertools
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import matplotlib.pyplot as plt
import numpy as np
import torch
import tyro
from jaxtyping import Bool, Float
from research.blazepose import Variant, answers
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

import ampose
from ampose import DEFAULT_MODEL
from ampose.atomic import replacing
from ampose.detectors import create_detector
from ampose.lifting.lifter import Lifter
from ampose.media import open_media
from ampose.poses.camera import DEFAULT_FIELD_OF_VIEW, Camera, Intrinsics
from ampose.poses.metrics.position import p_mpjpe
from ampose.poses.pose import Pose2D
from ampose.poses.skeletons import find_mapping, get_skeleton
from ampose.processing.left_right import fix_left_right_swaps

VIEWS = ("p2s_single_cam01", "p2s_single_cam02", "p2s_single_cam03", "p2s_single_cam04")
MEDIA = Path(__file__).resolve().parents[2] / "shared" / "media"
CACHE = Path(tempfile.gettempdir()) / "ampose-four-cameras"
DETECTOR = "blazepose"
FIXED_POINT = 64
"""Qualisys writes pixels in sixty-fourths."""

FROM_QUALISYS = np.diag([1.0, -1.0, -1.0])
"""Qualisys' camera axes are y up and z backwards; ours are y down and z away. Found by triangulation: with any other
signs the rays of the four views pass each other by far more than the detector's error."""

SPARSE = 4
"""Every fourth frame is enough to see how the cameras are turned."""

SOFT_PX, FAR_PX = 10.0, 80.0
"""Reprojection errors that count less than in full, and at which no joint counts more than any other."""

LENS_NAMES = ("radialDistortion1", "radialDistortion2", "tangentalDistortion1", "tangentalDistortion2")

AGREE_PX = 25.0
"""A view whose reprojection is further off than this does not see the same joint as the others."""

LEGS = tuple(f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle"))
LIMBS = LEGS + tuple(f"{side}_{joint}" for side in ("left", "right") for joint in ("shoulder", "elbow", "wrist"))
"""What the detector sees. The trunk's joints and the head are made of these and the ears by the same recipe in the
lifted and in the triangulated body, so to count them would reward a lifter for copying the recipe."""

UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Lens:
    """OpenCV's model: k1, k2, p1, p2."""

    k1: float
    k2: float
    p1: float
    p2: float

    def undistort(self, xy: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
        """Return where points at depth 1 would be seen through a perfect lens, by fixed-point iteration."""
        ideal = xy
        for _ in range(10):
            x, y = ideal[..., 0], ideal[..., 1]
            r2 = x * x + y * y
            radial = 1 + r2 * (self.k1 + r2 * self.k2)
            shift_x = 2 * self.p1 * x * y + self.p2 * (r2 + 2 * x * x)
            shift_y = self.p1 * (r2 + 2 * y * y) + 2 * self.p2 * x * y
            ideal = (xy - np.stack([shift_x, shift_y], axis=-1)) / radial[..., None]
        return ideal


@dataclass(frozen=True)
class View:
    """One camera with what the detector saw in it."""

    name: str
    camera: Camera
    lens: Lens
    pose: Pose2D

    @property
    def rays(self) -> Float[np.ndarray, "frame joint 2"]:
        """Where the joints are seen at depth 1, without the lens's distortion."""
        eye = self.camera.intrinsics
        return self.lens.undistort((self.pose.keypoints.astype(float) - eye.centre) / eye.focal)


def read_calibration(file: Path, sizes: list[tuple[int, int]]) -> list[tuple[Camera, Lens]]:
    """Read Qualisys' XML; the picture sizes are those of the videos."""
    cameras = ET.parse(file).getroot().iter("camera")
    return [_camera(node, size) for node, size in zip(cameras, sizes, strict=True)]


def _camera(node: ET.Element, size: tuple[int, int]) -> tuple[Camera, Lens]:
    place, inside = (node.find(name) for name in ("transform", "intrinsic"))
    if place is None or inside is None:
        raise SystemExit("calibration must hold a transform and an intrinsic for each camera")
    rotation = np.array([[float(place.attrib[f"r{row}{column}"]) for column in (1, 2, 3)] for row in (1, 2, 3)])
    position = np.array([float(place.attrib[axis]) for axis in "xyz"]) / 1000
    of = {name: float(inside.attrib[name]) for name in inside.attrib}
    eye = Intrinsics(
        focal=np.array([of["focalLengthU"], of["focalLengthV"]], dtype=np.float32) / FIXED_POINT,
        centre=np.array([of["centerPointU"], of["centerPointV"]], dtype=np.float32) / FIXED_POINT,
        image_size=np.array(size, dtype=np.float32),
    )
    lens = Lens(*(of[name] for name in LENS_NAMES))
    return Camera(intrinsics=eye, rotation=FROM_QUALISYS @ rotation, position=position), lens


def detect(file: Path, cache: Path) -> Pose2D:
    """Return the detector's keypoints of a video, from the cache if they are there."""
    media = open_media(file)
    kept = cache / f"{file.stem}-{DETECTOR}-{file.stat().st_size}.npy"
    skeleton = get_skeleton("blazepose_33")
    if not kept.is_file():
        with create_detector(DETECTOR, tracking=True) as detector:
            found = [detector.detect(frame) for frame in media]
        missing = np.full((skeleton.num_joints, 3), np.nan)
        rows = [np.column_stack([one[0].keypoints, one[0].confidence]) if one else missing for one in found]
        cache.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as temporary, temporary.open("wb") as stream:
            np.save(stream, np.stack(rows))
    keypoints = np.load(kept, allow_pickle=False)
    return Pose2D.from_array(keypoints, skeleton=skeleton, image_size=media.image_size, fps=media.fps)


def read_views(media: Path, cache: Path) -> list[View]:
    """Detect in all four videos; left and right are kept, and the cameras turned until they agree."""
    poses = [fix_left_right_swaps(detect(media / f"{name}.mp4", cache))[0] for name in VIEWS]
    calibration = read_calibration(media / "p2s_Calib.qca.txt", [pose.image_size for pose in poses])
    return turn_cameras(
        [View(name, camera, lens, pose) for name, (camera, lens), pose in zip(VIEWS, calibration, poses, strict=True)]
    )


def turn_cameras(views: list[View]) -> list[View]:
    """Turn each camera a little, until the four see the limbs in one place (bundle adjustment of the rotations).

    As calibrated, all joints of a view are off the same way, by up to 30 px: a camera that was moved, not a detector.
    The points follow from the rotations by triangulation, so that only these twelve numbers are sought; errors beyond
    some ten pixels count less (soft L1), and turning costs as much as a hundred joints that are off by as much.
    """
    limbs = [views[0].pose.skeleton.index(name) for name in LIMBS]
    rays = np.stack([view.rays[:, limbs] for view in views])
    rays = rays[:, np.isfinite(rays).all(axis=(0, 2, 3))][:, ::SPARSE]
    focal = views[0].camera.intrinsics.focal.mean()

    def off(turns: Float[np.ndarray, " angle"]) -> Float[np.ndarray, " residual"]:
        cameras = [view.camera for view in _turned(views, turns)]
        pixels = reprojection_px(triangulate(rays, cameras), rays, cameras)
        return np.concatenate([pixels.clip(max=FAR_PX).ravel() / SOFT_PX, 10 * focal * turns / SOFT_PX])

    return _turned(views, least_squares(off, np.zeros(3 * len(views)), loss="soft_l1").x)


def _turned(views: list[View], turns: Float[np.ndarray, " angle"]) -> list[View]:
    """Return the views by cameras that are turned on the spot, by rotation vectors in camera axes."""
    return [
        replace(view, camera=replace(view.camera, rotation=turn @ view.camera.rotation))
        for view, turn in zip(views, Rotation.from_rotvec(turns.reshape(-1, 3)).as_matrix(), strict=True)
    ]


def triangulate(
    rays: Float[np.ndarray, "view frame joint 2"], cameras: list[Camera]
) -> Float[np.ndarray, "frame joint 3"]:
    """Return the points in the world that these views see (linear: Hartley and Zisserman 2004, section 12.2)."""
    rows = []
    for seen, camera in zip(rays, cameras, strict=True):
        matrix = np.column_stack([camera.rotation, -camera.rotation @ camera.position])
        rows += [seen[..., axis, None] * matrix[2] - matrix[axis] for axis in (0, 1)]
    solution = np.linalg.svd(np.stack(rows, axis=-2))[2][..., -1, :]
    return solution[..., :3] / solution[..., 3:]


def reprojection_px(
    points: Float[np.ndarray, "frame joint 3"], rays: Float[np.ndarray, "view frame joint 2"], cameras: list[Camera]
) -> Float[np.ndarray, "view frame joint"]:
    """Return how far each view sees the points from where they are."""
    errors = []
    for seen, camera in zip(rays, cameras, strict=True):
        place = camera.to_camera(points)
        away = np.linalg.norm(place[..., :2] / place[..., 2:] - seen, axis=-1) * camera.intrinsics.focal.mean()
        errors.append(np.where(place[..., 2] > 0, away, np.inf))
    return np.stack(errors)


@dataclass(frozen=True)
class Reference:
    """Triangulated points, and how far to trust them.

    Args:
        points: World metres; NaN where fewer than three views agree.
        error_px: Reprojection error, mean over the views that agree.
        used: Which views agree.
        spread: Metres between a point and what it becomes when one of its views is left out.
    """

    points: Float[np.ndarray, "frame joint 3"]
    error_px: Float[np.ndarray, "frame joint"]
    used: Bool[np.ndarray, "view frame joint"]
    spread: Float[np.ndarray, "frame joint"]


def robust_points(views: list[View]) -> Reference:
    """Triangulate every joint from the most views that agree, three at the least."""
    cameras, rays = [view.camera for view in views], np.stack([view.rays for view in views])
    shape = rays.shape[1:3]
    points, error = np.full((*shape, 3), np.nan), np.full(shape, np.nan)
    used, best = np.zeros(rays.shape[:3], dtype=bool), np.full(shape, np.inf)
    whole = np.isfinite(rays).all(axis=(0, 3))
    for chosen in [c for size in (4, 3) for c in itertools.combinations(range(len(views)), size)]:
        found, off = _from_views(np.where(whole[None, ..., None], rays, 0.0), cameras, chosen)
        score = np.where(off.max(axis=0) < AGREE_PX, off.mean(axis=0) - 1e3 * len(chosen), np.inf)
        better = whole & (score < best)
        points[better], error[better], best[better] = found[better], off.mean(axis=0)[better], score[better]
        used[:, better] = np.isin(np.arange(len(views)), chosen)[:, None]
    return Reference(points, error, used, _spread(points, np.where(whole[None, ..., None], rays, 0.0), cameras, used))


def _from_views(rays: np.ndarray, cameras: list[Camera], chosen: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    some, eyes = rays[list(chosen)], [cameras[view] for view in chosen]
    points = triangulate(some, eyes)
    return points, reprojection_px(points, some, eyes)


def _spread(points: np.ndarray, rays: np.ndarray, cameras: list[Camera], used: np.ndarray) -> np.ndarray:
    total, count = np.zeros(points.shape[:2]), np.zeros(points.shape[:2])
    for chosen in [c for size in (2, 3) for c in itertools.combinations(range(len(cameras)), size)]:
        inside = np.isin(np.arange(len(cameras)), chosen)[:, None, None]
        without_one = (used & inside).sum(axis=0) == used.sum(axis=0) - 1
        applies = without_one & (used.sum(axis=0) == len(chosen) + 1)
        moved = np.linalg.norm(_from_views(rays, cameras, chosen)[0] - points, axis=-1)
        total, count = total + np.where(applies, moved, 0), count + applies
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True)
class Lifted:
    """All views lifted, turned into the world's axes, with the root at the origin."""

    poses: Float[np.ndarray, "view frame joint 3"]
    reference: Float[np.ndarray, "frame joint 3"]
    joints: tuple[str, ...]

    def at(self, *names: str) -> list[int]:
        """Numbers of joints."""
        return [self.joints.index(name) for name in names]


def lift_views(views: list[View], reference: Reference, lifter: Lifter, *, calibrated: bool) -> Lifted:
    """Lift each view on its own; without its calibration, the usual field of view is taken."""
    skeleton = lifter.skeleton
    poses = []
    for view in views:
        eye = view.camera.intrinsics if calibrated else None
        poses.append(lifter.lift(view.pose, intrinsics=eye).positions @ view.camera.rotation)
    mapped = find_mapping("blazepose_33", skeleton.name).map_points(reference.points)
    stacked, root = np.stack(poses).astype(float), skeleton.root_index
    relative = stacked - stacked[:, :, root : root + 1]
    return Lifted(relative, mapped - mapped[:, root : root + 1], skeleton.joints)


def world_landmarks(views: list[View], reference: Reference, lifter: Lifter, media: Path, cache: Path) -> Lifted:
    """Return BlazePose's own 3D, its network's "world landmarks", in place of lifted poses.

    Joints are made of its 33 as those of the reference are. Where left and right were swapped back in 2D they are
    here too, so that it does not lose by what the package mends for its own lifter.
    """
    mapping, poses = find_mapping("blazepose_33", lifter.skeleton.name), []
    for view in views:
        found = answers(media / f"{view.name}.mp4", cache, Variant())
        rows = np.concatenate([found.keypoints, np.ones_like(found.keypoints[..., :1])], axis=-1)
        pose = Pose2D.from_array(rows, skeleton=view.pose.skeleton, image_size=view.pose.image_size, fps=view.pose.fps)
        swapped = fix_left_right_swaps(pose)[1][:, None, None]
        body = np.where(swapped, found.world[:, pose.skeleton.flip_order], found.world)
        poses.append(mapping.map_points(body @ view.camera.rotation))
    mapped, root = mapping.map_points(reference.points), lifter.skeleton.root_index
    relative = np.stack(poses)
    relative = relative - relative[:, :, root : root + 1]
    return Lifted(relative, mapped - mapped[:, root : root + 1], lifter.skeleton.joints)


def compared(
    views: list[View], reference: Reference, lifter: Lifter, media: Path = MEDIA, cache: Path = CACHE
) -> dict[str, Lifted]:
    """Return what is measured: each view lifted, with its calibration and without, and BlazePose's own 3D."""
    assumed = f"Nothing known ({DEFAULT_FIELD_OF_VIEW:.0f} degrees assumed)"
    return {
        "Calibrated cameras": lift_views(views, reference, lifter, calibrated=True),
        assumed: lift_views(views, reference, lifter, calibrated=False),
        "BlazePose's own 3D, without a lifter": world_landmarks(views, reference, lifter, media, cache),
    }


def procrustes_mm(a: np.ndarray, b: np.ndarray) -> Float[np.ndarray, " frame"]:
    """Return each frame's mean distance after the best rotation, scale and shift of a to b."""
    return p_mpjpe(torch.from_numpy(a), torch.from_numpy(b)).numpy() * 1000


def rooted_mm(a: np.ndarray, b: np.ndarray) -> Float[np.ndarray, " frame"]:
    """Return each frame's mean distance with the roots in one place."""
    return np.linalg.norm(a - b, axis=-1).mean(axis=-1) * 1000


def disagreement(lifted: Lifted) -> tuple[float, float]:
    """Return how far two views' limbs differ, root-aligned and Procrustes-aligned: mean of pairs' medians, in mm."""
    pairs = list(itertools.combinations(lifted.poses[:, :, lifted.at(*LIMBS)], 2))
    rooted = [np.nanmedian(rooted_mm(a, b)) for a, b in pairs]
    aligned = [np.nanmedian(procrustes_mm(*_both(a, b))) for a, b in pairs]
    return float(np.mean(rooted)), float(np.mean(aligned))


def _both(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the frames that are whole in both."""
    whole = np.isfinite(a).all(axis=(1, 2)) & np.isfinite(b).all(axis=(1, 2))
    return a[whole], b[whole]


def lean(bodies: np.ndarray, reference: np.ndarray, lifted: Lifted, foot: tuple[str, ...]) -> np.ndarray:
    """Return how far the line from ``foot`` to the thorax leans forward in each frame, in degrees.

    Forward is where the triangulated hips face, so that a wrong turn of the body is no lean.
    """
    left, right = (reference[:, at] for at in lifted.at("left_hip", "right_hip"))
    forward = np.cross(left - right, UP)
    forward /= np.linalg.norm(forward, axis=-1, keepdims=True)
    line = bodies[:, lifted.at("thorax")[0]] - bodies[:, lifted.at(*foot)].mean(axis=1)
    return np.degrees(np.arctan2((line * forward).sum(axis=-1), line @ UP))


def measure_view(pose: np.ndarray, lifted: Lifted) -> dict[str, float]:
    """Return one view's errors against triangulation: medians over the frames, mm and degrees."""
    mine, true = _both(pose, lifted.reference)
    row = {}
    for name, joints in {"": lifted.at(*LIMBS), "legs ": lifted.at(*LEGS)}.items():
        row[f"{name}MPJPE"] = float(np.median(rooted_mm(mine[:, joints], true[:, joints])))
        row[f"{name}P-MPJPE"] = float(np.median(procrustes_mm(mine[:, joints], true[:, joints])))
    for name, foot in {"trunk lean": ("hip",), "body lean": ("left_ankle", "right_ankle")}.items():
        row[name] = float(np.median(lean(mine, true, lifted, foot) - lean(true, true, lifted, foot)))
    return row


def reference_facts(reference: Reference, lifted: Lifted) -> list[str]:
    """Describe the reference's own noise."""
    names = [get_skeleton("blazepose_33").index(name) for name in LEGS]
    legs = reference.spread[:, names]
    bones = {
        name: np.linalg.norm(lifted.reference[:, b] - lifted.reference[:, a], axis=-1) * 1000
        for name, (a, b) in {
            f"{side} {bone}": lifted.at(f"{side}_{top}", f"{side}_{end}")
            for side in ("left", "right")
            for bone, top, end in (("thigh", "hip", "knee"), ("shank", "knee", "ankle"))
        }.items()
    }
    lengths = ", ".join(f"{name} {np.nanmean(mm):.0f} ± {np.nanstd(mm):.0f}" for name, mm in bones.items())
    used = reference.used.sum(axis=0)[:, names]
    return [
        f"Joints that at least three views agree on within {AGREE_PX:.0f} px: "
        f"{np.isfinite(reference.points[..., 0]).mean():.0%} of all, {(used >= 3).mean():.0%} of the legs' "
        f"({(used == 4).mean():.0%} on all four).",
        f"Reprojection error: median {np.nanmedian(reference.error_px):.1f} px, "
        f"legs {np.nanmedian(reference.error_px[:, names]):.1f} px.",
        f"A point moves by {np.nanmedian(reference.spread) * 1000:.0f} mm (legs {np.nanmedian(legs) * 1000:.0f} mm) "
        "when one of its views is left out.",
        f"Bone lengths in mm, which should not change at all: {lengths}.",
        f"Frames whose body is whole: {np.isfinite(lifted.reference).all(axis=(1, 2)).sum()} of "
        f"{len(lifted.reference)}; only these count against triangulation.",
    ]


def table(lifted: Lifted) -> list[str]:
    """Return the views' errors as Markdown."""
    rows = [measure_view(pose, lifted) for pose in lifted.poses]
    rows.append({name: float(np.mean([row[name] for row in rows])) for name in rows[0]})
    lines = [f"| view | {' | '.join(rows[0])} |", f"|---|{'---:|' * len(rows[0])}"]
    for name, row in zip([*(f"camera {n + 1}" for n in range(len(VIEWS))), "mean"], rows, strict=True):
        cells = [f"{value:+.1f}°" if "lean" in key else f"{value:.0f}" for key, value in row.items()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def report(lifter: Lifter, reference: Reference, cases: dict[str, Lifted]) -> str:
    """Return the whole study as Markdown."""
    lines = [
        f"Model: {lifter.name} (weights {lifter.weights_hash[:12]}), 2D: {DETECTOR}, sides kept, not smoothed.",
        "Medians over the frames, in millimetres, of the twelve joints of arms and legs, which the detector sees; lean "
        "in degrees forward of the triangulated body.",
        "",
        "**The reference**",
        "",
        *(f"- {fact}" for fact in reference_facts(reference, next(iter(cases.values())))),
    ]
    for name, lifted in cases.items():
        rooted, aligned = disagreement(lifted)
        lines += [
            "",
            f"**{name}**: two views differ by {rooted:.0f} mm root-aligned, {aligned:.0f} mm Procrustes-aligned.",
            "",
            *table(lifted),
        ]
    return "\n".join(lines) + "\n"


def draw(lifted: Lifted, lifter: Lifter, file: Path) -> None:
    """Draw the moment in the clip's middle: the four lifted bodies over the triangulated one, from front and side."""
    whole = np.flatnonzero(np.isfinite(lifted.reference).all(axis=(1, 2)))
    number = int(whole[len(whole) // 2])
    true = lifted.reference[number]
    left, right = (true[at] for at in lifted.at("left_hip", "right_hip"))
    across = (left - right) * [1, 1, 0] / np.linalg.norm((left - right)[:2])
    sides = {"from the front": across, "from the left": -np.cross(across, UP)}
    plt.switch_backend("agg")
    figure, axes = plt.subplots(1, 2, figsize=(9, 5.4), sharey=True, layout="constrained")
    colours = ["#e8590c", "#1976bc", "#2f9e44", "#9c36b5"]
    bodies = [("triangulated", "#212529", true)]
    bodies += [(f"camera {n + 1}", colours[n], pose[number]) for n, pose in enumerate(lifted.poses)]
    for axis, (title, direction) in zip(axes, sides.items(), strict=True):
        for name, colour, body in reversed(bodies):
            flat = np.stack([body @ direction, body @ UP], axis=-1)
            for bone, (a, b) in enumerate(lifter.skeleton.bone_indices):
                width = 3.5 if name == "triangulated" else 1.6
                axis.plot(*flat[[a, b]].T, color=colour, lw=width, label=None if bone else name, solid_capstyle="round")
        axis.set(title=title, aspect="equal", xlabel="m")
    axes[0].set_ylabel("m above the hip")
    axes[1].legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    figure.suptitle(f"One moment (frame {number}), four views, each lifted alone by {lifter.name}")
    with replacing(file) as temporary:
        figure.savefig(temporary, dpi=110, format="png")
    plt.close(figure)


def main(
    model: str = DEFAULT_MODEL,
    media: Path = MEDIA,
    cache: Path = CACHE,
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None,
) -> None:
    """Print the study; with an output folder, write four-cameras.md and four-cameras.png into it too.

    Args:
        model: Bundled weights by name, or a folder of weights.
        media: Folder with the four videos and their calibration.
        cache: Where the detector's keypoints are kept.
        output: Folder for the report and the picture.
    """
    views = read_views(media, cache)
    reference = robust_points(views)
    lifter = ampose.load_model(model)
    cases = compared(views, reference, lifter, media, cache)
    text = report(lifter, reference, cases)
    print(text)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        with replacing(output / "four-cameras.md") as temporary:
            temporary.write_text(text)
        draw(next(iter(cases.values())), lifter, output / "four-cameras.png")


if __name__ == "__main__":
    tyro.cli(main)
