"""Real samples of every keypoint format, of people that are known: written by the tool's own package where pip has it.

Where it has not, they are written here after the published layout, apart from the readers' code.
"""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ampose.poses.skeletons import get_skeleton

SIZE = (640, 480)
FRAMES = 5
GONE_FROM = 3
"""From this frame on the second person is not there."""


def make_people(skeleton: str, count: int = 2, *, joints: int | None = None) -> np.ndarray:
    """Return (person, frame, joint, 3): people far apart who sway; NaN and 0 where somebody or a joint is not there."""
    rng = np.random.default_rng(7)
    joints = joints or get_skeleton(skeleton).num_joints
    people = np.zeros((count, FRAMES, joints, 3))
    for person in range(count):
        body = rng.uniform(0, 1, (joints, 2)) * [100, 200 - 20 * person] + [40 + 300 * person, 100]
        people[person, ..., :2] = body + rng.normal(0, 1, (FRAMES, joints, 2)) + 3 * np.arange(FRAMES)[:, None, None]
        people[person, ..., 2] = rng.choice([0.5, 1.0], (FRAMES, joints))
    people[0, 1, joints - 3] = np.nan, np.nan, 0
    if count > 1:
        people[1, GONE_FROM:] = np.nan, np.nan, 0
    return people


def present(people: np.ndarray, frame: int) -> list[tuple[int, np.ndarray]]:
    """The people of a frame with their numbers, with zeros for a joint that is not there."""
    return [(n, np.nan_to_num(p[frame])) for n, p in enumerate(people) if not np.isnan(p[frame, :, 0]).all()]


def dump(path: Path, data: object) -> Path:
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def flat(person: np.ndarray) -> list[float]:
    return person.ravel().tolist()


def coco(folder: Path, people: np.ndarray) -> Path:
    keypoints = list(get_skeleton("coco_17").joints)
    images = [{"id": 7 + i, "file_name": f"{i}.jpg", "width": SIZE[0], "height": SIZE[1]} for i in range(FRAMES)]
    annotations = [
        {
            "id": 10 * frame + number,
            "image_id": 7 + frame,
            "category_id": 1,
            "track_id": number,
            "iscrowd": 0,
            "area": 100.0,
            "bbox": [0, 0, 10, 10],
            "num_keypoints": int((person[:, 2] > 0).sum()),
            "keypoints": flat(person * [1, 1, 2]),
        }
        for frame in range(FRAMES)
        for number, person in present(people, frame)
    ]
    categories = [{"id": 1, "name": "person", "keypoints": keypoints, "skeleton": [[16, 14]]}]
    shuffled = images[::-1]  # images come in any order
    return dump(folder / "gt.json", {"images": shuffled, "annotations": annotations, "categories": categories})


def coco_results(folder: Path, people: np.ndarray) -> Path:
    entries = [
        {"image_id": 7 + frame, "category_id": 1, "keypoints": flat(person), "score": 0.9}
        for frame in range(FRAMES)
        for _, person in present(people, frame)
    ]
    return dump(folder / "results.json", entries)


def openpose(folder: Path, people: np.ndarray) -> Path:
    folder = folder / "vidéo_json"
    folder.mkdir()
    for frame in range(FRAMES):
        persons = [
            {"person_id": [-1], "pose_keypoints_2d": flat(person), "face_keypoints_2d": []}
            for _, person in present(people, frame)
        ]
        dump(folder / f"clip_{frame:012d}_keypoints.json", {"version": 1.3, "people": persons})
    return folder


def openpose_normalised(folder: Path, people: np.ndarray) -> Path:
    parts = people / [*SIZE, 1]
    return openpose(folder, parts)


def openpose_centred(folder: Path, people: np.ndarray) -> Path:
    parts = people / [SIZE[0] / 2, SIZE[1] / 2, 1] - [1, 1, 0]
    parts[np.isnan(parts)] = 0
    return openpose(folder, np.where(people[..., 2:] > 0, parts, np.nan_to_num(people, nan=np.nan)))


def alphapose(folder: Path, people: np.ndarray) -> Path:
    entries = [
        {"image_id": f"{frame}.jpg", "category_id": 1, "keypoints": flat(person), "score": 2.9, "idx": number + 1}
        for frame in range(FRAMES)
        for number, person in present(people, frame)
    ]
    return dump(folder / "alphapose-results.json", entries)


def alphapose_flavour(folder: Path, people: np.ndarray, key: str, points: str) -> Path:
    frames = {
        f"{frame}.jpg": {"version": "AlphaPose v0.3", key: [{points: flat(p)} for _, p in present(people, frame)]}
        for frame in range(FRAMES)
    }
    return dump(folder / "alphapose-results.json", frames)


def alphapose_cmu(folder: Path, people: np.ndarray) -> Path:
    return alphapose_flavour(folder, people, "bodies", "joints")


def alphapose_open(folder: Path, people: np.ndarray) -> Path:
    return alphapose_flavour(folder, people, "people", "pose_keypoints_2d")


def alphapose_separate(folder: Path, people: np.ndarray) -> Path:
    folder = folder / "sep-json"
    folder.mkdir()
    for frame in range(FRAMES):
        bodies = [{"joints": flat(person)} for _, person in present(people, frame)]
        dump(folder / f"{frame}.json", {"version": "AlphaPose v0.3", "bodies": bodies})
    return folder


def mmpose_instances(people: np.ndarray, frame: int) -> list[dict]:
    return [
        {
            "keypoints": person[:, :2].tolist(),
            "keypoint_scores": person[:, 2].tolist(),
            "bbox": [[0.0, 0.0, 10.0, 10.0]],
            "bbox_score": 0.9,
        }
        for _, person in present(people, frame)
    ]


def mmpose_image(folder: Path, people: np.ndarray) -> Path:
    return dump(folder / "picture.json", mmpose_instances(people, 0))


def mmpose_folder(folder: Path, people: np.ndarray) -> Path:
    folder = folder / "predictions"
    folder.mkdir()
    for frame in range(FRAMES):
        dump(folder / f"{frame + 9}.json", mmpose_instances(people, frame))
    return folder


def mmpose_video(folder: Path, people: np.ndarray) -> Path:
    frames = [{"frame_id": frame, "instances": mmpose_instances(people, frame)} for frame in range(FRAMES)]
    return dump(folder / "video.json", frames)


def mmpose_demo(folder: Path, people: np.ndarray) -> Path:
    frames = [{"frame_id": frame + 1, "instances": mmpose_instances(people, frame)} for frame in range(FRAMES)]
    names = {str(number): name for number, name in enumerate(get_skeleton("halpe_26").joints)}
    return dump(folder / "results_clip.json", {"meta_info": {"keypoint_id2name": names}, "instance_info": frames})


def ultralytics_frame(people: np.ndarray, frame: int, scale: np.ndarray | float = 1.0) -> list[dict]:
    return [
        {
            "name": "person",
            "class": 0,
            "confidence": 0.9,
            "track_id": number + 1,
            "box": {"x1": 0.0, "y1": 0.0, "x2": 9.0, "y2": 9.0},
            "keypoints": dict(zip(("x", "y", "visible"), (person * scale).T.tolist(), strict=True)),
        }
        for number, person in present(people, frame)
    ]


def ultralytics_folder(folder: Path, people: np.ndarray) -> Path:
    folder = folder / "json"
    folder.mkdir()
    for frame in range(FRAMES):
        dump(folder / f"clip_{frame + 1}.json", ultralytics_frame(people, frame))
    return folder


def ultralytics_list(folder: Path, people: np.ndarray) -> Path:
    frames = [ultralytics_frame(people, frame, 1 / np.array([*SIZE, 1])) for frame in range(FRAMES)]
    return dump(folder / "frames.json", frames)


def ultralytics_txt(folder: Path, people: np.ndarray) -> Path:
    folder = folder / "labels"
    folder.mkdir()
    for frame in range(FRAMES):
        lines = []
        for number, person in present(people, frame):
            numbers = [0, 0.5, 0.5, 0.1, 0.2, *flat(person / [*SIZE, 1]), 0.875, number + 1]
            lines.append(" ".join(f"{value:.10g}" for value in numbers))
        (folder / f"clip_{frame + 1}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def mediapipe_csv(folder: Path, people: np.ndarray) -> Path:
    path = folder / "landmarks.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["frame", "person", "landmark", "x", "y", "z", "visibility"])
        for frame in range(FRAMES):
            for number, person in present(people, frame):
                for name, (x, y, sure) in zip(get_skeleton("blazepose_33").joints, person, strict=True):
                    writer.writerow([frame, number, name, x / SIZE[0], y / SIZE[1], 0.1, sure])
    return path


def table_numbered(folder: Path, people: np.ndarray) -> Path:
    """How most people save MediaPipe: a row a frame, x1, y1, z1, v1, ... in parts of the image, after a label."""
    header = ["class", *(f"{axis}{number}" for number in range(1, 34) for axis in "xyzv")]
    rows = [
        ["walk", *(cell for x, y, sure in np.nan_to_num(person) for cell in (x / SIZE[0], y / SIZE[1], 0.1, sure))]
        for person in people[0]
    ]
    with (folder / "wide.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])
    return folder / "wide.csv"


def table_sleap(folder: Path, people: np.ndarray) -> Path:
    """SLEAP's CSV: a row for each instance."""
    header = ["track", "frame_idx", "instance.score"]
    header += [f"{name}.{axis}" for name in BODYPARTS for axis in ("x", "y", "score")]
    rows = [
        [f"track_{number}", frame, 0.9, *("" if np.isnan(cell) else cell for cell in people[number, frame].ravel())]
        for frame in range(FRAMES)
        for number, _ in present(people, frame)
    ]
    with (folder / "clip.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])
    return folder / "clip.csv"


def table_of_excel(folder: Path, people: np.ndarray) -> Path:
    """Semicolons and decimal commas, the letters of PowerShell, and the axis before the name."""
    joints = get_skeleton("coco_17").joints
    lines = [";".join(["frame", "person", *(f"{axis}_{name}" for name in joints for axis in ("x", "y", "c"))])]
    for frame in range(FRAMES):
        for number, person in present(people, frame):
            cells = [f"{cell:.6f}".replace(".", ",") for cell in person.ravel()]
            lines.append(";".join([str(frame), str(number), *cells]))
    (folder / "a.csv").write_text("\n".join(lines), encoding="utf-16")
    return folder / "a.csv"


def mediapipe_json(folder: Path, people: np.ndarray) -> Path:
    frames = [
        {"landmarks": [[mark(*point) for point in person] for _, person in present(people, frame)]}
        for frame in range(FRAMES)
    ]
    return dump(folder / "landmarks.json", frames)


def mark(x: float, y: float, visibility: float) -> dict[str, float]:
    return {"x": x / SIZE[0], "y": y / SIZE[1], "z": 0.1, "visibility": visibility}


def mediapipe_messages(folder: Path, people: np.ndarray) -> Path:
    """What MediaPipe's own message says of itself as JSON."""
    messages = pytest.importorskip("mediapipe.framework.formats.landmark_pb2", reason="mediapipe is not installed")
    from google.protobuf.json_format import MessageToDict

    frames = []
    for frame in range(FRAMES):
        points = [messages.NormalizedLandmark(**mark(*point)) for point in present(people, frame)[0][1]]
        frames.append({"pose_landmarks": MessageToDict(messages.NormalizedLandmarkList(landmark=points))})
    return dump(folder / "landmarks.json", frames)


def videopose3d(folder: Path, people: np.ndarray) -> Path:
    pairs = [[1, 3, 5, 7, 9, 11, 13, 15], [2, 4, 6, 8, 10, 12, 14, 16]]
    metadata = {
        "layout_name": "coco",
        "num_joints": 17,
        "keypoints_symmetry": pairs,
        "video_metadata": {"clip.mp4": {"w": SIZE[0], "h": SIZE[1]}},
    }
    positions = {"clip.mp4": {"custom": [people[0, ..., :2].astype("float32")]}}
    np.savez_compressed(folder / "data_2d_custom_mine.npz", positions_2d=positions, metadata=metadata)
    return folder / "data_2d_custom_mine.npz"


def numpy_array(folder: Path, people: np.ndarray) -> Path:
    """As a loop over a video leaves it: a list of (joint, 3) with the confidence, saved."""
    np.save(folder / "keypoints.npy", np.stack([np.nan_to_num(frame) for frame in people[0]]))
    return folder / "keypoints.npy"


def mhformer(folder: Path, people: np.ndarray) -> Path:
    """``input_2D/keypoints.npz`` of MHFormer's demo: (person, frame, joint, 2), without confidence."""
    np.savez_compressed(folder / "keypoints.npz", reconstruction=people[..., :2])
    return folder / "keypoints.npz"


def detectron(folder: Path, people: np.ndarray) -> Path:
    """As ``infer_video_d2.py`` makes it: a list of classes for each frame, and an empty list where nobody is."""
    keypoints, boxes = np.empty((FRAMES, 2), dtype=object), np.empty((FRAMES, 2), dtype=object)
    for frame in range(FRAMES):
        found = [person for _, person in present(people, frame)]
        rows = [np.insert(person, 2, 0.0, axis=1).T for person in found]
        keypoints[frame, 0], keypoints[frame, 1] = [], np.stack(rows).astype("float32")
        boxes[frame, 0], boxes[frame, 1] = [], np.ones((len(found), 5), "float32")
    path = folder / "clip.mp4.npz"
    np.savez_compressed(
        path,
        boxes=boxes,
        segments=np.array([None] * FRAMES),
        keypoints=keypoints,
        metadata={"w": SIZE[0], "h": SIZE[1]},
    )
    return path


DEEPLABCUT = Path(__file__).parent / "deeplabcut"
BODYPARTS = "Nose leftEye rightEye LEar REar LShoulder RShoulder l_elbow r_elbow wrist.L wrist.R"
BODYPARTS = [*BODYPARTS.split(), "Left Hip", "Right Hip", "left-knee", "right-knee", "LAnkle", "RAnkle"]


def dlc_table(people: np.ndarray):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    names = [f"person{number}" for number in range(len(people))]
    levels = [["DLC_resnet50"], names, BODYPARTS, ["x", "y", "likelihood"]]
    columns = pandas.MultiIndex.from_product(levels, names=["scorer", "individuals", "bodyparts", "coords"])
    if len(people) == 1:
        columns = columns.droplevel("individuals")
    return pandas.DataFrame(people.transpose(1, 0, 2, 3).reshape(FRAMES, -1), columns=columns)


def deeplabcut_csv(folder: Path, people: np.ndarray) -> Path:
    dlc_table(people).to_csv(folder / "clipDLC.csv")
    return folder / "clipDLC.csv"


def deeplabcut_h5(folder: Path, people: np.ndarray) -> Path:
    """Of ``make_people("coco_17")``, as pandas and PyTables wrote them (``deeplabcut/README.md``)."""
    return Path(shutil.copy(DEEPLABCUT / "table.h5", folder / "clipDLC.h5"))


def deeplabcut_labelled(folder: Path, people: np.ndarray) -> Path:
    table = dlc_table(people)
    table = table.drop(columns="likelihood", level="coords")
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    paths = [("labeled-data", "clip", f"img{frame:03d}.png") for frame in range(FRAMES)]
    table.index = pandas.MultiIndex.from_tuples(paths)
    table.to_csv(folder / "CollectedData_me.csv")
    return folder / "CollectedData_me.csv"


def sleap(folder: Path, people: np.ndarray) -> Path:
    import h5py

    path = folder / "clip.analysis.h5"
    with h5py.File(path, "w") as file:
        file["tracks"] = people[..., :2].transpose(0, 3, 2, 1)
        file["point_scores"] = people[..., 2].transpose(0, 2, 1)
        file["node_names"] = np.array([name.encode() for name in BODYPARTS])
        file["track_names"] = np.array([f"track_{number}".encode() for number in range(len(people))])
        file["track_occupancy"] = (~np.isnan(people[..., 0]).all(axis=2)).T.astype("uint8")
    return path


def sleap_io_standard(folder: Path, people: np.ndarray) -> Path:
    """sleap-io's other order of the axes; with two tracks its shape looks like SLEAP's own."""
    import h5py

    path = sleap(folder, people)
    with h5py.File(path, "a") as file:
        for name, dims in (("tracks", ["frame", "track", "node", "xy"]), ("point_scores", ["frame", "track", "node"])):
            del file[name]
            file[name] = (
                people[..., :2].transpose(1, 0, 2, 3) if name == "tracks" else people[..., 2].transpose(1, 0, 2)
            )
            file[name].attrs["dims"] = json.dumps(dims)
    return path


def ampose_poses(folder: Path, people: np.ndarray, suffix: str) -> Path:
    from ampose.files import poses as formats
    from ampose.poses.people import Person
    from ampose.poses.pose import Pose2D, Pose3D

    persons = []
    for number, points in enumerate(people):
        pose2d = Pose2D.from_array(points, skeleton=get_skeleton("coco_17"), image_size=SIZE, fps=25.0)
        pose3d = Pose3D(
            positions=np.zeros((FRAMES, 17, 3), np.float32),
            confidence=np.ones((FRAMES, 17), np.float32),
            skeleton=get_skeleton("human36m_17"),
            fps=25.0,
        )
        persons.append(Person(number, pose2d, pose3d))
    formats.write(folder / f"poses{suffix}", persons)
    return folder / f"poses{suffix}"


def ampose_json(folder: Path, people: np.ndarray) -> Path:
    return ampose_poses(folder, people, ".json")


def ampose_npz(folder: Path, people: np.ndarray) -> Path:
    return ampose_poses(folder, people, ".npz")


@dataclass(frozen=True)
class Sample:
    """A file of known people.

    ``write`` writes them; ``knows`` says what of them the format can carry at all.
    """

    format: str
    write: Callable[[Path, np.ndarray], Path]
    skeleton: str = "coco_17"
    people: int = 2
    frames: int = FRAMES
    confidence: bool = True
    missing_joints: bool = True
    tolerance: float = 1e-3
    fps: float | None = None
    size_inside: bool = False
    ids: tuple[int, ...] | None = None

    @property
    def name(self) -> str:
        return self.write.__name__

    def make(self, folder: Path) -> tuple[Path, np.ndarray]:
        """Write the sample; returns where, and the people that should come back (NaN, 0: not there)."""
        people = make_people(self.skeleton, self.people)
        path = self.write(folder, people)
        expected = people[:, : self.frames].copy()
        if not self.confidence:
            expected[..., 2] = ~np.isnan(expected[..., 0])
        return path, expected


SAMPLES = [
    Sample("coco", coco, size_inside=True, ids=(0, 1)),
    Sample("coco-results", coco_results),
    Sample("openpose", openpose, skeleton="body_25"),
    Sample("openpose", openpose_normalised, skeleton="openpose_18"),
    Sample("openpose", openpose_centred, skeleton="halpe_26"),
    Sample("alphapose", alphapose, skeleton="halpe_26", ids=(1, 2)),
    Sample("alphapose", alphapose_cmu, skeleton="openpose_18"),
    Sample("alphapose", alphapose_open, skeleton="openpose_18"),
    Sample("alphapose", alphapose_separate, skeleton="openpose_18"),
    Sample("mmpose", mmpose_image, frames=1),
    Sample("mmpose", mmpose_folder),
    Sample("mmpose", mmpose_video),
    Sample("mmpose", mmpose_demo, skeleton="halpe_26"),
    Sample("ultralytics-json", ultralytics_folder, ids=(1, 2)),
    Sample("ultralytics-json", ultralytics_list, ids=(1, 2)),
    Sample("ultralytics-txt", ultralytics_txt, ids=(1, 2)),
    Sample("mediapipe", mediapipe_csv, skeleton="blazepose_33", ids=(0, 1)),
    Sample("mediapipe", mediapipe_json, skeleton="blazepose_33"),
    Sample("mediapipe", mediapipe_messages, skeleton="blazepose_33", people=1),
    Sample("table", table_numbered, skeleton="blazepose_33", people=1),
    Sample("table", table_sleap, ids=(0, 1)),
    Sample("table", table_of_excel, ids=(0, 1)),
    Sample("videopose3d", videopose3d, people=1, confidence=False, size_inside=True, ids=(0,)),
    Sample("numpy", numpy_array, skeleton="halpe_26", people=1, ids=(0,)),
    Sample("numpy", mhformer, confidence=False, ids=(0, 1)),
    Sample("detectron", detectron, size_inside=True),
    Sample("deeplabcut", deeplabcut_csv, ids=(0, 1)),
    Sample("deeplabcut", deeplabcut_h5, ids=(0, 1)),
    Sample("deeplabcut", deeplabcut_labelled, people=1, confidence=False, ids=(0,)),
    Sample("sleap", sleap, ids=(0, 1)),
    Sample("sleap", sleap_io_standard, ids=(0, 1)),
    Sample("ampose", ampose_json, fps=25.0, size_inside=True, ids=(0, 1), tolerance=0.006),
    Sample("ampose", ampose_npz, fps=25.0, size_inside=True, ids=(0, 1)),
]
