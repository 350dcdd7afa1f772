"""The pages are true: links lead somewhere, make targets exist, Python code runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ampose.lifting.weights import bundled_weights

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT, ROOT / "docs", ROOT / "docs" / "adr", ROOT / "research", ROOT / "examples")
PAGES = sorted(page for folder in FOLDERS for page in folder.glob("*.md"))
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
BUNDLED = "ampose-small"


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ +(.+?) *$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", title).lower()).replace(" ", "-") for title in headings}


def broken_links(page: Path) -> list[str]:
    """Relative links of a page that lead nowhere."""
    broken = []
    for first, second in LINK.findall(FENCE.sub("", page.read_text())):
        link = first or second
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if re.match(r"[a-z]+:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            broken.append(link)
    return broken


def make_targets(text: str) -> set[str]:
    """What a page tells the reader to make, in code blocks and in code within a line."""
    code = [body for _, body in FENCE.findall(text)]
    code += re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    return {name for part in code for name in re.findall(r"(?:^|&& )(?:\$ )?make ([a-z][a-z-]*)", part, re.MULTILINE)}


def python_of(text: str) -> str:
    """The Python blocks of a page, each on the lines on which it stands, so that a traceback names the page's line."""
    lines = [""] * (text.count("\n") + 1)
    for block in FENCE.finditer(text):
        if block[1] == "python":
            start = text.count("\n", 0, block.start(2))
            body = block[2].splitlines()
            lines[start : start + len(body)] = body
    return "\n".join(lines)


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page):
    assert broken_links(page) == []


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_make_targets_exist(page):
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert make_targets(page.read_text()) - known == set()


WITH_PYTHON = [page for page in PAGES if python_of(page.read_text()).strip()]


@pytest.mark.parametrize("page", WITH_PYTHON, ids=page_name)
def test_python_code_runs(page, tmp_path):
    code = python_of(page.read_text())
    if BUNDLED in code and re.search(r"load_model|lift\(", code) and BUNDLED not in bundled_weights():
        pytest.skip(f"the weights {BUNDLED} are not in the package")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    script = tmp_path / f"{page.stem.replace('-', '_').lower()}.py"
    script.write_text(code)
    options = {"cwd": tmp_path, "env": {**os.environ, "OMP_NUM_THREADS": "1"}}
    done = subprocess.run([sys.executable, script], **options, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_checks_notice_what_is_wrong(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A `b`, c\n[x](gone.md) [y](#a-b-c) [z](#no) <img src='a'>\n```sh\nmake cake\n```\nmake do\n")
    assert broken_links(page) == ["gone.md", "#no"]
    assert make_targets(page.read_text()) == {"cake"}
    assert python_of("a\n```python\nx = 1\n```\n") == "\n\nx = 1\n\n"
