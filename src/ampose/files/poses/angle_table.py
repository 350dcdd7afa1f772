"""Joint angles as a table (CSV): a row for each frame of each person; written only.

``person``, ``frame`` (from 0), ``time_s`` (empty without a frame rate), then each angle in degrees, such as
``left_knee_flexion_deg``; an empty cell where a joint that it needs was not seen.
``ampose.poses.joint_angles`` says what each angle is. Angles are rounded to 0.001 degrees.
"""

import csv
from pathlib import Path

import numpy as np

from ampose.atomic import replacing
from ampose.errors import InputError
from ampose.files.poses.pose_format import People, as_people
from ampose.files.poses.table_columns import cells
from ampose.poses.joint_angles import angle_names, joint_angles

_DIGITS, _DIGITS_S = 3, 9


def write_angles(path: str | Path, people: People) -> None:
    """Write the joint angles of people to a ``.csv`` file, which appears when it is complete.

    Raises:
        InputError: The name does not end in .csv, there is nobody, the people have different joints, the skeleton has
            no joint of which an angle is known, or the folder cannot be written to.
    """
    path, people = Path(path), as_people(people)
    if path.suffix.lower() != ".csv":
        raise InputError(f"{path}: angles must go to a .csv file, got {path.suffix or 'no suffix'!r}; rename it")
    if len({person.pose3d.skeleton.joints for person in people}) != 1:
        raise InputError("people must be one at least and have the same joints, got nobody or other joints")
    skeleton = people[0].pose3d.skeleton
    names = angle_names(skeleton)
    if not names:
        raise InputError(f"joints must tell an angle (hip, knee, ankle...), got {skeleton.name} with none that do")
    with replacing(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("person", "frame", "time_s", *(f"{name}_deg" for name in names)))
        for person in people:
            pose, angles = person.pose3d, joint_angles(person.pose3d.without_inferred())
            seconds = np.full(len(pose), np.nan) if pose.seconds is None else pose.seconds
            columns = [cells(seconds, _DIGITS_S), *(cells(angles[name], _DIGITS) for name in names)]
            writer.writerows((person.id, frame, *row) for frame, row in enumerate(zip(*columns, strict=True)))
