"""How a command turns its arguments into a call: tyro, in one place."""

from collections.abc import Callable, Sequence
from typing import Any


def call_with_arguments(function: Callable[..., Any], command: str, args: Sequence[str]) -> None:
    """Call ``function`` with the arguments that ``args`` give for its parameters.

    Its docstring and the docstrings of its parameters are the help page.
    """
    import tyro

    tyro.cli(function, prog=f"ampose {command}", args=list(args), config=(tyro.conf.OmitArgPrefixes,))
