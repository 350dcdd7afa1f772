"""Lay out the pages of the site for Sphinx in docs/_build/pages: the repository's Markdown and the API reference.

The pages stay plain Markdown that reads well in a repository browser. Here they get their place in the navigation,
and links that leave ``docs/`` are turned to the page, the reference entry or the file that they mean.
"""

import os
import re
import shutil
from pathlib import Path

from tools.docs import gallery, reference

ROOT = Path(__file__).parents[2]
STAGE = ROOT / "docs" / "_build" / "pages"
FENCE = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))|(?<=src=\")([^\"]+)(?=\")")

ELSEWHERE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "examples/README.md": "example-clip.md",
    "src/ampose/lifting/weights/ampose-small/README.md": "model-card.md",
}
"""Pages that lie outside docs/, and their place on the site."""

SECTIONS: dict[str, tuple[str, str, list[str]]] = {
    "tasks": (
        "Tasks",
        "From a video, a camera or keypoints to 3D, and on to other programs.",
        [
            "my-own-video",
            "several-people",
            "openpose-folder",
            "webcam-live",
            "a-billion-poses",
            "in-the-browser",
            "usable-3d",
            "to-blender",
            "to-unity",
            "to-opensim",
            "other-programs",
            "a-figure-for-my-paper",
            "send-it-to-a-colleague",
            "my-own-skeleton",
            "my-own-program",
            "long-and-odd-files",
            "example-clip",
        ],
    ),
    "research": (
        "Training and evaluation",
        "Train lifters, measure them under stated protocols, compare them.",
        ["models", "data-engine", "add-a-model", "performance", "performance-details", "model-card"],
    ),
    "paper": (
        "The paper",
        "AMPose (ICASSP 2023): how faithful this implementation is, and its tables on Human3.6M and MPI-INF-3DHP.",
        ["faithfulness", "human36m", "mpi-inf-3dhp"],
    ),
    "inside": (
        "Design",
        "How the code is built, and why.",
        ["design", "contributing", "changelog"],
    ),
    "lookup": (
        "Reference",
        "Every command, unit, file format, term and public Python name.",
        ["reference/index", "commands", "conventions", "glossary"],
    ),
}
"""Page, title, subject and contents of each section. Studies and decisions are found by their folder."""


def contents() -> dict[str, Path]:
    """Place on the site of every page, and the Markdown that it is made of."""
    placed = {place: ROOT / source for source, place in ELSEWHERE.items()}
    placed |= {page.name: page for page in (ROOT / "docs").glob("*.md")}
    placed |= {f"adr/{page.name}": page for page in (ROOT / "docs" / "adr").glob("*.md")}
    placed |= {f"studies/{page.name}": page for page in (ROOT / "research").rglob("*.md")}
    return placed


def moved_links(text: str, source: Path, place: Path, places: dict[Path, str]) -> str:
    """A page's text with its relative links as they must read at its place on the site."""

    def moved(match: re.Match) -> str:
        path, _, anchor = match[0].partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return match[0]
        target = (source.parent / path).resolve()
        suffix = f"#{anchor}" if anchor else ""
        if target in places:
            return os.path.relpath(STAGE / places[target], place.parent) + suffix
        inside = target.relative_to(ROOT)
        if inside.parts[:2] == ("src", "ampose") and (target.suffix == ".py" or (target / "__init__.py").exists()):
            return "#" + ".".join(part for part in inside.with_suffix("").parts[1:] if part != "__init__")
        return os.path.relpath(copied(target), place.parent)

    return "".join(part if part.startswith("```") else LINK.sub(moved, part) for part in FENCE.split(text))


def copied(target: Path) -> Path:
    """A file of the repository, or the list of a folder's files, beside the pages."""
    copy = STAGE / "files" / target.relative_to(ROOT)
    if target.is_dir():
        copy = copy.with_suffix(".txt")
        write(copy, "\n".join(sorted(path.name for path in target.iterdir() if path.name != "__pycache__")))
    else:
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(target, copy)
    return copy


def write(path: Path, text: str) -> None:
    """Write a page if it changed, so that Sphinx builds only what is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def title_and_summary(text: str) -> tuple[str, str]:
    """A page's heading and the first sentence of its text, without links."""
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    body = re.sub(r"<!--.*?-->|^```.*?^```|^[#!|<-].*$", "", text[heading.end() :], flags=re.MULTILINE | re.DOTALL)
    paragraph = next((block for block in body.split("\n\n") if block.strip()), "")
    plain = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", " ".join(paragraph.split()))
    return heading[1], re.split(r"(?<=[.:])\s", plain)[0].rstrip(":")


def section_page(name: str, pages: list[str]) -> str:
    """The first page of a section: a card for each page, and the navigation."""
    title, subject, _ = SECTIONS[name]
    cards = ["::::{grid} 1 2 2 3", ":gutter: 3", ""]
    for page in pages:
        if page == "reference/index":
            heading, about = "Python reference", "Every public module, class and function, from the docstrings."
        else:
            heading, about = title_and_summary((STAGE / f"{page}.md").read_text())
        cards += [f":::{{grid-item-card}} {heading}", f":link: {page}", ":link-type: doc", "", about, ":::", ""]
    return "\n".join([f"# {title}", "", subject, "", *cards, "::::", "", *toctree(pages)])


def toctree(pages: list[str]) -> list[str]:
    """The pages in the navigation."""
    return ["```{toctree}", ":hidden:", "", *pages, "```", ""]


def main() -> None:
    """Write all pages, and remove those that are no more."""
    placed = contents()
    places = {source.resolve(): place for place, source in placed.items()} | {gallery.SCRIPTS: "gallery/index.rst"}
    for place, source in placed.items():
        text = moved_links(source.read_text(), source, STAGE / place, places)
        if place == "index.md":
            first, *others = SECTIONS
            text += "\n" + "\n".join(toctree([first, "gallery/index", *others]))
        if place == "design.md":
            text += "\n" + "\n".join(toctree(sorted(p[:-3] for p in placed if p.startswith("adr/"))))
        write(STAGE / place, text)
    for name, (_, _, pages) in SECTIONS.items():
        studies = sorted(place[:-3] for place in placed if place.startswith("studies/")) if name == "research" else []
        write(STAGE / f"{name}.md", section_page(name, pages + studies))
    for name, text in reference.pages().items():
        write(STAGE / "reference" / name, text)
    wanted = {*placed, *(f"{name}.md" for name in SECTIONS), *(f"reference/{name}" for name in reference.pages())}
    for page in [*STAGE.rglob("*.md"), *STAGE.rglob("*.rst")]:
        place = page.relative_to(STAGE)
        if place.as_posix() not in wanted and place.parts[0] not in ("files", "gallery"):
            page.unlink()
    gallery.lay_out(STAGE)
    shutil.copytree(ROOT / "docs" / "images", STAGE / "images", dirs_exist_ok=True)


if __name__ == "__main__":
    main()
