"""Tuples in tuples end Python when their hash is taken: they are counted before anything is built."""

import pickle
import time

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
        b"\x80\x02}" + b"(0" + b"N" + b"\x85" * 200 + b"Ns.",  # a mark that is thrown away
    ],
    ids=["as many as end Python", "one too many", "a tuple at the bottom", "marks", "memo", "lost mark"],
)
def test_deep_ones_are_refused_before_they_are_built(data):
    with pytest.raises(InputError, match="tuples nested more than 100 levels deep"):
        loads_restricted(data)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"\x80\x02}N" + b"2\x86" * 30 + b"Ns.", "tuples that hold each other"),
        (b"\x80\x02}N" + b"q\x000h\x00h\x00\x86" * 30 + b"Ns.", "tuples that hold each other"),
        (b"\x80\x02}q\x01(N" + b"2\x86" * 15 + b"q\x00N" + b"h\x00N" * 500 + b"u.", "tuples that hold each other"),
        (b"\x80\x02]q\x00](h\x00h\x00e.", None),
        (b"\x80\x02N" + b"q\x000](h\x00h\x00e" * 40 + b".", "objects that hold each other"),
        (b"\x80\x02Nr\xff\xff\xff\x1f.", "a memo of 536870911 in 9 bytes"),
        (
            b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR(K\x01N"
            + b"q\x000](h\x00h\x00e" * 40
            + b"NNNtb.",
            "of a shape that is none",
        ),
    ],
    ids=["dup", "memo", "one key many times", "a list that is small", "lists", "memo out of bounds", "shape"],
)
def test_what_would_have_no_end_is_refused_at_once(data, found):
    started = time.perf_counter()
    if found is None:
        loads_restricted(data)
    else:
        with pytest.raises(InputError, match=found):
            loads_restricted(data)
    assert time.perf_counter() - started < 2


def test_the_deepest_is_let_through():
    assert list(loads_restricted(nested(DEEPEST)).values()) == [None]


@pytest.mark.parametrize("data", [b"", b"\x80\x02t.", b"\x80\x02\x85.", b"\x80\x02h\x07.", b"\x80\x02\xff"])
def test_no_pickles_are_broken_ones(data):
    with pytest.raises(InputError, match="must be whole and hold plain data"):
        loads_restricted(data)
