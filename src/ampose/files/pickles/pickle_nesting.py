"""How deep the tuples of a pickle are nested, found without building them.

Python takes the hash of a tuple by taking those of its items, one stack frame for each level: a file of 10 kB whose
dictionary has a tuple of a million levels for a key ends the program, and no exception can be caught.
"""

import pickletools

from ampose.errors import InputError

DEEPEST = 100
"""Levels of tuples; NumPy's arrays have two."""

_TUPLES = ("EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "TUPLE")
_GETS, _PUTS = ("GET", "BINGET", "LONG_BINGET"), ("PUT", "BINPUT", "LONG_BINPUT")


def check_nesting(data: bytes) -> None:
    """Refuse tuples within tuples within tuples.

    Args:
        data: A pickle.

    Raises:
        InputError: They are nested deeper than ``DEEPEST``.
        ValueError, IndexError, KeyError: It is no pickle.

    Example:
        >>> import pickle
        >>> check_nesting(pickle.dumps({(1, (2, 3)): [4]}))
    """
    stack: list[int] = []  # levels of tuples in each thing that waits on the unpickler's stack
    marks: list[int] = []
    memo: dict[int, int] = {}
    for opcode, argument, _ in pickletools.genops(data):
        name = opcode.name
        if name == "MARK":
            marks.append(len(stack))
        elif name in _GETS:
            stack.append(memo[int(argument or 0)])
        elif name in _PUTS or name == "MEMOIZE":
            memo[len(memo) if name == "MEMOIZE" else int(argument or 0)] = stack[-1]
        elif name == "POP" and marks and marks[-1] == len(stack):
            marks.pop()
        elif name == "DUP":
            stack.append(stack[-1])
        else:
            taken = _take(stack, marks, opcode)
            levels = 1 + max(taken, default=0) if name in _TUPLES else 0
            if levels > DEEPEST:
                raise InputError(f"pickle must hold plain data, found tuples nested more than {DEEPEST} levels deep")
            stack += [levels] * len(opcode.stack_after)


def _take(stack: list[int], marks: list[int], opcode: pickletools.OpcodeInfo) -> list[int]:
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
