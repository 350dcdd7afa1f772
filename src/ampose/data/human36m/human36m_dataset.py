"""Human3.6M: 7 subjects with 3D, 15 actions, 4 calibrated cameras, 50 fps, every frame.

Paper: Ionescu et al., Human3.6M, TPAMI 2014. The 17 joints, the split and the projection are those of
VideoPose3D (Pavllo et al., CVPR 2019), with which the field's published figures are computed. Frames are not
thinned. Layouts: ``human36m_files``, 2D: ``human36m_keypoints``, cameras: ``human36m_cameras``.

The 2D ground truth ("gt") is always projected here, from the same positions and cameras that are written;
where a file of it is given, the two are compared.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32

from ampose.data import Preparation, Recording, RecordingsWriter, Rows, register_recordings
from ampose.data.human36m.human36m_cameras import CAMERAS, camera_of
from ampose.data.human36m.human36m_files import Layout, Take, action_of, find_layouts, joint_columns
from ampose.data.human36m.human36m_keypoints import GROUND_TRUTH, Keypoints, find_keypoints
from ampose.errors import InputError
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
"""Of hips over the floor. Millimetres taken for metres are as far outside as camera axes are, in which z is the
distance to a camera, some metres."""
_SAME_PX = 0.01
_WRONG_PX = 1.0


@dataclass
class Tally:
    """What is counted while writing, for the summary."""

    samples: Counter[str] = field(default_factory=Counter)
    """Of each subject."""
    cut: Counter[str] = field(default_factory=Counter)
    """Frames after the end of the 3D, of each 2D source."""
    lacking: Counter[str] = field(default_factory=Counter)
    """Takes, of each 2D source."""
    difference_px: float = 0.0
    """The largest between the published 2D ground truth and ours."""


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
    tally = Tally()
    provenance = {
        "dataset": "human36m",
        "source": f"Human3.6M, {layouts[0].name} files",
        "keypoints_2d": {GROUND_TRUTH: "projected"} | {source.name: source.path.name for source in detected},
        "dropped": "S11 Directions",
        "terms": TERMS,
        "acknowledgement": ACKNOWLEDGEMENT,
    }
    with RecordingsWriter(
        preparation.output, skeleton=SKELETON, sources=names, target="D3_Positions", provenance=provenance
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
    lowest, highest = _HIP_HEIGHT_M
    for done, take in enumerate(first.files, start=1):
        world = first.read(take)
        height = float(np.median(world[:, joint_columns([SKELETON.root]), 2]))
        if not lowest < height < highest:
            raise InputError(
                f"{first.files[take]}: positions must be in world axes, z up, got hips at a height of {height:.3g} m; "
                "take D3_Positions in millimetres, not D3_Positions_mono or D3_Positions_mono_universal"
            )
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
    take: Take, world: Float32[np.ndarray, "frame 32 3"], sources: Sequence[Keypoints], tally: Tally
) -> Iterator[Recording]:
    """Look at one take with each camera."""
    subject, name = take
    points = world[:, joint_columns(SKELETON.joints)].astype(np.float64)
    seen = {source.name: source.read(take, len(world)) for source in sources}
    published = seen.pop(GROUND_TRUTH, None)
    tally.samples[subject] += len(world) * len(CAMERAS)
    for source in sources:
        tally.cut[source.name] += source.surplus(take, len(world))
        tally.lacking[source.name] += take not in source.arrays
    for number, camera_id in enumerate(CAMERAS):
        where, camera = f"{subject} {name} {camera_id}", camera_of(subject, camera_id)
        positions = camera.to_camera(points).astype(np.float32)
        if positions[..., 2].min() <= 0:  # projection is without meaning there, and these cameras see everybody
            raise InputError(
                f"{where}: positions must be in front of the camera, got a joint behind it; get them again"
            )
        truth = camera.project(positions.astype(np.float64)).astype(np.float32)
        if published is not None:
            difference = float(np.abs(truth - published[number]).max())
            if difference > _WRONG_PX:  # no rounding
                raise InputError(
                    f"{where}: 2D ground truth must be the projection of the 3D to {_SAME_PX} px, differs by up to "
                    f"{difference:.3g} px; the two files do not belong together"
                )
            tally.difference_px = max(tally.difference_px, difference)
        yield Recording(
            positions=positions,
            keypoints={GROUND_TRUTH: truth, **{source: views[number] for source, views in seen.items() if views}},
            subject=subject,
            action=action_of(name),
            take=name,
            camera=camera_id,
            fps=FPS,
            distortion=camera.distortion or (0.0,) * 5,
            **vars(camera.intrinsics),
        )


def _summary(layouts: Sequence[Layout], sources: Sequence[Keypoints], tally: Tally) -> Rows:
    rows = [
        ("3D", " and ".join(layout.name for layout in layouts) + " files" + ", equal" * (len(layouts) > 1)),
        ("subjects", f"{len(tally.samples)} ({', '.join(tally.samples)})"),
        ("takes", f"{len(layouts[0].files)} (S11 Directions left out: it is corrupted)"),
        ("cameras", f"{len(CAMERAS)} ({', '.join(CAMERAS)})"),
        *(split_row(split, tally.samples) for split in SPLITS),
    ]
    texts = {GROUND_TRUTH: "projected from the 3D"}
    for source in sources:
        text = source.path.name
        if source.name == GROUND_TRUTH:
            verdict = "the same" if tally.difference_px < _SAME_PX else "DIFFERENT"
            text = f"projected from the 3D; {text} is {verdict} (at most {tally.difference_px:.5f} px apart)"
        cut, lacking = tally.cut[source.name], tally.lacking[source.name]
        text += f"; {cut:,} frames after the end of the 3D cut off" if cut else ""
        texts[source.name] = text + (f"; LACKS {lacking} takes" if lacking else "")
    return rows + [(f"2D {source}", text) for source, text in texts.items()]


def split_row(split: str, samples: Mapping[str, int]) -> tuple[str, str]:
    """Return the line of a summary that compares a split's samples, by subject, with the published number.

    Example:
        >>> split_row("test", {"S9": 543_344, "S11": 0})
        ('test samples', '543,344 (the published number; S9, S11)')
    """
    found = sum(samples[subject] for subject in SPLITS[split])
    published = PUBLISHED_SAMPLES[split]
    same = "the published number" if found == published else f"DIFFERS from the published {published:,}"
    return f"{split} samples", f"{found:,} ({same}; {', '.join(SPLITS[split])})"
