"""What the app computes in JavaScript is what Python computes, on the same numbers."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tools.app import tables

from ampose.detectors.blazepose import following, landmark_network, person_network, regions
from ampose.files.poses import read, write
from ampose.media import cuts
from ampose.poses.camera import Intrinsics
from ampose.poses.joint_angles import joint_angles
from ampose.poses.people import Detection, Person
from ampose.poses.pose import Pose2D
from ampose.poses.skeletons import find_mapping
from ampose.processing.left_right import LiveLeftRight
from ampose.processing.placement import root_places
from ampose.processing.smoothing import LiveOneEuro
from ampose.processing.tracking import Tracker


def numbers(values: Any) -> dict[str, list[float]]:
    """An array as a Float32Array."""
    flat = np.asarray(values, dtype=np.float32).ravel()
    return {"f32": [float(value) if np.isfinite(value) else None for value in flat]}


def image(rng: np.random.Generator, width: int, height: int) -> tuple[np.ndarray, dict[str, Any]]:
    """A frame, for Python and as the app has it."""
    frame = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    rgba = np.dstack([frame, np.full((height, width), 255, np.uint8)])
    return frame, {"data": {"u8": rgba.ravel().tolist()}, "width": width, "height": height}


def plain(found: regions.Regions) -> list[dict[str, Any]]:
    rows = zip(found.centre.tolist(), found.size.tolist(), found.angle.tolist(), strict=True)
    return [{"centre": centre, "size": size, "angle": angle} for centre, size, angle in rows]


def array(found: list[dict[str, Any]]) -> np.ndarray:
    """Regions as rows of numbers."""
    return np.array([[*region["centre"], region["size"], region["angle"]] for region in found])


@pytest.fixture(scope="module")
def beam() -> Person:
    """A real person over 100 frames, as detected and lifted."""
    from tests.web.app.conftest import ROOT

    (person,) = read(ROOT / "examples" / "balance_beam.npz")
    return person


def test_the_tables_are_those_of_python():
    assert tables.FILE.read_text(encoding="utf-8") == tables.text(), "stale: python -m tools.app.tables"


@pytest.mark.parametrize("size", [(1600, 900), (720, 1280), (300, 300), (40, 900)])
def test_regions_of_an_image(call, size):
    assert np.allclose(array(call("pose/regions.js", "squares", *size)), array(plain(regions.squares(*size))))
    assert [call("pose/regions.js", "wholeImage", *size)] == plain(regions.whole_image(*size))


def test_a_region_from_two_points(javascript, rng):
    centre, edge = rng.uniform(0, 900, (2, 20, 2))
    pairs = zip(centre.tolist(), edge.tolist(), strict=True)
    call = {"module": "pose/regions.js", "name": "regionFromPoints"}
    found = javascript([{**call, "args": pair} for pair in pairs])
    assert np.allclose(array(found), array(plain(regions.regions_from_points(centre, edge))))


@pytest.mark.parametrize("beyond", [None, 0])
def test_pixels_are_cut_out_to_the_last_bit(javascript, rng, beyond):
    frame, picture = image(rng, 60, 40)
    where = regions.Regions(rng.uniform(-10, 70, (4, 2)), rng.uniform(5, 90, 4), rng.uniform(-3, 3, 4))
    cut = regions.cut_out(frame, where, 48, beyond=None if beyond is None else float(beyond))
    # The range that the networks take is a function, which JSON cannot say: the module of the test has one.
    call = {"module": "../../tests/web/app/as_they_are.mjs", "name": "cutOutAsTheyAre"}
    (found,) = javascript([{**call, "args": [picture, plain(where), 48, beyond]}])
    assert np.array_equal(np.float32(found).reshape(cut.shape), cut)


def test_the_person_detector_is_read(call, rng):
    assert np.array_equal(call("pose/person_network.js", "anchors"), person_network.anchors())
    boxes, scores = rng.uniform(-60, 60, (2254, 12)).astype(np.float32), rng.normal(-7, 3, (2254, 1)).astype(np.float32)
    boxes[:, 2:4] = rng.uniform(20, 120, (2254, 2))
    people = person_network.decode(boxes, scores)
    assert len(people.score) > 5
    decoded = call("pose/person_network.js", "decode", numbers(boxes), numbers(scores))
    assert np.allclose([person["box"] for person in decoded], people.box, atol=1e-9)
    blended, expected = call("pose/person_network.js", "blend", decoded), person_network.blend(people)
    assert np.allclose([person["score"] for person in blended], expected.score)
    assert np.allclose([person["points"] for person in blended], expected.points, atol=1e-9)
    assert np.allclose([person["box"] for person in blended], expected.box, atol=1e-9)


def test_landmarks_are_read(call, rng):
    landmarks, presence = rng.normal(128, 60, (2, 195)).astype(np.float32), np.float32([[0.2], [0.9]])
    heat = rng.normal(-2, 3, (2, 39, 64, 64)).astype(np.float32)
    expected = landmark_network.read_landmarks(landmarks, presence, heat)
    outputs = {"landmarks": numbers(landmarks), "presence": numbers(presence), "heat_maps": numbers(heat)}
    for number in range(2):
        found = call("pose/landmark_network.js", "readLandmarks", outputs, number, 64)
        assert np.allclose(found["points"], expected.points[number], atol=1e-9)
        assert np.allclose(found["confidence"], expected.confidence[number])
        assert found["person"] == pytest.approx(expected.person[number])


def test_several_poses_of_one_person_count_once(javascript, rng):
    calls, expected = [], []
    for _ in range(20):
        points = rng.uniform(0, 60, (5, 1, 2)) + rng.uniform(0, 100, (33, 2)) + rng.normal(0, 8, (5, 33, 2))
        size, sure, followed = rng.uniform(60, 140, 5), rng.uniform(0.5, 1, 5), np.arange(5) < 2
        people = [
            {"points": place.tolist(), "size": side, "person": likely, "followed": bool(known)}
            for place, side, likely, known in zip(points, size.tolist(), sure.tolist(), followed, strict=True)
        ]
        calls.append({"module": "pose/following.js", "name": "distinct", "args": [people]})
        expected.append(following.distinct(points, size, sure, (~followed).astype(int)).tolist())
        found, known = (
            regions.Regions(rng.uniform(0, 50, (n, 2)), rng.uniform(20, 99, n), np.zeros(n)) for n in (4, 3)
        )
        calls.append({"module": "pose/following.js", "name": "newcomers", "args": [plain(found), plain(known)]})
        expected.append(plain(following.newcomers(found, known)))
    assert javascript(calls) == expected
    assert 1 < np.mean([len(chosen) for chosen in expected[::2]]) < 5


def test_a_cut_is_seen(call, rng):
    (frame, picture), (other, another) = image(rng, 90, 50), image(rng, 190, 150)
    thumbnail, now = (call("pose/cuts.js", "thumbnail", shown) for shown in (picture, another))
    assert np.array_equal(thumbnail, cuts.thumbnail(frame).ravel())
    assert np.array_equal(now, cuts.thumbnail(other).ravel())
    changed = cuts.change(cuts.thumbnail(frame), cuts.thumbnail(other))
    assert call("pose/cuts.js", "change", {"u8": thumbnail}, {"u8": now}) == pytest.approx(changed, rel=1e-9)
    for before in ([], [0.0, changed / 9], [0.0, changed]):
        assert call("pose/cuts.js", "beginsShot", changed, before) is cuts.begins_shot(changed, before)


def test_people_keep_their_ids(javascript, rng):
    body = rng.uniform(0, 1, (33, 2)) * [80, 200]
    start, speed = rng.uniform(0, 900, (5, 1, 2)), rng.normal(0, 220, (5, 1, 2))
    tracker, expected, steps = Tracker(), [], []
    for frame in range(80):
        seconds = frame / 20 + (1.5 if frame > 50 else 0)
        seen = [n for n in range(5) if rng.random() > 0.2 and not (n == 3 and 20 < frame < 45)]
        rng.shuffle(seen)
        points = [
            (start[n] + speed[n] * seconds + body + rng.normal(0, 4, body.shape)).astype(np.float32) for n in seen
        ]
        people = [Detection(place, rng.uniform(0, 1, 33).astype(np.float32)) for place in points]
        expected.append(tracker.step(people, seconds))
        told = [{"keypoints": p.keypoints.tolist(), "confidence": p.confidence.tolist()} for p in people]
        steps.append(["step", [told, seconds]])
    call = {"module": "pose/tracking.js", "name": "Tracker", "args": [], "steps": steps}
    assert javascript([call]) == [expected]
    assert max(max(ids, default=0) for ids in expected) > 4, "some were lost and came back as somebody new"


def test_values_are_assigned_as_scipy_does(call, rng):
    from scipy.optimize import linear_sum_assignment

    for shape in [(1, 1), (2, 5), (5, 2), (6, 6), (3, 4)]:
        values = rng.random(shape)
        pairs = call("pose/assignment.js", "assign", values.tolist())
        assert pairs == np.transpose(linear_sum_assignment(values, maximize=True)).tolist()


def test_left_right_swaps_are_told(javascript, beam):
    pose = beam.pose2d
    assert pose is not None
    keypoints = pose.keypoints.copy()
    keypoints[30:42] = keypoints[30:42][:, pose.skeleton.flip_order]
    live = LiveLeftRight(pose.skeleton)
    seconds = np.arange(len(pose)) / 60 + (np.arange(len(pose)) > 70)
    expected = [live.step(points, float(time)) for points, time in zip(keypoints, seconds, strict=True)]
    assert any(expected)
    steps = [["step", [points.tolist(), float(time)]] for points, time in zip(keypoints, seconds, strict=True)]
    call = {"module": "pose/left_right.js", "name": "LiveLeftRight", "args": [], "steps": steps}
    assert javascript([call]) == [expected]


def test_smoothing(javascript, rng):
    values, times = rng.normal(size=(30, 6)), np.cumsum(rng.uniform(0.01, 0.1, 30))
    live = LiveOneEuro()
    expected = [live.update(value, float(time)).tolist() for value, time in zip(values, times, strict=True)]
    steps = [["update", [value.tolist(), float(time)]] for value, time in zip(values, times, strict=True)]
    (found,) = javascript([{"module": "pose/one_euro.js", "name": "OneEuro", "args": [], "steps": steps}])
    assert np.allclose(found, expected, atol=1e-12)


def test_joints_are_mapped_and_the_camera_is_assumed(call, beam):
    pose = beam.pose2d
    assert pose is not None
    mapping = find_mapping(pose.skeleton, beam.pose3d.skeleton)
    found = call("pose/mapping.js", "mapPoints", pose.keypoints[5].tolist())
    assert np.allclose(found, mapping.map_points(pose.keypoints[5:6])[0], atol=1e-3)
    sure = call("pose/mapping.js", "mapConfidence", pose.confidence[5].tolist())
    assert np.allclose(sure, mapping.map_confidence(pose.confidence[5:6])[0])
    lost = np.array(call("pose/mapping.js", "seenPoints", pose.keypoints[5].tolist()), dtype=float)
    guessed = {joint for joint, gone in zip(beam.pose3d.skeleton.joints, np.isnan(lost[:, 0]), strict=True) if gone}
    assert guessed == mapping.guessed
    camera = Intrinsics.from_field_of_view((1280, 720), 50.0)
    parts = [*camera.focal, *camera.centre, *camera.image_size]
    assert call("pose/camera.js", "cameraOf", 1280, 720, 50) == pytest.approx([float(part) for part in parts])


def test_joint_angles(call, beam):
    expected = joint_angles(replace(beam.pose3d, camera_tilt=None))  # the app takes the camera to be level
    for frame in (0, 40, 99):
        found = call("pose/joint_angles.js", "anglesOf", numbers(beam.pose3d.positions[frame]))
        for name, degrees in expected.items():
            assert float(np.float64(found[name])) == pytest.approx(float(degrees[frame]), abs=1e-3, nan_ok=True)


def test_people_stand_about_where_the_camera_sees_them(call, beam):
    pose = beam.pose2d
    assert pose is not None
    mapping, camera = find_mapping(pose.skeleton, beam.pose3d.skeleton), Intrinsics.from_field_of_view(pose.image_size)
    arrays = (beam.pose3d.positions, mapping.map_points(pose.keypoints), beam.pose3d.confidence)
    (expected,) = root_places(*(array[:1].astype(float) for array in arrays), camera)
    person = {
        "keypoints": numbers(pose.keypoints[0]),
        "positions": numbers(beam.pose3d.positions[0]),
        "confidence": numbers(beam.pose3d.confidence[0]),
    }
    focal_and_centre = [float(part) for part in (*camera.focal, *camera.centre)]
    found = call("pose/placement.js", "rootPlace", person, focal_and_centre)
    # Python goes on from there, in pixels.
    assert np.linalg.norm(np.array(found) - expected) < 0.1 * expected[2]


@pytest.fixture(scope="module")
def recorded(javascript, beam, tmp_path_factory):
    """A recording as the files that the app writes of it."""
    pose2d, pose3d = beam.pose2d, beam.pose3d
    times = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.06, len(pose3d)))
    assert isinstance(pose2d, Pose2D)
    people = [
        {
            "keypoints": numbers(pose2d.keypoints[at]),
            "confidence2d": numbers(pose2d.confidence[at]),
            "positions": numbers(pose3d.positions[at]),
            "confidence": numbers(pose3d.confidence[at]),
            "expectedError": numbers(np.full(17, 0.05)),
        }
        for at in range(len(pose3d))
    ]
    frames = [None if 10 <= at < 15 else person for at, person in enumerate(people)]
    recording = {
        "times": (times - times[0]).tolist(),
        "rate": float((len(times) - 1) / (times[-1] - times[0])),
        "size": list(pose2d.image_size),
        "provenance": {"source": "camera", "focal_px": "600.0"},
    }
    everybody = [{"id": 3, "frames": frames}]
    calls = [
        {"module": "files/poses_json.js", "name": "jsonOf", "args": [recording, everybody]},
        {"module": "files/poses_csv.js", "name": "csvOf", "args": [recording, everybody]},
        {"module": "files/bvh.js", "name": "bvhOf", "args": [everybody[0], recording["rate"]]},
    ]
    folder = tmp_path_factory.mktemp("recorded")
    for name, text in zip(("poses.json", "poses.csv", "poses.bvh"), javascript(calls), strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_json_and_csv_hold_what_was_recorded(recorded, beam):
    for name in ("poses.json", "poses.csv"):
        (person,) = read(recorded / name)
        pose = person.pose3d
        assert person.id == 3
        assert pose.missing.nonzero()[0].tolist() == [10, 11, 12, 13, 14]
        there = ~pose.missing
        assert np.allclose(pose.positions[there], beam.pose3d.positions[there], atol=1e-5)
        assert np.allclose(pose.confidence[there], beam.pose3d.confidence[there], atol=1e-4)
        assert pose.times is not None
    (person,) = read(recorded / "poses.json")
    assert person.pose2d.skeleton == beam.pose2d.skeleton
    assert np.allclose(person.pose2d.keypoints[there], beam.pose2d.keypoints[there], atol=0.01)
    assert person.pose3d.focal_px == 600.0


def test_python_writes_the_same_json(recorded, tmp_path):
    write(tmp_path / "poses.json", read(recorded / "poses.json"))
    ours, theirs = (json.loads((folder / "poses.json").read_text()) for folder in (recorded, tmp_path))
    assert ours["people"] == theirs["people"]
    assert {**theirs, "provenance": None} == {**ours, "provenance": None}


def test_bvh_is_the_same_motion(recorded, tmp_path):
    write(tmp_path / "poses.bvh", read(recorded / "poses.json"))
    ours, theirs = ((folder / "poses.bvh").read_text().split() for folder in (recorded, tmp_path))
    assert len(ours) == len(theirs)
    words = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
    # Positions are rounded in the JSON that Python reads.
    assert all(abs(float(a) - float(b)) < 0.3 for a, b in words)
    (one,), (other,) = (read(folder / "poses.bvh") for folder in (recorded, tmp_path))
    assert np.allclose(one.pose3d.positions, other.pose3d.positions, atol=1e-4)
