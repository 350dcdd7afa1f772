import json
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ampose.data.motion_capture import MotionCapture, concatenate, read_motion, write_motion
from ampose.errors import InputError
from ampose.poses.skeletons import get_skeleton


def make_motion(lengths=(2, 3, 1), subjects=("01", "02", "01"), **changes):
    frames = sum(lengths)
    values = {
        "positions": np.random.default_rng(0).normal(size=(frames, 17, 3)).astype(np.float32),
        "skeleton": get_skeleton("human36m_17"),
        "clip_starts": np.cumsum([0, *lengths]),
        "subjects": subjects,
        "actions": tuple(f"action {k}" for k in range(len(lengths))),
        "names": tuple(f"clip {k}" for k in range(len(lengths))),
        "fps": np.full(len(lengths), 50.0),
        "provenance": {"source": "made up – für Tests"},
    }
    return MotionCapture(**(values | changes))


def assert_same(a, b):
    np.testing.assert_array_equal(a.positions, b.positions)
    np.testing.assert_array_equal(a.clip_starts, b.clip_starts)
    np.testing.assert_array_equal(a.fps, b.fps)
    assert (a.subjects, a.actions, a.names) == (b.subjects, b.actions, b.names)
    assert a.skeleton.as_dict() == b.skeleton.as_dict()
    assert dict(a.provenance) == dict(b.provenance)


def test_frames_know_their_clip():
    motion = make_motion()
    assert motion.frame_subjects.tolist() == ["01", "01", "02", "02", "02", "01"]
    assert motion.frame_actions.tolist() == [f"action {k}" for k in (0, 0, 1, 1, 1, 2)]
    assert motion.seconds == pytest.approx(6 / 50)
    np.testing.assert_array_equal(motion.clip(1), motion.positions[2:5])


def test_select_keeps_whole_clips():
    motion = make_motion()
    first = motion.select(subjects=["01"])
    assert first.names == ("clip 0", "clip 2")
    assert first.clip_starts.tolist() == [0, 2, 3]
    np.testing.assert_array_equal(first.positions, motion.positions[[0, 1, 5]])
    assert_same(motion.select(exclude=["01"]), motion.select(subjects=["02"]))
    assert motion.select(exclude_clips=["clip 1", "clip 2"]).names == ("clip 0",)
    assert motion.select(clips=["clip 1", "clip 2"], exclude=["01"]).names == ("clip 1",)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"subjects": ["03"]}, "subjects must be some .* got 03"),
        ({"exclude": ["03"]}, "subjects must be some .* got 03"),
        ({"clips": ["clip 9"]}, "clips must be some .* got clip 9"),
        ({"exclude_clips": ["clip 9"]}, "clips must be some .* got clip 9"),
        ({"exclude": ["01", "02"]}, "at least one clip"),
    ],
)
def test_select_refuses_what_is_not_there(wanted, message):
    with pytest.raises(InputError, match=message):
        make_motion().select(**wanted)


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["01", "02"])), min_size=1, max_size=8))
def test_subjects_apart_and_together_are_all_frames(clips):
    lengths, subjects = zip(*clips, strict=True)
    motion = make_motion(lengths, subjects)
    parts = [motion.select(subjects=[subject]) for subject in sorted(set(subjects))]
    joined = concatenate(parts)
    assert len(joined) == len(motion)
    assert sorted(joined.names) == sorted(motion.names)
    for index, name in enumerate(joined.names):
        np.testing.assert_array_equal(joined.clip(index), motion.clip(motion.names.index(name)))


def test_concatenate_keeps_each_origin():
    other = make_motion(provenance={"source": "elsewhere"}, fps=np.full(3, 60.0))
    joined = concatenate([make_motion(), other])
    assert joined.fps.tolist() == [50.0] * 3 + [60.0] * 3
    assert [part["source"] for part in joined.provenance["parts"]] == ["made up – für Tests", "elsewhere"]
    assert concatenate([other, other]).provenance == other.provenance
    assert concatenate([other]) is other


def test_concatenate_refuses_nothing_and_other_skeletons():
    with pytest.raises(InputError, match="at least one"):
        concatenate([])
    other = make_motion(skeleton=get_skeleton("human36m_16"), positions=np.zeros((6, 16, 3), np.float32))
    with pytest.raises(InputError, match=r"same skeleton.*human36m_17 and human36m_16"):
        concatenate([make_motion(), other])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positions": np.zeros((6, 16, 3), np.float32)}, r"\(frame, 17, 3\)"),
        ({"positions": np.full((6, 17, 3), np.nan, np.float32)}, "finite, got frame 0"),
        ({"clip_starts": np.array([0, 2, 2, 6])}, "rise from 0 to 6"),
        ({"clip_starts": np.array([0, 2, 5, 7])}, "rise from 0 to 6"),
        ({"subjects": ("01",)}, "one entry a clip"),
        ({"fps": np.array([50.0, 0.0, 50.0])}, "fps must be positive"),
    ],
)
def test_motion_refuses_what_does_not_fit(changes, message):
    with pytest.raises(InputError, match=message):
        make_motion(**changes)


def test_file_holds_the_motion(tmp_path):
    path = tmp_path / "new folder" / "motion.npz"
    write_motion(make_motion(), path)
    assert_same(read_motion(path), make_motion())
    assert [file.name for file in path.parent.iterdir()] == ["motion.npz"]


def test_file_needs_only_numpy(tmp_path):
    write_motion(make_motion(), tmp_path / "motion.npz")
    with np.load(tmp_path / "motion.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["positions"], make_motion().positions)
        assert json.loads(arrays["about"].tobytes())["sha256"] == make_motion().sha256


def test_same_motion_same_bytes(tmp_path, monkeypatch):
    write_motion(make_motion(), tmp_path / "a.npz")
    monkeypatch.setattr("time.time", lambda: 2e9)  # what zipfile would stamp
    write_motion(make_motion(), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_failed_write_leaves_nothing(tmp_path):
    (tmp_path / "motion.npz").mkdir()
    with pytest.raises(InputError, match=r"motion\.npz: is a folder"):
        write_motion(make_motion(), tmp_path / "motion.npz")
    assert [file.name for file in tmp_path.iterdir()] == ["motion.npz"]


def rewrite(path, **changes):
    """Write the file again with some arrays changed; None leaves one out."""
    with np.load(path) as archive:
        arrays = dict(archive) | changes
    np.savez(path, **{key: array for key, array in arrays.items() if array is not None})


def about_with(path, **changes):
    with np.load(path) as archive:
        about = json.loads(archive["about"].tobytes()) | changes
    return np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "motion.npz"
    write_motion(make_motion(), path)
    return path


def test_read_names_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.npz: .*ampose prepare"):
        read_motion(tmp_path / "nothing.npz")


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"\x93NUMPY\x01\x00"])
def test_read_refuses_another_file(path, content):
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"motion\.npz: .* npz file"):
        read_motion(path)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_read_refuses_a_file_that_is_cut_off(path, kept):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InputError, match=r"motion\.npz: "):
        read_motion(path)


def test_read_refuses_a_flipped_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"motion\.npz: "):
        read_motion(path)


def test_read_refuses_changed_positions(path):
    rewrite(path, positions=make_motion().positions + np.float32(1e-3))
    with pytest.raises(InputError, match=r"motion\.npz: positions must have the hash"):
        read_motion(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version of ampose-motion must be 1, got 2"),
        ({"format": "something"}, "format must be ampose-motion, got something"),
        ({"more": 1}, "differs in .*more"),
        ({"subjects": [1, 2, 3]}, "lists of text"),
        ({"subjects": ["01"]}, "one entry a clip"),
        ({"skeleton": {"name": "x"}}, "skeleton must have"),
    ],
)
def test_read_refuses_another_description(path, change, message):
    rewrite(path, about=about_with(path, **change))
    with pytest.raises(InputError, match=rf"motion\.npz: .*{message}"):
        read_motion(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fps": None}, "differs in .*fps"),
        ({"extra": np.zeros(1)}, "differs in .*extra"),
        ({"positions": np.zeros((6, 17, 3))}, "positions must be an array of float32 with 3 axes"),
        ({"about": np.frombuffer(b"{", dtype=np.uint8)}, "must be a file with the JSON"),
        ({"fps": np.array([50.0, None, 50.0], dtype=object)}, "Object arrays cannot be loaded"),
    ],
)
def test_read_refuses_other_arrays_and_pickles(path, change, message):
    rewrite(path, **change)
    with pytest.raises(InputError, match=rf"motion\.npz: .*{message}"):
        read_motion(path)


def test_members_are_plain_and_dated_alike(path):
    with zipfile.ZipFile(path) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
