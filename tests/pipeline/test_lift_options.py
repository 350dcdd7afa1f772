"""One declaration of an option: the help, the command line, the mark of a batch and the provenance follow it."""

import ast
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pytest

from ampose.cli.arguments import call_with_arguments
from ampose.errors import InputError
from ampose.pipeline.lift_options import DEFAULT_OPTIONS, DetectorOption, Focal, LiftOptions, LiveOptions

COMMAND = Path(__file__).parents[2] / "src" / "ampose" / "cli" / "lift"
SECTIONS = LiftOptions.__mro__[1:-1]


@dataclass(frozen=True, kw_only=True)
class Wobble:
    """Wobble."""

    wobble: float = 0.0
    """How far poses wobble, in metres."""


@dataclass(frozen=True, kw_only=True)
class WithWobble(*SECTIONS, Wobble):
    """The options with one more."""


def read(options: type, *words: str) -> object:
    """What the command line makes of these words."""
    results = []

    def command(*, options: options = options()) -> None:  # noqa: B008
        results.append(options)

    call_with_arguments(command, "lift", words)
    return results[0]


def test_every_option_is_in_the_help_once_with_its_own_words():
    environment = {**os.environ, "COLUMNS": "400", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "ampose", "lift", "--help"]
    page = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    for each in fields(LiftOptions):
        flag = f"│ --{each.name.replace('_', '-')}"
        assert page.count(f"{flag} ") + page.count(f"{flag},") == 1, each.name
    for section in SECTIONS:
        assert f"{section.__doc__.rstrip('.')} options" in page
    assert "None" not in page
    assert "Focal length in pixels, as in 1145, or fx,fy,cx,cy; used instead of a field of view." in page


def test_one_more_field_is_one_more_option(capsys):
    assert read(WithWobble, "--wobble", "0.5", "--height", "1.8") == WithWobble(wobble=0.5, height=1.8)
    assert asdict(read(WithWobble))["wobble"] == 0.0
    with pytest.raises(SystemExit):
        read(WithWobble, "--help")
    assert "How far poses wobble, in metres." in capsys.readouterr().out


def test_the_command_names_no_option_of_lifting():
    """What it does with them is done to all of them: hand them on, compare them."""
    names = {each.name for each in fields(LiftOptions)}
    for name in ("__init__.py", "batch.py"):
        nodes = ast.walk(ast.parse((COMMAND / name).read_text()))
        assert not names & {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def test_a_value_is_read_where_it_comes_in():
    words = ("--focal", "1145,1143,512,515", "--person", "3", "--detector-option", "skeleton=coco_17")
    options = read(LiftOptions, *words)
    assert options.focal == Focal(1145.0, 1143.0, (512.0, 515.0))
    assert options.person == 3
    assert dict(options.detector_option) == {"skeleton": "coco_17"}
    with pytest.raises(InputError, match="focal length must be in pixels, as in 1145, or fx,fy,cx,cy, got 'wide'"):
        read(LiftOptions, "--focal", "wide")


def test_the_centre_of_a_cropped_image_may_lie_beside_it():
    assert Focal.parse("1145,1143,-20,0").centre == (-20.0, 0.0)
    for wrong in ("0", "-5", "1145,0,3,3", "1145,1143,nan,3", "1145,1143,inf,3", "1145,1143,3", ""):
        with pytest.raises(InputError, match="focal length must be in pixels"):
            Focal.parse(wrong)


def test_values_given_to_live_options_are_checked_too():
    options = LiveOptions()
    object.__setattr__(options, "smooth", "no")  # past the type checks that the tests add
    with pytest.raises(InputError, match="smooth must be bool, got 'no'"):
        options.__post_init__()


def test_options_say_what_differs_from_the_defaults():
    assert str(DEFAULT_OPTIONS) == ""
    assert str(LiftOptions(person="largest", field_of_view=70.0)) == "person=largest, field_of_view=70.0"
    own = tuple(map(DetectorOption.parse, ("network=heavy", "flip=yes")))
    assert str(LiftOptions(detector_option=own)) == "detector_option=network=heavy flip=yes"
