"""Windows over time, against loops and by their properties."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ampose.poses.clips import Clips, FrameIndex, around_centre, clip_starts, cut_windows

clips = st.lists(st.integers(1, 9), min_size=1, max_size=5)
fields = st.integers(0, 4).map(lambda half: 2 * half + 1)


def index_of(lengths):
    return FrameIndex.of_clips(np.cumsum([0, *lengths]))


@given(clips, fields)
def test_a_window_around_a_frame_repeats_the_edges_of_its_clip(lengths, frames):
    index = index_of(lengths)
    windows = cut_windows(index, frames, "centre")
    start = 0
    for length in lengths:
        for row in range(start, start + length):
            wanted = range(row - frames // 2, row + frames // 2 + 1)
            expected = [min(max(frame, start), start + length - 1) for frame in wanted]
            assert windows.rows[row].tolist() == expected
        start += length
    assert windows.place.tolist() == [0] * len(index)


@given(clips, st.integers(1, 7))
def test_windows_side_by_side_cover_each_clip_and_no_other(lengths, frames):
    index = index_of(lengths)
    windows = cut_windows(index, frames, "sequence")
    assert len(windows) == sum(-(-length // frames) for length in lengths)
    answered = windows.rows[windows.window, windows.place]
    assert torch.equal(answered, index.frame)
    for rows, sample in zip(windows.rows, windows.sample, strict=True):
        first, last = index.first[sample], index.last[sample]
        assert first <= rows.min()
        assert rows.max() <= last
        assert (rows.diff() >= 0).all()
        if last - first + 1 >= frames:  # no padding where the clip is long enough
            assert (rows.diff() == 1).all()


@pytest.mark.parametrize("output", ["centre", "sequence"])
@given(clips=clips, frames=fields, data=st.data())
def test_the_window_of_a_sample_does_not_depend_on_the_others(output, clips, frames, data):
    index = index_of(clips)
    chosen = torch.tensor(data.draw(st.lists(st.integers(0, len(index) - 1), min_size=1, max_size=6)))
    whole, some = (cut_windows(which, frames, output) for which in (index, index[chosen]))
    assert torch.equal(some.rows[some.window], whole.rows[whole.window[chosen]])
    assert torch.equal(some.place, whole.place[chosen])


def test_joined_clips_stay_apart():
    parts = [Clips(keypoints_px=torch.zeros(n, 1, 2), index=index_of([n])[torch.tensor([0])]) for n in (3, 2)]
    joined = Clips.concatenate(parts)
    assert len(joined.keypoints_px) == 5
    assert cut_windows(joined.index, 3, "centre").rows.tolist() == [[0, 0, 1], [3, 3, 4]]


@given(st.lists(st.booleans(), max_size=12))
def test_clips_start_where_a_run_without_a_gap_does(there):
    found = np.array(there, dtype=bool)
    starts = clip_starts(found)
    lengths = [len(part) for part in "".join("x" if yes else " " for yes in there).split()]
    assert np.diff(starts).tolist() == lengths
    assert starts[0] == 0


@given(st.integers(0, 3).flatmap(lambda half: st.lists(st.booleans(), min_size=2 * half + 1, max_size=2 * half + 1)))
def test_frames_that_are_cut_off_from_the_middle_take_the_last_that_is_not(seen):
    taken = around_centre(torch.tensor([seen]))[0].tolist()
    middle = len(seen) // 2
    last = middle
    for frame in range(middle, len(seen)):
        last = frame if frame == middle or (seen[frame] and last == frame - 1) else last
        assert taken[frame] == last
    last = middle
    for frame in range(middle, -1, -1):
        last = frame if frame == middle or (seen[frame] and last == frame + 1) else last
        assert taken[frame] == last
