"""The gallery's scripts are numbered pages: a heading, and what one gets in two sentences. ``make docs`` runs them."""

import ast
import re
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[2] / "examples" / "gallery").glob("[0-9]*.py"))


def test_they_are_numbered_from_one() -> None:
    assert len(SCRIPTS) >= 8
    assert [int(script.name[:2]) for script in SCRIPTS] == list(range(1, len(SCRIPTS) + 1))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_page_has_a_heading_and_two_sentences(script: Path) -> None:
    title, underline, _, *words = ast.get_docstring(ast.parse(script.read_text())).splitlines()
    assert underline == "=" * len(title)
    assert len(re.findall(r"\.(?:\s|$)", " ".join(words))) == 2
    assert script.read_text().count("\n# %%\n") >= 2
