"""The errors that a user can cause, apart from the errors that are ours.

The command line turns these into one line and exit status 2; anything else is a bug and shows a traceback.
"""


class InputError(ValueError):
    """Something the user gave is wrong. The message is one line: what, where, expected, found, what to do.

    Args:
        message: In the words of the library, which knows no command line.
        field: The parameter or option that is wrong or would help, as in ``"image_size"``; the command line adds its
            flag to the message.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class MissingExtraError(ImportError):
    """An optional dependency is not installed. The message holds the pip command that installs it."""

    def __init__(self, package: str, *, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the package {package}; install it with: pip install 'ampose[{extra}]'")
