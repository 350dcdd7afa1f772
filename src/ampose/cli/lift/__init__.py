"""Lift the people in videos, images or keypoint files to 3D."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from ampose.cli.arguments import call_with_arguments
from ampose.cli.lift.batch import lift_many, name_folders
from ampose.cli.lift.outputs import OutputOptions, lift_to_folder
from ampose.cli.lift.summary import summary
from ampose.errors import InputError
from ampose.pipeline.lift_options import DEFAULT_OPTIONS, LiftOptions

_OUTPUTS = OutputOptions()

Sources = Annotated[tuple[Path, ...], tyro.conf.arg(metavar="INPUT [INPUT ...]")]
Output = Annotated[Path | None, tyro.conf.arg(aliases=["-o"])]
Outputs = Annotated[OutputOptions, tyro.conf.arg(name="Output", help="")]


def run(args: Sequence[str]) -> None:
    """Run the command."""
    call_with_arguments(lift, "lift", args)


def lift(
    sources: Sources,
    /,
    *,
    output: Output = None,
    jobs: int = 1,
    options: LiftOptions = DEFAULT_OPTIONS,
    outputs: Outputs = _OUTPUTS,
) -> None:
    """Lift the people in videos, images or keypoint files to 3D.

    Writes poses.json, poses.npz, overview.png and, unless it is one image, preview.mp4; with --to also files for
    other programs. Several inputs, or a folder of videos, get a folder each in the output folder, and a line each;
    what is done already is skipped.

    Args:
        sources: A video, an image, a folder of images or a keypoint file; or several; or a folder of videos.
        output: The folder to write to; by default the input's name with _3d, in the current folder.
        jobs: How many inputs to lift at the same time, where there are several.
        options: How to lift.
        outputs: What to write.
    """
    if not sources:
        raise InputError("there is nothing to lift; name a video, an image or a keypoint file")
    folder = output or Path(f"{sources[0].resolve().stem}_3d" if len(sources) == 1 else "lifted_3d")
    inputs = _videos_in(sources[0]) or sources if len(sources) == 1 else sources
    if len(inputs) == 1 and inputs is sources:
        print(summary(lift_to_folder(sources[0], folder, options, outputs)))
    else:
        folders = name_folders(inputs, folder)
        lift_one = partial(lift_to_folder, options=options, outputs=outputs)
        lift_many(folders, lift_one, {**asdict(options), **asdict(outputs)}, jobs)


def _videos_in(folder: Path) -> list[Path]:
    """Return the videos of a folder; none if it is a folder of images, which make one input together.

    Raises:
        InputError: There are both, and it is not clear which are meant.
    """
    if not folder.is_dir():
        return []
    from ampose.media.images import images_in
    from ampose.media.video_reader import videos_in

    videos, images = videos_in(folder), images_in(folder)
    if videos and images:
        raise InputError(
            f"{folder} holds both videos and images, {len(videos)} and {len(images)}; name the files to lift, or move "
            "the others away"
        )
    return videos
