"""How right BlazePose's confidence is, and whether variants of the detector would lift better: research/blazepose.md.

On the four-camera clip (``research.four_cameras``). The truth for the keypoints of one camera is what the other three
triangulate, where they agree.

    python -m research.blazepose_study --output research
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from jaxtyping import Float
from research.blazepose import Answers, Variant, answers
from research.four_cameras import (
    AGREE_PX,
    CACHE,
    LIMBS,
    MEDIA,
    VIEWS,
    Reference,
    View,
    disagreement,
    lift_views,
    measure_view,
    read_calibration,
    reprojection_px,
    robust_points,
    triangulate,
    turn_cameras,
)
from scipy.optimize import minimize
from scipy.special import expit

import ampose
from ampose import DEFAULT_MODEL
from ampose.atomic import replacing
from ampose.lifting.lifter import Lifter
from ampose.media import Frame, open_media
from ampose.poses.pose import Pose2D
from ampose.poses.skeletons import get_skeleton
from ampose.processing.left_right import fix_left_right_swaps

BODY = get_skeleton("blazepose_33")
HEAVY = Path(__file__).parents[1] / "tools" / "blazepose" / "landmarks_heavy.onnx"
COVERS = {"as filmed": 0.0, "a rectangle of 1/4 of his height": 0.25, "of 1/2": 0.5}
NEAR = 0.1
"""Of the person's height: a joint this near to where it is counts as right."""

EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True)
class Samples:
    """Joints of which the truth is known, for each condition and camera.

    Args:
        error: From where the other cameras see the joint, in heights of the person.
        visible: Logit.
        present: Logit.
    """

    error: Float[np.ndarray, " sample"]
    visible: Float[np.ndarray, " sample"]
    present: Float[np.ndarray, " sample"]

    @property
    def right(self) -> np.ndarray:
        """Whether the joint is near enough."""
        return self.error < NEAR


def join(parts: list[Samples]) -> Samples:
    """Return all samples together."""
    return Samples(*(np.concatenate([getattr(part, n) for part in parts]) for n in ("error", "visible", "present")))


def read_views(found: list[Answers], media: Path) -> list[View]:
    """Return the four views by these answers; left and right are kept, and the cameras turned until they agree."""
    poses = []
    for name, one in zip(VIEWS, found, strict=True):
        video = open_media(media / f"{name}.mp4")
        rows = np.concatenate([one.keypoints, expit(one.visible)[..., None]], axis=-1)
        pose = Pose2D.from_array(rows, skeleton=BODY, image_size=video.image_size, fps=video.fps)
        poses.append(fix_left_right_swaps(pose)[0])
    calibration = read_calibration(media / "p2s_Calib.qca.txt", [pose.image_size for pose in poses])
    return turn_cameras([View(n, *c, p) for n, c, p in zip(VIEWS, calibration, poses, strict=True)])


def samples_of(found: Answers, number: int, views: list[View]) -> Samples:
    """Compare one camera's answers with what the other three triangulate; a swap of left and right is put back."""
    others = [view for k, view in enumerate(views) if k != number]
    rays, cameras = np.stack([view.rays for view in others]), [view.camera for view in others]
    points = triangulate(rays, cameras)
    known = reprojection_px(points, rays, cameras).max(axis=0) < AGREE_PX
    mine = views[number]
    logits = np.stack([found.visible, found.present], axis=-1)
    off = []
    for order in (np.arange(BODY.num_joints), BODY.flip_order):
        pose = replace(mine.pose, keypoints=found.keypoints[:, order].astype(np.float32))
        off.append(reprojection_px(points, replace(mine, pose=pose).rays[None], [mine.camera])[0])
    straight, crossed = off
    swapped = (np.nan_to_num(crossed).mean(axis=1) < np.nan_to_num(straight).mean(axis=1))[:, None]
    logits = np.where(swapped[..., None], logits[:, BODY.flip_order], logits)
    seen = mine.camera.to_camera(points)
    rows = seen[..., 1] / seen[..., 2] * mine.camera.intrinsics.focal[1]
    height = np.median(np.nanmax(rows, axis=1) - np.nanmin(rows, axis=1))
    error = np.where(swapped, crossed, straight) / height
    kept = known & np.isfinite(error)
    return Samples(error[kept], logits[kept][:, 0], logits[kept][:, 1])


def covered(file: Path, cache: Path, share: float) -> Answers:
    """Return the answers when in each frame a rectangle of one colour hides what is around one joint, drawn by lot."""
    if not share:
        return answers(file, cache, Variant())
    keypoints, rng = answers(file, cache, Variant()).keypoints, np.random.default_rng(0)

    def cover(frame: Frame, number: int) -> Frame:
        body = keypoints[number]
        centre, half = body[rng.integers(len(body))], share * np.ptp(body[:, 1]) / 2
        left, top = (centre - half).astype(int).clip(0)
        right, bottom = (centre + half).astype(int).clip(0)
        frame = frame.copy()
        frame[top:bottom, left:right] = rng.integers(0, 256, 3)
        return frame

    return answers(file, cache, Variant(), cover, f"-covered-{share:g}")


def calibrated(samples: Samples, weights: Float[np.ndarray, "4"]) -> Float[np.ndarray, " sample"]:
    """Return the confidence, as ``landmark_network.confidence`` makes it, by these weights."""
    return expit(weights[3]) * expit(weights[0] * samples.visible + weights[1] * samples.present + weights[2])


def fit(samples: Samples) -> Float[np.ndarray, "4"]:
    """Return the weights of visible and present, the offset, and the highest value (as logit), by likelihood."""

    def loss(weights: np.ndarray) -> float:
        value = calibrated(samples, weights)
        return -float(np.log(np.where(samples.right, value, 1 - value).clip(1e-9)).mean())

    return minimize(loss, np.array([0.5, 0.5, -1.0, 3.0])).x


def confidence_report(media: Path, cache: Path) -> list[str]:
    """Return how often joints are right by what the network says, and by the confidence fitted on other cameras."""
    files = [media / f"{name}.mp4" for name in VIEWS]
    views = read_views([answers(file, cache, Variant()) for file in files], media)
    samples = {
        name: [samples_of(covered(file, cache, share), n, views) for n, file in enumerate(files)]
        for name, share in COVERS.items()
    }
    cameras = range(len(files))
    # Each camera's confidence by a fit on the other three.
    weights = [fit(join([one[k] for one in samples.values() for k in cameras if k != n])) for n in cameras]
    final = fit(join([part for one in samples.values() for part in one]))
    lines = [
        "| condition | joints | confidence | "
        + " | ".join(f"{a:g} to {min(b, 1):g}" for a, b in _bins())
        + " | off by |",
        "|---|---:|---|" + "---:|" * len(EDGES),
    ]
    for name, parts in [*samples.items(), ("all three", [join([p[n] for p in samples.values()]) for n in cameras])]:
        right = np.concatenate([part.right for part in parts])
        said = {
            "visible, as the network gives it": np.concatenate([expit(part.visible) for part in parts]),
            "calibrated": np.concatenate([calibrated(p, w) for p, w in zip(parts, weights, strict=True)]),
        }
        for kind, value in said.items():
            cells = [_share(right, (value >= a) & (value < b)) for a, b in _bins()]
            lines.append(f"| {name} | {len(right):,} | {kind} | {' | '.join(cells)} | {_off(value, right):.3f} |")
    names = ("weight of visible", "of present", "offset", "highest value")
    facts = [
        f"{name} {final[k]:.2f} ({min(w[k] for w in weights):.2f} to {max(w[k] for w in weights):.2f})"
        for k, name in enumerate(names[:3])
    ]
    facts.append(f"{names[3]} {expit(final[3]):.3f} ({', '.join(f'{expit(w[3]):.3f}' for w in weights)})")
    return [*lines, "", f"Fitted on all four cameras (on three each): {', '.join(facts)}."]


def _bins() -> list[tuple[float, float]]:
    return list(zip(EDGES[:-1], [*EDGES[1:-1], 1.001], strict=True))


def _share(right: np.ndarray, chosen: np.ndarray) -> str:
    return f"{right[chosen].mean():.0%} of {chosen.sum():,}" if chosen.sum() >= 10 else f"({chosen.sum()})"


def _off(value: np.ndarray, right: np.ndarray) -> float:
    """Return the expected calibration error, over ten bins."""
    number = np.minimum((value * 10).astype(int), 9)
    bins = [number == k for k in range(10) if (number == k).any()]
    return float(sum(one.mean() * abs(value[one].mean() - right[one].mean()) for one in bins))


def variants() -> dict[str, Variant]:
    """Return what is compared."""
    return {
        "`full`, the default": Variant(),
        "a second look, re-centred": Variant(passes=2),
        "averaged with the mirror image": Variant(mirrored=True),
        "region moved on by half a frame": Variant(predicted=0.5),
        "region moved on by a frame": Variant(predicted=1.0),
        "`heavy`": Variant(network=HEAVY),
        "`heavy`, averaged with the mirror image": Variant(network=HEAVY, mirrored=True),
    }


def variants_report(compared: dict[str, Variant], lifter: Lifter, media: Path, cache: Path) -> list[str]:
    """Return what becomes of the lifted poses by each variant."""
    found = {n: [answers(media / f"{v}.mp4", cache, one) for v in VIEWS] for n, one in compared.items()}
    seen = {name: read_views(one, media) for name, one in found.items()}
    common = robust_points(_mean_views([seen[name] for name in ("`full`, the default", "`heavy`")]))
    lines = [
        "| variant | swapped frames | reprojection px | legs' bones ± mm | MPJPE | P-MPJPE | by its own | two views |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    limbs = [BODY.index(joint) for joint in LIMBS]
    for name, views in seen.items():
        own = robust_points(views)
        by_common, by_own = (_errors(views, reference, lifter) for reference in (common, own))
        apart = disagreement(lift_views(views, own, lifter, calibrated=True))
        cells = [
            f"{sum(_swapped(one, view) for one, view in zip(found[name], views, strict=True))}",
            f"{np.nanmedian(own.error_px[:, limbs]):.1f}",
            f"{_bones(own):.1f}",
            *(f"{value:.1f}" for value in by_common),
            f"{by_own[0]:.1f} / {by_own[1]:.1f}",
            f"{apart[0]:.0f} / {apart[1]:.0f}",
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _swapped(one: Answers, view: View) -> int:
    """Return in how many frames left and right are swapped back."""
    rows = np.concatenate([one.keypoints, expit(one.visible)[..., None]], axis=-1)
    pose = Pose2D.from_array(rows, skeleton=BODY, image_size=view.pose.image_size, fps=view.pose.fps)
    return int(fix_left_right_swaps(pose)[1].sum())


def _mean_views(several: list[list[View]]) -> list[View]:
    """Return the views with the mean of several detectors' keypoints, by the first one's cameras."""
    means = [np.mean([view.pose.keypoints for view in one], axis=0) for one in zip(*several, strict=True)]
    first = several[0]
    return turn_cameras(
        [replace(v, pose=replace(v.pose, keypoints=mean)) for v, mean in zip(first, means, strict=True)]
    )


def _errors(views: list[View], reference: Reference, lifter: Lifter) -> tuple[float, float]:
    """Return MPJPE and P-MPJPE, medians over the frames, mean over the views."""
    lifted = lift_views(views, reference, lifter, calibrated=True)
    rows = [measure_view(pose, lifted) for pose in lifted.poses]
    return float(np.mean([row["MPJPE"] for row in rows])), float(np.mean([row["P-MPJPE"] for row in rows]))


def _bones(reference: Reference) -> float:
    """Return the mean standard deviation of the legs' bone lengths, in mm."""
    spreads = []
    for side in ("left", "right"):
        for a, b in (("hip", "knee"), ("knee", "ankle")):
            ends = [reference.points[:, BODY.index(f"{side}_{joint}")] for joint in (a, b)]
            spreads.append(np.nanstd(np.linalg.norm(ends[0] - ends[1], axis=-1)))
    return float(np.mean(spreads)) * 1000


def main(
    model: str = DEFAULT_MODEL,
    media: Path = MEDIA,
    cache: Path = CACHE,
    output: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None,
) -> None:
    """Print both tables; with an output folder, write them into the marked places of its blazepose.md too.

    Args:
        model: Bundled weights by name, or a folder of weights.
        media: Folder with the four videos and their calibration.
        cache: Where the networks' answers are kept.
        output: Folder of the page.
    """
    tables = {
        "confidence": confidence_report(media, cache),
        "variants": variants_report(variants(), ampose.load_model(model), media, cache),
    }
    for name, lines in tables.items():
        print(f"\n{name}\n", *lines, sep="\n")
    if output is not None:
        page = output / "blazepose.md"
        text = page.read_text()
        for name, lines in tables.items():
            before, rest = text.split(f"<!-- benchmark: {name} -->\n")
            after = rest[rest.index("<!-- end of benchmark -->") :]
            text = f"{before}<!-- benchmark: {name} -->\n" + "\n".join(lines) + f"\n{after}"
        with replacing(page) as temporary:
            temporary.write_text(text)


if __name__ == "__main__":
    tyro.cli(main)
