"""The command line: one module per command in this folder.

A module is a command if it defines a function ``run``; its name is the command's, and the first line of its docstring
the summary. The function's parameters are the command's arguments (see ``arguments``). Its imports at the top are
light; what is heavy it imports when it runs, so that ``ampose --help`` answers at once.
"""

import _thread
import ast
import importlib
import io
import logging
import os
import pkgutil
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

import ampose
from ampose.errors import InputError, MissingExtraError, RunLostError, printable
from ampose.packages import needing_torch
from ampose.registry import Registry

USER_ERROR = 2
LOST = 1
NOBODY_READS = 141

_BRINGS_TORCH = {"train": "train", "push": "hub"}
"""The extra of commands that need more than PyTorch."""

_SOON_S = 0.05
"""After which a signal that was dropped is sent again: what dropped it is over by then."""

_HELP = """usage: ampose COMMAND [options]

3D human poses from videos, images and 2D keypoints; training and evaluation of lifting networks.

commands:
{commands}

options:
  --help     show this page; after a command, the command's own
  --version  show the version
  --debug    show the traceback of an error"""


def command_names() -> list[str]:
    """Return the names of all commands."""
    return sorted(_summaries())


def _summaries() -> dict[str, str]:
    """Return the summary of each command, from its source: importing it would load what it needs."""
    summaries = {}
    for module in pkgutil.iter_modules(__path__):
        file = f"{module.name}/__init__.py" if module.ispkg else f"{module.name}.py"
        source = ast.parse(pkgutil.get_data(__name__, file) or b"")
        if any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in source.body):
            summaries[module.name] = (ast.get_docstring(source) or "").partition("\n")[0]
    return summaries


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status.

    0; 2 for a user's mistake; 1 when the folder of a run is gone; 128 and the signal's number when ended by Ctrl-C
    (130), SIGHUP (129) or SIGTERM (143); 141 when nobody reads the output any more (``| head -1``).
    """
    _open_streams()
    args = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in args
    if debug:
        args.remove("--debug")
    level = logging.INFO if debug else logging.WARNING
    logging.basicConfig()
    logging.getLogger().setLevel(level)
    for handler in logging.getLogger().handlers:  # a library may have set a lower level for itself
        handler.setLevel(level)
        handler.setFormatter(_Printable("ampose: %(message)s"))
    if isinstance(sys.stdout, io.TextIOWrapper):  # a file's name need not be in the letters that a console has
        sys.stdout.reconfigure(errors="backslashreplace")
    endings = _Endings()
    try:
        command = args[0] if args else ""
        with endings, needing_torch(f"ampose {command}", _BRINGS_TORCH.get(command, "torch")):
            _run(*args)
            sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        return NOBODY_READS
    except (Exception, KeyboardInterrupt) as error:
        _drop_output()
        if endings.number is not None or isinstance(error, KeyboardInterrupt):
            number = endings.number or signal.SIGINT
            print(f"ampose: {'interrupted' if number == signal.SIGINT else 'ended'}", file=sys.stderr)
            return 128 + number
        if debug or not isinstance(error, (InputError, MissingExtraError, OSError, RunLostError)):
            raise
        print(f"ampose: error: {message_of(error)}", file=sys.stderr)
        return LOST if isinstance(error, RunLostError) else USER_ERROR
    return 0


class _Endings:
    """A block that Ctrl-C ends, and as well the signals of ``kill``, a batch system and a terminal that is closed.

    What is unfinished is removed on the way out. The signal is remembered: an extension that is being imported turns
    the ``KeyboardInterrupt`` into an error of its own, and a callback of the garbage collector drops it.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._previous: dict[int, Any] = {}
        self._hook = sys.unraisablehook
        self._timer = threading.Timer(0, lambda: None)

    def _end(self, number: int, frame: FrameType | None) -> NoReturn:
        self.number = number
        raise KeyboardInterrupt

    def _once_more(self, lost: "sys.UnraisableHookArgs") -> None:
        """Send a signal again whose ``KeyboardInterrupt`` Python could not raise, once the callback is over."""
        if self.number is None or not isinstance(lost.exc_value, KeyboardInterrupt):
            self._hook(lost)
            return
        self._timer = threading.Timer(_SOON_S, _send, [self.number])
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return  # only the main thread may
        numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        for number in numbers:
            # One that is ignored already, as by nohup, stays so, and so does another program's own way.
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                self._previous[number] = signal.signal(number, self._end)
        self._hook, sys.unraisablehook = sys.unraisablehook, self._once_more

    def __exit__(self, *_: object) -> None:
        if sys.unraisablehook == self._once_more:
            sys.unraisablehook = self._hook
        self._timer.cancel()
        for number, handler in self._previous.items():
            signal.signal(number, handler)


def _send(number: int) -> None:
    """Send a signal to the main thread, also while it waits for something."""
    if sys.platform == "win32":
        _thread.interrupt_main(number)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, number)


def _open_streams() -> None:
    """Open nothing in place of a standard stream that is closed, or the next file takes its number and its output."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - until the program ends
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123


def _drop_output() -> None:
    """Drop what cannot be written to where the output goes; Python's own flush at the end would fail again."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Printable(logging.Formatter):
    """Warnings name files, whose names a terminal must not obey."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Return the message in one line."""
        return printable(super().formatMessage(record))


def _run(name: str = "--help", *args: str) -> None:
    if name in ("--help", "-h"):
        summaries = _summaries()
        width = max(map(len, summaries))
        lines = (f"  {command:<{width}}  {summary}" for command, summary in sorted(summaries.items()))
        print(_HELP.format(commands="\n".join(lines)))
    elif name == "--version":
        print(f"ampose {ampose.__version__}")
    else:
        commands = Registry[str]("command")  # for its message on an unknown name
        for command in command_names():
            commands.add(command, command)
        module = importlib.import_module(f"{__name__}.{commands.get(name).name}")
        from ampose.cli.arguments import call_with_arguments

        call_with_arguments(module.run, name, args)


def message_of(error: Exception) -> str:
    """Return the message in one line, with the flag that it is about; an operating system's error names its file."""
    if isinstance(error, OSError) and error.strerror:
        return printable(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)
    message = printable(str(error))
    if isinstance(error, InputError) and error.field is not None:
        flag = f"--{error.field.replace('_', '-')}"
        return message if flag in message else f"{message} ({flag})"
    return message
