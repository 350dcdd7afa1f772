"""All measurements that a model card holds, as plain data."""

import copy
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tools.model_card.calibration import (
    Errors,
    compare_errors,
    correct_expected_error,
    errors_of_the_head,
    fit_correction,
    reliability,
)
from tools.model_card.robustness import Robustness

from ampose.data import MotionCapture
from ampose.evaluation import Protocol, Report, fit_baselines, hold_out, measure, method_of
from ampose.evaluation.facts import data_facts
from ampose.evaluation.protocols.cmu import (
    CMU_HELD_OUT,
    CMU_HELD_OUT_WIDE,
    CMU_HELD_OUT_WIDE_NOISY,
    HELD_OUT_SUBJECTS,
)
from ampose.lifting.lifter import Lifter
from ampose.lifting.prediction import predict_samples
from ampose.models import LifterNetwork
from ampose.poses.geometry import root_relative
from ampose.poses.samples import Samples

PROTOCOLS = (CMU_HELD_OUT, CMU_HELD_OUT_WIDE, CMU_HELD_OUT_WIDE_NOISY)
FITTED_ON, CHECKED_ON = ("02", "16"), ("08", "39", "55")
"""Held-out subjects on whom the expected error is put right, and those on whom that is checked."""

SPOT = replace(CMU_HELD_OUT_WIDE_NOISY, subjects=("55",), frame_stride=1)
"""Small enough to be measured again in a test."""

log = logging.getLogger(__name__)


def measure_protocols(
    network: LifterNetwork, motion: MotionCapture, method: str, facts: Mapping[str, str]
) -> list[Report]:
    """Measure the network under all protocols, and two baselines under the first; our first report comes first."""
    lifter = Lifter(network, name=method)
    about = data_facts(Path("cmu.npz"), motion)
    of_lifter = {**facts, "normalisation": network.config.normalisation, **about}
    seen = [hold_out(motion, protocol) for protocol in PROTOCOLS]
    ours = []
    for held_out, protocol in zip(seen, PROTOCOLS, strict=True):
        log.info("measuring %s under %s", method, protocol.name)
        ours += measure(method_of(lifter), held_out, [protocol], facts=of_lifter)
    about["training data"] = f"cmu.npz without the subjects, sha256 {motion.sha256}"
    baselines = fit_baselines(motion, PROTOCOLS[0])
    theirs = [measure(baseline, seen[0], PROTOCOLS[:1], facts=about)[0] for baseline in baselines]
    return [ours[0], *theirs, *ours[1:]]


def calibrate(network: LifterNetwork, motion: MotionCapture) -> tuple[LifterNetwork, dict[str, Any]]:
    """Return the network with its expected error put right, and how well that went on other people."""
    log.info("calibrating the expected error")
    views = [_views(motion, protocol, FITTED_ON) for protocol in PROTOCOLS[1:]]
    correction = fit_correction(errors_of_the_head(network, Samples.concatenate(views)))
    corrected = correct_expected_error(network, correction)
    checked = {}
    for protocol in PROTOCOLS[1:]:
        samples = _views(motion, protocol, CHECKED_ON)
        checked[protocol.name] = {
            when: _facts(compare_errors(one, samples)) for when, one in (("before", network), ("after", corrected))
        }
    return corrected, {
        **asdict(correction),
        "fitted_on": FITTED_ON,
        "checked_on": CHECKED_ON,
        "checked": checked,
    }


def _views(motion: MotionCapture, protocol: Protocol, subjects: tuple[str, ...]) -> Samples:
    return hold_out(motion, replace(protocol, subjects=subjects)).samples


def _facts(errors: Errors) -> dict[str, Any]:
    return {
        "expected_mm": errors.expected.mean().item() * 1000,
        "true_mm": errors.true.mean().item() * 1000,
        "correlation": errors.correlation,
        "off_mm": errors.off * 1000,
        "bins": [
            {"share": row.share, "expected_mm": row.expected * 1000, "true_mm": row.true * 1000}
            for row in reliability(errors)
        ],
    }


def measure_robustness(network: LifterNetwork, motion: MotionCapture, samples: int = 1024) -> list[dict[str, Any]]:
    """Measure all curves."""
    found = []
    for curve in Robustness(network, motion, samples=samples).curves():
        log.info("measured %s", curve.name)
        found.append(curve.as_dict())
    return found


def measure_half_precision(network: LifterNetwork, motion: MotionCapture) -> dict[str, float]:
    """Measure what storing the weights with 16 bits would cost: how far joints move, and what it does to MPJPE."""
    samples = _views(motion, CMU_HELD_OUT_WIDE, HELD_OUT_SUBJECTS)[::3]
    halved = copy.deepcopy(network)
    halved.load_state_dict({key: value.half().float() for key, value in network.state_dict().items()})
    poses = [predict_samples(one, samples, flip=True).positions for one in (network, halved)]
    truth = root_relative(samples.positions[:, 0], network.skeleton.root_index)
    error = [(pose - truth).norm(dim=-1).mean().item() * 1000 for pose in poses]
    moved = (poses[1] - poses[0]).norm(dim=-1) * 1000
    return {"mean_mm": moved.mean().item(), "largest_mm": moved.max().item(), "mpjpe_change_mm": error[1] - error[0]}


def spot_check(network: LifterNetwork, motion: MotionCapture) -> dict[str, Any]:
    """Measure one subject, for a test that does it again."""
    samples = hold_out(motion, SPOT).samples
    poses = predict_samples(network, samples, flip=True).positions
    truth = root_relative(samples.positions[:, 0], network.skeleton.root_index)
    error = (poses - truth).norm(dim=-1).mean().item() * 1000
    found = {"protocol": SPOT.name, "subjects": SPOT.subjects, "mpjpe_mm": error}
    if network.config.predicts_error:
        found["expected_mm"] = compare_errors(network, samples).expected.mean().item() * 1000
    return found
