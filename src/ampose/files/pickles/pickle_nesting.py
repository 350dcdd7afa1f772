"""What the tuples and the memo of a pickle would cost, found without building them.

Python takes the hash of a tuple by taking those of its items, one stack frame for each level: a file of 10 kB whose
dictionary has a tuple of a million levels for a key ends the program, and no exception can be caught. Where each tuple
holds the one before it twice, 30 of them in 130 bytes have a billion items, and a hash that no Ctrl-C interrupts. And
the memo has room up to the greatest number in it, which nine bytes can set to half a billion.
"""

import pickletools
from typing import NamedTuple

from ampose.errors import InputError

DEEPEST = 100
"""Levels of tuples; NumPy's arrays have two."""

_MOST_ITEMS = 100_000
"""Items of tuples that may be looked through besides as many as the pickle has bytes, some times over."""

_TUPLES = ("EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "TUPLE")
_GETS, _PUTS = ("GET", "BINGET", "LONG_BINGET"), ("PUT", "BINPUT", "LONG_BINPUT")


class _Tuple(NamedTuple):
    """How many levels of tuples a thing has, and how many items they come to; none, and one, if it is no tuple."""

    levels: int
    items: int


_NO_TUPLE = _Tuple(0, 1)


def check_nesting(data: bytes) -> None:
    """Refuse tuples within tuples within tuples, tuples that hold each other over and over, and a memo out of bounds.

    Args:
        data: A pickle.

    Raises:
        InputError: There are some, deeper than ``DEEPEST``.
        ValueError, IndexError, KeyError: It is no pickle.

    Example:
        >>> import pickle
        >>> check_nesting(pickle.dumps({(1, (2, 3)): [4]}))
    """
    stack: list[_Tuple] = []  # what waits on the unpickler's stack
    marks: list[int] = []
    memo: dict[int, _Tuple] = {}
    looked_through = 0
    for opcode, argument, _ in pickletools.genops(data):
        name = opcode.name
        if name == "MARK":
            marks.append(len(stack))
        elif name in _GETS:
            stack.append(memo[int(argument or 0)])
        elif name in _PUTS or name == "MEMOIZE":
            number = len(memo) if name == "MEMOIZE" else int(argument or 0)
            if number > len(data):
                raise InputError(f"pickle must hold plain data, found a memo of {number} in {len(data)} bytes")
            memo[number] = stack[-1]
        elif name == "POP" and marks and marks[-1] == len(stack):
            marks.pop()
        elif name == "DUP":
            stack.append(stack[-1])
        else:
            taken = _take(stack, marks, opcode)
            result = _Tuple(1 + max((one.levels for one in taken), default=0), 1 + sum(one.items for one in taken))
            looked_through += result.items  # by whoever takes them: a dictionary, a set or a tuple takes the hashes
            if result.levels > DEEPEST and name in _TUPLES:
                raise InputError(f"pickle must hold plain data, found tuples nested more than {DEEPEST} levels deep")
            if looked_through > _MOST_ITEMS + DEEPEST * len(data):
                raise InputError("pickle must hold plain data, found tuples that hold each other over and over")
            stack += [result if name in _TUPLES else _NO_TUPLE] * len(opcode.stack_after)


def _take(stack: list[_Tuple], marks: list[int], opcode: pickletools.OpcodeInfo) -> list[_Tuple]:
    """Take from the stack what an opcode takes."""
    needed = list(opcode.stack_before)
    start = len(stack)
    if pickletools.markobject in needed:
        needed = needed[: needed.index(pickletools.markobject)]
        start = marks.pop()
    start -= len(needed)
    if start < 0:
        raise IndexError("stack is empty")
    taken = stack[start:]
    del stack[start:]
    return taken
