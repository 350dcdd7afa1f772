"""Human3.6M: 7 subjects with 3D, 15 actions, 4 calibrated cameras, 50 fps, every frame.

Paper: Ionescu et al., Human3.6M, TPAMI 2014. The 17 joints, the split and the projection are those of
VideoPose3D (Pavllo et al., CVPR 2019), with which the field's published figures are computed. Frames are not
thinned. Layouts: ``human36m_files``, 2D: ``human36m_keypoints``, cameras: ``human36m_cameras``.

The 2D ground truth ("gt") is always projected here, from the same positions and cameras that are written;
where a file of it is given, the two are compared.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32

from ampose.data import Preparation, Recording, RecordingsWriter, Rows, register_recordings
from ampose.data.human36m.human36m_cameras import CAMERAS, camera_of
from ampose.data.human36m.human36m_files import (
    Layout,
    Take,
    action_of,
    find_layouts,
    joint_columns,
)
from ampose.data.human36m.human36m_keypoints import GROUND_TRUTH, Keypoints, find_keypoints
from ampose.errors import InputError
from ampose.poses.camera import Camera
from ampose.poses.skeletons import get_skeleton

FPS = 50.0
SKELETON = get_skeleton("human36m_17")
SPLITS = {"train": ("S1", "S5", "S6", "S7", "S8"), "test": ("S9", "S11")}
PUBLISHED_SAMPLES = {"train": 1_559_752, "test": 543_344}
"""Frames times cameras, as several works state them."""

TERMS = (
    "Free for academic use only, with a licence to be signed at https://vision.imar.ro/human3.6m; not to be passed on."
)
ACKNOWLEDGEMENT = (
    "C. Ionescu, D. Papava, V. Olaru, C. Sminchisescu, Human3.6M: Large Scale Datasets and Predictive Methods for 3D "
    "Human Sensing in Natural Environments, IEEE TPAMI 36(7), 2014; C. Ionescu, F. Li, C. Sminchisescu, Latent "
    "Structured Models for Human Pose Estimation, ICCV 2011"
)
_SAME_M = 2e-6
"""Two layouts agree to this: twice the last digit of a float32 at ten metres."""
_HIP_HEIGHT_M = (0.03, 2.0)
"""Millimetres taken for metres are as far outside as camera axes are."""
_SAME_PX = 0.01
_WRONG_PX = 1.0


@dataclass
class _Tally:
    """What is counted while writing, for the summary."""

    samples: dict[str, int] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    lacking: dict[str, int] = field(default_factory=dict)
    difference_px: float = 0.0


@register_recordings(
    "human36m", terms=TERMS, acknowledgement=ACKNOWLEDGEMENT, link="https://vision.imar.ro/human3.6m", extra="datasets"
)
def prepare_human36m(preparation: Preparation) -> Rows:
    """Write Human3.6M as recordings and return the lines of a summary.

    Everything is read and checked once before anything is written; one take is in memory at a time, and the
    files that are archives (.npz).

    Raises:
        InputError: Something is missing or broken, two layouts or files disagree, or there is too little
            room; the message names the file and what to do.
    """
    if preparation.target:
        raise InputError(f"target must be left out for human36m, which has one annotation, got {preparation.target!r}")
    if preparation.sequences:
        raise InputError("sequences must be left out for human36m, which is prepared as a whole")
    layouts = find_layouts(preparation.root)
    sources = find_keypoints(preparation.root, preparation.keypoints_2d)
    detected = [source for source in sources if source.name != GROUND_TRUTH]
    frames = _check_all(preparation, layouts, sources)
    names = (GROUND_TRUTH, *(source.name for source in detected))
    preparation.claim_disk(sum(frames.values()) * len(CAMERAS), SKELETON, len(names))
    tally = _Tally()
    with RecordingsWriter(
        preparation.output,
        skeleton=SKELETON,
        sources=names,
        target="D3_Positions",
        provenance=_provenance(layouts[0], sources),
    ) as writer:
        for done, take in enumerate(frames, start=1):
            for recording in _recordings(take, layouts[0].read(take), sources, tally):
                writer.append(recording)
            preparation.report(len(frames) + done, 2 * len(frames), f"written: {' '.join(take)}")
    return _summary(layouts, sources, tally)


def _check_all(preparation: Preparation, layouts: Sequence[Layout], sources: Sequence[Keypoints]) -> dict[Take, int]:
    """Read every file once; return the number of frames of each take."""
    first, *others = layouts
    frames: dict[Take, int] = {}
    for done, take in enumerate(first.files, start=1):
        world = first.read(take)
        _check_world(str(first.files[take]), world)
        for other in others:
            _compare(take, first, world, other)
        for source in sources:
            source.read(take, len(world))
        frames[take] = len(world)
        preparation.report(done, 2 * len(first.files), f"checked: {' '.join(take)}")
    return frames


def _compare(take: Take, first: Layout, world: np.ndarray, other: Layout) -> None:
    """Refuse two layouts that disagree: one of them is not what it seems to be."""
    name, here = " ".join(take), first.files[take]
    if take not in other.files:
        raise InputError(f"{here}: {name} must be in the {other.name} layout too, found none; remove one of the two")
    there, positions = other.files[take], other.read(take)
    if len(positions) != len(world):
        raise InputError(
            f"{here}: {name} must be as long as in {there}, got {len(world)} and {len(positions)} frames; "
            "one of the two is wrong, remove it"
        )
    difference = float(np.abs(positions.astype(np.float64) - world).max())
    if difference > _SAME_M:
        raise InputError(
            f"{here}: {name} must be the same as in {there}, differs by up to {difference * 1000:.3g} mm; "
            "one of the two is wrong, remove it"
        )


def _recordings(
    take: Take, world: Float32[np.ndarray, "frame 32 3"], sources: Sequence[Keypoints], tally: _Tally
) -> Iterator[Recording]:
    """Look at one take with each camera."""
    subject, name = take
    points = world[:, joint_columns(SKELETON.joints)].astype(np.float64)
    seen = {source.name: source.read(take, len(world)) for source in sources}
    published = seen.pop(GROUND_TRUTH, None)
    _count(tally, take, len(world), sources)
    for number, camera_id in enumerate(CAMERAS):
        camera = camera_of(subject, camera_id)
        positions = camera.to_camera(points).astype(np.float32)
        _check_in_front(f"{subject} {name} {camera_id}", positions)
        truth = camera.project(positions.astype(np.float64)).astype(np.float32)
        if published is not None:
            _compare_pixels(f"{subject} {name} {camera_id}", truth, published[number], tally)
        keypoints = {GROUND_TRUTH: truth} | {
            source: recordings[number] for source, recordings in seen.items() if recordings
        }
        yield _recording(take, camera_id, camera, positions, keypoints)


def _recording(
    take: Take, camera_id: str, camera: Camera, positions: np.ndarray, keypoints: Mapping[str, np.ndarray]
) -> Recording:
    subject, name = take
    return Recording(
        positions=positions,
        keypoints=keypoints,
        subject=subject,
        action=action_of(name),
        take=name,
        camera=camera_id,
        focal=camera.intrinsics.focal,
        centre=camera.intrinsics.centre,
        image_size=camera.intrinsics.image_size,
        fps=FPS,
        distortion=camera.distortion or (0.0,) * 5,
    )


def _count(tally: _Tally, take: Take, frames: int, sources: Sequence[Keypoints]) -> None:
    subject, _ = take
    tally.samples[subject] = tally.samples.get(subject, 0) + frames * len(CAMERAS)
    for source in sources:
        tally.cut[source.name] = tally.cut.get(source.name, 0) + source.surplus(take, frames)
        tally.lacking[source.name] = tally.lacking.get(source.name, 0) + (take not in source.arrays)


def _check_world(name: str, world: np.ndarray) -> None:
    """Hips are near the floor in the world; in camera axes, z is the distance to a camera, some metres."""
    lowest, highest = _HIP_HEIGHT_M
    height = float(np.median(world[:, joint_columns([SKELETON.root]), 2]))
    if not lowest < height < highest:
        raise InputError(
            f"{name}: positions must be in world axes, z up, got hips at a height of {height:.3g} m; "
            "take D3_Positions in millimetres, not D3_Positions_mono or D3_Positions_mono_universal"
        )


def _check_in_front(name: str, positions: np.ndarray) -> None:
    """Projection is without meaning behind a camera; these cameras see everybody."""
    if positions[..., 2].min() <= 0:
        raise InputError(f"{name}: positions must be in front of the camera, got a joint behind it; get them again")


def _compare_pixels(name: str, projected: np.ndarray, published: np.ndarray, tally: _Tally) -> None:
    difference = float(np.abs(projected - published).max())
    tally.difference_px = max(tally.difference_px, difference)
    if difference > _WRONG_PX:
        raise InputError(
            f"{name}: 2D ground truth must be the projection of the 3D to {_SAME_PX} px, differs by up to "
            f"{difference:.3g} px; the two files do not belong together"
        )


def _provenance(layout: Layout, sources: Sequence[Keypoints]) -> dict[str, Any]:
    return {
        "dataset": "human36m",
        "source": f"Human3.6M, {layout.name} files",
        "keypoints_2d": {GROUND_TRUTH: "projected"}
        | {source.name: source.path.name for source in sources if source.name != GROUND_TRUTH},
        "dropped": "S11 Directions",
        "terms": TERMS,
        "acknowledgement": ACKNOWLEDGEMENT,
    }


def _summary(layouts: Sequence[Layout], sources: Sequence[Keypoints], tally: _Tally) -> Rows:
    rows = [
        ("3D", " and ".join(layout.name for layout in layouts) + " files" + ", equal" * (len(layouts) > 1)),
        ("subjects", f"{len(tally.samples)} ({', '.join(tally.samples)})"),
        ("takes", f"{len(layouts[0].files)} (S11 Directions left out: it is corrupted)"),
        ("cameras", f"{len(CAMERAS)} ({', '.join(CAMERAS)})"),
    ]
    rows += [_split_row(split, tally) for split in SPLITS]
    rows.append(("2D gt", _truth_text(sources, tally)))
    rows += [(f"2D {s.name}", _source_text(s, tally)) for s in sources if s.name != GROUND_TRUTH]
    return rows


def _split_row(split: str, tally: _Tally) -> tuple[str, str]:
    found = sum(tally.samples[subject] for subject in SPLITS[split])
    published = PUBLISHED_SAMPLES[split]
    same = "the published number" if found == published else f"DIFFERS from the published {published:,}"
    return f"{split} samples", f"{found:,} ({same}; {', '.join(SPLITS[split])})"


def _truth_text(sources: Sequence[Keypoints], tally: _Tally) -> str:
    files = [source.path.name for source in sources if source.name == GROUND_TRUTH]
    if not files:
        return "projected from the 3D"
    verdict = "the same" if tally.difference_px < _SAME_PX else "DIFFERENT"
    return f"projected from the 3D; {files[0]} is {verdict} (at most {tally.difference_px:.5f} px apart)" + _losses(
        GROUND_TRUTH, tally
    )


def _source_text(source: Keypoints, tally: _Tally) -> str:
    return source.path.name + _losses(source.name, tally)


def _losses(source: str, tally: _Tally) -> str:
    cut, lacking = tally.cut[source], tally.lacking[source]
    longer = f"; {cut:,} frames after the end of the 3D cut off" if cut else ""
    return longer + (f"; LACKS {lacking} takes" if lacking else "")
