"""Miniature Human3.6M trees in every layout, from made-up smooth motion before the real cameras.

Takes are named as the original names them. The 2D is projected here on its own, as VideoPose3D does it
(quaternions, normalised screen, float32), so that it can be compared with what the package projects.
"""

from pathlib import Path

import h5py
import numpy as np
from cdflib.cdfwrite import CDF
from scipy.io import savemat

from ampose.data.human36m.human36m_cameras import LENSES, POSES

SUBJECTS = ("S1", "S5", "S6", "S7", "S8", "S9", "S11")
ACTIONS = [
    "Directions",
    "Discussion",
    "Eating",
    "Greeting",
    "Phoning",
    "TakingPhoto",
    "Posing",
    "Purchases",
    "Sitting",
    "SittingDown",
    "Smoking",
    "Waiting",
    "WalkingDog",
    "Walking",
    "WalkTogether",
]
NUMBERED = {"Eating", "Sitting", "Walking"}
"""Actions whose takes are both numbered, as some are in the dataset."""
KEPT = [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]
SYMMETRY = [[4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]]

# Millimetres from the middle of the hips, standing, world axes: x forward, y left, z up.
_STANDING = {
    0: (0, 0, 0),
    1: (0, -130, 0), 2: (20, -130, -440), 3: (0, -130, -890),
    6: (0, 130, 0), 7: (20, 130, -440), 8: (0, 130, -890),
    12: (-10, 0, 230), 13: (0, 0, 480), 14: (60, 0, 560), 15: (20, 0, 680),
    17: (0, 150, 450), 18: (0, 170, 170), 19: (90, 170, -60),
    25: (0, -150, 450), 26: (0, -170, 170), 27: (90, -170, -60),
}  # fmt: skip


def take_names(subject):
    """Two takes of each action."""
    for action in ACTIONS:
        first, second = (f"{action} 1", f"{action} 2") if action in NUMBERED else (action, f"{action} 1")
        yield subject, first
        yield subject, second


def make_takes(frames=8, subjects=SUBJECTS, seed=0):
    """(subject, original take name) -> (frame, 32, 3) float32 millimetres, world; lengths differ by up to 4."""
    rng = np.random.default_rng(seed)
    names = [take for subject in subjects for take in take_names(subject)]
    return {take: _motion(frames + number % 5, rng) for number, take in enumerate(names)}


def _motion(frames, rng):
    """A person who strolls about and swings the joints smoothly."""
    time = np.arange(frames)[:, None, None] / 50
    standing = np.zeros((32, 3))
    for joint, place in _STANDING.items():
        standing[joint] = place
    angle = rng.uniform(0, 2 * np.pi) + 0.5 * time[:, 0, 0]
    turn = np.zeros((frames, 3, 3))
    turn[:, 0, 0] = turn[:, 1, 1] = np.cos(angle)
    turn[:, 1, 0], turn[:, 0, 1] = np.sin(angle), -np.sin(angle)
    turn[:, 2, 2] = 1
    swing = rng.normal(0, 40, (1, 32, 3)) * np.sin(2 * np.pi * rng.uniform(0.3, 1, (1, 32, 3)) * time)
    place = np.append(rng.uniform(-700, 700, 2), 920) + 300 * np.sin(time * rng.uniform(0.2, 1, 3))
    return ((standing + swing) @ turn.transpose(0, 2, 1) + place).astype(np.float32)


def write_cdf(root, takes):
    for (subject, name), positions in takes.items():
        path = _file(root, subject, "MyPoseFeatures/D3_Positions", f"{name}.cdf")
        path.unlink(missing_ok=True)
        rows = positions.reshape(1, len(positions), -1)
        file = CDF(str(path), cdf_spec={"Compressed": 0})
        spec = {"Variable": "Pose", "Data_Type": CDF.CDF_FLOAT, "Num_Elements": 1, "Rec_Vary": True, "Compress": 6}
        file.write_var({**spec, "Dim_Sizes": list(rows.shape[1:])}, var_data=rows)
        file.close()


def write_mat(root, takes):
    for (subject, name), positions in takes.items():
        cell = np.empty((1, 1), dtype=object)
        cell[0, 0] = positions.reshape(len(positions), -1)
        savemat(_file(root, subject, "MyPoseFeatures/D3_Positions", f"{name}.cdf.mat"), {"data": cell})


def write_h5(root, takes):
    for (subject, name), positions in takes.items():
        with h5py.File(_file(root, subject, "MyPoses/3D_positions", f"{our_name(name)}.h5"), "w") as file:
            file["3D_positions"] = positions.reshape(len(positions), -1).T


def write_npz(root, takes):
    """data_3d_h36m.npz, without S11 Directions."""
    nested = {subject: {} for subject, _ in takes}
    for (subject, name), positions in takes.items():
        if (subject, name) != ("S11", "Directions"):
            nested[subject][our_name(name)] = positions / np.float32(1000)
    return _save(root / "data_3d_h36m.npz", positions_3d=nested)


def write_2d(root, takes, name="gt", *, noise=0.0, longer=0, extra_subjects=(), **metadata):
    """data_2d_h36m_<name>.npz; ``longer`` frames are added to the end."""
    rng = np.random.default_rng(1)
    nested = {subject: {} for subject, _ in takes} | {subject: {"Eating": []} for subject in extra_subjects}
    for (subject, take), positions in takes.items():
        if (subject, take) != ("S11", "Directions"):
            nested[subject][our_name(take)] = [
                _detect(project(positions, subject, camera), noise, longer, rng) for camera in LENSES
            ]
    about = {"layout_name": "h36m", "num_joints": 17, "keypoints_symmetry": SYMMETRY} | metadata
    return _save(root / f"data_2d_h36m_{name}.npz", positions_2d=nested, metadata=about)


def _detect(points, noise, longer, rng):
    points = np.concatenate([points, np.repeat(points[-1:], longer, axis=0)])
    return (points + rng.normal(0, noise, points.shape)).astype(np.float32) if noise else points


def our_name(name):
    return name.replace("TakingPhoto", "Photo").replace("WalkingDog", "WalkDog")


def project(positions, subject, camera):
    """World millimetres to pixels of 17 joints, the way of VideoPose3D, in float32."""
    quaternion, centre = (np.array(values, dtype=np.float32) for values in POSES[subject][camera].values())
    lens = LENSES[camera]
    width, height = lens["image_size"]
    world = positions[:, KEPT] / np.float32(1000) - centre / np.float32(1000)
    points = _rotate(world, quaternion * np.array([1, -1, -1, -1], dtype=np.float32))
    focal = np.array(lens["focal"], dtype=np.float32) / np.float32(width) * 2
    middle = np.array(lens["centre"], dtype=np.float32) / np.float32(width) * 2 - np.array(
        [1, height / width], np.float32
    )
    k, p = np.array(lens["distortion"][:3], dtype=np.float32), np.array(lens["distortion"][3:], dtype=np.float32)
    xy = np.clip(points[..., :2] / points[..., 2:], -1, 1)
    r2 = (xy**2).sum(axis=-1, keepdims=True)
    radial = 1 + (k * np.concatenate([r2, r2**2, r2**3], axis=-1)).sum(axis=-1, keepdims=True)
    tangential = (p * xy).sum(axis=-1, keepdims=True)
    screen = focal * (xy * (radial + tangential) + p * r2) + middle
    return ((screen + np.array([1, height / width], np.float32)) * width / 2).astype(np.float32)


def _rotate(points, quaternion):
    axis = np.broadcast_to(quaternion[1:], points.shape)
    once = np.cross(axis, points)
    return points + 2 * (quaternion[0] * once + np.cross(axis, once))


def _file(root, subject, place, name):
    folder = Path(root) / subject / place
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def _save(path, **members):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **{name: np.array(value, dtype=object) for name, value in members.items()})
    return path
