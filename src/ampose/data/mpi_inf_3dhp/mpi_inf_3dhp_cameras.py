"""MPI-INF-3DHP's cameras: the text file of the training set, and a lens found from 3D points and their pixels."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ampose.data.mpi_inf_3dhp.mpi_inf_3dhp_files import DOWNLOAD, TRAIN_SIZE, Lens
from ampose.errors import InputError, reading

PINHOLE_PX = 0.5
"""A root-mean-square residual below this says that the pixels are the projection of the points. ``annot3`` gives less
than 0.25 px, ``univ_annot3`` several pixels."""


class LensFit(NamedTuple):
    """A lens and the root-mean-square distance between the pixels and its projection."""

    lens: Lens
    residual_px: float


def read_calibration(path: Path) -> dict[int, Lens]:
    """Read ``camera.calibration``: a header, then seven lines a camera. Windows line ends do no harm.

    Raises:
        InputError: The file is missing, or a camera lacks its size or its intrinsic matrix.
    """
    with reading(path, "a text file with the camera calibration", DOWNLOAD):
        lines = path.read_text(encoding="utf-8").splitlines()
    cameras: dict[int, dict[str, list[float]]] = {}
    fields: dict[str, list[float]] = {}
    for number, line in enumerate(lines, start=1):
        key, *values = line.split() or [""]
        try:
            if key == "name":
                fields = cameras[int(values[0])] = {}
            elif key in ("size", "intrinsic"):
                fields[key] = [float(value) for value in values]
        except (ValueError, IndexError) as error:
            raise InputError(f"{path}: line {number} must be {key!r} and numbers, got {line.strip()!r:.60}") from error
    if not cameras:
        raise InputError(f"{path}: camera calibration must have lines 'name', 'size', 'intrinsic', found none")
    lenses = {}
    for camera, fields in cameras.items():
        matrix, size = fields.get("intrinsic", []), fields.get("size", [])
        if len(matrix) != 16 or len(size) != 2:
            raise InputError(
                f"{path}: camera {camera} must have a size of 2 numbers and an intrinsic matrix of 16, "
                f"got {len(size)} and {len(matrix)}; it may be half downloaded: {DOWNLOAD}"
            )
        if tuple(size) != TRAIN_SIZE:
            want, got = (f"{width:g} x {height:g}" for width, height in (TRAIN_SIZE, size))
            raise InputError(f"{path}: camera {camera} must have the size {want}, got {got}; {DOWNLOAD}")
        (fx, _, cx, _), (_, fy, cy, _) = matrix[:4], matrix[4:8]
        lenses[camera] = Lens(focal=(fx, fy), centre=(cx, cy), image_size=TRAIN_SIZE)
    return lenses


def fit_lens(
    points: Float[np.ndarray, "*batch 3"], keypoints_px: Float[np.ndarray, "*batch 2"], image_size: tuple[float, float]
) -> LensFit:
    """Find the pinhole lens whose projection of the points is nearest to the pixels, by least squares.

    Args:
        points: In front of the camera, camera axes; any unit.
        keypoints_px: Where they are seen.
        image_size: Width and height of the picture.

    Raises:
        InputError: The points do not fix a lens: too few, all on one ray, or behind the camera.

    Example:
        >>> points = np.array([[0.0, 0.0, 2.0], [1.0, 1.0, 2.0]])
        >>> fit_lens(points, np.array([[500.0, 400.0], [1000.0, 900.0]]), (1000.0, 800.0)).lens.focal
        (1000.0, 1000.0)
    """
    flat, pixels = points.reshape(-1, 3).astype(np.float64), keypoints_px.reshape(-1, 2).astype(np.float64)
    if len(flat) < 2 or (flat[:, 2] <= 0).any():
        raise InputError(f"points must be two or more in front of the camera to find its lens, got {len(flat)}")
    rays = flat[:, :2] / flat[:, 2:]
    ray_middle, middle = rays.mean(axis=0), pixels.mean(axis=0)
    spread = ((rays - ray_middle) ** 2).sum(axis=0)
    if (spread < 1e-12 * len(rays)).any():
        raise InputError("points must lie on several rays to find the camera's lens, got one ray")
    focal = ((rays - ray_middle) * (pixels - middle)).sum(axis=0) / spread
    centre = middle - focal * ray_middle
    off = rays * focal + centre - pixels
    lens = Lens(focal=_pair(focal), centre=_pair(centre), image_size=image_size)
    return LensFit(lens, float(np.sqrt((off**2).sum(axis=1).mean())))


def _pair(values: np.ndarray) -> tuple[float, float]:
    # Below a ten-thousandth of a pixel is rounding of the annotations, not the lens.
    return round(float(values[0]), 4), round(float(values[1]), 4)
