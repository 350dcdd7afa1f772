"""One session of a training run: set up, train, and leave everything in the run's folder."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch
from lightning_fabric import Fabric

from ampose import Progress
from ampose.atomic import claimed
from ampose.errors import InputError
from ampose.training.checkpoint import RunState
from ampose.training.config import TrainConfig
from ampose.training.lifter_stage import lifter_trainee
from ampose.training.loop import CHECKPOINT, Loop, Run
from ampose.training.manifest import hash_config, write_manifest
from ampose.training.refinement_stage import refinement_trainee

ENDINGS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that end a program besides Ctrl-C's; Windows has no SIGHUP."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How a session ended."""

    done: bool
    run_state: RunState
    folder: Path
    train_frames: int
    validation_frames: int
    process: int = 0
    """Which of several processes this is; the first one speaks for all."""
    caveat: str = ""
    """Must stand beside the error; see ``Trainee``."""


def train(
    config: TrainConfig,
    folder: Path,
    *,
    resume: bool = False,
    max_minutes: float | None = None,
    report: Progress | None = None,
) -> Outcome:
    """Train, or continue to train, and leave weights, log, plot, manifest and checkpoint in the folder.

    Args:
        config: What to train.
        folder: Where to write; created if needed.
        resume: Continue from the folder's checkpoint.
        max_minutes: Stop cleanly after this time; the run can be resumed.
        report: Is called with (steps done, steps in all, note).

    Raises:
        InputError: The data is missing or damaged, the folder holds another run, another run writes to it, or there is
            nothing to resume.
        RunLostError: The folder was removed meanwhile.
    """
    if not resume and (folder / CHECKPOINT).exists():
        raise InputError(f"{folder} holds a run; choose another folder, or resume that run", field="resume")
    fabric = make_fabric(config)
    with claimed(folder) if fabric.global_rank == 0 else nullcontext():
        return _train(config, folder, fabric, resume=resume, max_minutes=max_minutes, report=report)


def _train(
    config: TrainConfig,
    folder: Path,
    fabric: Fabric,
    *,
    resume: bool,
    max_minutes: float | None,
    report: Progress | None,
) -> Outcome:
    if config.refinement is None:
        trainee = lifter_trainee(config, fabric.device)
    else:
        trainee = refinement_trainee(config, fabric.device)
    with stop_requests(max_minutes) as should_stop:
        run = Run(
            folder=folder,
            config_hash=hash_config(trainee.config, trainee.hashes),
            fabric=fabric,
            report=report,
            should_stop=should_stop,
        )
        loop = Loop(trainee, run, resume=resume)
        if run.leads:
            write_manifest(folder, trainee.config, trainee.hashes, resumed=resume)
        done = loop.fit()
    if fabric.world_size > 1:
        # Left to the end of the interpreter, threads of the connection now and then outlive what they use, and a
        # training that is done aborts.
        fabric.barrier()
        torch.distributed.destroy_process_group()
    return Outcome(
        done=done,
        run_state=loop.run_state,
        folder=folder,
        train_frames=trainee.train_frames,
        validation_frames=trainee.validation_frames,
        process=fabric.global_rank,
        caveat=trainee.caveat,
    )


def make_fabric(config: TrainConfig) -> Fabric:
    """Set up devices: those of torchrun if it started us, else one GPU if there is one, else the CPU."""
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    nodes = int(os.environ.get("WORLD_SIZE", "1")) // processes
    strategy = "auto"
    if processes * nodes > 1:
        # A loss may leave parts of a network alone (a head that predicts errors), which DDP must know.
        strategy = "ddp_find_unused_parameters_true"
    fabric = Fabric(
        accelerator="auto", devices=processes, num_nodes=nodes, strategy=strategy, precision=config.precision
    )
    fabric.launch()
    slow = torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "AVX2")
    if config.precision == "bf16-mixed" and fabric.device.type == "cpu" and slow and fabric.global_rank == 0:
        _LOG.warning("this processor has no instructions for bfloat16: --precision 32-true is many times as fast here")
    return fabric


@contextmanager
def stop_requests(max_minutes: float | None) -> Iterator[Callable[[], bool]]:
    """Give a question to ask between two steps, where the state is whole: should the run stop?

    The first Ctrl-C (or SIGTERM, or SIGHUP) asks to stop; a second one interrupts at once, and the last checkpoint
    remains. Outside the main thread, which alone hears signals, only the time counts.
    """
    deadline = None if max_minutes is None else time.monotonic() + 60 * max_minutes
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    numbers = (signal.SIGINT, *ENDINGS) if threading.current_thread() is threading.main_thread() else ()
    # One that is ignored already, as SIGHUP is by nohup, stays so; and what C code put there (None) cannot be put back.
    heard = [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    previous = {number: signal.signal(number, ask) for number in heard}
    try:
        yield lambda: asked or (deadline is not None and time.monotonic() >= deadline)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
