import json
from pathlib import Path

import numpy as np
import pytest

from ampose.data.recordings import Recording, RecordingsWriter, is_recordings_folder, read_recordings, write_recordings
from ampose.errors import InputError
from ampose.poses.clips import cut_windows
from ampose.poses.skeletons import get_skeleton

SKELETON = get_skeleton("human36m_17")
LENS = (-0.2, 0.25, -0.003, -0.001, -0.0014)


def make_recording(subject="S1", take="Eating 1", camera="a", frames=4, **changes):
    rng = np.random.default_rng(len(subject + take + camera) + frames)
    positions = rng.normal(size=(frames, 17, 3)).astype(np.float32) + np.float32([0, 0, 5])
    keypoints = rng.uniform(0, 1000, (frames, 17, 2)).astype(np.float32)
    values = {
        "positions": positions,
        "keypoints": {"gt": keypoints, "cpn": keypoints + 1},
        "subject": subject,
        "action": take.partition(" ")[0],
        "take": take,
        "camera": camera,
        "focal": (1145.5, 1143.25),
        "centre": (512.5, 515.25),
        "image_size": (1000, 1002),
        "fps": 50,
        "distortion": LENS,
    }
    return Recording(**(values | changes))


VIEWS = (
    make_recording("S1", "Eating 1", "a", 4),
    make_recording("S1", "Eating 1", "b", 4),
    make_recording("S5", "Sitting", "a", 3, scene="GS", valid=np.array([True, False, True])),
    make_recording("S9", "Eating 2", "a", 5, scene="GS", valid=np.zeros(5, dtype=bool)),
    make_recording("S9", "SittingDown", "b", 2),
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write(folder, recordings=VIEWS, **options):
    options = {"skeleton": SKELETON, "sources": ("gt", "cpn"), "provenance": {"source": "für Tests"}} | options
    with RecordingsWriter(folder, **options) as writer:
        for recording in recordings:
            writer.append(recording)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("recordings") / "new" / "recordings", target="univ_annot3")


def test_what_is_written_is_read(folder):
    recordings = read_recordings(folder, verify=True)
    assert isinstance(recordings.positions, np.memmap)
    for number, recording in enumerate(VIEWS):
        rows = slice(recordings.starts[number], recordings.starts[number + 1])
        np.testing.assert_array_equal(recordings.positions[rows], recording.positions)
        for source, points in recording.keypoints.items():
            np.testing.assert_array_equal(recordings.keypoints[source][rows], points)
        np.testing.assert_array_equal(recordings.valid[rows], True if recording.valid is None else recording.valid)
        np.testing.assert_array_equal(recordings.focal[number], np.float32(recording.focal))
        np.testing.assert_array_equal(recordings.distortion[number], np.float32(LENS))
    assert recordings.lengths.tolist() == [4, 4, 3, 5, 2]
    assert recordings.takes == tuple(recording.take for recording in VIEWS)
    assert (recordings.target, recordings.provenance, recordings.skeleton) == (
        "univ_annot3",
        {"source": "für Tests"},
        SKELETON,
    )
    assert recordings.fps.tolist() == [50.0] * 5
    assert names(folder) == ["index.json", "keypoints_cpn.npy", "keypoints_gt.npy", "positions.npy", "valid.npy"]


def test_hash_is_the_one_of_the_index(folder):
    stated = json.loads((folder / "index.json").read_text())["arrays"]["positions"]["sha256"]
    assert read_recordings(folder).sha256 == stated


def test_plain_numpy_reads_the_arrays(folder):
    positions = np.load(folder / "positions.npy", allow_pickle=False)
    np.testing.assert_array_equal(positions, np.concatenate([recording.positions for recording in VIEWS]))


def test_written_again_is_the_same(folder, tmp_path):
    write_recordings(read_recordings(folder), tmp_path / "copy")
    for path in folder.iterdir():
        assert (tmp_path / "copy" / path.name).read_bytes() == path.read_bytes()


def test_samples_know_their_view(folder):
    recordings = read_recordings(folder)
    assert recordings.sample_recordings.tolist() == [0] * 4 + [1] * 4 + [2] * 3 + [3] * 5 + [4] * 2
    assert recordings.sample_labels("cameras").tolist() == ["a"] * 4 + ["b"] * 4 + ["a"] * 8 + ["b"] * 2
    with pytest.raises(InputError, match="label must be one of subjects"):
        recordings.sample_labels("focal")


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"subjects": ["S9", "S5"]}, [2, 3, 4]),
        ({"exclude": ["S5"]}, [0, 1, 3, 4]),
        ({"actions": ["Sitting"]}, [2]),
        ({"cameras": ["b"], "subjects": None}, [1, 4]),
        ({"scenes": ["GS"], "actions": ["Eating"]}, [3]),
        ({"takes": ["Eating 1"]}, [0, 1]),
        ({"exclude_takes": ["S9 SittingDown"]}, [0, 1, 2, 3]),
    ],
)
def test_selects_whole_views(folder, choice, kept):
    recordings = read_recordings(folder)
    chosen = recordings.select(**choice)
    assert chosen.takes == tuple(recordings.takes[k] for k in kept)
    assert chosen.lengths.tolist() == [len(VIEWS[k].positions) for k in kept]
    np.testing.assert_array_equal(chosen.positions, np.concatenate([VIEWS[k].positions for k in kept]))
    np.testing.assert_array_equal(chosen.keypoints["cpn"], np.concatenate([VIEWS[k].keypoints["cpn"] for k in kept]))


def test_views_in_a_row_are_not_copied(folder):
    recordings = read_recordings(folder)
    assert np.shares_memory(recordings.select(subjects=["S5", "S9"]).positions, recordings.positions)
    assert not np.shares_memory(recordings.select(cameras=["a"]).positions, recordings.positions)


def test_valid_only_drops_samples_and_empty_views(folder):
    chosen = read_recordings(folder).select(valid_only=True)
    assert chosen.subjects == ("S1", "S1", "S5", "S9")
    assert chosen.takes[-1] == "SittingDown"
    assert chosen.lengths.tolist() == [4, 4, 2, 2]
    np.testing.assert_array_equal(chosen.positions[8:10], VIEWS[2].positions[[0, 2]])
    assert chosen.valid.all()


def test_selecting_nothing_or_unknown_names_is_refused(folder):
    recordings = read_recordings(folder)
    with pytest.raises(InputError, match="subjects must be some that the data has, got S7; it has S1, S5, S9"):
        recordings.select(subjects=["S7"])
    with pytest.raises(InputError, match="at least one recording"):
        recordings.select(subjects=["S1"], actions=["Sitting"])
    with pytest.raises(InputError, match="selection must be by one of"):
        recordings.select(names=["S1"])


def test_with_skeleton_drops_joints_by_name(folder):
    recordings = read_recordings(folder)
    fewer = recordings.with_skeleton("human36m_16")
    columns = [SKELETON.joints.index(joint) for joint in get_skeleton("human36m_16").joints]
    np.testing.assert_array_equal(fewer.positions, recordings.positions[:, columns])
    np.testing.assert_array_equal(fewer.keypoints["gt"], recordings.keypoints["gt"][:, columns])
    assert recordings.with_skeleton("human36m_17") is recordings


def test_samples_are_tensors_with_a_camera_each(folder):
    recordings = read_recordings(folder)
    samples = recordings.samples("cpn")
    np.testing.assert_array_equal(samples.positions[:, 0].numpy(), recordings.positions)
    np.testing.assert_array_equal(samples.keypoints_px[:, 0].numpy(), recordings.keypoints["cpn"])
    assert samples.intrinsics.focal.shape == (len(recordings), 2)
    assert samples.positions.is_contiguous()
    samples.positions.zero_()  # and they are the caller's own
    assert recordings.positions.any()


def test_frames_that_are_not_valid_are_seen_around_those_that_are(tmp_path):
    """Only valid frames are measured, but a network over time sees its neighbours as they were filmed."""
    rows = np.zeros(20, dtype=bool)
    rows[[5, 10, 15]] = True
    sparse = make_recording("S5", frames=20, valid=rows)
    sparse.keypoints["gt"][7:9] = np.nan  # nobody annotated what is not valid
    recordings = read_recordings(write(tmp_path / "v", [VIEWS[0], sparse]))
    with pytest.raises(InputError, match=r"'gt' must have every recording, lacks S5 Eating 1 a \(2 samples in all\)"):
        recordings.samples("gt")
    samples = recordings.samples("gt", valid_only=True)
    np.testing.assert_array_equal(samples.positions[:, 0].numpy(), recordings.positions[[0, 1, 2, 3, 9, 14, 19]])
    seen = samples.clips.keypoints_px[cut_windows(samples.clips.index, 7, "centre").rows]
    np.testing.assert_array_equal(seen[5].numpy(), recordings.keypoints["gt"][[10, 10, 13, 14, 15, 16, 17]])


def test_nothing_valid_and_an_unknown_source_are_refused(tmp_path):
    recordings = read_recordings(write(tmp_path / "v", [make_recording("S9", frames=5, valid=np.zeros(5, dtype=bool))]))
    with pytest.raises(InputError, match="recordings must have valid samples, got none"):
        recordings.samples("gt", valid_only=True)
    with pytest.raises(InputError, match="2D source must be one of gt, cpn, got 'hrnet'"):
        recordings.fingerprint("hrnet")


def test_views_of_one_take_are_one_clip_where_all_are_there(tmp_path):
    parts = [
        make_recording("TS1", take, camera, 3, action=action)
        for take, camera, action in (
            ("TS1", "a", "Sitting"),
            ("TS1", "a", "Sports"),
            ("TS1", "b", "Sports"),
            ("TS2", "b", "Sports"),
        )
    ]
    recordings = read_recordings(write(tmp_path / "v", parts))
    assert recordings.samples("gt").clips.index.first.unique().tolist() == [0, 3, 6, 9]
    assert recordings.samples("gt", whole_takes=True).clips.index.first.unique().tolist() == [0, 6, 9]


def test_a_source_without_a_view_is_refused_until_the_view_is_left_out(tmp_path):
    partly = make_recording("S5", keypoints={"gt": VIEWS[0].keypoints["gt"]})
    recordings = read_recordings(write(tmp_path / "v", [VIEWS[0], partly]))
    assert np.isnan(recordings.keypoints["cpn"][4:]).all()
    assert len(recordings.samples("gt")) == 8
    with pytest.raises(InputError, match=r"'cpn' must have every recording, lacks S5 Eating 1 a \(4 samples in all\)"):
        recordings.samples("cpn")
    assert len(recordings.select(subjects=["S1"]).samples("cpn")) == 4
    with pytest.raises(InputError, match="2D source must be one of gt, cpn, got 'hrnet'"):
        recordings.samples("hrnet")


def test_projection_is_that_of_the_lens(folder):
    recording = VIEWS[2]
    x, y = (recording.positions[..., k].astype(float) / recording.positions[..., 2] for k in (0, 1))
    x, y = x.clip(-1, 1), y.clip(-1, 1)
    k1, k2, k3, p1, p2 = LENS
    r2 = x * x + y * y
    scale = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3 + p1 * x + p2 * y
    expected = np.stack([(x * scale + p1 * r2) * 1145.5 + 512.5, (y * scale + p2 * r2) * 1143.25 + 515.25], axis=-1)
    np.testing.assert_allclose(read_recordings(folder).project(2), expected, atol=1e-3)


def test_a_perfect_lens_does_not_bend_wide_angles(tmp_path):
    wide = np.full((1, 17, 3), [3, 0, 1], dtype=np.float32)
    recording = make_recording(frames=1, positions=wide, distortion=(0,) * 5)
    assert read_recordings(write(tmp_path / "v", [recording])).project(0)[0, 0, 0] == pytest.approx(3 * 1145.5 + 512.5)


# --- the folder appears whole or not at all ---


def test_replaces_views_but_nothing_else(tmp_path):
    write(tmp_path / "v")
    write(tmp_path / "v", VIEWS[:1])
    assert read_recordings(tmp_path / "v").num_recordings == 1
    assert names(tmp_path) == ["v"]
    for other in (tmp_path / "file", tmp_path / "full"):
        other.write_text("mine") if other.name == "file" else (other.mkdir(), (other / "mine.txt").write_text("mine"))
        with pytest.raises(InputError, match="output must be a new folder"):
            write(other)
    assert (tmp_path / "file").read_text() == (tmp_path / "full" / "mine.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert is_recordings_folder(write(tmp_path / "empty"))


def test_a_break_leaves_what_was_there(tmp_path):
    write(tmp_path / "v", VIEWS[:1])

    def broken():
        yield VIEWS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "v", broken())
    assert names(tmp_path) == ["v"]
    assert read_recordings(tmp_path / "v", verify=True).num_recordings == 1


def test_a_full_disk_is_one_line(tmp_path):
    def fill(folder):
        with Path("/dev/full").open("wb", buffering=0) as full, RecordingsWriter(folder, skeleton=SKELETON) as writer:
            writer._columns["positions"].file.close()
            writer._columns["positions"].file = full
            writer.append(make_recording(keypoints={}))

    with pytest.raises(InputError, match="v: must fit on the disk"):
        fill(tmp_path / "v")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"positions": np.zeros((4, 16, 3), np.float32), "keypoints": {}},
            r"S1 Eating 1 a: positions must have shape \(4, 17, 3\)",
        ),
        ({"positions": np.full((4, 17, 3), np.nan, np.float32)}, "positions must be finite, got frame 0"),
        ({"keypoints": {"gt": np.full((4, 17, 2), np.inf, np.float32)}}, "keypoints gt must be finite"),
        ({"keypoints": {"hrnet": np.zeros((4, 17, 2), np.float32)}}, "2D sources must be among gt, cpn, got hrnet"),
        ({"frames": 0}, "at least one sample"),
    ],
)
def test_a_view_that_does_not_fit_is_refused(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        write(tmp_path / "v", [make_recording(**changes)])
    assert names(tmp_path) == []


def test_positions_need_be_finite_only_where_valid(tmp_path):
    positions = make_recording().positions
    positions[1] = np.nan
    valid = np.array([True, False, True, True])
    recordings = read_recordings(write(tmp_path / "v", [make_recording(positions=positions, valid=valid)]))
    assert np.isfinite(recordings.select(valid_only=True).positions).all()


def test_no_views_and_bad_names_are_refused(tmp_path):
    with pytest.raises(InputError, match="at least one recording, found none"):
        write(tmp_path / "v", [])
    with pytest.raises(InputError, match=r"2D source must be small letters.*got '\.\./x'"):
        write(tmp_path / "v", sources=("../x",))
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="folder that can be written to"):
        write(tmp_path / "file" / "v")


# --- reading what is broken ---


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "index.json").unlink(), r"index.json: prepared recordings must be a folder with an index.json"),
        (lambda f: (f / "index.json").write_text("{"), "must be the JSON of ampose.views"),
        (lambda f: edit(f, version=2), "version of ampose.views must be 1, got 2"),
        (lambda f: edit(f, extra=1), "index must have arrays"),
        (lambda f: edit_array(f, True), "index must have dtype, shape and sha256 of positions, got True"),
        (lambda f: edit_array(f, {"dtype": "<f4", "shape": [1], "sha256": [1]}), "hash of positions as text"),
        (lambda f: edit(f, views=[]), "prepare it again"),
        (lambda f: edit(f, views=[{}]), "an index that describes each recording"),
        (lambda f: edit(f, skeleton={}), "skeleton must have name"),
        (lambda f: edit(f, sources=["gt"]), "one array a source"),
        (lambda f: (f / "valid.npy").unlink(), r"valid.npy: prepared recordings must have this array"),
        (lambda f: cut(f / "positions.npy", 5), r"positions.npy: must be a whole .npy file"),
        (lambda f: cut(f / "positions.npy", 3000), r"positions.npy: must be a whole .npy file"),
        (lambda f: grow(f / "positions.npy"), r"positions.npy: array must be <f4 of shape \[18, 17, 3\]"),
        (lambda f: np.save(f / "positions.npy", np.zeros((18, 17, 3))), "array must be <f4"),
        (lambda f: np.save(f / "valid.npy", np.array([{}] * 18)), "whole .npy file, got a broken or different one"),
    ],
)
def test_broken_folders_are_refused_by_name(tmp_path, damage, message):
    folder = write(tmp_path / "v")
    damage(folder)
    with pytest.raises(InputError, match=message) as refusal:
        read_recordings(folder)
    assert "ampose prepare" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def edit(folder, **changes):
    path = folder / "index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_array(folder, stated):
    arrays = json.loads((folder / "index.json").read_text())["arrays"]
    edit(folder, arrays=arrays | {"positions": stated})


def cut(path, size):
    path.write_bytes(path.read_bytes()[:size])


def grow(path):
    path.write_bytes(path.read_bytes() + b"x")


def test_a_changed_number_is_found_when_asked(tmp_path):
    folder = write(tmp_path / "v")
    data = bytearray((folder / "keypoints_cpn.npy").read_bytes())
    data[-1] ^= 1
    (folder / "keypoints_cpn.npy").write_bytes(data)
    read_recordings(folder)
    with pytest.raises(InputError, match=r"keypoints_cpn.npy: array must have the hash"):
        read_recordings(folder, verify=True)
