"""Live lifting: the same poses as afterwards, ids and times kept, memory bounded."""

import numpy as np
import pytest
import torch

from ampose.lifting.lifter import Lifter
from ampose.media.webcam import LiveFrame
from ampose.models import create_model
from ampose.pipeline.lift_options import LiveOptions
from ampose.pipeline.live import Latency, LiveLifter, LiveRecording
from ampose.poses.people import Detection
from ampose.poses.skeletons import get_skeleton
from ampose.processing.smoothing import OneEuro


class Bright:
    """A detector that finds a person in each bright column of the picture."""

    name = "bright"
    skeleton = get_skeleton("human36m_17")

    def detect(self, frame: np.ndarray) -> list[Detection]:
        places = np.flatnonzero(frame[0, :, 0] > 100)
        points = np.stack([np.linspace(0, 30, 17), np.linspace(10, 110, 17)], axis=1)
        sure = np.ones(17, dtype=np.float32)
        return [Detection((points + np.array([x, 0])).astype(np.float32), sure) for x in places]

    def close(self) -> None: ...

    def __enter__(self) -> "Bright":
        return self

    def __exit__(self, *exception: object) -> None: ...


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    torch.manual_seed(0)
    return Lifter(create_model("ampose-small"), name="untrained", weights_hash="0" * 64)


def shots(*rows: list[int]) -> list[LiveFrame]:
    frames = []
    for number, places in enumerate(rows):
        frame = np.zeros((120, 400, 3), dtype=np.uint8)
        frame[:, places] = 255
        frames.append(LiveFrame(frame, 100.0 + 0.04 * number))
    return frames


def test_people_keep_their_ids_and_get_the_poses_of_later(lifter):
    live, recording = LiveLifter(Bright(), lifter), LiveRecording(Bright(), lifter, (400, 120))
    for shot in shots([20, 300], [24, 296], [], [296, 32]):
        recording.add(live.step(shot), shot.seconds)
    people = recording.people()
    assert [person.id for person in people] == [0, 1]
    pose2d, pose3d = people[0].pose2d, people[0].pose3d
    assert pose2d.keypoints[[0, 1, 3], 0, 0].tolist() == [20.0, 24.0, 32.0]
    assert pose3d.missing.tolist() == [False, False, True, False]
    assert pose3d.times == pytest.approx(0.04 * np.arange(4))
    assert pose3d.fps == pytest.approx(25)
    np.testing.assert_allclose(pose3d.positions, lifter.lift(pose2d).positions, atol=1e-5)


def test_a_recording_says_what_made_it_and_keeps_the_expected_error():
    torch.manual_seed(0)
    lifter = Lifter(create_model("ampose-small", error_head=True), name="untrained", weights_hash="0123456789abcdef")
    live = LiveLifter(Bright(), lifter, options=LiveOptions(), smooth=OneEuro())
    recording = LiveRecording(Bright(), lifter, (400, 120))
    for shot in shots([20], [], [24]):
        recording.add(live.step(shot), shot.seconds)
    (person,) = recording.people()
    pose2d, pose3d = person.pose2d, person.pose3d
    later = lifter.lift(pose2d)
    assert later.provenance.items() <= pose3d.provenance.items()
    assert pose3d.provenance["weights"] == "0123456789ab"
    assert pose3d.provenance["detector"] == "bright"
    assert pose3d.provenance["smoothing"] == OneEuro().description
    np.testing.assert_allclose(pose3d.expected_error, later.expected_error, atol=1e-5)
    np.testing.assert_array_equal(pose3d.confidence, later.confidence)


def test_settings_reach_the_lifter(lifter):
    (shot,) = shots([50])
    how = LiveOptions(field_of_view=25.0, flip=False)
    (plain,), (narrow,) = (LiveLifter(Bright(), lifter, options=each).step(shot) for each in (LiveOptions(), how))
    assert np.abs(plain.pose3d.positions - narrow.pose3d.positions).max() > 1e-4


def test_smoothing_calms_each_person_alone(lifter):
    restless = [[50 + 6 * (number % 2), 300] for number in range(30)]
    moved = []
    for smooth in (None, OneEuro(min_cutoff=0.5, beta=0.0)):
        live = LiveLifter(Bright(), lifter, smooth=smooth)
        path = np.array([[person.pose3d.positions[0] for person in live.step(shot)] for shot in shots(*restless)])
        moved.append(np.abs(np.diff(path[5:], axis=0)).mean(axis=(0, 2, 3)))
    assert moved[1][0] < 0.3 * moved[0][0]
    assert moved[1][1] == pytest.approx(0, abs=1e-6)


def test_the_steps_add_up_and_are_forgotten(lifter):
    live = LiveLifter(Bright(), lifter)
    for shot in shots([20], [24]):
        live.step(shot)
    steps = live.latency.percentiles(50.0)
    parts = sum(steps[name][0] for name in ("waiting", "detecting", "tracking", "lifting"))
    assert parts == pytest.approx(steps["total"][0], rel=0.01)
    latency = Latency()
    for value in range(30_000):
        latency.add(lifting=float(value))
    assert len(latency.steps["lifting"]) == 10_000


class Turning(Bright):
    """Takes the front of the person in column 50 for the back in every third frame."""

    def __init__(self) -> None:
        self.frames = 0

    def detect(self, frame: np.ndarray) -> list[Detection]:
        self.frames += 1
        side = np.array(
            [{"left": 12, "right": -12}.get(self.skeleton.side_of(joint), 0) for joint in self.skeleton.joints]
        )
        points = np.stack([50 + side, np.linspace(10, 110, 17)], axis=1).astype(np.float32)
        confidence = np.linspace(0.5, 1, 17).astype(np.float32)
        order = self.skeleton.flip_order if self.frames % 3 == 0 else slice(None)
        return [Detection(points[order], confidence[order])]


def test_sides_are_kept_unless_told_otherwise(lifter):
    for options, moved in ((LiveOptions(), False), (LiveOptions(fix_left_right_swaps=False), True)):
        live = LiveLifter(Turning(), lifter, options=options)
        people = [live.step(shot)[0] for shot in shots(*[[50]] * 9)]
        for quantity in ("positions", "keypoints", "confidence"):
            of = [getattr(person.pose3d if quantity == "positions" else person.pose2d, quantity) for person in people]
            assert any(not np.allclose(one, of[0], atol=1e-5) for one in of) == moved
