"""Tuples in tuples end Python when their hash is taken: they are counted before anything is built."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ampose.errors import InputError
from ampose.files.pickles.pickle_nesting import DEEPEST, check_nesting
from ampose.files.pickles.restricted_pickle import loads_restricted

KEYS = st.recursive(st.integers() | st.text(), lambda inner: st.tuples(inner, inner) | st.tuples(inner), max_leaves=8)


def nested(levels: int, inside: bytes = b"N", around: bytes = b"\x85") -> bytes:
    """A dictionary whose key is a tuple in a tuple in a tuple."""
    return b"\x80\x02}" + inside + around * levels + b"Ns."


@given(st.dictionaries(KEYS, st.lists(KEYS)), st.integers(0, 5))
def test_ordinary_ones_pass(value, protocol):
    check_nesting(pickle.dumps(value, protocol=protocol))


@pytest.mark.parametrize("protocol", range(6))
def test_many_arrays_are_not_deep(protocol):
    value = {"S1": {f"Eating {clip}": [np.zeros((2, 3), np.float32)] * 2 + [np.zeros(clip)] for clip in range(300)}}
    check_nesting(pickle.dumps(value, protocol=protocol))


@pytest.mark.parametrize(
    "data",
    [
        nested(200_000),
        nested(DEEPEST + 1),
        nested(DEEPEST, inside=b"(NNt"),
        b"\x80\x02}" + b"(" * 200 + b"N" + b"t" * 200 + b"Ns.",
        b"\x80\x02}N" + b"q\x000h\x00\x85" * 200 + b"Ns.",  # through the memo
        b"\x80\x02}N" + b"2\x86" * 200 + b"Ns.",  # twice the same
        b"\x80\x02}" + b"(0" + b"N" + b"\x85" * 200 + b"Ns.",  # a mark that is thrown away
    ],
    ids=["as many as end Python", "one too many", "a tuple at the bottom", "marks", "memo", "dup", "lost mark"],
)
def test_deep_ones_are_refused_before_they_are_built(data):
    with pytest.raises(InputError, match="tuples nested more than 100 levels deep"):
        loads_restricted(data)


def test_the_deepest_is_let_through():
    assert list(loads_restricted(nested(DEEPEST)).values()) == [None]


@pytest.mark.parametrize("data", [b"", b"\x80\x02t.", b"\x80\x02\x85.", b"\x80\x02h\x07.", b"\x80\x02\xff"])
def test_no_pickles_are_broken_ones(data):
    with pytest.raises(InputError, match="got a broken one"):
        loads_restricted(data)
