"""The child's side: ``python -m ampose.files.isolated.serve`` reads requests, a line each, and answers with arrays.

An answer is its length in eight bytes, and an npz file, or an exclamation mark and what is wrong.
"""

import importlib
import io
import json
import os
import signal
import sys
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
        _limit(request["seconds"], request["bytes"])
        np.savez(stream, allow_pickle=False, **parser.parse(Path(request["path"]), *request["args"]))
        answer = stream.getvalue()
    except BaseException as error:
        reason = f"no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
        answer = b"!" + (reason or type(error).__name__)[:300].encode(errors="backslashreplace")
    answers.write(len(answer).to_bytes(8, "little") + answer)
    answers.flush()


def _limit(seconds: float, size: int) -> None:
    """Give this process so much more processor time and memory than it has used by now."""
    if sys.platform == "win32":  # the parent's clock is the only limit there
        return
    signal.setitimer(signal.ITIMER_PROF, seconds)  # its signal ends the process
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    mapped = Path("/proc/self/statm")
    if mapped.is_file():
        held = int(mapped.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (held + size, most))


if __name__ == "__main__":
    main()
