"""Evaluate a file of 3D poses from any tool against ground truth."""

from pathlib import Path
from typing import Annotated

import tyro


def run(
    poses: Annotated[Path, tyro.conf.arg(metavar="POSES")],
    truth: Annotated[Path, tyro.conf.arg(metavar="TRUTH")],
    /,
) -> None:
    """Evaluate a file of 3D poses from any tool against ground truth, and print the protocol.

    Joints are matched by name, frames by number, several people by id.

    Args:
        poses: A file that ampose reads: .json, .npz, .csv, .parquet, .trc, .c3d or .bvh.
        truth: The same of the true poses.
    """
    from ampose.evaluation.compare_files import compare
    from ampose.files.poses import read

    comparison = compare(read(poses), read(truth))
    print(f"poses     {poses}\ntruth     {truth}", comparison.statement(), "", comparison.as_text(), sep="\n")
