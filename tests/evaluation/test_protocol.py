"""Protocols: what they refuse, what they say, and the samples that they make."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from ampose.data import MotionCapture
from ampose.data.synthesis.detector_noise import NoiseConfig
from ampose.errors import InputError
from ampose.evaluation import Protocol, VirtualCameras, find_protocol, hold_out, list_protocols, register
from ampose.evaluation.held_out import film_others
from ampose.evaluation.protocols.cmu import HELD_OUT_SUBJECTS
from ampose.poses.geometry import bone_lengths
from ampose.poses.skeletons import get_skeleton


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frame_stride": 0}, "frame_stride must be at least 1, got 0"),
        ({"root": "middle"}, "root must be one of"),
        ({"threshold_joints": ("tail",)}, "got 'tail'"),
        ({"skeleton": "human36m_18"}, "did you mean"),
        ({"metrics": ("mpjpee",)}, "did you mean 'mpjpe'"),
        ({"metrics": ("mpjve",)}, "needs whole sequences"),
    ],
)
def test_a_protocol_refuses_what_it_cannot_measure(protocol: Protocol, change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(protocol, **change)


@pytest.mark.parametrize("name", list_protocols())
def test_every_registered_protocol_is_plain_data_and_states_all_that_bears_on_a_number(name: str) -> None:
    entry = find_protocol(name)
    assert entry.name == name
    data = json.loads(json.dumps(entry.as_dict()))
    assert {field.name for field in fields(Protocol)} - {"source"} < set(data)
    assert {field.name for field in fields(entry.source)} < set(data)
    said = dict(entry.statement())
    assert {"subjects", "frames", "2D source", "cameras", "joints", "root", "alignment", "flip"} < set(said)
    assert isinstance(entry.source, VirtualCameras) == ("seed 0" in said["cameras"])


def test_what_a_user_changes_is_said_and_what_is_not_there_is_refused() -> None:
    test_set = find_protocol("3dhp-cross-16")
    part = test_set.changed(sequences=("TS6", "TS5"), root="zero", exclude_takes=("TS5 1",))
    assert dict(part.statement())["subjects"] == "TS5, TS6"
    assert dict(part.statement())["takes left out"] == "TS5 1"
    assert (part.root, test_set.changed()) == ("zero", test_set)
    with pytest.raises(InputError, match=r"must be among those of 3dhp-cross-16 \(TS1.*got TS9"):
        test_set.changed(sequences=("TS9",))
    with pytest.raises(InputError, match="exclude_takes must be left out for cmu-held-out"):
        find_protocol("cmu-held-out").changed(exclude_takes=("02 02_01",))
    with pytest.raises(InputError, match="cameras_per_frame must be at least 1"):
        VirtualCameras(cameras_per_frame=0)


def test_the_default_protocol_holds_out_five_people() -> None:
    chosen = find_protocol("cmu-held-out")
    assert chosen.subjects == HELD_OUT_SUBJECTS == ("02", "08", "16", "39", "55")
    assert (chosen.source, chosen.root) == (VirtualCameras(), "subtract")


def test_a_protocol_is_registered_once(protocol: Protocol) -> None:
    with pytest.raises(ValueError, match="unique"):
        register(replace(protocol, name="cmu-held-out"))


def test_only_the_protocols_subjects_are_seen_with_their_own_names(motion: MotionCapture, protocol: Protocol) -> None:
    seen = hold_out(motion, protocol)
    assert len(seen.samples) == 70
    assert list(seen.groups) == ["sit"] * 20 + ["sit down"] * 50
    assert set(seen.subjects) == {"02"}
    bones = get_skeleton("human36m_17").bone_indices
    expected = bone_lengths(motion.select(subjects=["02"]).positions, bones)
    np.testing.assert_allclose(bone_lengths(seen.samples.positions[:, 0].numpy(), bones), expected, atol=1e-5)


def test_stride_and_cameras_change_the_count_and_the_names_stay_with_their_frames(
    motion: MotionCapture, protocol: Protocol
) -> None:
    plain = hold_out(motion, protocol)
    seen = hold_out(motion, replace(protocol, frame_stride=3).with_source(cameras_per_frame=2))
    assert list(seen.groups) == list(plain.groups[::3]) * 2
    assert len(seen.samples) == len(seen.groups) == 48
    first, second = seen.samples.keypoints_px[:24], seen.samples.keypoints_px[24:]
    assert not torch.equal(first, second)


def test_the_same_seed_gives_the_same_samples_and_another_seed_others(
    motion: MotionCapture, protocol: Protocol
) -> None:
    once, again = hold_out(motion, protocol), hold_out(motion, protocol)
    other = hold_out(motion, protocol.with_source(seed=1))
    assert torch.equal(once.samples.keypoints_px, again.samples.keypoints_px)
    assert not torch.equal(once.samples.keypoints_px, other.samples.keypoints_px)


def test_noise_moves_the_2d_and_leaves_cameras_and_3d(motion: MotionCapture, protocol: Protocol) -> None:
    clean = hold_out(motion, protocol).samples
    noisy = hold_out(motion, protocol.with_source(noise=NoiseConfig(largest=0.05))).samples
    assert torch.equal(clean.positions, noisy.positions)
    assert torch.equal(clean.intrinsics.focal, noisy.intrinsics.focal)
    assert not torch.equal(clean.keypoints_px, noisy.keypoints_px)


def test_a_protocol_without_subjects_sees_all(motion: MotionCapture, protocol: Protocol) -> None:
    assert len(hold_out(motion, replace(protocol, subjects=())).samples) == len(motion)


def test_a_protocol_on_16_joints_maps_the_17(motion: MotionCapture, protocol: Protocol) -> None:
    seen = hold_out(motion, replace(protocol, skeleton="human36m_16"))
    assert seen.samples.keypoints_px.shape == (70, 1, 16, 2)


def test_a_missing_subject_is_named(motion: MotionCapture, protocol: Protocol) -> None:
    with pytest.raises(InputError, match="got 77"):
        hold_out(motion, replace(protocol, subjects=("02", "77")))


def test_baselines_learn_from_the_others_only(motion: MotionCapture, protocol: Protocol) -> None:
    assert len(film_others(motion, protocol, 1000)) == 600
    assert len(film_others(motion, protocol, 30)) == 30
    with pytest.raises(InputError, match="does not measure, got none"):
        film_others(motion.select(subjects=["02"]), protocol, 30)
    with pytest.raises(InputError, match="does not measure, got none"):
        film_others(motion, replace(protocol, subjects=()), 30)


def test_sides_are_mistaken_where_a_protocols_noise_has_swaps(motion: MotionCapture, protocol: Protocol) -> None:
    """With swaps alone, a sample is either as it was or has joints of a pair exchanged; about as many as said."""
    clean = hold_out(motion, protocol).samples.keypoints_px[:, 0]
    swapped = hold_out(motion, protocol.with_source(noise=NoiseConfig(swaps=0.5))).samples.keypoints_px[:, 0]
    changed = (clean != swapped).any(dim=-1)
    share = changed.any(dim=1).double().mean().item()
    assert 0.3 < share < 0.7
    mirrored = clean[:, get_skeleton(protocol.skeleton).flip_order]
    assert torch.equal(swapped[changed], mirrored[changed])


def test_a_window_has_the_same_sides_mistaken_as_its_middle(motion: MotionCapture, protocol: Protocol) -> None:
    noisy = protocol.with_source(noise=NoiseConfig(swaps=0.5))
    clean = hold_out(motion, protocol, receptive_field=3).samples
    seen = hold_out(motion, noisy, receptive_field=3).samples
    assert clean is not None
    assert seen is not None
    before, after = (one.keypoints_px for one in (clean, seen))
    changed = (before != after).any(dim=-1)
    assert changed.any()
    assert torch.equal(changed[:, 0], changed[:, 1])
    assert torch.equal(changed[:, 2], changed[:, 1])


def test_the_wide_protocols_look_from_where_the_others_do_not() -> None:
    wide, noisy = (find_protocol(f"cmu-held-out-wide{end}") for end in ("", "-noisy"))
    assert wide.source.cameras == noisy.source.cameras
    assert (wide.source.cameras.pitch_degrees, wide.source.cameras.off_centre) == ((-45, 70), (0, 0.8))
    assert wide.source.source_2d.endswith("no noise")
    for said in ("3.0%", "5.0% of the joints five times", "1.0% of the samples"):
        assert said in noisy.source.source_2d
