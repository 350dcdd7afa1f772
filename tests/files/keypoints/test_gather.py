"""What readers have in common: parts of the image become pixels, and nobody is there twice in a frame."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.files.keypoints.samples import dump

from ampose.errors import InputError
from ampose.files.keypoints import read_keypoints
from ampose.files.keypoints.duplicates import without_duplicates

SIZE = (1000, 800)
BODY = np.array(
    [
        *[(0.50, 0.20), (0.51, 0.19), (0.49, 0.19), (0.52, 0.20), (0.48, 0.20), (0.56, 0.30), (0.44, 0.30)],
        *[(0.58, 0.42), (0.42, 0.42), (0.59, 0.53), (0.41, 0.53), (0.54, 0.55), (0.46, 0.55)],
        *[(0.54, 0.73), (0.46, 0.73), (0.54, 0.92), (0.46, 0.92)],
    ]
)
"""COCO's 17 joints of somebody who stands, in parts of the image."""


def entry(points: np.ndarray, image_id: int | str = 0, score: float = 0.9, **more) -> dict:
    rows = np.column_stack([points, np.full(len(points), min(score, 1.0))])
    return {"image_id": image_id, "category_id": 1, "keypoints": rows.ravel().tolist(), "score": score, **more}


def read(path: Path, **options):
    return read_keypoints(path, **{"image_size": SIZE, "fps": 30.0, **options})


def array_file(folder: Path, bodies: np.ndarray) -> Path:
    np.save(folder / "a.npy", bodies)
    return folder / "a.npy"


def results_file(folder: Path, bodies: np.ndarray) -> Path:
    return dump(folder / "a.json", [entry(body, frame) for frame, body in enumerate(bodies)])


def openpose_folder(folder: Path, bodies: np.ndarray) -> Path:
    for frame, body in enumerate(bodies):
        points = np.column_stack([body, np.full(len(body), 0.9)])
        points = np.vstack([points, [0, 0, 0]])  # 18 points
        dump(folder / f"a_{frame}_keypoints.json", {"people": [{"pose_keypoints_2d": points.ravel().tolist()}]})
    return folder


def yolo_list(folder: Path, bodies: np.ndarray) -> Path:
    keypoints = [{"x": body[:, 0].tolist(), "y": body[:, 1].tolist()} for body in bodies]
    return dump(folder / "a.json", [[{"name": "person", "keypoints": points}] for points in keypoints])


@pytest.mark.parametrize("write", [array_file, results_file, openpose_folder, yolo_list])
@pytest.mark.parametrize("joint", [(0.45, 1.02), (1.3, 0.9), (-0.05, 0.6), (0.4, 3.6)])
def test_a_limb_out_of_the_image_is_no_reason_for_pixels(tmp_path: Path, write, joint: tuple[float, float]) -> None:
    bodies = np.stack([BODY] * 3)
    bodies[1, 16] = joint
    (person,) = read(write(tmp_path, bodies))
    np.testing.assert_allclose(person.pose2d.keypoints[:, :17], bodies * SIZE, atol=1e-2)


def test_a_small_person_in_pixels_stays(tmp_path: Path) -> None:
    (person,) = read(array_file(tmp_path, np.stack([BODY * 12] * 2)))
    np.testing.assert_allclose(person.pose2d.keypoints[0], BODY * 12, atol=1e-4)


def test_frames_that_are_not_there_stay_in_time(tmp_path: Path) -> None:
    labels = tmp_path / "labels"
    labels.mkdir()
    line = "0 0.5 0.5 0.2 0.8 " + " ".join(f"{x} {y} 0.9" for x, y in BODY)
    for number in [*range(1, 21), *range(801, 821)]:
        (labels / f"clip_{number}.txt").write_text(line)
    (person,) = read(labels)
    assert len(person.pose2d) == 820
    assert np.flatnonzero(person.pose2d.missing).tolist() == list(range(20, 800))
    assert person.pose2d.seconds[-1] == pytest.approx(819 / 30)


@pytest.mark.parametrize("noise", [0.003, 0.012, 0.03])
@pytest.mark.parametrize("low", [0.01, 0.4, 0.8])
def test_one_person_who_was_detected_twice_is_one(tmp_path: Path, noise: float, low: float) -> None:
    rng = np.random.default_rng(0)
    good = BODY + rng.normal(0, 0.003, (20, 17, 2))
    bad = BODY + rng.normal(0, noise, (20, 17, 2))
    pairs = [
        pair
        for frame in range(20)
        for pair in (entry(bad[frame] * SIZE, frame, low), entry(good[frame] * SIZE, frame, 0.95))
    ]
    (person,) = read(dump(tmp_path / "a.json", pairs))
    np.testing.assert_allclose(person.pose2d.keypoints, good * SIZE, atol=1e-2)
    assert (person.pose2d.confidence == np.float32(0.95)).all()


def test_half_a_body_beside_the_whole_one(tmp_path: Path) -> None:
    upper = json.loads(json.dumps(entry(BODY * SIZE, 0, 0.3)))
    upper["keypoints"][11 * 3 :] = [0.0] * 18
    (person,) = read(dump(tmp_path / "a.json", [upper, entry(BODY * SIZE + 3, 0, 0.9)]))
    assert np.isfinite(person.pose2d.keypoints).all()


def test_two_people_close_together_are_two(tmp_path: Path) -> None:
    """A shoulder's width apart, which is a seventh of their height, and one of them hardly found."""
    pair = [entry(BODY * SIZE, 0, 0.95), entry((BODY + np.array([0.12, 0.0])) * SIZE, 0, 0.4)]
    assert len(read(dump(tmp_path / "a.json", pair))) == 2


def test_ids_that_tell_people_apart_are_believed(tmp_path: Path) -> None:
    pair = [entry(BODY * SIZE, "0.jpg", 2.9, idx=1), entry(BODY * SIZE + 2, "0.jpg", 2.1, idx=2)]
    assert [person.id for person in read(dump(tmp_path / "a.json", pair))] == [1, 2]
    untracked = [{**one, "idx": 0} for one in pair]
    assert len(read(dump(tmp_path / "a.json", untracked))) == 1


def test_a_least_score(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    away = entry((BODY * 0.3 + 0.05) * SIZE, 0, 0.05)
    path = dump(tmp_path / "a.json", [entry(BODY * SIZE, 0, 0.95), away])
    assert len(read(path)) == 2
    (person,) = read(path, min_score=0.3)
    assert person.pose2d.confidence.max() == np.float32(0.95)
    assert f"{path}: 1 of 2 detections have a score under 0.3" in caplog.text
    with pytest.raises(InputError, match=r"the least score must leave somebody, but the best is 0.95"):
        read(path, min_score=0.99)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_the_best_of_a_frame_always_stays(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    points = [np.column_stack([rng.uniform(0, 100, (17, 2)), rng.integers(0, 2, 17)]) for _ in range(count)]
    scores = rng.uniform(0, 1, count).tolist()
    kept = without_duplicates(points, scores)
    assert int(np.argmax(scores)) in kept
    assert without_duplicates([points[one] for one in kept], [scores[one] for one in kept]) == list(range(len(kept)))
