"""Networks over time under the existing protocols: the samples that count stay the same."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests import recordings_stand_in as stand_in
from tests.training.conftest import make_motion

from ampose.evaluation import Method, find_protocol, hold_out, measure, method_of
from ampose.lifting.lifter import Lifter
from ampose.lifting.prediction import predict_clips
from ampose.models import create_model
from ampose.poses.clips import Clips, FrameIndex
from ampose.poses.geometry import root_relative

PROTOCOL = replace(find_protocol("cmu-held-out-noisy"), subjects=("A",), frame_stride=3)


@pytest.fixture(scope="module")
def lifter():
    torch.manual_seed(0)
    return Lifter(create_model("videopose3d", widths=(3, 3), channels=16), name="video")


def test_virtual_cameras_see_the_same_samples_and_what_is_around_them():
    motion = make_motion()
    single = hold_out(motion, PROTOCOL)
    over_time = hold_out(motion, PROTOCOL, receptive_field=9)
    assert torch.equal(single.samples.keypoints_px, over_time.samples.middle.keypoints_px)
    assert torch.equal(single.samples.positions, over_time.samples.positions)
    assert single.groups == over_time.groups
    clean = hold_out(motion, PROTOCOL.with_source(noise=replace(PROTOCOL.source.noise, largest=0.0)), receptive_field=9)
    off = over_time.samples.keypoints_px - clean.samples.keypoints_px
    level = off.flatten(2).std(dim=2)
    assert (level > 0).all()
    assert np.corrcoef(level[:, 4], level[:, 0])[0, 1] > 0.8  # as noisy as the sample is


def test_a_report_over_virtual_cameras_is_the_same_in_chunks(lifter):
    held_out = hold_out(make_motion(), PROTOCOL, receptive_field=9)

    def in_chunks(samples):
        return torch.cat([lifter.predict_samples(samples[start : start + 5]) for start in range(0, len(samples), 5)])

    ways = (lifter.predict_samples, in_chunks)
    methods = [Method(name="video", predict=lambda samples, flip, way=way: way(samples)) for way in ways]
    reports = [measure(method, held_out, [PROTOCOL])[0] for method in methods]
    first, second = (report.all_frames.values["mpjpe"] for report in reports)
    assert first == pytest.approx(second, rel=1e-5)


@pytest.mark.parametrize("stride", [1, 2])
def test_fixed_cameras_are_looked_at_view_by_view(lifter, tmp_path, stride):
    views = stand_in.write_human36m(tmp_path / "human36m")
    protocol = replace(find_protocol("h36m-cpn-17"), frame_stride=stride, metrics=("mpjpe",), flip=True)
    (report,) = measure(method_of(lifter), hold_out(views, protocol), [protocol])
    chosen = views.select(subjects=["S9", "S11"])
    samples = chosen.samples("cpn")
    clips = Clips(keypoints_px=samples.keypoints_px[:, 0], index=FrameIndex.of_clips(chosen.starts))
    lifted = predict_clips(lifter.network, clips, samples.intrinsics, flip=True).positions
    lifted = lifted - lifted[:, :1]
    error = (lifted - root_relative(samples.positions[:, 0], 0)).norm(dim=-1).mean(dim=1)[::stride]
    assert report.all_frames.values["mpjpe"] == pytest.approx(1000 * error.mean().item(), rel=1e-5)
