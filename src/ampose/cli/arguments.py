"""How a command turns its arguments into a call: tyro, in one place.

Options are dataclasses with a docstring under each field, which is its help. Four things differ from plain tyro:

- A type with a class method ``parse(text)`` is one word on the command line; the first words in double backquotes of
  the method's docstring are the word's form.
- A dataclass made of several base dataclasses is shown in sections, one for each base, titled by its docstring.
- An option that is None or empty unless it is given shows no default.
- A function's parameter that is a dataclass has no section of its own.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Annotated, Any, get_args, get_type_hints

import docstring_parser
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


def call_with_arguments(
    function: Callable[..., Any], command: str, args: Sequence[str], *, takes_none: bool = False
) -> None:
    """Call ``function`` with the arguments that ``args`` give for its parameters.

    Its docstring and the docstrings of its parameters are the help page. A function of ``*args`` gets them as they are.

    Args:
        function: What to call.
        command: What it is called on the help page.
        args: The words after the command.
        takes_none: Whether None may be given for an option that may be None.

    Raises:
        InputError: A value cannot be parsed, options exclude each other, or the function raised it.
    """
    parameters = inspect.signature(function).parameters
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters.values()):
        function(*args)
        return
    registry = ConstructorRegistry()
    registry.primitive_rule(_parsed)
    registry.struct_rule(_options)
    hints, texts = get_type_hints(function, include_extras=True), _help_texts(function)
    for name, parameter in parameters.items():
        default = parameter.default
        no_section = {"name": "", "help": ""} if is_dataclass(default) else {"help": texts.get(name)}
        function.__annotations__[name] = _annotated(hints[name], default, **no_section)
    config = () if takes_none else (tyro.conf.DisallowNone,)
    try:
        tyro.cli(function, prog=f"ampose {command}", args=list(args), config=config, registry=registry)
    except _RefusedError as refused:
        raise refused.error from refused


def _annotated(hint: Any, default: object, **argument: Any) -> Any:
    """Return a type with what tyro shall know about an argument unless the type says otherwise."""
    metadata = getattr(hint, "__metadata__", ())
    if default in (None, (), "") and tyro.conf.UseAppendAction not in metadata:
        argument["help_behavior_hint"] = ""
    elif default is inspect.Parameter.empty:
        argument["help_behavior_hint"] = "(required)"
    return Annotated[(get_args(hint)[0] if metadata else hint, tyro.conf.arg(**argument), *metadata)]


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
    kind, specs = info.type, []
    if not is_dataclass(kind) or not isinstance(info.default, kind):
        return None
    sections = [base for base in kind.__bases__ if is_dataclass(base)]
    if len(sections) < 2:  # one base is what configs of a kind have in common
        hints, texts = get_type_hints(kind, include_extras=True), _help_texts(kind)
        for each in fields(kind):
            default = getattr(info.default, each.name)
            hint = _annotated(hints[each.name], default, help=texts.get(each.name))
            specs.append(StructFieldSpec(each.name, hint, default))
        return StructConstructorSpec(lambda **values: _raising(kind, **values), tuple(specs))
    for base in sections:
        title = tyro.conf.arg(name=(base.__doc__ or "").partition("\n")[0].rstrip("."), help="")
        flat: Any = tyro.conf.OmitArgPrefixes
        section: Any = Annotated[flat[base], title]
        default = base(**{each.name: getattr(info.default, each.name) for each in fields(base)})
        specs.append(StructFieldSpec(base.__name__, section, default))
    return StructConstructorSpec(
        lambda **read: _raising(kind, **{name: value for part in read.values() for name, value in vars(part).items()}),
        tuple(specs),
    )


def _help_texts(documented: Any) -> dict[str, str]:
    """Return the text of each argument of a function, or of each field of a dataclass, in one line."""
    parts = [kind for kind in getattr(documented, "__mro__", ()) if is_dataclass(kind)] or [documented]
    params = [param for part in parts for param in docstring_parser.parse_from_object(part).params]
    return {param.arg_name: " ".join((param.description or "").split()) for param in params}


def _raising(function: Callable[..., Any], *args: Any, **values: Any) -> Any:
    try:
        return function(*args, **values)
    except InputError as error:
        raise _RefusedError(error) from error
