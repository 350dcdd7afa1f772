"""Our own poses.json and poses.npz: the 2D keypoints in them, to be lifted again by another model."""

import numpy as np

from ampose.errors import InputError
from ampose.files import poses as formats
from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import RawPerson, sure_enough
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers
from ampose.files.poses.own_header import FORMAT
from ampose.poses.people import Detection


@readers.register(
    "ampose",
    title="ampose's own poses",
    looks_for="a JSON or npz file with the format ampose.poses",
    words=("format", "version", "skeleton_2d"),
    size=True,
    example="demo/poses.json",
)
class AmposePoses:
    """The 2D keypoints of a file that ampose wrote."""

    def fits(self, content: Content) -> bool:
        """Tell whether the file says that it is ours."""
        if content.kind == "npz":
            return {"format", "version", "positions"} <= content.names
        data = content.json if content.kind == "json" else None
        return isinstance(data, dict) and data.get("format") == FORMAT

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read the keypoints of everybody."""
        if options.skeleton is not None:
            raise InputError(f"skeleton must not be given, as the file has its own, got {options.skeleton.name}")
        persons = formats.read(content.path)
        people = {person.id: person.pose2d for person in persons if person.pose2d is not None}
        if not people:
            raise InputError("the file must have 2D keypoints, got 3D poses alone; they are lifted already")
        first = next(iter(people.values()))
        rows = {  # (frame, joint, [x, y, confidence])
            identity: np.concatenate([pose.keypoints, pose.confidence[..., None]], axis=2).astype(np.float64)
            for identity, pose in people.items()
        }
        there = {
            str(frame): [RawPerson(points[frame], one) for one, points in rows.items() if points[frame, :, 2].any()]
            for frame in range(len(first))
        }
        sure, notes = sure_enough(there, options.min_score)
        return PeopleFile(
            frames=[[Detection.from_rows(one.points, one.id) for one in frame] for frame in sure.values()],
            skeleton=first.skeleton,
            frame_names=list(sure),
            notes=notes,
            image_size=first.image_size,
            fps=first.fps,
            times=first.times,
            focal_px=first.focal_px,
            camera_tilt=first.camera_tilt,
        )
