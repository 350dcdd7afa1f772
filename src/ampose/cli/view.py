"""Write a result as one interactive HTML page."""

from pathlib import Path
from typing import Annotated

import tyro

from ampose.cli.pipes import PIPE, file_of
from ampose.cli.pose_files import AS_THE_FILE_SAYS, Foreign
from ampose.errors import InputError, printable

Poses = Annotated[Path, tyro.conf.arg(metavar="POSES")]
Other = Annotated[Path | None, tyro.conf.arg(metavar="[OTHER]")]
Output = Annotated[Path | None, tyro.conf.arg(aliases=["-o"])]


def run(
    poses: Poses,
    other: Other = None,
    /,
    *,
    video: Path | None = None,
    output: Output = None,
    camera_tilt: float | None = None,
    foreign: Foreign = AS_THE_FILE_SAYS,
) -> None:
    """Write a result as one interactive HTML page.

    It shows the video beside a 3D skeleton that you can turn, a timeline and joint angles. Nothing is fetched from
    the network: the file can be sent to anybody.

    Args:
        poses: A file of poses, or the folder that lift wrote it to; or - for standard input.
        other: A second one, to compare.
        video: The video that the poses came from, MP4 or WebM; it becomes part of the page.
        output: The page; by default the poses' name with .html, beside them.
        camera_tilt: How far the camera looks down, in degrees; by default as given to lift. The 3D view is turned
            upright by it.
        foreign: What files of other programs do not say.
    """
    from ampose.drawing.web_page import Result, write_page
    from ampose.files.poses import read

    poses, other = in_folder(poses), other and in_folder(other)
    page = Path("stdin.html" if poses == PIPE else poses.with_suffix(".html")) if output is None else output
    if page.suffix.lower() != ".html":
        raise InputError(f"{page}: the name of a page ends in .html", field="output")
    # A file is called by its name and that of its folder, which is what tells two results apart.
    files = [path for path in (poses, other) if path is not None]
    results = []
    for path in files:
        with file_of(path) as file:
            name = "/".join(path.resolve().parts[-2:]).lstrip("/") if path != PIPE else "standard input"
            results.append(Result(name, read(file, unit=foreign.unit, up=foreign.up)))
    write_page(page, results, video=video, camera_tilt=camera_tilt)
    print(f"{printable(str(page))}  ({page.stat().st_size / 1e6:.1f} MB): open it in a browser, or send it to somebody")


def in_folder(poses: Path) -> Path:
    """Return the file of poses in a folder that lift wrote to; what is no folder is the file itself.

    Raises:
        InputError: The folder holds none.
    """
    if not poses.is_dir():
        return poses
    if not (file := poses / "poses.json").is_file():
        raise InputError(f"{poses}: must be a file of poses or a folder with poses.json, got a folder without it")
    return file
