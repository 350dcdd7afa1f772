"""Words that a person of the field would not use, and a check that they do not come back.

Run ``python -m tools.docs.words``; ``make lint`` does. ``PAGES`` are checked whole (but for code and generated blocks),
``SOURCES`` in their docstrings and in the texts of messages. Widen both as more of the code speaks plainly.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

WORDS = {
    r"sides? exchanged|exchang\w+ (left|sides)": "left/right swap",
    r"\bsurety\b|\bsureness\b": "uncertainty, confidence",
    r"\bspread\b(?! over)": "uncertainty, standard deviation",
    r"\bmade[ -]up\b": "inferred, synthetic",
    r"\b(is|are|was|were) told\b(?! apart)": "is given, is known",
    r"\bcalm(ed|s|er)?\b": "smooth",
    r"\blet go\b": "dropped",
    r"\bpictures?\b": "image, frame (input); figure (drawing)",
    r"\bfloors?\b of the house|\bthe house\b": "packages, layers",
    r"\bby heart\b": "memorised, overfitted",
    r"\bnobody (is meant|says)": "unspecified",
    r"\bfor who holds\b": "if you have access to",
    r"\banew\b": "again",
    r"\bis seen from\b": "is inferred from",
    r"\bsaid with\b|\bis said\b": "stated",
    r"\bgoes? on where\b": "resumes",
    r"\bput right\b": "corrected",
    r"\bone-off\b": "single",
    r"\ball alike\b": "equally",
    r"\bprocessor(?:'s)? (time|seconds?)\b": "CPU time, CPU s",
    r"\b(poses|samples) a second\b": "poses/s, samples/s",
    r"\bpoison\b": "invalid",
}
"""What to avoid, as regular expressions that ignore case, and what to write instead."""

PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "docs/adr/*.md", "research/*.md", "examples/*.md"]
SOURCES = ["tools/docs/*.py"]

HIDDEN = re.compile(r"<!--.*?-->|^```.*?^```|`[^`\n]*`|!\[|\]\([^)]*\)", re.DOTALL | re.MULTILINE)
GENERATED = re.compile(r"<!-- (?:generated|benchmark): [\w-]+ -->.*?<!-- end of \w+ -->", re.DOTALL)


def prose_of(text: str) -> str:
    """A page without code, links' targets and generated blocks, on the same lines."""
    for hidden in (GENERATED, HIDDEN):
        text = hidden.sub(lambda match: "\n" * match[0].count("\n"), text)
    return text


def messages_of(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every string of a module: docstrings, help and messages."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield from enumerate(re.sub(r"``[^`]*``", "", node.value).splitlines(), start=node.lineno)


def faults(lines: Iterator[tuple[int, str]], place: str) -> Iterator[str]:
    """A line for each word to avoid."""
    for number, line in lines:
        for word, instead in WORDS.items():
            if match := re.search(word, line, re.IGNORECASE):
                yield f"{place}:{number}: {match[0]!r}; write: {instead}"


def check(root: Path) -> list[str]:
    """All faults of the pages and sources below ``root``."""
    found = []
    for page in sorted(page for pattern in PAGES for page in root.glob(pattern)):
        lines = enumerate(prose_of(page.read_text()).splitlines(), start=1)
        found += faults(lines, page.relative_to(root).as_posix())
    for module in sorted(module for pattern in SOURCES for module in root.glob(pattern)):
        if module != Path(__file__):
            found += faults(messages_of(module.read_text()), module.relative_to(root).as_posix())
    return found


if __name__ == "__main__":
    if found := check(ROOT):
        sys.exit("\n".join(found))
