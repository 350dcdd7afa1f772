"""Every ``ampose`` command that a page shows exists, with its options and the names that it is given."""

import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from ampose.cli import command_names

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT, ROOT / "docs", ROOT / "docs" / "adr", ROOT / "research", ROOT / "examples")
PAGES = sorted(page for folder in FOLDERS for page in folder.glob("*.md"))
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?(ampose(?: .*)?)$", re.MULTILINE)


def commands(text: str) -> list[list[str]]:
    """The commands of a page as lists of words, without what the shell does with them."""
    shell = [body.replace("\\\n", " ") for language, body in FENCE.findall(text) if language != "python"]
    inline = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    found = [line for part in [*shell, *inline] for line in CALL.findall(part)]
    return [re.split(r"\s[|>&;]", shlex.join(shlex.split(line, comments=True)))[0].split() for line in found]


@cache
def options_of(command: str) -> set[str]:
    """The options on the command's part of the reference, which another test holds against the command itself."""
    reference = (ROOT / "docs" / "commands.md").read_text()
    parts = re.findall(rf"^## ampose {command}(?: RECIPE)?\n(.*?)(?=^## |\Z)", reference, re.MULTILINE | re.DOTALL)
    return {"--help", "-h", "--debug", *re.findall(r"(?<![\w-])--?[a-z][\w.-]*", "".join(parts))}


@cache
def names_for(command: str) -> set[str]:
    """What may follow a command as its first word, where that is a name."""
    from ampose.data import datasets
    from ampose.models import list_models
    from ampose.training.recipe import packaged_recipes

    known = {
        "prepare": datasets.names(),
        "info": list_models(),
        "train": [*list_models(), *packaged_recipes()],
    }
    return set(known.get(command, []))


def faults(words: list[str], own: frozenset[str] = frozenset()) -> list[str]:
    """What is wrong with one command; ``own`` are the names that the page itself registers."""
    if len(words) == 1 or words[1] in ("--help", "--version"):
        return []
    command = words[1]
    if command not in command_names():
        return [] if command.isupper() else [f"no command {command}"]
    wrong = [word for word in words[2:] if word.startswith("-") and word.split("=")[0] not in options_of(command)]
    first = words[2] if len(words) > 2 else "-"
    is_name = names_for(command) and re.fullmatch(r"[a-z][\w-]*", first)
    if is_name and first not in names_for(command) | own:
        wrong.append(f"no name {first}")
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_exist(page):
    text = page.read_text()
    own = frozenset(re.findall(r"register\(\s*\"([^\"]+)\"", text))
    wrong = {" ".join(words): fault for words in commands(text) if (fault := faults(words, own))}
    assert wrong == {}


def test_the_check_notices_what_is_wrong():
    text = "```sh\n$ ampose lfit a.mp4\n.venv/bin/ampose lift a.mp4 \\\n --speed 3 | cat\n```\nand `ampose info amp`."
    assert [faults(words) for words in commands(text)] == [["no command lfit"], ["--speed"], ["no name amp"]]
