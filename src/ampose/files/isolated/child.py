"""The parent's side: one child for all files, started at the first and again after each that ended it."""

import atexit
import contextlib
import io
import json
import os
import subprocess  # Python itself is run, with nothing from outside in its arguments
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

from ampose.files.archives import allowance

_SECONDS, _SECONDS_PER_BYTE = 1.0, 0.5e-6
"""Of CPU time, for a file of any size and besides. C3D, the slowest, takes a tenth of that."""

_WALL = 10.0
"""The wall clock may show this many times the processor's time, on a machine that is busy."""

Arrays = dict[str, np.ndarray]


class _Child:
    """A process that parses one file after the other."""

    def __init__(self) -> None:
        # What the child imports is what this process would; a file of the user's folder named as a module is not.
        path = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "ampose.files.isolated.serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for the parent, which ends the child
        )
        self._owner = os.getpid()

    @property
    def usable(self) -> bool:
        """Whether it runs, and belongs to this process, not to one from which this was forked."""
        return self._owner == os.getpid() and self._process.poll() is None

    def ask(self, request: dict[str, Any], seconds: float) -> bytes:
        """Return the answer; none if the child ended, or took longer and was ended."""
        pipe = self._process
        assert pipe.stdin is not None  # noqa: S101 - for the type checker
        assert pipe.stdout is not None  # noqa: S101
        timer = threading.Timer(seconds, pipe.kill)
        timer.start()
        try:
            pipe.stdin.write(json.dumps(request).encode() + b"\n")
            pipe.stdin.flush()
            length = int.from_bytes(pipe.stdout.read(8), "little")
            return pipe.stdout.read(length)
        except OSError:  # the child is gone: a broken pipe, which on Windows may be an invalid argument
            return b""
        except BaseException:
            self.end()
            raise
        finally:
            timer.cancel()

    def end(self) -> None:
        """End the process, unless it is another's."""
        if self._owner != os.getpid():
            return
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what is still to be written, to a process that is gone
                    pipe.close()
        self._process.wait()


_turn = threading.Lock()
_children: list[_Child] = []


def parse_apart(parser: str, path: Path, *args: Any) -> Arrays:
    """Parse a file in the child.

    Args:
        parser: A module of this folder, whose function ``parse(path, *args)`` returns arrays by name.
        path: The file.
        args: What else the function takes; plain data.

    Returns:
        The arrays. None holds objects.

    Raises:
        ValueError: The file is damaged, or took more time or memory than a file of its size may. The words are the
            parser's: ``reading`` around the call adds the file's name.
        OSError: It cannot be opened.
    """
    with path.open("rb"):  # that it is missing or locked is said by its own error
        size = path.stat().st_size
    seconds = _SECONDS + _SECONDS_PER_BYTE * size
    request = {
        "parser": parser,
        "path": str(path.absolute()),
        "args": args,
        "seconds": seconds,
        "bytes": 2 * allowance(path),  # once in the parser, once as the answer
    }
    with _turn:
        if not (_children and _children[0].usable):
            _end_children()
            _children[:] = [_Child()]
        answer = _children[0].ask(request, _WALL * seconds)
        if not answer:
            _children.pop().end()
            raise ValueError(f"what ends its parser, or takes it longer than {seconds:.1f} s")
    if answer[:1] == b"!":
        raise ValueError(answer[1:].decode())
    with np.load(io.BytesIO(answer), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


@atexit.register
def _end_children() -> None:
    for child in _children:
        child.end()
