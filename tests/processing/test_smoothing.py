import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from ampose.errors import InputError
from ampose.poses.pose import Pose2D, Pose3D
from ampose.poses.skeletons import Skeleton
from ampose.processing.smoothing import FILTERS, Butterworth, LiveOneEuro, OneEuro, SavitzkyGolay, smooth

ARM = Skeleton("arm", {"elbow": None, "wrist": "elbow"})
FPS = 50.0


def pose_of(values: np.ndarray, **options) -> Pose3D:
    """The values as the x of both joints."""
    positions = np.zeros((len(values), 2, 3))
    positions[..., 0] = values[:, None]
    positions[np.isnan(values)] = np.nan  # a joint is there with all its coordinates or not at all
    return Pose3D(positions=positions, confidence=np.ones((len(values), 2)), skeleton=ARM, **{"fps": FPS, **options})


def one_euro_by_hand(values, times, min_cutoff, beta, derivative_cutoff):
    """Casiez et al. 2012: equation 1 is the low pass, 3 and 4 its alpha, 5 the cut-off."""

    def alpha(cutoff, period):
        tau = 1 / (2 * math.pi * cutoff)
        return 1 / (1 + tau / period)

    filtered, slope, result = values[0], 0.0, [values[0]]
    for at in range(1, len(values)):
        period = times[at] - times[at - 1]
        raw_slope = (values[at] - filtered) / period
        a = alpha(derivative_cutoff, period)
        slope = a * raw_slope + (1 - a) * slope
        a = alpha(min_cutoff + beta * abs(slope), period)
        filtered = a * values[at] + (1 - a) * filtered
        result.append(filtered)
    return np.array(result)


def gain(method, hertz: float) -> float:
    """By how much a long wave shrinks, far from its ends."""
    seconds = np.arange(3000) / FPS
    wave = np.sin(2 * np.pi * hertz * seconds)
    smoothed = smooth(pose_of(wave), method).positions[:, 0, 0]
    middle = slice(1000, 2000)
    return float(np.sqrt((smoothed[middle] ** 2).mean() / (wave[middle] ** 2).mean()))


def test_one_euro_is_the_papers(rng):
    times = np.cumsum(rng.uniform(0.01, 0.05, 80))
    values = rng.normal(size=80).cumsum() * 0.1
    pose = pose_of(values, times=times, fps=None)
    smoothed = smooth(pose, OneEuro(min_cutoff=0.8, beta=2.0, derivative_cutoff=1.3))
    by_hand = one_euro_by_hand(values, times, 0.8, 2.0, 1.3)
    np.testing.assert_allclose(smoothed.positions[:, 1, 0], by_hand, atol=1e-12)


def test_live_and_offline_agree_also_behind_a_gap(rng):
    values = rng.normal(size=40)
    values[10:13] = np.nan
    live = LiveOneEuro()
    online = [live.update(np.array([value]), at / FPS)[0] for at, value in enumerate(values)]
    offline = smooth(pose_of(values), "one-euro").positions[:, 0, 0]
    np.testing.assert_allclose(online, offline)
    assert online[13] == values[13]


def test_one_euro_follows_fast_motion_closer_than_slow():
    slow, fast = np.arange(100) * 0.001, np.arange(100) * 0.1
    lag = {
        name: (line - smooth(pose_of(line), "one-euro").positions[:, 0, 0])[-1] / (line[1] - line[0])
        for name, line in {"slow": slow, "fast": fast}.items()
    }
    assert lag["fast"] < 0.5 * lag["slow"]


def test_butterworth_loses_three_decibel_at_its_cutoff():
    assert gain(Butterworth(cutoff=5.0), 5.0) == pytest.approx(math.sqrt(0.5), abs=1e-3)
    assert gain(Butterworth(cutoff=5.0), 1.0) == pytest.approx(1, abs=2e-3)
    assert gain(Butterworth(cutoff=5.0), 15.0) < 0.02
    assert gain(Butterworth(cutoff=5.0, order=8), 15.0) < 0.5 * gain(Butterworth(cutoff=5.0), 15.0)


def test_butterworth_has_no_lag():
    wave = np.sin(2 * np.pi * np.arange(400) / FPS)
    smoothed = smooth(pose_of(wave), "butterworth").positions[:, 0, 0]
    middle = slice(100, 300)
    assert np.correlate(smoothed[middle], wave[middle], "full").argmax() == 199


def test_savitzky_golay_keeps_a_parabola_and_is_scipys(rng):
    parabola = (np.arange(50) / FPS) ** 2
    np.testing.assert_allclose(smooth(pose_of(parabola), "savitzky-golay").positions[:, 0, 0], parabola, atol=1e-12)
    noise = rng.normal(size=50)
    expected = signal.savgol_filter(noise, 11, 3)
    smoothed = smooth(pose_of(noise), SavitzkyGolay(window=0.2, degree=3))
    np.testing.assert_allclose(smoothed.positions[:, 0, 0], expected, atol=1e-12)


@pytest.mark.parametrize("name", FILTERS)
def test_nothing_crosses_a_gap(name, rng):
    values = rng.normal(size=61)
    values[30] = np.nan
    moved = values.copy()
    moved[31:] += 100.0
    here, there = (smooth(pose_of(part), name).positions[:, 0, 0] for part in (values, moved))
    assert np.isnan(here[30])
    np.testing.assert_array_equal(here[:30], there[:30])
    np.testing.assert_allclose(here[31:] + 100, there[31:], atol=1e-9)


@pytest.mark.parametrize("name", FILTERS)
def test_a_joints_gap_is_its_own(name, rng):
    pose = pose_of(rng.normal(size=60))
    pose.positions[20:25, 1] = np.nan
    smoothed = smooth(pose, name)
    np.testing.assert_array_equal(np.isnan(smoothed.positions), np.isnan(pose.positions))
    whole = smooth(pose_of(pose.positions[:, 0, 0]), name)
    np.testing.assert_array_equal(smoothed.positions[:, 0], whole.positions[:, 0])


@pytest.mark.parametrize("name", FILTERS)
def test_a_hole_in_time_is_a_gap(name, rng):
    values = rng.normal(size=60)
    times = np.arange(60) / FPS
    times[30:] += 5.0
    joined = smooth(pose_of(values, times=times), name).positions[:, 0, 0]
    apart = [smooth(pose_of(part), name).positions[:, 0, 0] for part in (values[:30], values[30:])]
    np.testing.assert_allclose(joined, np.concatenate(apart), atol=1e-9)


@pytest.mark.parametrize("name", FILTERS)
def test_nothing_crosses_a_cut(name, rng):
    values = rng.normal(size=60)
    whole = smooth(pose_of(values), name, cuts=[20, 41]).positions
    parts = [smooth(pose_of(part), name).positions for part in np.split(values, [20, 41])]
    np.testing.assert_allclose(whole, np.concatenate(parts))


@pytest.mark.parametrize("name", FILTERS)
def test_two_frames_beside_lost_ones_do_not_stop_it(name, rng):
    """A run of two frames that are 0.12 s apart shows 8 frames a second, too few for a cut-off of 6 Hz."""
    times = np.arange(60) / 25
    times[30:] += 2 / 25
    values = rng.normal(size=(60, 2, 3))
    values[:29, 1] = values[31:, 1] = np.nan
    pose = Pose3D(positions=values, confidence=np.ones((60, 2)), skeleton=ARM, times=times)
    smoothed = smooth(pose, name).positions
    assert np.isfinite(smoothed[29:31]).all()
    assert np.abs(np.diff(smoothed[:, 0], axis=0)).mean() < np.abs(np.diff(values[:, 0], axis=0)).mean()


@pytest.mark.parametrize("name", FILTERS)
def test_single_pictures_stay_as_they_are(name, rng):
    pictures = pose_of(rng.normal(size=5), fps=None)
    assert smooth(pictures, name) is pictures
    one = pose_of(rng.normal(size=1))
    assert smooth(one, name) is one


@pytest.mark.parametrize("name", ["butterworth", "savitzky-golay"])
def test_uneven_times_give_nearly_what_even_ones_give(name, rng):
    seconds = np.arange(200) / FPS
    uneven = seconds + rng.uniform(-0.3, 0.3, 200) / FPS

    def motion(at):
        return np.sin(2 * np.pi * 0.5 * at)

    smoothed = smooth(pose_of(motion(uneven), times=uneven), name).positions[:, 0, 0]
    np.testing.assert_allclose(smoothed[10:-10], motion(uneven)[10:-10], atol=0.01)


@given(st.integers(1, 30), st.sampled_from(sorted(FILTERS)), st.floats(-10, 10))
@settings(max_examples=60, deadline=None)
def test_a_still_point_stays_where_it_is_however_short_the_run(length, name, place):
    smoothed = smooth(pose_of(np.full(length, place)), name)
    np.testing.assert_allclose(smoothed.positions[:, 0, 0], place, atol=1e-9)


@pytest.mark.parametrize("name", FILTERS)
def test_noise_shrinks_and_the_settings_are_written_down(name, rng):
    true = 0.1 * np.sin(2 * np.pi * 0.5 * np.arange(300) / FPS)
    noisy = pose_of(true + rng.normal(scale=0.03, size=300))
    smoothed = smooth(noisy, name)
    before, after = (np.sqrt(((pose.positions[:, 0, 0] - true) ** 2).mean()) for pose in (noisy, smoothed))
    assert after < 0.8 * before
    assert smoothed.provenance["smoothing"].startswith(name)


def test_pixels_are_smoothed_alike_whatever_the_picture_size(rng):
    keypoints = 300 + rng.normal(size=(40, 2, 2)).cumsum(axis=0)
    small, large = (
        Pose2D.from_array(keypoints * by, skeleton=ARM, image_size=(640 * by, 480 * by), fps=FPS) for by in (1, 4)
    )
    np.testing.assert_allclose(4 * smooth(small, "one-euro").keypoints, smooth(large, "one-euro").keypoints, rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: smooth(pose_of(np.zeros(9)), "kalman"), "filter must be one of one-euro, butterworth"),
        (lambda: smooth(pose_of(np.zeros(9), fps=10.0), "butterworth"), "below half the 10 frames per second"),
        (lambda: OneEuro(beta=-1.0), "beta must be 0 or more"),
        (lambda: OneEuro(min_cutoff=0.0), "min_cutoff must be positive"),
        (lambda: Butterworth(order=3), "order must be even"),
        (lambda: SavitzkyGolay(window=math.nan), "window must be positive"),
        (lambda: SavitzkyGolay(degree=-1), "degree must be 0 or more"),
    ],
)
def test_bad_settings_get_one_line(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_live_time_must_rise():
    live = LiveOneEuro()
    live.update(np.zeros(2), 1.0)
    with pytest.raises(InputError, match="seconds must rise"):
        live.update(np.zeros(2), 1.0)
    with pytest.raises(InputError, match="keep its shape"):
        live.update(np.zeros(3), 2.0)
