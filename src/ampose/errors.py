"""Errors that users can cause, as opposed to bugs; and checks shared by packages.

The command line turns an ``InputError`` into one line and exit status 2; what is none of these is a bug and shows a
traceback.
"""

import contextlib
import difflib
import itertools
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_SCANNED = 10_000
_LONGEST_REASON, _LONGEST_LINE = 200, 1200


_BY_KIND: dict[type[BaseException] | tuple[type[BaseException], ...], str] = {
    MemoryError: "more in it than fits into memory",
    RecursionError: "things nested too deep",
    UnicodeError: "bytes that are no text in UTF-8",
    (TypeError, AttributeError): "a value of another kind than belongs there",
    IndexError: "fewer values than belong there",
}
"""Whose own words are about Python, never about the file."""

_IN_OUR_WORDS = (
    (r"^could not convert string to float: (?:np\.\w+\()?(.*?)\)?$", r"\1 where a number belongs"),
    (r"^invalid literal for int\(\) with base 10: (.*)", r"\1 where a whole number belongs"),
    (r"^cannot convert float (NaN|infinity) to integer$", r"\1 where a whole number belongs"),
    (r"^(.*) is not in list$", r"no \1"),
    (r"^(not enough|too many) values to unpack .*", "fewer or more values than belong there"),
    (r"^(zip\(\) argument|setting an array element with a sequence).*", "lists of different lengths"),
    (r"^mmap length is greater than file size$", "fewer numbers than it states"),
    (r"^(cannot reshape array|all the input array|could not broadcast|operands could not).*", "arrays of other shapes"),
)
"""What Python and NumPy say of values, as a pattern, and what it means to somebody who did not write the reader."""


class InputError(ValueError):
    """Something the user gave is wrong. The message is one line: what, where, expected, found, what to do.

    Args:
        message: In the words of the library, which knows no command line. Of a very long line, which holds what a file
            holds, the middle is left out.
        field: The parameter or option that is wrong or would help, as in ``"image_size"``; the command line adds its
            flag to the message.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__("\n".join(map(_shortened, message.split("\n"))))
        self.field = field


def _shortened(line: str) -> str:
    half = _LONGEST_LINE // 2
    return line if len(line) <= _LONGEST_LINE else f"{line[:half]} ... {line[-half:]}"


class RunLostError(Exception):
    """A run cannot go on, by no fault of what it was given: the folder that it writes to is gone.

    The command line turns it into one line and exit status 1.
    """


class MissingExtraError(ImportError):
    """An optional dependency is not installed. The message holds the pip command that installs it."""

    def __init__(self, package: str, *, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the package {package}; install it with: pip install 'ampose[{extra}]'")


@contextlib.contextmanager
def reading(path: str | Path, what: str, remedy: str = "copy it again") -> Iterator[None]:
    """Turn whatever a parser throws at a file inside the block into one line with the file's name.

    Every read of a file that somebody else wrote goes through here. What can be wrong with a file has no end, and each
    parser throws errors of its own (zip, csv, HDF5, TOML, memory, recursion, Unicode, extensions in Rust): so it is not
    a list of them that is caught, but all.

    Args:
        path: The file.
        what: What it must be, as in "a whole JSON file".
        remedy: What to do where it is not.

    Raises:
        InputError: Anything went wrong; one from inside the block keeps its words and gets the file's name.

    Example:
        >>> import json
        >>> with reading("poses.json", "a whole JSON file"):
        ...     json.loads("[1, 2")
        Traceback (most recent call last):
        ...
        ampose.errors.InputError: poses.json: must be a whole JSON file, got a broken or different one (Expecting ',' \
delimiter: line 1 column 6 (char 5)); copy it again
    """
    try:
        yield
    except (MissingExtraError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {error}", field=error.field) from error
    except BaseException as error:  # an extension in Rust panics with no Exception
        raise InputError(
            f"{path}: must be {what}, got a broken or different one ({_reason(error)}); {remedy}"
        ) from error


def _reason(error: BaseException) -> str:
    """Return what was wrong, in some words."""
    for kinds, words in _BY_KIND.items():
        if isinstance(error, kinds):
            return words
    text = printable(str(getattr(error, "strerror", None) or error))[:_LONGEST_REASON]
    if isinstance(error, KeyError):
        keys = error.args[0] if error.args else ""
        return f"no {printable(' '.join(map(str, keys)))[:_LONGEST_REASON] if isinstance(keys, tuple) else text}"
    for pythons, words in _IN_OUR_WORDS:
        text = re.sub(pythons, words, text)
    return text or type(error).__name__


def check_format(header: Any, name: str, version: int, remedy: str = "take an ampose that knows it") -> None:
    """Refuse a file of ours that is of another format or version.

    Args:
        header: What it says of itself, a mapping.
        name: The format that it must be of.
        version: Of the format.
        remedy: What to do where the version is another.

    Raises:
        InputError: One of them is another.

    Example:
        >>> check_format({"format": "ampose.poses", "version": 2}, "ampose.poses", 1)
        Traceback (most recent call last):
        ...
        ampose.errors.InputError: version of ampose.poses must be 1, got 2; take an ampose that knows it
    """
    found = header.get("format", "none") if isinstance(header, Mapping) else "none"
    if found != name:
        raise InputError(f"format must be {name}, got {found}; name a file of that format")
    if header.get("version") != version:
        raise InputError(f"version of {name} must be {version}, got {header.get('version')}; {remedy}")


def no_such_path(path: Path, wanted: str) -> InputError:
    """Return the error of a path at which there is nothing, with the nearest name that is there.

    Args:
        path: The path.
        wanted: What it should be, as in "a video, an image or a folder of images".
    """
    parent = next((folder for folder in path.absolute().parents if folder.exists()), None)
    if parent is None:  # a drive, on Windows
        return InputError(f"{path}: there is no {path.absolute().anchor}; name {wanted}")
    missing = path.absolute().relative_to(parent).parts[0]
    if (link := parent / missing).is_symlink():
        leads = printable(str(link.readlink()))
        return InputError(
            f"{path}: the link {printable(missing)} leads to {leads}, where there is nothing; name {wanted}"
        )
    if parent != path.absolute().parent or not parent.is_dir():
        return InputError(f"{path}: there is no {missing!r} in {printable(str(parent))}; name {wanted}")
    names = []
    with contextlib.suppress(OSError), os.scandir(parent) as entries:  # a folder may refuse to be listed
        names = [entry.name for entry in itertools.islice(entries, _SCANNED)]
    near = difflib.get_close_matches(path.name, names, n=2, cutoff=0.7)
    hint = f"; did you mean {' or '.join(printable(name) for name in near)}?" if near else f"; name {wanted}"
    return InputError(f"{path}: there is no such file or folder{hint}")


def printable(text: str) -> str:
    r"""Return text from a file or a name as one line that is safe to print: control characters are escaped.

    A terminal obeys some of them: a joint's name could clear the screen, or retitle the window.

    Example:
        >>> printable("a\x1b[2Jb\n  c")
        'a\\x1b[2Jb c'
    """
    joined = " ".join(text.split())
    if joined.isprintable():
        return joined
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in joined)


def changed_fields(config: Any, names: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Yield name and value of those named fields of a dataclass that are not at their default.

    Callers refuse them where they would have no effect: two equal runs or networks would look different.

    Example:
        >>> from dataclasses import dataclass, field
        >>> @dataclass
        ... class Options:
        ...     size: int = 3
        ...     tags: list[str] = field(default_factory=list)
        >>> list(changed_fields(Options(size=4), ["size", "tags"]))
        [('size', 4)]
    """
    for each in fields(config):
        if each.name in names:
            default = each.default if each.default_factory is MISSING else each.default_factory()
            value = getattr(config, each.name)
            if value != default:
                yield each.name, value


def check_known(label: str, wanted: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that the data has not.

    Raises:
        InputError: Some names are not known.

    Example:
        >>> check_known("subjects", ["S9"], ["S1", "S9"])
    """
    if unknown := sorted(set(wanted) - set(known)):
        have = ", ".join(sorted(set(known))[:20])
        raise InputError(f"{label} must be some that the data has, got {', '.join(unknown)}; it has {have}")


_NUMBERS: dict[Any, type] = {bool: bool, int: Integral, float: Real, NoneType: NoneType}
"""What is taken for a value of each type: NumPy's numbers too."""


def check_field_values(instance: Any) -> None:
    """Refuse a dataclass whose fields of words, numbers and switches hold something else.

    Fields of other types are not looked at.

    Raises:
        InputError: One does.
    """
    for name, hint in get_type_hints(type(instance)).items():
        value, (words, kinds) = getattr(instance, name), _words_and_kinds(hint)
        if not kinds <= _NUMBERS.keys() or value in words or (value is None and NoneType in kinds):
            continue
        switch = isinstance(value, bool)  # which Python takes for a number
        if not any(isinstance(value, _NUMBERS[kind]) and switch == (kind is bool) for kind in kinds - {NoneType}):
            expected = [repr(word) for word in words] + sorted(kind.__name__ for kind in kinds - {NoneType})
            raise InputError(f"{name} must be {' or '.join(expected)}, got {value!r}", field=name)


def _words_and_kinds(hint: Any) -> tuple[tuple[Any, ...], set[Any]]:
    """Return the words of a type's literals, and its other members."""
    if get_origin(hint) is Literal:
        return get_args(hint), set()
    if get_origin(hint) not in (Union, UnionType):
        return (), {hint}
    parts = [_words_and_kinds(part) for part in get_args(hint)]
    return tuple(word for words, _ in parts for word in words), {kind for _, kinds in parts for kind in kinds}
