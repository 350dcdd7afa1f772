"""The open benchmark: systems trained by one loop, on the same samples, for the same steps, and measured alike.

A trial is one system with one seed. It has a folder of its own with its run and its result, so that a benchmark that
was stopped goes on where it was, and a finished trial is not done again. The table has each system's mean over seeds
and its spread, the best first.
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from math import isnan
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch

from ampose.atomic import replacing
from ampose.data import MotionCapture
from ampose.errors import InputError
from ampose.evaluation.held_out import hold_out
from ampose.evaluation.measure import measure, method_of
from ampose.evaluation.protocol import Protocol
from ampose.evaluation.protocols.cmu import CMU_HELD_OUT, CMU_HELD_OUT_NOISY
from ampose.evaluation.systems import list_systems
from ampose.evaluation.tables import markdown_table
from ampose.lifting.lifter import Lifter
from ampose.lifting.weights import load_weights
from ampose.models import LifterNetwork, find_model, make_config
from ampose.models.cost import measure_cost
from ampose.training.config import TrainConfig
from ampose.training.manifest import settings_of

SAMPLES = 20_000
"""About so many poses are measured, evenly spread over the held-out frames."""

SPEED_BATCH, SPEED_CALLS = 256, 5

Train = Callable[[TrainConfig, Path], None]
"""(config, run folder): train, or go on with the run that is there."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A system trained with one seed, measured."""

    system: str
    seed: int
    mpjpe_mm: float
    """With ideal 2D."""
    p_mpjpe_mm: float
    noisy_mpjpe_mm: float
    """With 2D as imperfect as a detector's."""
    noisy_p_mpjpe_mm: float
    parameters: int
    macs: int
    """For one pose."""
    poses_per_second: float
    """Of the network alone, in batches of 256."""


def default_systems() -> tuple[str, ...]:
    """Return the single-frame systems that a laptop can train in one go.

    That is all but the larger AMPoses, MixSTE, and JointFormer's refinement, which needs a trained JointFormer.
    """
    single = [name for name in list_systems() if find_model(name).config.receptive_field == 1]
    left_out = {"ampose-full", "ampose-base", "mixste-1", "jointformer-refined"}
    return tuple(name for name in single if name not in left_out)


def config_for(common: TrainConfig, system: str, seed: int) -> TrainConfig:
    """Return the common recipe for a system: its own size and, where it has heads that only that trains, its own loss.

    Raises:
        InputError: The system is unknown.
    """
    own_loss = find_model(system).facts.loss or common.loss
    model = make_config(system, skeleton=common.model.skeleton, normalisation=common.model.normalisation)
    return replace(common, model_name=system, model=model, seed=seed, loss=own_loss)


def make_protocols(motion: MotionCapture, common: TrainConfig) -> tuple[Protocol, Protocol]:
    """Return how all are measured, with ideal and with noisy 2D: the recipe's held-out people and cameras, no flip."""
    held_out, cameras = common.data.held_out_subjects, common.data.cameras
    stride = max(1, round(len(motion.select(subjects=held_out)) / SAMPLES))
    ideal, noisy = (
        replace(
            protocol.with_source(cameras=cameras),
            subjects=held_out,
            frame_stride=stride,
            flip=False,
            skeleton=common.model.skeleton,
        )
        for protocol in (CMU_HELD_OUT, CMU_HELD_OUT_NOISY)
    )
    return ideal, noisy


class OpenBenchmark:
    """Runs trials, each at most once.

    Args:
        common: The recipe that all systems share.
        motion: The motion with the held-out people.
        folder: Where trials live.
        train: What trains one.
    """

    def __init__(self, common: TrainConfig, motion: MotionCapture, folder: Path, train: Train) -> None:
        self.common = common
        self.folder = folder
        self.train = train
        self.motion = motion
        self.motion_sha256 = motion.sha256
        self.protocols = make_protocols(motion, common)
        self.held_out = [hold_out(motion, protocol) for protocol in self.protocols]

    def run(self, system: str, seed: int) -> Trial:
        """Return the trial's result: the one that is there, or a new one.

        Raises:
            InputError: The trial's folder holds a result of other settings.
        """
        config = config_for(self.common, system, seed)
        folder = self.folder / system / f"seed-{seed}"
        protocols = [protocol.as_dict() for protocol in self.protocols]
        parts = [settings_of(config), config.start_from, protocols, self.motion_sha256]
        identity = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
        path = folder / "result.json"
        if path.is_file():
            return _read_trial(path, identity)
        self.train(config, folder / "run")
        network = load_weights(folder / "run" / "last").network
        trial = self._measure(network, system, seed)
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as unfinished:
            text = json.dumps({"identity": identity, **asdict(trial)}, indent=2) + "\n"
            unfinished.write_text(text, encoding="utf-8")
        return trial

    def _measure(self, network: LifterNetwork, system: str, seed: int) -> Trial:
        held_out, frames = self.held_out, network.receptive_field
        if frames > 1:  # the same samples, with what is around them
            held_out = [hold_out(self.motion, protocol, receptive_field=frames) for protocol in self.protocols]
        method = method_of(Lifter(network, name=system))
        ideal, noisy = (
            measure(method, samples, [protocol])[0].all_frames.values
            for samples, protocol in zip(held_out, self.protocols, strict=True)
        )
        network.cpu()
        cost = measure_cost(network, depth=0)[0]
        return Trial(
            system=system,
            seed=seed,
            mpjpe_mm=ideal["mpjpe"],
            p_mpjpe_mm=ideal["p_mpjpe"],
            noisy_mpjpe_mm=noisy["mpjpe"],
            noisy_p_mpjpe_mm=noisy["p_mpjpe"],
            parameters=cost.parameters,
            macs=cost.macs,
            poses_per_second=measure_speed(network),
        )


def _read_trial(path: Path, identity: str) -> Trial:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        kept = found.pop("identity")
        trial = Trial(**found)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path} must hold the result of a trial, got something else; remove it") from error
    if kept != identity:
        raise InputError(f"{path} is of other settings; remove it, or choose another folder", field="runs")
    return trial


@torch.inference_mode()
def measure_speed(network: LifterNetwork) -> float:
    """Return how many poses a second the network lifts in batches: the best of some calls, after one to warm up."""
    joints = network.skeleton.num_joints
    answers = network.receptive_field if network.output == "sequence" else 1
    windows = max(1, SPEED_BATCH // answers)
    keypoints = torch.zeros(windows, network.receptive_field, joints, 2)
    network.eval()(keypoints)
    seconds = []
    for _ in range(SPEED_CALLS):
        start = time.perf_counter()
        network(keypoints)
        seconds.append(time.perf_counter() - start)
    return windows * answers / min(seconds)


def as_plain(benchmark: OpenBenchmark, trials: Sequence[Trial]) -> dict[str, Any]:
    """Return everything that bears on the numbers, and the numbers, for JSON."""
    return {
        "recipe": asdict(benchmark.common),
        "motion_sha256": benchmark.motion_sha256,
        "protocols": [protocol.as_dict() for protocol in benchmark.protocols],
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "trials": [asdict(trial) for trial in trials],
    }


HEADER = (
    "system", "MPJPE, mm", "P-MPJPE, mm", "noisy 2D: MPJPE, mm", "P-MPJPE, mm", "seeds", "parameters", "MACs", "poses/s"
)  # fmt: skip
"""Of ``Summary.cells``."""


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over seeds."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise some values.

        Example:
            >>> str(Spread.of([40.0, 42.0])), str(Spread.of([40.0]))
            ('41.00 ± 1.41', '40.00')
        """
        return cls(mean(values), stdev(values) if len(values) > 1 else float("nan"))

    def __str__(self) -> str:
        spread = "" if isnan(self.deviation) else f" ± {self.deviation:.2f}"
        return f"{self.mean:.2f}{spread}"


@dataclass(frozen=True)
class Summary:
    """A system over all its seeds."""

    system: str
    trials: Sequence[Trial]

    @property
    def mpjpe_mm(self) -> Spread:
        """With ideal 2D."""
        return Spread.of([trial.mpjpe_mm for trial in self.trials])

    def cells(self) -> tuple[str, ...]:
        """Return the texts below ``HEADER``."""
        one = self.trials[0]
        measured = (
            self.mpjpe_mm,
            Spread.of([trial.p_mpjpe_mm for trial in self.trials]),
            Spread.of([trial.noisy_mpjpe_mm for trial in self.trials]),
            Spread.of([trial.noisy_p_mpjpe_mm for trial in self.trials]),
        )
        speed = max(trial.poses_per_second for trial in self.trials)
        costs = (f"{len(self.trials)}", f"{one.parameters:,}", f"{one.macs:,}", f"{speed:,.0f}")
        return (self.system, *map(str, measured), *costs)


def summarise(trials: Sequence[Trial]) -> list[Summary]:
    """Group trials by system, the lowest mean MPJPE with ideal 2D first."""
    systems = dict.fromkeys(trial.system for trial in trials)
    summaries = [Summary(name, [trial for trial in trials if trial.system == name]) for name in systems]
    return sorted(summaries, key=lambda summary: summary.mpjpe_mm.mean)


def winner(summaries: Sequence[Summary]) -> str:
    """Say who wins, and who is too near to tell apart: means that differ by less than the two spreads together."""
    first, *others = summaries
    best = first.mpjpe_mm
    near = [
        other.system
        for other in others
        if abs(best.mean - other.mpjpe_mm.mean) < best.deviation + other.mpjpe_mm.deviation
    ]
    said = f"Lowest mean MPJPE with ideal 2D: {first.system}, {first.mpjpe_mm} mm."
    return f"{said} Not told apart from it by these seeds: {', '.join(near)}." if near else said


def as_markdown(summaries: Sequence[Summary]) -> str:
    """Return the table in Markdown."""
    return markdown_table(HEADER, [summary.cells() for summary in summaries])
