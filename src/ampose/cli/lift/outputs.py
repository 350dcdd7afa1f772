"""From one input to the files in its folder."""

import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ampose.atomic import check_no_folders, claimed, working_folder
from ampose.cli.pipes import to_stdout
from ampose.cli.pose_files import check_names, write_files
from ampose.errors import InputError
from ampose.packages import require
from ampose.pipeline.lift_options import LiftOptions
from ampose.pipeline.progress import progress

if TYPE_CHECKING:
    from ampose.pipeline.video import LiftResult

_ALWAYS = {"json": "everything, for any program", "npz": "the same, as NumPy arrays"}
"""The formats that are always written, and what they are."""


_NAMES = (*(f"poses.{suffix}" for suffix in _ALWAYS), "overview.png", "preview.mp4")


class Formats(tuple[str, ...]):
    """File formats that poses are written in.

    Example:
        >>> Formats.parse(".TRC, csv,trc")
        ('trc', 'csv')
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Formats":
        """Read ``FORMAT,FORMAT``; raises InputError if one is unknown."""
        from ampose.files.poses import suffixes

        names = [name.strip().lower().removeprefix(".") for name in text.split(",") if name.strip()]
        known = [suffix.removeprefix(".") for suffix in suffixes("writes")]
        for name in names:
            if name not in known:
                raise InputError(f"poses can be written as {', '.join(known)}, not as {name!r}", field="to")
        return cls(dict.fromkeys(names))

    def __str__(self) -> str:
        return ",".join(self)


_NO_FORMATS = Formats()


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """Output."""

    to: Formats = _NO_FORMATS
    """Further formats, as in trc,csv: bvh, c3d, csv, gif, glb, gltf, html, mp4, parquet, pdf, png, svg, trc."""
    preview: bool = True
    """Write the preview video."""


@dataclass(frozen=True)
class WrittenFiles:
    """What was lifted, and the files of it.

    Args:
        result: The people.
        files: Each file with what it is.
        seconds: How long writing and drawing took.
    """

    result: "LiftResult"
    files: list[tuple[Path, str]]
    seconds: float


def lift_to_folder(source: Path, folder: Path, options: LiftOptions, outputs: OutputOptions) -> WrittenFiles:
    """Lift the people in one input and write the files.

    Raises:
        InputError: Something is wrong with the input, an option or the folder; nothing was written.
        MissingExtraError: A package is not installed.
    """
    check_folder(folder, source)
    with claimed(folder):
        return _lift(source, folder, options, outputs)


def _lift(source: Path, folder: Path, options: LiftOptions, outputs: OutputOptions) -> WrittenFiles:
    from ampose.drawing import as_drawn, write_overview, write_preview
    from ampose.drawing.preview import photo_size
    from ampose.drawing.web_page import Result, write_page
    from ampose.pipeline.video import lift_video, open_source

    opened = open_source(source, options)
    media, preview = opened.media, outputs.preview and opened.media.num_frames != 1
    # Whatever would stop the writing is found before the long work, not after it.
    require("matplotlib", extra="view", purpose="drawing the result")
    require("PIL", "aggdraw", *(["av"] if preview else []), extra="video", purpose="drawing the result")
    more = [folder / f"poses.{name}" for name in outputs.to if name not in _ALWAYS]
    check_names(more, timed=media.fps is not None)
    if preview:  # nobody decodes the video twice
        media.keep_small(photo_size(media.image_size))
    with progress("finding people") if opened.people is None else nullcontext() as report:
        result = lift_video(opened, options, progress=report)
    start = time.perf_counter()
    files = write_files([folder / f"poses.{name}" for name in _ALWAYS], result.people)
    pages = [path for path in more if path.suffix == ".html" and opened.people is None]
    files = [(file, _ALWAYS[file.suffix[1:]]) for file, _ in files]
    files += write_files([path for path in more if path not in pages], result.people)
    write_overview(folder / "overview.png", result.overview())
    files.append((folder / "overview.png", "frames beside their 3D pose"))
    if preview and result.num_frames > 1:
        with progress("drawing the preview") as report:
            write_preview(folder / "preview.mp4", media, as_drawn(result.people), report=report)
        files.append((folder / "preview.mp4", "the video beside its 3D pose"))
    for page in pages:  # here, and not as the other formats: the frames are at hand
        write_page(page, [Result(media.path.name, result.people)], frames=media)
        files.append((page, "a page to look at, with the video"))
    return WrittenFiles(result, files, time.perf_counter() - start)


def lift_to_stdout(source: Path, options: LiftOptions, outputs: OutputOptions) -> None:
    """Lift the people in one input and write the poses to standard output, as JSON or CSV; nothing is drawn.

    Raises:
        InputError: Something is wrong with the input or an option, or the format is another.
        MissingExtraError: A package is not installed.
    """
    from ampose.pipeline.video import lift_video, open_source

    name = outputs.to[0] if outputs.to else "json"
    if name not in ("json", "csv") or len(outputs.to) > 1:
        raise InputError(f"standard output takes one of json and csv, got {outputs.to}", field="to")
    with to_stdout(f".{name}") as path:
        write_files([path], lift_video(open_source(source, options), options).people)


def check_folder(folder: Path, source: Path) -> None:
    """Refuse a place that cannot be written to before the work begins; leaves nothing behind."""
    if folder.resolve() == source.resolve():
        raise InputError(f"{folder}: output must be another folder than the input; name one", field="output")
    if source.resolve() in ((folder / f"poses.{suffix}").resolve() for suffix in _ALWAYS):
        raise InputError(f"{source} would be overwritten by what is lifted from it; name a folder", field="output")
    check_no_folders(folder / name for name in _NAMES)
    parent = folder
    while not parent.exists() and not parent.is_symlink():
        parent = parent.parent
    try:
        if not parent.is_dir():
            raise NotADirectoryError(None, f"{parent} is not a folder")
        with working_folder(parent):
            pass
    except OSError as error:
        raise InputError(f"{folder}: cannot be written to: {error.strerror}; name another", field="output") from error
