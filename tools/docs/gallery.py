"""How the gallery of ``examples/gallery`` is run and drawn: settings and hooks of sphinx-gallery."""

import shutil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "examples" / "gallery"
COPY = ROOT / "docs" / "_build" / "examples"
"""Where the examples run: what they write beside themselves stays out of the repository."""

STYLE = {
    "figure.figsize": (7.0, 3.6),
    "figure.dpi": 150,
    "savefig.dpi": 150,
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "font.size": 10,
}
"""Of the charts: legible on a slide."""


def lay_out(pages: Path) -> None:
    """Copy the examples, and remove the pages of those that are no more."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(ROOT / "examples", COPY, ignore=shutil.ignore_patterns("__pycache__"))
    names = {"index", *(script.stem for script in (COPY / "gallery").glob("[0-9]*.py"))}
    for page in (pages / "gallery").glob("*.rst"):
        if page.stem not in names:
            page.unlink()


def set_style(gallery_conf: dict[str, Any], example: str) -> None:
    """Give every example Matplotlib's defaults, with our style above."""
    import matplotlib as mpl

    mpl.rcdefaults()
    mpl.use("agg")
    mpl.rcParams.update(STYLE)


def save_shown(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save the image of a cell: what its last line is, if that is a figure or an image, or else pyplot's figures.

    Sphinx-Gallery itself knows pyplot's figures alone.
    """
    from matplotlib.figure import Figure
    from PIL import Image
    from sphinx_gallery.scrapers import figure_rst, matplotlib_scraper

    shown = block_vars["example_globals"].pop("___", None)
    block_vars["example_globals"]["___"] = None if isinstance(shown, Figure | Image.Image) else shown
    if not isinstance(shown, Figure | Image.Image):
        return matplotlib_scraper(block, block_vars, gallery_conf)
    path = next(block_vars["image_path_iterator"])
    if isinstance(shown, Figure):
        shown.savefig(path, dpi=STYLE["savefig.dpi"])
    else:
        shown.save(path)
    return figure_rst([path], gallery_conf["src_dir"])


def settings() -> dict[str, Any]:
    """Return the configuration of sphinx-gallery."""
    return {
        "examples_dirs": [str(COPY / "gallery")],
        "gallery_dirs": ["gallery"],
        "filename_pattern": r"/\d\d_",
        "ignore_pattern": "moving_body",
        "within_subsection_order": "FileNameSortKey",
        "image_scrapers": ("tools.docs.gallery.save_shown",),
        "reset_modules": ("tools.docs.gallery.set_style",),
        "thumbnail_size": (640, 448),
        "capture_repr": ("_repr_html_", "__repr__"),
        "download_all_examples": False,
        "min_reported_time": 3600,
        "show_signature": False,
        "write_computation_times": False,
        "notebook_images": False,
        "remove_config_comments": True,
    }
