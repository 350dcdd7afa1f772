"""What is lifted: a video, an image, a folder of images or a keypoint file, opened."""

from dataclasses import dataclass
from pathlib import Path

from ampose.errors import InputError
from ampose.files.keypoints import is_keypoint_file, read_keypoints
from ampose.media import Media, exif, open_media
from ampose.media.blank import Blank
from ampose.media.images import Pictures, is_picture
from ampose.media.sampled import Sampled
from ampose.pipeline.lift_options import LiftOptions
from ampose.poses.camera import Intrinsics, field_of_view
from ampose.poses.people import Person
from ampose.poses.pose import Pose2D, check_fps


@dataclass(frozen=True)
class LiftSource:
    """An opened input.

    Args:
        media: The frames; white ones of a keypoint file.
        camera: The camera, as it is known or assumed.
        camera_origin: Who says so: ``options``, ``EXIF data``, ``keypoint file`` or ``assumed``.
        people: The people in a keypoint file; None where they have to be detected.
    """

    media: Sampled
    camera: Intrinsics
    camera_origin: str
    people: tuple[Person[Pose2D, None], ...] | None = None


def open_source(source: str | Path | Media, options: LiftOptions) -> LiftSource:
    """Open a video, an image, a folder of images or a keypoint file.

    Args:
        source: A path, or media that are open already.
        options: The file's format, the camera... The user knows better than what a file says of the camera.

    Raises:
        InputError: There is no such file, it is none of these, it is damaged, or an option does not fit it.
        MissingExtraError: The package that reads it is not installed.
    """
    path = Path(source) if isinstance(source, str | Path) else source.path
    degrees, origin, people = None, "", None
    if not isinstance(source, str | Path):
        media = source
    elif options.format is not None or is_keypoint_file(path):
        people = tuple(
            read_keypoints(
                path,
                format=options.format,
                skeleton=options.skeleton,
                image_size=options.image_size,
                fps=options.fps,
                video=options.video,
            )
        )
        pose = people[0].pose2d
        media = Blank(path, pose.image_size, pose.fps, len(pose))
        if pose.focal_px is not None:
            degrees, origin = field_of_view(pose.image_size, pose.focal_px), "keypoint file"
    else:
        media = _open_frames(path, options)
        if path.is_file() and is_picture(path):
            degrees, origin = exif.field_of_view(path), "EXIF data"
    if options.focal is not None or options.field_of_view is not None:
        origin = "options"
    elif degrees is None:
        origin = "assumed"
    return LiftSource(Sampled(media), options.camera(media.image_size, degrees), origin, people)


def _open_frames(path: Path, options: LiftOptions) -> Media:
    """Open a video or images; refuse options that have no effect on them."""
    for field in ("skeleton", "image_size", "video"):
        if getattr(options, field) is not None:
            raise InputError(f"{path} is no keypoint file, and has its {field.replace('_', ' ')} itself", field=field)
    media = open_media(path)
    if options.fps is not None:
        check_fps(options.fps)
        if not isinstance(media, Pictures):
            raise InputError(f"{path} has a frame rate of its own; leave fps out", field="fps")
        media.fps = options.fps
    return media
