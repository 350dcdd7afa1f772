"""Where shots end, on real frames and made-up ones."""

from pathlib import Path

import numpy as np
import pytest

from ampose.media import open_media
from ampose.media.cuts import CUT, GRID, Changes, begins_shot, find_cuts, thumbnail

CLIP = Path(__file__).parents[2] / "examples" / "balance_beam.mp4"


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    pytest.importorskip("av", reason="PyAV is not installed")
    return list(open_media(CLIP))


def changes(frames) -> list[float]:
    compared = Changes()
    return [compared.step(frame) for frame in frames]


def test_somebody_who_moves_is_no_cut(frames):
    assert max(changes(frames)) < CUT / 3


def test_a_cut_between_black_bars(frames):
    """A third of the image is filmed, as where an upright film is shown in a wide one."""
    bars = np.zeros((frames[0].shape[0], 2 * frames[0].shape[1], 3), dtype=np.uint8)
    film = []
    for frame in [*frames[:10], *(frame[:, ::-1] for frame in frames[60:70])]:
        film.append(bars.copy())
        film[-1][:, 360:1080] = frame
    assert find_cuts(changes(film)) == [10]


@pytest.mark.parametrize("light", [1.0, 0.3])
def test_cuts_between_bright_and_between_dark_shots(frames, light):
    mirrored = [frame[:, ::-1] for frame in frames[60:70]]
    upside_down = [frame[::-1] for frame in frames[30:40]]
    film = [(frame * light).astype(np.uint8) for frame in frames[:10] + mirrored + upside_down]
    assert find_cuts(changes(film)) == [10, 20]


def test_a_pan_over_texture_is_no_cut():
    wall = np.random.default_rng(0).integers(0, 255, (40, 400, 3), dtype=np.uint8).repeat(9, axis=0).repeat(9, axis=1)
    film = [wall[:, 12 * number :][:, :640] for number in range(40)]
    found = changes(film)
    assert find_cuts(found) == find_cuts(changes(np.repeat(film, 2, axis=0))) == []
    assert sum(begins_shot(now, found[max(0, at - 3) : at]) for at, now in enumerate(found)) <= 1


def test_a_flash_and_one_black_frame_are_no_cuts(frames):
    white, black = np.full_like(frames[0], 255), np.zeros_like(frames[0])
    assert find_cuts(changes([*frames[:4], white, *frames[4:8], black, *frames[8:12]])) == []


def test_images_of_any_size():
    assert thumbnail(np.zeros((1, 1, 3), dtype=np.uint8)).shape == (GRID, GRID, 3)
    assert thumbnail(np.full((5000, 3, 3), 200, dtype=np.uint8)).tolist() == [[[200] * 3] * GRID] * GRID
    assert find_cuts([]) == []
