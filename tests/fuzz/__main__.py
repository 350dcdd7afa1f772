"""``python -m tests.fuzz`` puts many odd files through every reader, and prints what came of them, by reader.

Everything that is neither read nor refused in one line is a fault: a traceback, a hang, a crash, memory out of
proportion, nonsense values, a message without the file's name. Each is listed with its number: ``--keep`` makes it.
"""

import argparse
import contextlib
import itertools
import json
import os
import selectors
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tabulate import tabulate
from tests.fuzz.doors import Door, all_doors
from tests.fuzz.worker import one, seeds_of, work

from ampose.atomic import replacing

FINE = ("read", "refused")
FAULTS = ("traceback", "hang", "crash", "memory", "nonsense", "message", "unnamed")
ROUND = 5000
STUCK_S = 120.0
"""Without an answer on a busy machine, a worker waits for something that does not come."""


def fuzz(door: Door, seeds: list[Path], numbers: range, faults: list[str]) -> Counter[str]:
    """Put inputs through a door in processes forked from this one; what is wrong is added to ``faults``."""
    counts: Counter[str] = Counter()
    while numbers:
        reading, writing = os.pipe()
        with warnings.catch_warnings():  # threads that other tests have left are of no use to the copy
            warnings.simplefilter("ignore", DeprecationWarning)
            process = os.fork()
        if not process:
            os.setsid()
            os.close(reading)
            work(door, seeds, numbers, os.fdopen(writing, "w"))
        os.close(writing)
        at = None
        with os.fdopen(reading) as answers:
            for line in _lines(answers):
                word, number, *rest = line.split(" ", 3)
                at = int(number) if word == "at" else None
                if word == "was":
                    outcome, detail = rest
                    counts[outcome] += 1
                    numbers = range(int(number) + 1, numbers.stop)
                    if outcome not in FINE:
                        faults.append(f"{door.name} {number}: {outcome}: {detail.strip()}")
        os.kill(process, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        if at is not None:  # it ended while it was at this one
            outcome = "hang" if status in (-signal.SIGPROF, -signal.SIGKILL) else "crash"
            counts[outcome] += 1
            faults.append(f"{door.name} {at}: {outcome}: its process ended with {status}")
            numbers = range(at + 1, numbers.stop)
    return counts


def _lines(answers: TextIO) -> Iterator[str]:
    """Yield the worker's lines until it ends, or says nothing for too long."""
    with selectors.DefaultSelector() as selector:
        selector.register(answers, selectors.EVENT_READ)
        while selector.select(STUCK_S) and (line := answers.readline()):
            yield line


def table(results: dict[str, Counter[str]]) -> str:
    """Return the counts by reader."""
    rows = [
        [name, sum(counts.values()), *(counts[outcome] for outcome in (*FINE, *FAULTS))]
        for name, counts in results.items()
    ]
    rows.append(["all", *(sum(column) for column in list(zip(*rows, strict=True))[1:])])
    return tabulate(
        [[row[0], *(f"{n:,}" for n in row[1:])] for row in rows], ("reader", "inputs", *FINE, *FAULTS), "pipe"
    )


def main() -> int:
    """Run, print the table and the faults; status 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="how many, over all readers")
    parser.add_argument("--first", type=int, default=0, help="number of the first: another part of the same sequence")
    parser.add_argument("--door", action="append", help="only readers whose names contain this")
    parser.add_argument("--keep", type=int, metavar="NUMBER", help="write this input to the folder 'odd' and run it")
    parser.add_argument("--state", type=Path, help="a file of counts, to go on with after a stop")
    args = parser.parse_args()
    doors = [door for door in all_doors() if not args.door or any(part in door.name for part in args.door)]
    if args.keep is not None:
        for door in doors:
            with seeds_of(door) as seeds:
                folder = Path(tempfile.mkdtemp(prefix="odd-", dir="."))
                sys.stdout.write(f"{door.name} {folder} {one(door, seeds, args.keep, keep=folder)}\n")
        return 0
    state = json.loads(args.state.read_text()) if args.state and args.state.exists() else {"faults": [], "counts": {}}
    results = {name: Counter(counts) for name, counts in state["counts"].items()}
    run(doors, args, results, state["faults"])
    sys.stdout.write("\n".join([table(results), *state["faults"], ""]))
    return 1 if state["faults"] else 0


def run(doors: list[Door], args: argparse.Namespace, results: dict[str, Counter[str]], faults: list[str]) -> None:
    """Give every reader its share in rounds, so that each has had its turn whenever it is stopped."""
    share, rounds = args.inputs / sum(door.weight for door in doors), max(1, args.inputs // ROUND)
    started, homes = time.monotonic(), dict[str, list[Path]]()
    with contextlib.ExitStack() as stack:
        for turn, door in itertools.product(range(1, rounds + 1), doors):
            done = sum(results.get(door.name, Counter()).values())
            wanted = max(1, round(share * door.weight * turn / rounds)) - done
            if wanted <= 0:
                continue
            if door.name not in homes:
                homes[door.name] = stack.enter_context(seeds_of(door))
            counts = fuzz(door, homes[door.name], range(args.first + done, args.first + done + wanted), faults)
            results[door.name] = results.get(door.name, Counter()) + counts
            if args.state:
                with replacing(args.state) as unfinished:
                    unfinished.write_text(json.dumps({"faults": faults, "counts": results}, indent=1))
            if door is doors[-1]:
                total = sum(sum(counts.values()) for counts in results.values())
                sys.stderr.write(f"{total:,} inputs, {time.monotonic() - started:.0f} s\n")


if __name__ == "__main__":
    sys.exit(main())
