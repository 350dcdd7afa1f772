"""Several people keep their identities: crossing paths, gaps, leaving and coming back."""

from collections.abc import Sequence

import numpy as np
import pytest
from tests.walkers import CAMERA, FPS, SIZE, SKELETON, walker

from ampose.errors import InputError
from ampose.poses.people import Detection, people_over_time
from ampose.processing.tracking import KEEP_SECONDS, Tracker, how_long_to_keep, track

Points = np.ndarray  # frame joint xy(z)


def filmed(people: Sequence[Points], rng: np.random.Generator, noise_px: float = 3.0) -> list[list[Detection | None]]:
    """What a detector sees of them: nobody who is out of the picture or partly behind somebody else."""
    pixels = np.stack([CAMERA.project(CAMERA.to_camera(points)) for points in people])
    depths = np.stack([CAMERA.to_camera(points)[..., 2].mean(axis=1) for points in people])
    pixels += rng.normal(0, noise_px, pixels.shape)
    frames = []
    for number in range(pixels.shape[1]):
        seen = [Detection(points, np.ones(len(points))) for points in pixels[:, number].astype(np.float32)]
        frames.append(
            [
                None if _out(person) or _hidden(index, seen, depths[:, number]) else person
                for index, person in enumerate(seen)
            ]
        )
    return frames


def _out(person: Detection) -> bool:
    inside = ((person.keypoints >= 0) & (person.keypoints < SIZE)).all(axis=1)
    return inside.mean() < 0.5


def _hidden(index: int, seen: Sequence[Detection], depths: np.ndarray) -> bool:
    """Whether somebody nearer covers more than a fifth of the joints with their box."""
    for other, person in enumerate(seen):
        left, top, width, height = person.box
        x, y = (seen[index].keypoints - (left, top)).T
        covered = (x > 0) & (x < width) & (y > 0) & (y < height)
        if depths[other] < depths[index] and covered.mean() > 0.2:
            return True
    return False


def identities(frames: Sequence[Sequence[Detection | None]], rng: np.random.Generator) -> list[list[int]]:
    """Return the ids that each true person was given, the people of a frame in random order."""
    tracker = Tracker()
    given: list[list[int]] = [[] for _ in frames[0]]
    for number, people in enumerate(frames):
        order = [index for index in rng.permutation(len(people)) if people[index] is not None]
        for index, identity in zip(order, tracker.step([people[i] for i in order], number / FPS), strict=True):
            given[index].append(identity)
    return given


@pytest.mark.parametrize("apart", [0.6, 1.5, 4.0])
@pytest.mark.parametrize("seed", range(3))
def test_crossing_paths_keep_their_identities(apart, seed):
    """Two people walk past each other; the farther one is hidden on the way."""
    rng = np.random.default_rng(seed)
    people = [walker((-3.0, 4.5), (1.3, 0.0), 140), walker((3.0, 4.5 + apart), (-1.2, 0.0), 140, height=1.68)]
    frames = filmed(people, rng)
    hidden = sum(frame[1] is None for frame in frames)
    assert hidden >= 7, "the scene is meant to be hard"
    near, far = identities(frames, rng)
    assert (set(near), len(set(far))) == ({near[0]}, 1)
    assert near[0] != far[0]


def test_overtaking_at_a_little_higher_speed(rng):
    people = [walker((-3.0, 5.0), (1.5, 0.0), 150), walker((-2.0, 6.0), (0.9, 0.0), 150)]
    first, second = identities(filmed(people, rng), rng)
    assert len(set(first)) == len(set(second)) == 1
    assert first[0] != second[0]


def test_who_is_lost_while_crossing_is_where_their_way_leads(rng):
    """Neither is found while they pass each other: whose way was to the right is now on the right."""
    people = [walker((-3.0, 5.0), (1.3, 0.0), 140), walker((3.0, 5.3), (-1.3, 0.0), 140)]
    frames = filmed(people, rng)
    frames[60:80] = [[None, None]] * 20
    first, second = identities(frames, rng)
    assert len(set(first)) == len(set(second)) == 1
    assert first[0] != second[0]


def test_real_walkers_cross(shared, rng):
    """The same with two motion-capture clips, turned so that they walk towards each other."""
    data = np.load(shared / "data" / "cmu-eval17" / "cmu_eval17_60fps.npz")
    starts = data["sequence_start"]
    walks = [number for number, action in enumerate(data["action"]) if "walk" in str(action)]
    clips = []
    for number in walks:
        frames = slice(int(starts[number]), int(starts[number + 1]), 2)
        clips.append(data["root_m"][frames, None] + data["relative_tenth_mm"][frames] * 1e-4)
    straight = sorted(clips, key=lambda clip: -np.linalg.norm((clip[-1] - clip[0]).mean(axis=0)[:2]))
    one, other = (towards(clip, x) for clip, x in zip(straight[:2], (1.0, -1.0), strict=True))
    length = min(len(one), len(other))
    middle = length // 2
    one = one[:length] - [*one[middle].mean(axis=0)[:2], 0] + [0, 4.5, 0]
    other = other[:length] - [*other[middle].mean(axis=0)[:2], 0] + [0, 5.5, 0]
    frames = filmed([one, other], rng)
    assert sum(frame[1] is None for frame in frames) >= 5
    near, far = identities(frames, rng)
    assert len(set(near)) == len(set(far)) == 1
    assert near[0] != far[0]


def towards(clip: Points, x: float) -> Points:
    """Turn a clip about the vertical so that it goes along x."""
    going = (clip[-1] - clip[0]).mean(axis=0)
    angle = np.arctan2(0.0, x) - np.arctan2(going[1], going[0])
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return clip @ turn.T


def person_at(x: float, y: float = 500.0, size: float = 300.0) -> Detection:
    points = np.stack([np.linspace(0, size / 3, 17), np.linspace(0, size, 17)], axis=1) + np.array([x, y])
    return Detection(points.astype(np.float32), np.ones(17, dtype=np.float32))


@pytest.mark.parametrize(("away", "same"), [(KEEP_SECONDS - 0.2, True), (KEEP_SECONDS + 0.2, False)])
def test_who_leaves_and_comes_back_in_time_keeps_the_id(away, same):
    tracker = Tracker()
    for number in range(10):
        (before,) = tracker.step([person_at(1500 + 20.0 * number)], number / FPS)
    (after,) = tracker.step([person_at(1600)], 9 / FPS + away)
    assert (after == before) is same


def test_somebody_else_at_the_other_end_is_somebody_else():
    tracker = Tracker()
    (first,) = tracker.step([person_at(1800)], 0.0)
    assert tracker.step([], 0.5) == []
    assert tracker.step([person_at(100)], 1.0) != [first]


@pytest.mark.parametrize("fps", [6.0, 10.0, 30.0])
def test_who_passes_somebody_hidden_keeps_the_id(fps):
    """One walks past one who stands; while he hides her, only he is found. Once in 40 times is chance."""
    swapped = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        speed, beyond = rng.uniform(0.8, 1.6), 4.5 + rng.uniform(0.3, 1.0)
        clips = [walker((-2.6, 4.5), (speed, 0.0), 200), walker((rng.uniform(-0.5, 0.5), beyond), (0.02, 0.0), 200)]
        near, far = (CAMERA.project(CAMERA.to_camera(clip)) + rng.normal(0, 3, (*clip.shape[:2], 2)) for clip in clips)
        frames = []
        for frame in range(0, 200, round(30 / fps)):
            passer, other = (Detection(points[frame].astype(np.float32), np.ones(17)) for points in (near, far))
            inside = (other.keypoints >= passer.box[:2]) & (other.keypoints <= np.add(passer.box[:2], passer.box[2:]))
            frames.append([passer] if inside.all(axis=1).mean() > 0.2 else [passer, other])
        ids = [[person.id for person in people] for people in track(frames, fps=fps)]
        passers = {people[0] for people in ids}
        swapped += len(passers) > 1 or not passers.isdisjoint({people[1] for people in ids if len(people) > 1})
    assert swapped <= 1


def test_a_cut_ends_what_places_say():
    """Somebody else stands there in the next shot; whoever looks the same is the same, as when a light goes on."""
    near, other = person_at(500.0), person_at(560.0)
    assert [[one.id for one in people] for people in track([[near], [other]], fps=30.0)] == [[0], [0]]
    for second, expected in ((other, 1), (near, 0)):
        frames = track([[near], [second]], fps=30.0, cuts=[1])
        assert [[one.id for one in people] for people in frames] == [[0], [expected]]


def test_who_is_alone_is_the_same_wherever_they_come_back():
    here, there = person_at(300.0), person_at(1500.0)
    frames = [[here], *[[]] * 100, [there]]
    assert how_long_to_keep(frames) == np.inf
    ids = [[one.id for one in people] for people in track(frames, fps=25.0, keep_seconds=np.inf, cuts=[50])]
    assert ids == [[0], *[[]] * 100, [0]]


def test_a_false_detection_makes_nobody_new_of_who_is_alone():
    here, ghost = person_at(300.0), person_at(1500.0, size=80.0)
    frames = [[here]] * 60 + [[here, ghost]] + [[]] * 80 + [[here]] * 10
    ids = [one.id for people in track(frames, fps=25.0, keep_seconds=how_long_to_keep(frames)) for one in people[:1]]
    assert set(ids) == {0}
    assert how_long_to_keep([[here], [here, ghost]]) == KEEP_SECONDS


def test_ids_are_given_by_size_and_never_again():
    tracker = Tracker()
    assert tracker.step([person_at(0, size=100), person_at(900, size=400)], 0.0) == [1, 0]
    assert tracker.step([person_at(900, size=400)], 5.0) == [2]


def test_fifty_people_in_a_row_keep_their_places(rng):
    crowd = [person_at(35.0 * number, size=60.0) for number in range(50)]
    tracker = Tracker()
    first = tracker.step(crowd, 0.0)
    assert sorted(first) == list(range(50))
    for number in range(1, 20):
        order = rng.permutation(50)
        moved = [person_at(35.0 * index + 2.0 * number, size=60.0) for index in order]
        assert tracker.step(moved, number / FPS) == [first[index] for index in order]


def test_partly_seen_people_are_followed_by_what_is_seen():
    """The legs are hidden in every other frame, as behind a table."""
    tracker = Tracker()
    for number in range(20):
        points = person_at(100.0 + 3 * number).keypoints.copy()
        if number % 2:
            points[8:] = np.nan
        assert tracker.step([Detection(points, np.ones(17))], number / FPS) == [0]


def test_people_over_time_have_all_frames_with_gaps():
    left, right = person_at(0), person_at(1000)
    nobody = Detection(np.full((17, 2), np.nan), np.zeros(17))
    times = np.array([0.0, 0.1, 0.15, 0.4])
    people = people_over_time(
        track([[left, nobody], [right, left], [right], [left]], times=times),
        skeleton=SKELETON,
        image_size=SIZE,
        fps=10.0,
        times=times,
        provenance={"source": "by hand"},
    )
    assert [person.id for person in people] == [0, 1]
    assert people[0].pose2d.missing.tolist() == [False, False, True, False]
    assert people[1].pose2d.missing.tolist() == [True, False, False, True]
    np.testing.assert_array_equal(people[1].pose2d.keypoints[2], right.keypoints)
    assert (people[1].pose2d.confidence[0] == 0).all()
    assert people[0].pose2d.times is times
    assert people[0].pose2d.provenance == {"source": "by hand"}


def test_nobody_at_all_is_no_track():
    assert people_over_time(track([[], []]), skeleton=SKELETON, image_size=SIZE) == []


def test_keypoints_of_another_skeleton():
    with pytest.raises(InputError, match="17 joints of human36m_17"):
        people_over_time(track([[Detection(np.zeros((5, 2)), np.ones(5))]]), skeleton=SKELETON, image_size=SIZE)
