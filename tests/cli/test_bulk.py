"""The command ``ampose bulk``, on Ray, in a process of its own as users start it."""

import json
import os
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
from tests.keypoint_tables import write_table
from tests.walkers import bodies_px

from ampose.cli import main

pytest.importorskip("ray", reason="Ray is not installed")
pq = pytest.importorskip("pyarrow.parquet")


def bulk(*words, cwd):
    command = [sys.executable, "-m", "ampose", "bulk", *map(str, words)]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, timeout=280)


@pytest.mark.slow
def test_tables_are_lifted_on_ray_and_what_fails_does_not_stop_the_rest(tmp_path):
    write_table(tmp_path / "in" / "a.parquet", 30)
    write_table(tmp_path / "in" / "day=2" / "b.parquet", 20, seed=1, image_width=np.where(np.arange(20) == 4, 0, 1000))
    (tmp_path / "in" / "broken.parquet").write_bytes(b"PAR1 and no more")
    done = bulk("in", "-o", "out", "--rows", "15", "--json-lines", "--workers", "1", "--price", "2", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    summary = events[-1]
    assert (summary["rows"], summary["rows_written"], summary["set_aside"], summary["outputs"]) == (50, 49, 1, 4)
    assert list(summary["failures"]) == ["broken.parquet"]
    assert summary["cost_per_million"] > 0
    assert [event["event"] for event in events[:2]] == ["failure", "start"]
    assert sum(event["event"] == "output" for event in events) == 4
    manifest = [json.loads(line) for line in (tmp_path / "out" / "_manifest.jsonl").read_text().splitlines()]
    held = [(line["output"], line["source"]["name"], *line["source"]["rows"], line["rows"]) for line in manifest]
    assert held == [
        ("a-00000-of-00002.parquet", "a.parquet", 0, 15, 15),
        ("a-00001-of-00002.parquet", "a.parquet", 15, 30, 15),
        ("day=2/b-00000-of-00002.parquet", "day=2/b.parquet", 0, 15, 14),
        ("day=2/b-00001-of-00002.parquet", "day=2/b.parquet", 15, 20, 5),
    ]
    assert pq.read_table(tmp_path / "out").num_rows == 49
    (tmp_path / "in" / "broken.parquet").unlink()
    again = bulk("in", "-o", "out", "--rows", "15", cwd=tmp_path)  # needs no Ray: nothing is left to do
    assert again.returncode == 0, again.stderr
    assert "all was done already" in again.stdout


@pytest.mark.slow
def test_inputs_of_lift_are_a_task_each_on_ray_with_the_marks_of_a_batch(tmp_path):
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", bodies_px(4))
    (tmp_path / "broken.json").write_text("{")
    words = (
        "a.npy",
        "b.npy",
        "broken.json",
        "-o",
        "out",
        "--image-size",
        "1000x1000",
        "--no-preview",
        "--workers",
        "1",
    )
    done = bulk(*words, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "failed: 1 of 3: broken.json" in done.stdout
    assert {path.name for path in (tmp_path / "out" / "a").iterdir()} >= {".ampose-done.json", "poses.json"}
    again = bulk(*words[:2], *words[3:], "--json-lines", cwd=tmp_path)  # needs no Ray: nothing is left to do
    events = [json.loads(line) for line in again.stdout.splitlines()]
    assert again.returncode == 0
    assert all("done already" in event["line"] for event in events[:-1])
    assert events[-1] == {"event": "summary", "outputs": 2, "failures": []}


@pytest.mark.slow
def test_after_kills_the_output_is_as_if_nothing_had_happened(tmp_path):
    """SIGKILL while pieces are lifted: the driver, then a worker of the run that goes on.

    ``python -m research.bulk kill`` does it at many moments.
    """
    columns = write_table(tmp_path / "in" / "a.parquet", 1200)
    words = ("in", "-o", "out", "--rows", "200", "--workers", "1", "--json-lines")
    assert run_and_kill(words, "driver", tmp_path)[0] == -9
    status, events = run_and_kill(words, "worker", tmp_path)
    assert status == 0
    summary = events[-1]
    assert (summary["rows_written"], summary["outputs"], summary["failures"]) == (1200, 6, {})
    assert 200 <= summary["lifted_now"] <= 1000
    assert not list((tmp_path / "out").glob(".*"))
    table = pq.read_table(tmp_path / "out")
    assert table["frame"].to_pylist() == columns["frame"].tolist()


def run_and_kill(words, victim, cwd):
    """Start the command, and kill the driver or its worker once the first piece is there.

    Returns:
        The command's status, and what it printed after that piece.
    """
    psutil = pytest.importorskip("psutil")
    command = [sys.executable, "-m", "ampose", "bulk", *words]
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, text=True)
    while json.loads(process.stdout.readline())["event"] != "output":
        pass
    family = psutil.Process(process.pid).children(recursive=True)
    (worker,) = [each for each in family if "ray::MapWorker" in each.name() or "ray::MapWorker" in each.cmdline()[0]]
    (worker if victim == "worker" else process).kill()
    rest, _ = process.communicate(timeout=250)
    for left in family:  # Ray's own processes notice late that their driver is gone
        with suppress(psutil.NoSuchProcess):
            left.kill()
    return process.returncode, [json.loads(line) for line in rest.splitlines()]


def test_tables_and_videos_are_not_mixed(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["bulk", "a.parquet", "b.mp4", "-o", "out"]) == 2
    assert "lift them one after the other" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "there is nothing to lift"),
        (["in"], "there is no folder to write to"),
        (["in.parquet", "-o", "out"], "in.parquet: there is no such file or folder"),
        (["in", "-o", "out", "--workers", "0"], "workers must be at least 1"),
        (["in.parquet", "-o", "out", "--rows", "0"], "rows of a file must be at least 1"),
        (["nowhere://in", "-o", "out"], "nowhere://in"),
    ],
)
def test_what_is_wrong_is_one_line(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["bulk", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_without_ray_the_line_is_the_command_that_installs_it(tmp_path):
    hidden = "import sys; sys.modules['ray'] = None; import ampose.packages as p; find = p.find_spec\n"
    hidden += "p.find_spec = lambda name: None if name == 'ray' else find(name)\n"
    code = hidden + "from ampose.cli import main; sys.exit(main(['bulk', 'in', '-o', 'out']))"
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=tmp_path, env=dict(os.environ)
    )
    assert done.returncode == 2
    assert done.stderr.strip().endswith("install it with: pip install 'ampose[ray]'")
    assert len(done.stderr.splitlines()) == 1
