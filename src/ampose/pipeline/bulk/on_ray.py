"""Jobs on Ray: each is done by one of several workers, here or on a cluster, and its result comes back.

Ray Data streams the jobs to a pool of actors and starts another actor, on another node if need be, where one has died.
What it hands over are descriptions of jobs and results, in JSON: the data itself goes from storage to worker and back.
"""

import json
import logging
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ampose.errors import InputError, MissingExtraError
from ampose.packages import load_package

EXTRA, PURPOSE = "ray", "lifting in bulk"

ATTEMPTS = 3
"""Workers that may die of a job before it is given up."""

_POLL_S = 1.0
"""Between two looks at how far the work is."""

_OBJECT_STORE = 256 * 1024**2
"""Bytes of Ray's memory for objects, where Ray is started here: only descriptions go through it."""

_STARTS = 3
"""Attempts to start Ray here: it gives up after half a minute, which a busy machine may need."""

_LOG = logging.getLogger(__name__)

Job = Mapping[str, Any]
Work = Callable[[Job, Callable[[int], None]], Mapping[str, Any]]
"""Does a job, telling how many more rows are done, and returns its result."""


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """Cluster."""

    address: str | None = None
    """Address of a running Ray cluster, as in auto or 10.0.0.1:6379; by default Ray is started on this machine."""
    workers: int | None = None
    """Number of workers; by default one per GPU, or else per `--threads` cores."""
    threads: int = 1
    """CPU cores of each worker."""
    price: float | None = None
    """Price of one worker for an hour, in any currency, for the cost per million poses."""

    def __post_init__(self) -> None:
        for name in ("workers", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} must be at least 1, got {value}", field=name)
        if self.price is not None and not self.price >= 0:
            raise InputError(f"price must be 0 or more, got {self.price:g}", field="price")


@contextmanager
def ray_cluster(options: ClusterOptions) -> Iterator[int]:
    """Join a cluster, or start Ray here, for as long as the block runs; gives the number of workers.

    Raises:
        InputError: There is no cluster at the address, or it has no room for a worker.
        MissingExtraError: Ray is not installed.
    """
    # Ray reads these when it is imported: it counts its users over the network, and remarks on this and that.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_DISABLE_DOCKER_CPU_WARNING", "1")
    ray = load_package("ray", extra=EXTRA, purpose=PURPOSE)
    load_package("ray.data", extra=EXTRA, purpose=PURPOSE)
    started = not ray.is_initialized()
    if started:
        _start(ray, options)
    try:
        yield _count_workers(ray.cluster_resources(), options)
    finally:
        if started:
            ray.shutdown()


def _start(ray: Any, options: ClusterOptions) -> None:
    """Join the cluster at the address, or start Ray here."""
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    # By default Ray counts them itself: a container may have fewer than the machine.
    cores = None if options.workers is None else options.workers * options.threads
    where = "Ray did not start on this machine"
    if options.address:
        where = f"no Ray cluster answers at {options.address} (where it asks for a token, RAY_AUTH_MODE must be token)"
    for left in reversed(range(1 if options.address else _STARTS)):
        how: dict[str, Any] = {"address": options.address}
        if options.address is None:  # "local": another's cluster on this machine is not joined unasked
            store = {"include_dashboard": False, "object_store_memory": _OBJECT_STORE}
            how = {"address": "local", "num_cpus": cores, **store}
        try:
            with _own_ending():
                ray.init(**how, **quiet)
        except Exception as error:  # Ray raises what it likes, of the kind Exception where it takes too long
            ray.shutdown()
            if not left:
                raise InputError(f"{where}: {' '.join(str(error).split())[:200]}", field="address") from error
        else:
            return


@contextmanager
def _own_ending() -> Iterator[None]:
    """Keep this process's way to end on SIGTERM, in whose place Ray puts one of its own inside the block."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set one
        return
    ours = signal.getsignal(signal.SIGTERM) or signal.SIG_DFL
    try:
        yield
    except SystemExit as ending:  # Ray's way, in the moment after it is there
        signal.signal(signal.SIGTERM, ours)
        if ending.code == signal.SIGTERM:
            signal.raise_signal(signal.SIGTERM)
        raise
    finally:
        signal.signal(signal.SIGTERM, ours)


def _count_workers(resources: Mapping[str, float], options: ClusterOptions) -> int:
    if options.workers is not None:
        return options.workers
    room = int(resources.get("GPU", 0)) or int(resources.get("CPU", 0) // options.threads)
    if room < 1:
        raise InputError(
            f"the cluster has {resources.get('CPU', 0):g} cores, a worker takes {options.threads}; give fewer threads",
            field="threads",
        )
    return room


def results(
    jobs: Mapping[str, Job], make: Callable[[int], Work], workers: int, threads: int, progress: Callable[[int], None]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Do jobs, in no order, and give the name and the result of each.

    A job that raises has the result ``{"failure": reason}``, and so has one of which several workers died.

    Args:
        jobs: By name, in plain values.
        make: Makes what does the jobs, in each worker, given its number of threads. It can be sent there.
        workers: How many at the same time.
        threads: Cores of each.
        progress: Is told how many rows are done in all, every second.
    """
    names = ("ray", "ray.data", "ray.util.scheduling_strategies")
    ray, data, strategies = (load_package(name, extra=EXTRA, purpose=PURPOSE) for name in names)
    context = data.DataContext.get_current().copy()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # one that is lost does not stop the rest: it is missed below
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    gpus = 1 if ray.cluster_resources().get("GPU", 0) else 0
    # Without it the run ends: it is where the driver is, whose loss ends the run anyway.
    here = strategies.NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    tally = ray.remote(num_cpus=0, scheduling_strategy=here)(_Tally).remote()
    with data.DataContext.current(context):
        words = [{"name": name, "job": json.dumps(job)} for name, job in jobs.items()]
        # A block each: workers take one after the other, and a result is known when it is there.
        dataset = data.from_items(words, override_num_blocks=len(words)).map_batches(
            _Worker,
            batch_size=1,
            compute=data.ActorPoolStrategy(
                min_size=1,
                max_size=min(workers, len(jobs)),
                initial_size=min(workers, len(jobs)),
                max_tasks_in_flight_per_actor=1,
            ),
            fn_constructor_kwargs={"make": make, "threads": threads, "tally": tally},
            num_cpus=threads,
            num_gpus=gpus,
        )
        missed = set(jobs)
        for name, result in _watched(dataset.iter_rows(), lambda: progress(ray.get(tally.rows.remote()))):
            if name in missed:
                missed.remove(name)
                yield name, result
    for name in sorted(missed):
        yield name, {"failure": "its worker was lost"}


def _watched(rows: Iterator[Mapping[str, str]], look: Callable[[], None]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the results as they come, and look how far the work is while there is none."""
    waiting: queue.Queue[Any] = queue.Queue()

    def collect() -> None:
        try:
            for row in rows:
                waiting.put((str(row["name"]), json.loads(row["result"])))
            waiting.put(None)
        except Exception as error:
            waiting.put(error)

    threading.Thread(target=collect, daemon=True).start()
    while True:
        try:
            found = waiting.get(timeout=_POLL_S)
        except queue.Empty:
            look()
            continue
        if found is None:
            return
        if isinstance(found, Exception):
            raise found
        yield found


class _Tally:
    """An actor that counts: the rows that are done, and how often a job was begun."""

    def __init__(self) -> None:
        self._rows = 0
        self._begun: dict[str, int] = {}

    def begin(self, name: str) -> int:
        self._begun[name] = self._begun.get(name, 0) + 1
        return self._begun[name]

    def add(self, rows: int) -> None:
        self._rows += rows

    def rows(self) -> int:
        return self._rows


class _Worker:
    """An actor of the pool: does one job after the other. What fails is a result, and does not stop the rest."""

    def __init__(self, make: Callable[[int], Work], threads: int, tally: Any) -> None:
        self._make, self._threads, self._tally = make, threads, tally
        self._work: Work | None = None
        self._ray = load_package("ray", extra=EXTRA, purpose=PURPOSE)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[str]]:
        (name,), (job,) = batch["name"], batch["job"]
        return {"name": [name], "result": [json.dumps(self._try(str(name), json.loads(job)))]}

    def _try(self, name: str, job: Job) -> Mapping[str, Any]:
        # Ray gives a job whose worker died to another one, for ever.
        if self._ray.get(self._tally.begin.remote(name)) > ATTEMPTS:
            return {"failure": f"{ATTEMPTS} workers died of it, as when memory runs out"}
        try:
            if self._work is None:
                self._work = self._make(self._threads)
            return self._work(job, self._tally.add.remote)
        except (InputError, MissingExtraError, OSError) as error:
            return {"failure": " ".join(str(error).split())}
        except Exception as error:
            _LOG.exception("%s", name)  # a mistake of ours, which others can report
            return {"failure": f"unexpectedly: {type(error).__name__}: {' '.join(str(error).split())}"}
