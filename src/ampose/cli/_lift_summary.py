"""What ``ampose lift`` says when it is done."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ampose.cli._lift_one import Done

if TYPE_CHECKING:
    from ampose.media import Media
    from ampose.pipeline.video import Lifted
    from ampose.poses.people import Person
    from ampose.poses.pose import Pose2D, Pose3D

_SURE = 0.5
_LIMBS = {"legs": ("knee", "ankle"), "arms": ("elbow", "wrist")}
_OUTSIDE = 0.2
"""Of a file's joints at most so many lie outside the picture, or its size is in question."""

_OURS = ("poses.", "poses_", "overview.png", "preview.mp4")
"""What names of files that are written begin with."""

_LISTED = 8
"""People who are named one by one."""


def summary(done: Done) -> str:
    """Return it: the input, who was found and how well, how long it took, which files there are."""
    rows = [("input", _describe(done.media, done.lifted)), *_points(done.lifted), *_people(done)]
    rows.append(("camera", done.camera))
    floor = done.shown.pose3d.provenance.get("floor")
    rows += [("floor", floor)] if floor else []
    if done.lifted.seconds.detecting:
        rows.append(("speed", _describe_speed(done.lifted, done.writing)))
    rows.append(("engine", done.shown.pose3d.provenance["engine"]))
    width = max(len(str(path)) for path, _ in done.files)
    rows += [("" if row else "files", f"{path!s:<{width}}  {what}") for row, (path, what) in enumerate(done.files)]
    older = _older([path for path, _ in done.files])
    rows += [("older", f"{', '.join(older)}: of an earlier run, left as they were")] if older else []
    return "\n".join(f"{title:<8}{text}" for title, text in rows)


def _older(written: Sequence[Path]) -> list[str]:
    """Return the files in the folder that are called as ours and were not written: they show another result."""
    names = {path.name for path in written}
    ours = (path.name for path in written[0].parent.iterdir() if path.name.startswith(_OURS))
    return sorted(set(ours) - names)


def _describe(media: "Media", lifted: "Lifted") -> str:
    width, height = media.image_size
    frames, rate = _counted(lifted.num_frames), f", {media.fps:.4g} frames a second" if media.fps else ""
    return f"{media.path.name}: {frames}, {width} x {height} pixels{rate}"


def _points(lifted: "Lifted") -> list[tuple[str, str]]:
    """Say how a keypoint file was understood, and where that looks wrong."""
    poses = [person.pose2d for person in lifted.people]
    kind, skeleton = poses[0].provenance.get("format"), poses[0].skeleton
    if kind is None:
        return []
    rows = [("points", f"{skeleton.num_joints} joints in the order of {skeleton.name}; format {kind}")]
    width, height = poses[0].image_size
    points = np.concatenate([pose.keypoints[pose.confidence > 0] for pose in poses])
    outside = ((points < 0) | (points > (width, height))).any(axis=1).mean()
    if outside > _OUTSIDE:
        farthest = " x ".join(f"{side:.0f}" for side in points.max(axis=0))
        rows.append(("", f"{outside:.0%} are outside the picture, up to {farthest}: is {width} x {height} its size?"))
    return rows


def _people(done: Done) -> list[tuple[str, str]]:
    people, others = done.lifted.people, done.lifted.others
    alone = len(people) == 1 and not others
    rows = []
    for person in people[:_LISTED]:
        rows.append(("person" if alone else f"person {person.id}", describe_person(person, alone=alone)))
        rows += [("", warning) for warning in (*_unseen(person), *_sides(person), *_inferred(person))]
    if len(people) > _LISTED:
        rows.append(("", f"and {len(people) - _LISTED} more people"))
    if others:
        rows.append(("others", f"not lifted: person {', '.join(map(str, others))}"))
    return [(f"{title:<8}" if len(title) < 8 else f"{title} ", text) for title, text in rows]


def describe_person(person: "Person[Pose2D, Pose3D]", *, alone: bool) -> str:
    """Say how long somebody was seen, and how well; and when, if there are others."""
    found, total = int((~person.pose2d.missing).sum()), len(person.pose2d)
    gone = total - found
    lost = f"; the other {gone} {'is' if gone == 1 else 'are'} kept as missing" if gone else ""
    limbs = ", ".join(f"{limb} {value:.2f}" for limb, value in _limb_confidence(person).items())
    confidence = person.pose2d.confidence[~person.pose2d.missing].mean()
    when = "" if alone else _when(person)
    return f"found in {found} of {_counted(total)}{when}{lost}; confidence {confidence:.2f} on average ({limbs})"


def _when(person: "Person[Pose2D, Pose3D]") -> str:
    """Say from when to when, in seconds."""
    seconds = person.pose2d.seconds
    if seconds is None:
        return ""
    seen = seconds[~person.pose2d.missing]
    return f", from {seen[0]:.1f} to {seen[-1]:.1f} s"


def _counted(frames: int) -> str:
    return f"{frames} frame{'' if frames == 1 else 's'}"


def _limb_confidence(person: "Person[Pose2D, Pose3D]") -> dict[str, float]:
    """Mean confidence of the legs and of the arms in the frames in which the person was found."""
    pose = person.pose2d
    columns = {
        limb: [number for number, joint in enumerate(pose.skeleton.joints) if joint.endswith(ends)]
        for limb, ends in _LIMBS.items()
    }
    seen = pose.confidence[~pose.missing]
    return {limb: float(seen[:, numbers].mean()) for limb, numbers in columns.items() if numbers}


def _unseen(person: "Person[Pose2D, Pose3D]") -> list[str]:
    return [
        f"the {limb} were mostly out of sight: where their joints are drawn is a guess"
        for limb, confidence in _limb_confidence(person).items()
        if confidence < _SURE
    ]


def _sides(person: "Person[Pose2D, Pose3D]") -> list[str]:
    """Say in how many frames left and right were exchanged back."""
    said = person.pose2d.provenance.get("sides")
    return [f"left and right {said}: the detector had taken one for the other"] if said else []


def _inferred(person: "Person[Pose2D, Pose3D]") -> list[str]:
    """Say which joints the lifter inferred, and in which frames there was too little for that."""
    pose, seen = person.pose3d, ~person.pose2d.missing
    counts = pose.inferred.sum(axis=0)
    joints = [f"{joint} ({count})" for joint, count in zip(pose.skeleton.joints, counts, strict=True) if count]
    too_little = int((pose.missing & seen).sum())
    said = [f"joints inferred, with confidence 0 (frames): {', '.join(joints)}"] if joints else []
    return said + ([f"not lifted in {_counted(too_little)}: too few joints were found"] if too_little else [])


def _describe_speed(lifted: "Lifted", writing: float) -> str:
    seconds, frames = lifted.seconds, lifted.num_frames
    reading, detecting, lifting = (1e3 * s / frames for s in (seconds.reading, seconds.detecting, seconds.lifting))
    return (
        f"reading {reading:.1f}, detecting {detecting:.1f}, lifting {lifting:.2f} ms a frame; "
        f"writing the files {writing:.1f} s"
    )


def in_one_line(name: str, done: Done, folder: Path, seconds: float) -> str:
    """Return it for one of several inputs."""
    people = len(done.lifted.people)
    return (
        f"{name}: {people} {'person' if people == 1 else 'people'} in {_counted(done.lifted.num_frames)}, "
        f"{seconds:.1f} s -> {folder}"
    )
