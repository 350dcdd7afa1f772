"""Say what is missing before the work begins, with the command that installs it."""

from importlib.util import find_spec

from ampose.errors import MissingExtraError


def require(*packages: str, extra: str, purpose: str) -> None:
    """Raise MissingExtraError for the first of the packages that is not installed."""
    for package in packages:
        if find_spec(package) is None:
            raise MissingExtraError(package, extra=extra, purpose=purpose)
