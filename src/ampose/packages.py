"""Packages that are optional or slow, imported at first use; the error for a missing one says how to install it."""

import contextlib
import importlib
import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from ampose.errors import MissingExtraError

# ONNX Runtime keeps a number for each computer and reports its use over the network, unless this is set before it is
# imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_TORCH = ("torch", "roma")
"""What the extra torch brings."""


def load_package(module: str, *, extra: str, purpose: str) -> Any:
    """Import a module of an optional package.

    Args:
        module: As in an import statement: "PIL.Image".
        extra: The extra of ampose that brings the package.
        purpose: What it is needed for, for the message.

    Raises:
        MissingExtraError: The package is not installed.

    Example:
        >>> load_package("json", extra="video", purpose="reading video").dumps([1])
        '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(module.partition(".")[0], extra=extra, purpose=purpose) from error


def pyav() -> Any:
    """Return PyAV, which reads and writes video."""
    return load_package("av", extra="video", purpose="reading and writing video")


def pillow(module: str = "Image") -> Any:
    """Return a module of Pillow, which reads, draws and writes pictures."""
    return load_package(f"PIL.{module}", extra="video", purpose="reading and drawing pictures")


def arrow(module: str = "") -> Any:
    """Return pyarrow, which reads and writes Parquet, or a module of it."""
    return load_package(f"pyarrow.{module}" if module else "pyarrow", extra="tables", purpose="a Parquet table")


def find_missing(*packages: str) -> str | None:
    """Return the first of the packages that is not installed."""
    return next((package for package in packages if find_spec(package) is None), None)


def require(*packages: str, extra: str, purpose: str) -> None:
    """Raise MissingExtraError for the first of the packages that is not installed: before the work begins."""
    if missing := find_missing(*packages):
        raise MissingExtraError(missing, extra=extra, purpose=purpose)


@contextlib.contextmanager
def needing_torch(purpose: str, extra: str = "torch") -> Iterator[None]:
    """Say how to install PyTorch where something inside the block imports it in vain.

    Args:
        purpose: What it is needed for, for the message.
        extra: What brings it, and whatever else the purpose needs.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _TORCH:
            raise
        raise MissingExtraError(missing, extra=extra, purpose=purpose) from error


def onnx_session(model: Any, *, weights: Mapping[str, Any] | None = None) -> Any:
    """Return an ONNX Runtime session on the CPU.

    It has as many threads as ``OMP_NUM_THREADS`` says, as PyTorch has, else as many as there are cores. Threads that
    wait leave their core to others: FFmpeg decodes meanwhile.

    Args:
        model: The content of a file, or its path.
        weights: Arrays by name, for a model without its own.
    """
    onnxruntime = importlib.import_module("onnxruntime")  # at the top it would slow down every command
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    threads = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    options.intra_op_num_threads = int(threads) if threads.isdecimal() else 0  # 0: all cores
    if weights:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in weights.values()]
        options.add_external_initializers(list(weights), values)
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
