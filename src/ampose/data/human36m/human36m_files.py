"""The four layouts in which Human3.6M's 3D positions are passed around, read into the same numbers.

- ``S*/MyPoseFeatures/D3_Positions/<take>.cdf``: the original download "Poses -> D3 Positions", variable Pose,
  millimetres;
- ``S*/MyPoseFeatures/D3_Positions/<take>.cdf.mat``: its conversion by MATLAB, ``data[0, 0]``;
- ``S*/MyPoses/3D_positions/<take>.h5``: the older archive of 3d-pose-baseline, transposed;
- ``data_3d_h36m.npz``: VideoPose3D's, pickled dictionaries, metres.

All are world coordinates of 32 joints, z up. D3_Positions_mono and D3_Positions_mono_universal are others.
A take is called after its action, with a number if there are several: "Directions", "Directions 1". Two names
differ between layouts: TakingPhoto is Photo here, and WalkingDog is WalkDog.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Float32

from ampose.data.human36m.human36m_cameras import SUBJECTS
from ampose.errors import InputError, reading
from ampose.files.isolated import parse_apart
from ampose.files.pickles.restricted_pickle import load_restricted_npz
from ampose.packages import require

Take = tuple[str, str]
"""Subject and name of the take."""

ACTIONS = (
    "Directions",
    "Discussion",
    "Eating",
    "Greeting",
    "Phoning",
    "Photo",
    "Posing",
    "Purchases",
    "Sitting",
    "SittingDown",
    "Smoking",
    "Waiting",
    "WalkDog",
    "Walking",
    "WalkTogether",
)
"""In the order of the field's tables."""

DOWNLOAD = (
    "get 'Poses, D3 Positions' of S1, S5, S6, S7, S8, S9 and S11 from https://vision.imar.ro/human3.6m (free for "
    "academic use with its licence, which you sign there)"
)
DROPPED: frozenset[Take] = frozenset({("S11", "Directions")})
"""Corrupted in the dataset; nobody uses it."""

# All 32 markers' places in a frame; nameless ones are doubles and ends that nobody uses.
_JOINTS = (
    *("hip", "right_hip", "right_knee", "right_ankle", "", ""),
    *("left_hip", "left_knee", "left_ankle", "", "", ""),
    *("spine", "thorax", "neck_nose", "head", ""),
    *("left_shoulder", "left_elbow", "left_wrist", "", "", "", "", ""),
    *("right_shoulder", "right_elbow", "right_wrist", "", "", "", ""),
)
_RENAMED = {"TakingPhoto": "Photo", "WalkingDog": "WalkDog"}
_TAKE = re.compile(r"([A-Za-z]+)(?: (\d))?")
_POSITIONS = "MyPoseFeatures/D3_Positions"
_FILES = {
    "cdf": (_POSITIONS, ".cdf"),
    "cdf.mat": (_POSITIONS, ".cdf.mat"),
    "h5": ("MyPoses/3D_positions", ".h5"),
}
"""Layout -> folder below a subject's, and how its files' names end."""
_ARCHIVE = "data_3d_h36m.npz"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """All takes of all subjects in one layout.

    Args:
        name: cdf, cdf.mat, h5 or npz.
        files: Where each take is; the takes in the order of subjects, actions and numbers.
        arrays: Of an npz, each take as it holds it, (frame, 32, 3) metres; other files are read when they are needed.
    """

    name: str
    files: Mapping[Take, Path]
    arrays: Mapping[Take, Any] | None = None

    def read(self, take: Take) -> Float32[np.ndarray, "frame 32 3"]:
        """Return world positions in metres.

        Raises:
            InputError: The file is broken, or holds something else; the message names it.
        """
        path = self.files[take]
        with reading(path, f"a whole {self.name} file with the 3D positions", f"it may be half downloaded: {DOWNLOAD}"):
            positions = _load(path) if self.arrays is None else np.asarray(self.arrays[take])
        name = str(path) if self.arrays is None else f"{path}: {' '.join(take)}"
        want = (len(_JOINTS), 3)
        if positions.ndim != 3 or positions.shape[1:] != want or not len(positions) or positions.dtype.kind != "f":
            raise InputError(
                f"{name} must be positions of shape (frame, {want[0]}, 3), got {positions.dtype} {positions.shape}; "
                "prepare needs all 32 joints of the dataset"
            )
        broken = ~np.isfinite(positions).all(axis=(1, 2))
        if broken.any():
            frame = int(broken.argmax())
            raise InputError(f"{name} must hold finite positions, got frame {frame} that is not; {DOWNLOAD}")
        return positions.astype(np.float32)


def joint_columns(joints: Sequence[str]) -> list[int]:
    """Return where these joints are among the 32.

    Example:
        >>> joint_columns(["hip", "left_hip", "head"])
        [0, 6, 15]
    """
    return [_JOINTS.index(joint) for joint in joints]


def take_name(stem: str) -> str:
    """Return a take's one name, from the name that its file has.

    Raises:
        InputError: It is no take of Human3.6M. Actions are compared whole: "Sitting" is not "SittingDown".

    Example:
        >>> take_name("TakingPhoto 1"), take_name("SittingDown")
        ('Photo 1', 'SittingDown')
    """
    match = _TAKE.fullmatch(stem)
    action = _RENAMED.get(match[1], match[1]) if match else ""
    if match is None or action not in ACTIONS:
        raise InputError(f"take must be an action of Human3.6M and its number ('Eating 1'), got {stem!r}")
    return f"{action} {match[2]}" if match[2] else action


def action_of(take: str) -> str:
    """Return the action of a take: the text before the first space.

    Example:
        >>> action_of("SittingDown 1")
        'SittingDown'
    """
    return take.partition(" ")[0]


def take_order(take: Take) -> tuple[int, int, str]:
    """Sort by subject, action and number: the take without a number is the first."""
    subject, name = take
    return SUBJECTS.index(subject), ACTIONS.index(action_of(name)), name


def find_layouts(root: Path) -> list[Layout]:
    """Find every layout below ``root``; the first is the nearest to the original.

    Raises:
        InputError: There is none, or one lacks subjects or takes; the message says what to download.
    """
    if not root.exists():
        raise InputError(f"{root}: root must be the folder of the download, found none; {DOWNLOAD}")
    folders = [folder for folder in (root, root / "h36m") if folder.is_dir()]
    found = []
    for folder, (name, (place, ending)) in product(folders, _FILES.items()):
        files = {
            take: path for subject in SUBJECTS for take, path in _list_takes(folder / subject / place, subject, ending)
        }
        if files:
            found.append(Layout(name=name, files=_in_order(files)))
    archives = [root] if root.is_file() else [folder / _ARCHIVE for folder in folders]
    for path in archives:
        if path.is_file():
            arrays = read_videopose3d(path, load_restricted_npz(path), "positions_3d")
            found.append(Layout(name="npz", files=_in_order(dict.fromkeys(arrays, path)), arrays=arrays))
    if not found:
        packed = sorted(path.name for path in root.glob("*D3_Positions*.tgz")) if root.is_dir() else []
        hint = f"unpack {', '.join(packed)} there" if packed else DOWNLOAD
        raise InputError(f"{root}: root must hold S1/{_POSITIONS}/*.cdf or {_ARCHIVE}, found neither; {hint}")
    for layout in found:
        _check_complete(root, layout)
    return found


def _list_takes(folder: Path, subject: str, ending: str) -> list[tuple[Take, Path]]:
    """List a subject's files by take; files of the operating system (._name) are passed over."""
    takes: dict[Take, Path] = {}
    for path in sorted(folder.glob(f"*{ending}")):
        if path.name.startswith("."):
            continue
        try:
            take = subject, take_name(path.name.removesuffix(ending))
        except InputError as error:
            raise InputError(f"{path}: {error}; remove the file") from error
        if take in takes:
            raise InputError(f"{path}: take must be there once, found {takes[take].name} too; remove one")
        takes[take] = path
    return list(takes.items())


def _in_order(files: Mapping[Take, Path]) -> dict[Take, Path]:
    return {take: files[take] for take in sorted(set(files) - DROPPED, key=take_order)}


def read_videopose3d(path: Path, content: Mapping[str, Any], key: str) -> dict[Take, Any]:
    """Return what a file of VideoPose3D, subject -> take -> value, holds of the subjects that have 3D.

    Args:
        path: The file, for messages.
        content: Its members.
        key: Name of the member.

    Raises:
        InputError: It has another layout, or a name that is no take.
    """
    subjects = content.get(key)
    if not isinstance(subjects, Mapping) or not all(isinstance(takes, Mapping) for takes in subjects.values()):
        raise InputError(f"{path}: file must hold {key} in VideoPose3D's layout, found {', '.join(content)}")
    found = {}
    for subject in SUBJECTS:
        for name, value in subjects.get(subject, {}).items():
            try:
                found[subject, take_name(str(name))] = value
            except InputError as error:
                raise InputError(f"{path}: {subject}: {error}") from error
    return found


def _check_complete(root: Path, layout: Layout) -> None:
    """Two takes of each action of each subject: no more, no less."""
    takes = set(layout.files)
    subjects = {subject for subject, _ in takes}
    missing = [subject for subject in SUBJECTS if subject not in subjects]
    if missing:
        raise InputError(
            f"{root}: {layout.name} files must be there for {', '.join(SUBJECTS)}, "
            f"missing {', '.join(missing)}; {DOWNLOAD}"
        )
    for subject in SUBJECTS:
        for action in ACTIONS:
            found = sorted(name for who, name in takes if who == subject and action_of(name) == action)
            wanted = 2 - sum(who == subject and action_of(name) == action for who, name in DROPPED)
            if len(found) != wanted:
                raise InputError(
                    f"{root}: {layout.name} files of {subject} must have {wanted} take(s) of {action}, found "
                    f"{', '.join(found) or 'none'}; the download is not whole: {DOWNLOAD}"
                )


def _load(path: Path) -> Float[np.ndarray, "frame 32 3"]:
    """Read the rows of millimetres of a .cdf, .cdf.mat or .h5 file as joints in metres."""
    if path.suffix == ".cdf":
        require("cdflib", extra="datasets", purpose="reading Human3.6M's .cdf files")
        rows = parse_apart("cdf_variables", path, ["Pose"])["Pose"]
        rows = rows.reshape(-1, rows.shape[-1])  # with or without an axis of one record before the frames
    elif path.suffix == ".mat":
        require("scipy", extra="datasets", purpose="reading Human3.6M's .mat files")
        rows = parse_apart("matlab_arrays", path, ["data"])["data/0"]
    else:
        require("h5py", extra="datasets", purpose="reading Human3.6M's .h5 files")
        rows = parse_apart("hdf5_arrays", path, ["3D_positions"])["3D_positions"].T
    if rows.ndim != 2 or rows.shape[1] != len(_JOINTS) * 3 or rows.dtype.kind not in "fiu":
        raise InputError(
            f"{path}: frames must be {len(_JOINTS)} joints of 3 numbers, got {rows.dtype} {rows.shape}; {DOWNLOAD}"
        )
    return rows.reshape(-1, len(_JOINTS), 3).astype(np.float64) / 1000
