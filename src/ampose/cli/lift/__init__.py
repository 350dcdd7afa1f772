"""Lift the people in videos, images or keypoint files to 3D."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from ampose.cli.lift.batch import lift_many, name_folders, settings_of
from ampose.cli.lift.outputs import OutputOptions, lift_to_folder, lift_to_stdout
from ampose.cli.lift.summary import summary
from ampose.cli.pipes import PIPE, file_of
from ampose.errors import InputError
from ampose.pipeline.lift_options import DEFAULT_OPTIONS, LiftOptions

OUTPUTS = OutputOptions()

Sources = Annotated[tuple[Path, ...], tyro.conf.arg(metavar="INPUT [INPUT ...]")]
Output = Annotated[Path | None, tyro.conf.arg(aliases=["-o"])]
Outputs = Annotated[tyro.conf.OmitArgPrefixes[OutputOptions], tyro.conf.arg(name="Output", help="")]


def run(
    sources: Sources,
    /,
    *,
    output: Output = None,
    jobs: int = 1,
    options: LiftOptions = DEFAULT_OPTIONS,
    outputs: Outputs = OUTPUTS,
) -> None:
    """Lift the people in videos, images or keypoint files to 3D.

    Writes poses.json, poses.npz, overview.png and, except for a single image, preview.mp4; with --to also other
    formats. With several inputs, or a folder of videos, each gets its own subfolder and one line of output; inputs
    that were already lifted with the same options are skipped.

    Args:
        sources: A video, an image, a folder of images or a keypoint file; or several; or a folder of videos; or - for
            a keypoint file from standard input.
        output: The folder to write to; by default the input's name with _3d, in the current folder. A dash (-) writes
            poses to standard output, as JSON or, with --to csv, as CSV.
        jobs: Number of inputs to lift in parallel.
        options: How to lift.
        outputs: What to write.
    """
    if not sources:
        raise InputError("there is nothing to lift; name a video, an image or a keypoint file")
    inputs = inputs_of(sources)
    if PIPE in sources or output == PIPE:
        if len(inputs) > 1:
            raise InputError(
                f"-: standard input and output are for one input alone, got {len(inputs)}; name a folder to write to, "
                "or fewer inputs"
            )
        with file_of(inputs[0]) as path:
            if output == PIPE:
                lift_to_stdout(path, options, outputs)
            else:
                print(summary(lift_to_folder(path, output or Path("stdin_3d"), options, outputs)))
        return
    folder = output or Path(f"{sources[0].resolve().stem}_3d" if len(sources) == 1 else "lifted_3d")
    if len(inputs) == 1 and inputs is sources:
        print(summary(lift_to_folder(sources[0], folder, options, outputs)))
    else:
        lift_one = partial(lift_to_folder, options=options, outputs=outputs)
        lift_many(name_folders(inputs, folder), lift_one, settings_of(options, outputs), jobs)


def inputs_of(sources: Sequence[Path]) -> Sequence[Path]:
    """Return the inputs: the videos in a folder that is named alone, or else what is named, the same object.

    Raises:
        InputError: The folder holds both videos and images.
    """
    from ampose.files.keypoints import is_keypoint_file

    if len(sources) == 1 and sources[0].is_dir() and not is_keypoint_file(sources[0]):
        from ampose.media.images import images_in
        from ampose.media.video_reader import videos_in

        videos, images = videos_in(sources[0]), images_in(sources[0])
        if videos and images:
            both = f"both videos and images, {len(videos)} and {len(images)}"
            raise InputError(f"{sources[0]} holds {both}; name the files to lift, or move the others away")
        return videos or sources  # a folder of images is one input
    return sources
