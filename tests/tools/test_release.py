"""What a release is described by fits together; `make release-check` holds it against the published schemas."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from tools.release.wheel import EXTRAS

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

in_checkout = pytest.mark.skipif(not WORKFLOWS, reason="an sdist has no workflows")


def test_the_citation_is_the_readme_s() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    paper = citation["preferred-citation"]
    assert f"title = {{{paper['title']}}}" in readme
    authors = " and ".join(f"{author['family-names']}, {author['given-names']}" for author in paper["authors"])
    assert f"author = {{{authors}}}" in readme
    assert paper["url"] in readme
    assert citation["license"] == PROJECT["license"]


@in_checkout
def test_every_stated_python_is_tested_on_every_system() -> None:
    stated = [word.rpartition(" ")[2] for word in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", word)]
    matrix = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))["jobs"]["everywhere"]
    assert set(stated) <= set(matrix["strategy"]["matrix"]["python"])
    assert len(matrix["strategy"]["matrix"]["os"]) == 3
    assert PROJECT["requires-python"] == f">={stated[0]}"


@in_checkout
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_use_actions_by_commit(path: Path) -> None:
    """A tag can be moved to other code, a commit cannot."""
    used = re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))
    assert used
    assert [action for action in used if not re.search(r"@[0-9a-f]{40}$", action)] == []


def test_the_extras_that_are_tried_exist() -> None:
    assert set(EXTRAS) - {"core"} <= set(PROJECT["optional-dependencies"])


def test_every_extra_is_in_all_or_named_apart() -> None:
    """What is left out needs a download or a licence of its own, or belongs to one service."""
    (everything,) = PROJECT["optional-dependencies"]["all"]
    included = set(re.search(r"\[(.*)\]", everything)[1].split(","))
    assert set(PROJECT["optional-dependencies"]) - included - {"all"} == {"rtmlib", "transformers", "ultralytics"}


def test_the_wheel_is_tried_with_all_extras_unless_some_are_named() -> None:
    from tools.release.wheel import EXTRAS, parse

    assert parse(["--wheel", "dist/a.whl"]).extras == list(EXTRAS)
    assert parse(["core"]).extras == ["core"]
    with pytest.raises(SystemExit):
        parse(["everything"])
