"""The child's side: ``python -m ampose.files.isolated.serve`` reads requests, a line each, and answers with arrays.

An answer is its length in eight bytes, and an npz file, or an exclamation mark and what is wrong.
"""

import importlib
import io
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

if sys.platform != "win32":
    import resource


def main() -> None:
    """Answer until there are no more requests."""
    # What libraries print must not get among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    for line in sys.stdin.buffer:
        _answer(json.loads(line), answers)


def _answer(request: dict[str, Any], answers: BinaryIO) -> None:
    parser = importlib.import_module(f"ampose.files.isolated.{request['parser']}")  # takes long: before the limits
    stream = io.BytesIO()
    try:
        with _limits(request["seconds"], request["bytes"]):
            np.savez(stream, allow_pickle=False, **parser.parse(Path(request["path"]), *request["args"]))
            answer = stream.getvalue()
    except BaseException as error:
        reason = f"no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
        answer = b"!" + (reason or type(error).__name__)[:300].encode(errors="backslashreplace")
    answers.write(len(answer).to_bytes(8, "little"))
    answers.write(answer)
    answers.flush()


@contextmanager
def _limits(seconds: float, size: int) -> Iterator[None]:
    """Give this process, inside the block, so much more CPU time and memory than it has used by now."""
    if sys.platform == "win32":  # the parent's clock is the only limit there
        yield
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    given = resource.getrlimit(resource.RLIMIT_AS)
    mapped = Path("/proc/self/statm")
    signal.setitimer(signal.ITIMER_PROF, seconds)  # its signal ends the process
    try:
        if mapped.is_file():
            held = int(mapped.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
            soft = min([held + size, *(limit for limit in given if limit != resource.RLIM_INFINITY)])
            resource.setrlimit(resource.RLIMIT_AS, (soft, given[1]))
        yield
    finally:  # the next parser is imported without them
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, given)


if __name__ == "__main__":
    main()
