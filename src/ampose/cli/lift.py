"""Lift the people in videos, pictures or keypoint files to 3D."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro

from ampose.cli._lift_batch import lift_many
from ampose.cli._lift_one import lift_one
from ampose.cli._lift_options import Settings
from ampose.cli._lift_summary import summary
from ampose.cli.arguments import call_with_arguments
from ampose.errors import InputError

_DEFAULTS = Settings()

Sources = Annotated[tuple[Path, ...], tyro.conf.arg(metavar="INPUT [INPUT ...]")]
Output = Annotated[Path | None, tyro.conf.arg(aliases=["-o"])]


def run(args: Sequence[str]) -> None:
    """Run the command."""
    call_with_arguments(lift, "lift", args)


def lift(sources: Sources, /, *, output: Output = None, settings: Settings = _DEFAULTS) -> None:
    """Lift the people in videos, pictures or keypoint files to 3D.

    Writes poses.json, poses.npz, overview.png and, unless it is one picture, preview.mp4; with --to also files for
    other programs. Several inputs, or a folder of videos, get a folder each in the output folder, and a line each;
    what is done already is passed over.

    Args:
        sources: A video, a picture, a folder of pictures or a keypoint file; or several; or a folder of videos.
        output: The folder to write to; by default the input's name with _3d, in the current folder.
        settings: How to lift, and what to draw.
    """
    if not sources:
        raise InputError("INPUT must be one at least, got none; name a video, a picture or a keypoint file")
    videos = _videos_in(sources[0]) if len(sources) == 1 else []
    if len(sources) > 1 or videos:
        lift_many(videos or sources, output or _beside(sources), settings)
        return
    print(summary(lift_one(sources[0], output or _beside(sources), settings)))


def _beside(sources: Sources) -> Path:
    return Path(f"{sources[0].resolve().stem}_3d") if len(sources) == 1 else Path("lifted_3d")


def _videos_in(folder: Path) -> list[Path]:
    """Return the videos of a folder.

    Raises:
        InputError: There are pictures in it as well: which of them are meant is not known.
    """
    if not folder.is_dir():
        return []
    from ampose.media.images import pictures_in
    from ampose.media.video_reader import videos_in

    videos, pictures = videos_in(folder), pictures_in(folder)
    if videos and pictures:
        raise InputError(
            f"{folder}: folder must hold videos or pictures, got {len(videos)} of the one and {len(pictures)} of the "
            "other; name the files that are meant, or move the others away"
        )
    return videos
