"""Some hundred odd files for every reader; ``make fuzz`` makes a million (see CONTRIBUTING)."""

import random
import time
from collections import Counter

import pytest
from tests.fuzz.__main__ import FINE, fuzz
from tests.fuzz.doors import Door, all_doors
from tests.fuzz.mutations import mutate
from tests.fuzz.worker import seeds_of

from ampose.data import datasets
from ampose.files.keypoints import readers
from ampose.files.poses import PoseReader, formats

DOORS = all_doors()
SHARE_S = 15.0
"""For all doors together, of this processor's time."""


def test_every_registered_reader_has_a_door() -> None:
    names = {door.name for door in DOORS}
    assert names >= {f"keypoints {name}" for name in readers.names()}
    assert names >= {f"poses {entry.name}" for entry in formats.entries() if issubclass(entry.target, PoseReader)}
    assert names >= {f"dataset {name}" for name in datasets.names()}


def test_an_input_is_the_same_each_time() -> None:
    data = b'{"people": [{"id": 1, "frames": [1.5, null, "x"]}]}'
    made = [mutate("a.json", data, random.Random(f"poses .json/{number}")) for number in range(50)]
    assert made == [mutate("a.json", data, random.Random(f"poses .json/{number}")) for number in range(50)]
    assert len(set(made)) > 30


@pytest.mark.parametrize("door", [door for door in DOORS if not door.tree], ids=lambda door: door.name)
def test_odd_files_are_read_or_refused_in_one_line(door: Door) -> None:
    """As many as there is time for, and the good files among them, without which the odd ones would say little."""
    with seeds_of(door) as seeds:
        door.open(seeds[0], 1)
        faults: list[str] = []
        counts: Counter[str] = Counter()
        start, first = time.process_time(), 0
        while time.process_time() - start < SHARE_S / len(DOORS) and first < 60:
            counts += fuzz(door, seeds, range(first, first + 20), faults)
            first += 20
    assert not faults
    assert sum(counts[outcome] for outcome in FINE) == first
