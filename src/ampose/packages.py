"""Optional packages, imported when they are first needed, with the command that installs a missing one."""

import importlib
from importlib.util import find_spec
from typing import Any

from ampose.errors import MissingExtraError


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
