"""What ``ampose lift`` prints when it is done."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ampose.cli.lift.outputs import WrittenFiles
from ampose.cli.pose_files import Rows, as_text, counted, file_rows

if TYPE_CHECKING:
    from ampose.pipeline.video import LiftResult
    from ampose.poses.people import Person
    from ampose.poses.pose import Pose2D, Pose3D

_SURE = 0.5
_LIMBS = {"legs": ("knee", "ankle"), "arms": ("elbow", "wrist")}
_UNEVEN = 0.1
"""By what part of a frame's length frames may differ in length and yet be told as even."""
_OUTSIDE = 0.2
"""If more of a keypoint file's joints than this lie outside the image, its size is in question."""

_OURS = ("poses.", "poses_", "overview.png", "preview.mp4")
"""How the names of files that are written begin."""

_LISTED = 8
"""People who are named one by one."""


def summary(written: WrittenFiles) -> str:
    """Return the input, the people and how well they were found, the camera, the speed and the files."""
    from ampose.poses.camera import field_of_view

    result = written.result
    media, frames = result.source.media, result.num_frames
    width, height = media.image_size
    rate = f", {media.fps:.4g} frames a second" if media.fps else ""
    pose = result.people[0].pose2d
    if pose.times is not None and len(pose) > 1 and np.ptp(steps := np.diff(pose.times)) > _UNEVEN * steps.mean():
        rate = f", {pose.mean_rate:.4g} frames a second on average, at uneven times"
    rows = [("input", f"{media.path.name}: {counted(frames, 'frame')}, {width} x {height} pixels{rate}")]
    rows += [*_keypoint_file(result), *_people(result)]
    degrees = field_of_view(media.image_size, float(result.source.camera.focal[0]))
    known = {"options": "as given", "assumed": "assumed; give yours with --focal or --field-of-view"}
    origin = known.get(result.source.camera_origin, f"from the {result.source.camera_origin}")
    rows.append(("camera", f"field of view {degrees:.4g} degrees, {origin}"))
    facts = result.people[0].pose3d.provenance
    if result.cuts:
        rows.append(("cuts", f"{_cuts(result)}; nothing is smoothed over them"))
    rows += [("filter", f"{facts['smoothing']}; raw: --smooth none")] if "smoothing" in facts else []
    rows += [("floor", facts["floor"])] if "floor" in facts else []
    if result.seconds["detecting"]:
        reading, detecting, lifting = (1e3 * seconds / frames for seconds in result.seconds.values())
        speed = f"reading {reading:.1f}, detecting {detecting:.1f}, lifting {lifting:.2f} ms a frame"
        rows.append(("speed", f"{speed}; writing the files {written.seconds:.1f} s"))
    rows.append(("engine", facts["engine"]))
    rows += file_rows(written.files)
    # Files of an earlier run show another result, in a folder that looks like one.
    names = {path.name for path, _ in written.files}
    older = sorted(path.name for path in written.files[0][0].parent.iterdir() if path.name.startswith(_OURS))
    older = [name for name in older if name not in names]
    rows += [("older", f"{', '.join(older)}: of an earlier run, left as they were")] if older else []
    return as_text(rows)


def _cuts(result: "LiftResult") -> str:
    seconds = result.people[0].pose2d.seconds
    times = [f"{seconds[frame]:.1f} s" for frame in result.cuts[:_LISTED]] if seconds is not None else []
    more = len(result.cuts) - len(times)
    return f"at {', '.join(times)}{f' and {more} more' if more else ''}"


def in_one_line(name: str, result: "LiftResult", folder: Path, seconds: float) -> str:
    """Return the summary of one of several inputs."""
    people = counted(len(result.people), "person", "people")
    return f"{name}: {people} in {counted(result.num_frames, 'frame')}, {seconds:.1f} s -> {folder}"


def _keypoint_file(result: "LiftResult") -> Rows:
    """Tell how a keypoint file was understood, and where that looks wrong."""
    poses = [person.pose2d for person in result.people]
    file_format, skeleton = poses[0].provenance.get("format"), poses[0].skeleton
    if file_format is None:
        return []
    rows = [("points", f"{skeleton.num_joints} joints in the order of {skeleton.name}; format {file_format}")]
    width, height = poses[0].image_size
    points = np.concatenate([pose.keypoints[pose.confidence > 0] for pose in poses])
    outside = ((points < 0) | (points > (width, height))).any(axis=1).mean()
    if outside > _OUTSIDE:
        farthest = " x ".join(f"{side:.0f}" for side in points.max(axis=0))
        rows.append(("", f"{outside:.0%} are outside the image, up to {farthest}: is {width} x {height} its size?"))
    return rows


def _people(result: "LiftResult") -> Rows:
    alone = len(result.people) == 1 and not result.others
    rows = []
    for person in result.people[:_LISTED]:
        first, *notes = _person(person, alone=alone)
        rows += [("person" if alone else f"person {person.id}", first), *(("", note) for note in notes)]
    if len(result.people) > _LISTED:
        rows.append(("", f"and {len(result.people) - _LISTED} more people"))
    if result.others:
        rows.append(("others", f"not lifted: person {', '.join(map(str, result.others))}"))
    return [(f"{title:<8}" if len(title) < 8 else f"{title} ", text) for title, text in rows]


def _person(person: "Person[Pose2D, Pose3D]", *, alone: bool) -> list[str]:
    """Tell how long somebody was visible and how well, and when, if there are others; then what to mind."""
    pose2d, pose3d, visible = person.pose2d, person.pose3d, ~person.pose2d.missing
    missing = int((~visible).sum())
    lost = f"; the other {missing} {'is' if missing == 1 else 'are'} kept as missing" if missing else ""
    when = ""
    if not alone and pose2d.seconds is not None:
        first, last = pose2d.seconds[visible][[0, -1]]
        when = f", from {first:.1f} to {last:.1f} s"
    confidence = pose2d.confidence[visible]  # (frame, joint)
    limbs = {}
    for limb, ends in _LIMBS.items():
        joints = [number for number, joint in enumerate(pose2d.skeleton.joints) if joint.endswith(ends)]
        if joints:
            limbs[limb] = float(confidence[:, joints].mean())
    each = ", ".join(f"{limb} {value:.2f}" for limb, value in limbs.items())
    notes = [
        f"found in {visible.sum()} of {counted(len(pose2d), 'frame')}{when}{lost}; "
        f"confidence {confidence.mean():.2f} on average ({each})",
        *(
            f"the {limb} were mostly out of sight: where their joints are drawn is a guess"
            for limb, value in limbs.items()
            if value < _SURE
        ),
    ]
    if swaps := pose2d.provenance.get("sides"):
        notes.append(f"left and right {swaps}: the detector had taken one for the other")
    counts = pose3d.inferred.sum(axis=0)
    inferred = [f"{joint} ({count})" for joint, count in zip(pose3d.skeleton.joints, counts, strict=True) if count]
    if inferred:
        notes.append(f"joints inferred, with confidence 0 (frames): {', '.join(inferred)}")
    if too_few := int((pose3d.missing & ~pose2d.missing).sum()):
        notes.append(f"not lifted in {counted(too_few, 'frame')}: too few joints were found")
    return notes
