"""Lifting in bulk, measured: throughput beside the engine alone, memory, kills, and several Ray nodes on one machine.

    python -m research.bulk make prepared/cmu.npz tables --parts 80 --rows 125000
    python -m research.bulk throughput tables lifted
    python -m research.bulk kill tables killed
    python -m research.bulk nodes tables nodes
    python -m research.bulk store tables s3://bucket store
    python -m research.bulk files small
    python -m research.bulk jobs 2000

``make`` writes keypoint tables: what virtual cameras see of the motion, as the data engine draws them. The others write
what they measure to ``research/bulk.json``; docs/a-billion-poses.md quotes it.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import tyro

RESULTS = Path(__file__).with_suffix(".json")
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "bulk-nodes.png"


def make(motion: Path, folder: Path, /, parts: int = 80, rows: int = 125_000, seed: int = 0) -> None:
    """Write tables of synthetic views of real motion, with a detector's noise and missing joints.

    Args:
        motion: Prepared CMU motion.
        folder: Where to.
        parts: How many files.
        rows: Of each.
        seed: Of the poses, the cameras and the noise.
    """
    import torch

    from ampose.data.motion_capture import read_motion
    from ampose.data.synthesis.virtual_cameras import VirtualCameraConfig, draw_cameras, render
    from ampose.files.tables.keypoint_table import write_keypoint_table

    clips = read_motion(motion)
    positions = torch.from_numpy(clips.positions)
    clip_of = np.repeat(np.array(clips.names), np.diff(clips.clip_starts))
    folder.mkdir(parents=True, exist_ok=True)
    for part in range(parts):
        generator = torch.Generator().manual_seed(seed + part)
        chosen = torch.randint(len(positions), (rows,), generator=generator)
        cameras = draw_cameras(rows, VirtualCameraConfig(), generator)
        samples = render(positions[chosen][:, None], cameras, clips.skeleton)
        keypoints = samples.keypoints_px[:, 0] + 2 * torch.randn(
            rows, clips.skeleton.num_joints, 2, generator=generator
        )
        lost = torch.rand(keypoints.shape[:2], generator=generator) < 0.02
        keypoints[lost] = torch.nan
        size = cameras.intrinsics.image_size.numpy().astype(int)
        columns = {
            "clip": clip_of[chosen.numpy()],
            "person": np.zeros(rows, dtype=int),
            "frame": chosen.numpy(),
            "time": np.full(rows, np.nan),
            "image_width": size[:, 0],
            "image_height": size[:, 1],
            "keypoints": keypoints.numpy(),
            "confidence": (~lost).numpy().astype(np.float32),
        }
        write_keypoint_table(folder / f"part-{part:05d}.parquet", clips.skeleton, columns)


def throughput(
    tables: Path, output: Path, /, model: str = "ampose-small", options: str = "", name: str = "throughput"
) -> None:
    """Lift all tables, and before and after it run the engine alone on as many cores at once.

    Args:
        tables: What ``make`` wrote.
        output: A folder that is not there yet.
        model: What lifts.
        options: More options of the command.
        name: Of the measurement.
    """
    cores = os.cpu_count() or 1
    alone = [_engines_alone(model, options, cores)]
    load = [os.getloadavg()[0]]
    with _Memory() as memory:
        summary = _bulk(tables, output, "--model", model, *options.split())
    load.append(os.getloadavg()[0])
    alone.append(_engines_alone(model, options, cores))
    per_cpu = float(np.mean([each["poses_per_cpu_second"] for each in alone]))
    _keep(
        name,
        {
            "command": f"ampose bulk {tables.name} -o {output.name} --model {model} {options}".strip(),
            "cores": cores,
            "load_before_and_after": load,
            "engine_alone": alone,
            "bulk": summary,
            "poses_per_cpu_second": 1e6 / summary["cpu_seconds_per_million"],
            "share_of_engine_alone": 1e6 / summary["cpu_seconds_per_million"] / per_cpu,
            "memory": memory.summary(),
            "bytes": {"read": _size(tables), "written": _size(output)},
            "largest_difference_mm": _compare_with_lifter(tables, output, model, flip="--no-flip" not in options),
        },
    )


_ALONE = """
import json, sys, time, torch
torch.set_num_threads(1)
from ampose.lifting.lifter import load_model
model, seconds, passes = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
lifter = load_model(model)
engine = lifter.runners.get(10**9).engine
batch = torch.randn(engine.chunk, 1, lifter.skeleton.num_joints, 2)
for _ in range(10):
    engine(batch)
start, cpu, done = time.perf_counter(), time.process_time(), 0
while time.perf_counter() - start < seconds:
    engine(batch)
    done += len(batch) / passes
print(json.dumps({"poses": done, "seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}))
"""


def _engines_alone(model: str, options: str, cores: int, seconds: float = 30) -> dict[str, float]:
    """Run an engine in a process for each core, on numbers that are in memory and nothing else."""
    command = [sys.executable, "-c", _ALONE, model, str(seconds), "1" if "--no-flip" in options else "2"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(cores)]
    found = [json.loads(process.communicate()[0]) for process in running]
    return {
        "poses_per_second": sum(each["poses"] / each["seconds"] for each in found),
        "poses_per_cpu_second": sum(each["poses"] for each in found) / sum(each["cpu"] for each in found),
    }


class _Memory:
    """Looks every second at how much memory the driver, Ray and the workers hold, shared memory counted once."""

    def __init__(self) -> None:
        self.samples: list[dict[str, float]] = []
        self._done = threading.Event()

    def __enter__(self) -> "_Memory":
        self._start = time.monotonic()
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()

    def _watch(self) -> None:
        while not self._done.wait(1.0):
            sample = {"at": time.monotonic() - self._start, "worker": 0.0, "driver": 0.0, "ray": 0.0}
            for process in psutil.Process().children(recursive=True):
                try:
                    words, used = " ".join(process.cmdline()), process.memory_info()
                except psutil.Error:
                    continue
                mine = (used.rss - used.shared) / 2**20
                if "ray::MapWorker" in words:
                    sample["worker"] = max(sample["worker"], mine)
                elif "ampose bulk" in words or "-m ampose" in words:
                    sample["driver"] = max(sample["driver"], mine)
                else:
                    sample["ray"] += mine
            self.samples.append(sample)

    def summary(self) -> dict[str, Any]:
        """Return the largest of each kind, in MiB, and that of the worker in each tenth of the run."""
        tenths = np.array_split(np.array([sample["worker"] for sample in self.samples]), 10)
        peaks = {kind: round(max(sample[kind] for sample in self.samples)) for kind in ("worker", "driver", "ray")}
        return peaks | {"worker_by_tenth": [round(float(part.max(initial=0))) for part in tenths]}


def _bulk(tables: Path | str, output: Path | str, *words: str) -> dict[str, Any]:
    """Run the command, and return its summary."""
    done = subprocess.run(_command(tables, output, *words), check=False, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _command(tables: Path | str, output: Path | str, *words: str) -> list[str]:
    return [sys.executable, "-m", "ampose", "bulk", str(tables), "-o", str(output), "--json-lines", *words]


def _compare_with_lifter(tables: Path, output: Path, model: str, *, flip: bool, rows: int = 2000) -> float:
    """Return by how many millimetres the first rows of some parts differ from what ``lifter.lift`` makes of them."""
    import pyarrow.parquet as pq

    from ampose.files.tables.keypoint_table import rows_of, skeleton_of_table
    from ampose.lifting.lifter import load_model

    lifter, largest = load_model(model), 0.0
    files = sorted(tables.glob("*.parquet"))
    for file in random.Random(0).sample(files, min(3, len(files))):
        batch = next(pq.ParquetFile(file).iter_batches(batch_size=rows))
        found = next(iter(sorted(output.glob(f"{file.stem}*.parquet"))))
        skeleton = skeleton_of_table(batch.schema)
        seen = rows_of(batch, skeleton)
        lifted = next(pq.ParquetFile(found).iter_batches(batch_size=rows))["positions"].to_pylist()
        for row in range(0, rows, 20):
            points = np.concatenate([seen.keypoints[row], seen.confidence[row][:, None]], axis=1)[None]
            size = tuple(int(side) for side in seen.image_size[row])
            one = lifter.lift(points, image_size=size, skeleton=skeleton, flip=flip).positions.ravel()
            if lifted[row] is not None:
                largest = max(largest, float(np.abs(one - np.array(lifted[row])).max()) * 1000)
    return largest


def kill(tables: Path, output: Path, /, moments: int = 10, seed: int = 0, options: str = "") -> None:
    """Kill a worker, the driver or everything at random moments, run again, and compare with an undisturbed run.

    Args:
        tables: What ``make`` wrote.
        output: A folder that is not there yet.
        moments: How many kills.
        seed: Of the moments.
        options: More options of the command.
    """
    draw = random.Random(seed)
    _bulk(tables, output / "undisturbed", *options.split())
    wanted, rows = _contents(output / "undisturbed"), []
    for number in range(moments):
        victim = ("worker", "driver", "everything")[number % 3]
        folder = output / f"{number}-{victim}"
        moment = (draw.randrange(len(wanted)), draw.uniform(0, 2))
        killed, left = _run_and_kill(tables, folder, victim, moment, options)
        again = _bulk(tables, folder, *options.split())
        rows.append(
            {
                "victim": victim,
                "outputs_before": moment[0],
                "and_seconds": round(moment[1], 1),
                "killed": killed,
                "outputs_left": left,
                "lifted_again": again["lifted_now"],
                "failures": again["failures"],
                "equal": _contents(folder) == wanted,
            }
        )
        print(rows[-1], flush=True)
        shutil.rmtree(folder)
        _keep("kill", {"outputs": len(wanted), "moments": rows})


def _run_and_kill(tables: Path, folder: Path, victim: str, moment: tuple[int, float], options: str) -> tuple[int, int]:
    """Start a run, and kill some seconds after so many outputs are there.

    Returns:
        How many processes were killed, and how many outputs were there when all had ended.
    """
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(_command(tables, folder, *options.split()), **quiet)
    while process.poll() is None and len(list(folder.glob("*.parquet"))) < moment[0]:
        time.sleep(0.05)
    time.sleep(moment[1])
    if process.poll() is not None:
        return 0, len(list(folder.glob("*.parquet")))
    return _kill(process, victim), len(list(folder.glob("*.parquet")))


def _kill(process: "subprocess.Popen[Any]", victim: str) -> int:
    """Kill the driver, a worker or everything, and wait for the end of all; returns how many processes were killed."""
    driver = psutil.Process(process.pid)
    everything = [driver, *driver.children(recursive=True)]
    workers = [each for each in everything if "ray::MapWorker" in _words(each)]
    victims = {"worker": workers[:1], "driver": [driver], "everything": everything}[victim]
    for each in victims:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(signal.SIGKILL)
    process.wait()
    psutil.wait_procs(everything, timeout=60)  # Ray ends with its driver
    return len(victims)


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _contents(folder: Path) -> dict[str, Any]:
    """Return the rows of all outputs."""
    import pyarrow.parquet as pq

    return {file.name: pq.ParquetFile(file).read() for file in sorted(folder.glob("*.parquet"))}


def store(tables: Path, uri: str, output: Path, /, before_kill: int = 3, options: str = "") -> None:
    """Lift tables in an object store, kill everything on the way, run again, and compare with a run on the disk.

    Args:
        tables: What ``make`` wrote; copied to the store.
        uri: A folder that pyarrow knows. For a server of your own set ``AWS_ENDPOINT_URL``, or for Google's protocol
            ``CLOUD_STORAGE_EMULATOR_ENDPOINT``.
        output: A folder of this machine that is not there yet.
        before_kill: Outputs that are there when the run is killed.
        options: More options of the command.
    """
    from pyarrow import fs

    fs.copy_files(str(tables.resolve()), f"{uri}/tables")
    local = _bulk(tables, output / "local", *options.split())
    places = f"{uri}/tables", f"{uri}/lifted"
    process = subprocess.Popen(_command(*places, *options.split()), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    seen = 0
    while seen < before_kill:
        seen += json.loads(process.stdout.readline())["event"] == "output"
    _kill(process, "everything")
    again = _bulk(*places, *options.split())
    (output / "fetched").mkdir()
    fs.copy_files(f"{uri}/lifted", str((output / "fetched").resolve()))
    kind = uri.partition(":")[0]
    found = {"outputs_before_kill": seen, "local": local, "after_kill": again}
    _keep(f"store_{kind}", found | {"equal": _contents(output / "fetched") == _contents(output / "local")})


def nodes(tables: Path, output: Path, /, most: int = 4, options: str = "") -> None:
    """Lift on one, two and more Ray nodes of one core each, on this machine, and compare.

    Args:
        tables: What ``make`` wrote.
        output: A folder that is not there yet.
        most: Nodes.
        options: More options of the command.
    """
    rows, wanted = [], None
    ray = str(Path(sys.executable).with_name("ray"))
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_AUTH_MODE="disabled")  # all of it stays on this machine
    store = "--object-store-memory=100000000"
    for count in range(1, most + 1):
        running = [
            subprocess.Popen(
                [ray, "start", "--head", "--port=6399", "--num-cpus=1", store, "--block", "--include-dashboard=false"],
                stdout=subprocess.DEVNULL,
            )
        ]
        time.sleep(20)
        running += [
            subprocess.Popen(
                [ray, "start", "--address=127.0.0.1:6399", "--num-cpus=1", store, "--block"],
                stdout=subprocess.DEVNULL,
            )
            for _ in range(count - 1)
        ]
        time.sleep(20)
        try:
            summary = _bulk(tables, output / f"{count}", "--address", "127.0.0.1:6399", *options.split())
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait()
        found = _contents(output / f"{count}")
        wanted = wanted or found
        rows.append({"nodes": count, "load": os.getloadavg()[0], "equal": found == wanted, **summary})
        print(rows[-1], flush=True)
    _keep("nodes", {"cores": os.cpu_count(), "rows": rows})
    _plot(rows)


def files(folder: Path, /, count: int = 4000) -> None:
    """Plan many small files: the time and the memory that each costs the driver.

    Args:
        folder: A folder that is not there yet.
        count: How many files.
    """
    import torch

    from ampose.lifting.lifter import load_model
    from ampose.pipeline.bulk.bulk_tables import bulk_settings
    from ampose.pipeline.bulk.plan import plan
    from ampose.pipeline.bulk.storage import Storage
    from ampose.pipeline.lift_options import DEFAULT_OPTIONS

    torch.set_num_threads(1)
    make_small(folder, count)
    settings = bulk_settings(load_model("ampose-small"), DEFAULT_OPTIONS, 131_072)
    before, start = psutil.Process().memory_info().rss, time.process_time()
    made = plan([str(folder)], Storage(folder.with_name("none")), settings, None)
    spent = time.process_time() - start
    grown = psutil.Process().memory_info().rss - before
    found = {"pieces": len(made.pieces), "cpu_ms_each": 1000 * spent / count, "kilobytes_each": grown / count / 1000}
    _keep("files", found)


def jobs(count: int = 2000, /) -> None:
    """Do jobs that are nothing: the time and the memory that Ray costs the driver for each piece.

    Args:
        count: How many.
    """
    from ampose.pipeline.bulk.on_ray import ClusterOptions, ray_cluster, results

    nothing = {str(number): {"path": "x" * 200} for number in range(count)}
    with ray_cluster(ClusterOptions(workers=1)):
        own = psutil.Process()
        before, start, clock = own.memory_info().rss, time.process_time(), time.perf_counter()
        done = sum("failure" not in found for _, found in results(nothing, _Nothing, 1, 1, lambda _: None))
        spent, seconds = time.process_time() - start, time.perf_counter() - clock
        grown = own.memory_info().rss - before
    _keep(
        "jobs",
        {
            "done": done,
            "driver_cpu_ms_each": 1000 * spent / count,
            "ms_each": 1000 * seconds / count,
            "driver_kilobytes_each": grown / count / 1000,
        },
    )


class _Nothing:
    """Does nothing."""

    def __init__(self, threads: int) -> None:
        pass

    def __call__(self, job: Any, report: Any) -> dict[str, Any]:
        return {}


def make_small(folder: Path, count: int) -> None:
    """Write files of one row."""
    from ampose.files.tables.keypoint_table import write_keypoint_table
    from ampose.poses.skeletons import get_skeleton

    skeleton = get_skeleton("coco_17")
    keypoints = np.random.default_rng(0).uniform(100, 600, (1, skeleton.num_joints, 2))
    one = {"clip": ["a"], "person": [0], "frame": [0], "time": [np.nan], "image_width": [640], "image_height": [640]}
    folder.mkdir(parents=True)
    write_keypoint_table(
        folder / "0.parquet", skeleton, {**one, "keypoints": keypoints, "confidence": np.ones(keypoints.shape[:2])}
    )
    for number in range(1, count):
        shutil.copy(folder / "0.parquet", folder / f"{number}.parquet")


def _plot(rows: list[dict[str, Any]]) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
    counts = [row["nodes"] for row in rows]
    axes.plot(counts, [row["poses_per_second"] for row in rows], "o-", label="measured")
    axes.axvline(os.cpu_count() or 1, color="grey", linestyle=":", label="cores of the machine")
    highest = 1.1 * max(row["poses_per_second"] for row in rows)
    axes.set(xlabel="Ray nodes of one core each", ylabel="poses/s", xticks=counts, ylim=(0, highest))
    axes.legend(frameon=False)
    figure.savefig(FIGURE, dpi=150)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*.parquet"))


def _keep(name: str, found: dict[str, Any]) -> None:
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({**kept, name: found}, indent=1) + "\n")
    print(json.dumps(found, indent=1), flush=True)


if __name__ == "__main__":
    commands = (make, throughput, kill, nodes, store, files, jobs)
    tyro.extras.subcommand_cli_from_dict({command.__name__: command for command in commands})
