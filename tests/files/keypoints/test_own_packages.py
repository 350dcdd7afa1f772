"""Against the packages of the tools themselves: what they write is read, and what the samples write they read."""

from pathlib import Path

import numpy as np
import pytest
from tests.files.keypoints import samples

from ampose.files.keypoints import read_keypoints


@pytest.fixture
def people() -> np.ndarray:
    return samples.make_people("coco_17")


def test_pycocotools_reads_the_sample_of_coco_as_we_do(people: np.ndarray, tmp_path: Path, capsys) -> None:
    module = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    path = samples.coco(tmp_path, people)
    coco = module.COCO(path)
    tracks = {track.id: track.pose2d for track in read_keypoints(path)}
    names = sorted(coco.getImgIds())
    for annotation in coco.loadAnns(coco.getAnnIds()):
        points = np.array(annotation["keypoints"]).reshape(-1, 3)
        pose, frame = tracks[annotation["track_id"]], names.index(annotation["image_id"])
        np.testing.assert_allclose(np.nan_to_num(pose.keypoints[frame]), points[:, :2], rtol=1e-6)
    results = tmp_path / "results"
    results.mkdir()
    found = coco.loadRes(str(samples.coco_results(results, people)))
    assert len(found.getAnnIds()) == len(coco.getAnnIds())
    capsys.readouterr()  # it prints how long it took


@pytest.fixture
def results(people: np.ndarray):
    """Ultralytics' results of each frame, as a model would return them."""
    engine = pytest.importorskip("ultralytics.engine.results", reason="ultralytics is not installed")
    torch = pytest.importorskip("torch")
    width, height = samples.SIZE
    made = []
    for frame in range(samples.FRAMES):
        present = samples.present(people, frame)
        boxes = torch.tensor([[10.0, 10.0, 90.0, 90.0, number + 1, 0.875, 0.0] for number, _ in present])
        keypoints = torch.tensor(np.stack([person for _, person in present]), dtype=torch.float32)
        picture = np.zeros((height, width, 3), np.uint8)
        made.append(engine.Results(picture, f"{frame}.jpg", {0: "person"}, boxes=boxes, keypoints=keypoints))
    return made


def check(path: Path, people: np.ndarray, tolerance: float) -> None:
    tracks = read_keypoints(path, image_size=samples.SIZE)
    assert [track.id for track in tracks] == [1, 2]
    for track, points in zip(tracks, people, strict=True):
        np.testing.assert_allclose(track.pose2d.keypoints, points[..., :2], atol=tolerance)
        np.testing.assert_allclose(track.pose2d.confidence, np.nan_to_num(points[..., 2]), atol=1e-3)


@pytest.mark.parametrize("normalize", [False, True])
def test_what_ultralytics_writes_as_json_is_read(results, people: np.ndarray, tmp_path: Path, normalize: bool) -> None:
    for frame, result in enumerate(results):
        (tmp_path / f"clip_{frame}.json").write_text(result.to_json(normalize=normalize), encoding="utf-8")
    check(tmp_path, people, 0.01)


@pytest.mark.parametrize("save_conf", [False, True])
def test_what_ultralytics_writes_as_txt_is_read(results, people: np.ndarray, tmp_path: Path, save_conf: bool) -> None:
    for frame, result in enumerate(results):
        result.save_txt(tmp_path / f"clip_{frame}.txt", save_conf=save_conf)
    check(tmp_path, people, 0.01)
