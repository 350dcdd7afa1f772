"""How a command turns its arguments into a call: tyro, in one place.

Options are dataclasses with a docstring under each field, which is its help. Three things differ from plain tyro:

- A type with a class method ``parse(text)`` is one word on the command line; the first words in double backquotes of
  the method's docstring are the word's form.
- A dataclass made of base dataclasses is shown in sections, one for each base, titled by its docstring.
- An option that is None or empty unless it is given shows no default.
- A function's parameter that is a dataclass has no section of its own.
"""

import ast
import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from itertools import pairwise
from types import NoneType
from typing import Annotated, Any, get_args, get_type_hints

import tyro
from tyro.constructors import (
    ConstructorRegistry,
    PrimitiveConstructorSpec,
    PrimitiveTypeInfo,
    StructConstructorSpec,
    StructFieldSpec,
    StructTypeInfo,
)

from ampose.errors import InputError


class _RefusedError(Exception):
    """Carries an InputError through tyro, which would show a ValueError in a box of its own."""

    def __init__(self, error: InputError) -> None:
        super().__init__(str(error))
        self.error = error


def call_with_arguments(function: Callable[..., Any], command: str, args: Sequence[str]) -> None:
    """Call ``function`` with the arguments that ``args`` give for its parameters.

    Its docstring and the docstrings of its parameters are the help page.

    Raises:
        InputError: A value cannot be parsed, options exclude each other, or the function raised it.
    """
    registry = ConstructorRegistry()
    registry.primitive_rule(_parsed)
    registry.struct_rule(_options)
    hints, texts = get_type_hints(function, include_extras=True), _argument_texts(function)
    for name, parameter in inspect.signature(function).parameters.items():
        function.__annotations__[name] = _with_defaults(hints[name], parameter.default, texts.get(name))
    config = (tyro.conf.OmitArgPrefixes, tyro.conf.DisallowNone)
    try:
        tyro.cli(function, prog=f"ampose {command}", args=list(args), config=config, registry=registry)
    except _RefusedError as refused:
        raise refused.error from refused


def _with_defaults(hint: Any, default: object, text: str | None = None) -> Any:
    """Return a type with its help text and with what tyro shall do unless the type says otherwise."""
    metadata = getattr(hint, "__metadata__", ())
    if is_dataclass(default):
        plain = tyro.conf.arg(name="")
    elif default in (None, (), "") and tyro.conf.UseAppendAction not in metadata:
        plain = tyro.conf.arg(help=text, help_behavior_hint="")
    elif default is inspect.Parameter.empty:
        plain = tyro.conf.arg(help=text, help_behavior_hint="(required)")
    else:
        plain = tyro.conf.arg(help=text)
    return Annotated[(get_args(hint)[0] if metadata else hint, plain, *metadata)]


def _parsed(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """Let a type with ``parse`` read its own values; it may be optional."""
    kinds = [kind for kind in get_args(info.type) or (info.type,) if kind is not NoneType]
    if len(kinds) != 1 or not hasattr(kinds[0], "parse"):
        return None
    (kind,) = kinds
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar=" ".join((kind.parse.__doc__ or "").partition("``")[2].partition("``")[0].split()),
        instance_from_str=lambda words: _raising(kind.parse, words[0]),
        is_instance=lambda value: isinstance(value, kind),
        str_from_instance=lambda value: [str(value)],
    )


def _options(info: StructTypeInfo) -> StructConstructorSpec | None:
    """Show a dataclass's fields with their docstrings, in sections where it has any."""
    kind = info.type
    if not (inspect.isclass(kind) and is_dataclass(kind)):
        return None
    sections = [base for base in kind.__bases__ if is_dataclass(base)]
    if not sections:
        return StructConstructorSpec(lambda **values: _raising(kind, **values), tuple(_fields(kind, info.default)))
    own = [_section(base) for base in sections]
    return StructConstructorSpec(
        lambda **read: _raising(kind, **{name: value for part in read.values() for name, value in vars(part).items()}),
        tuple(own),
    )


def _section(base: type) -> StructFieldSpec:
    title = (base.__doc__ or "").partition("\n")[0].rstrip(".")
    kind: Any = Annotated[base, tyro.conf.arg(name=title, help="")]
    return StructFieldSpec(name=base.__name__, type=kind, default=base())


def _fields(kind: type, given: object) -> list[StructFieldSpec]:
    hints, help_texts = get_type_hints(kind, include_extras=True), _help_texts(kind)
    specs = []
    for each in fields(kind):
        default = each.default if each.default_factory is MISSING else each.default_factory()
        default = getattr(given, each.name, default)
        hint = _with_defaults(hints[each.name], default, help_texts.get(each.name))
        specs.append(StructFieldSpec(each.name, hint, default))
    return specs


def _argument_texts(function: Callable[..., Any]) -> dict[str, str]:
    """Return the text of each argument in a function's docstring, in one line: tyro keeps its line breaks."""
    section = (inspect.getdoc(function) or "").partition("Args:\n")[2].partition("\n\n")[0]
    entries: list[tuple[str, str]] = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def _help_texts(kind: type) -> dict[str, str]:
    """Return the docstring under each field of a class."""
    source = ast.parse(inspect.cleandoc("\n" + inspect.getsource(kind)))
    (definition,) = (node for node in source.body if isinstance(node, ast.ClassDef))
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }


def _raising(function: Callable[..., Any], *args: Any, **values: Any) -> Any:
    try:
        return function(*args, **values)
    except InputError as error:
        raise _RefusedError(error) from error
