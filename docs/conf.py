"""How Sphinx builds the site. ``tools/docs/site.py`` lays out the pages first; ``make docs`` runs both."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.docs import gallery
from tools.docs.reference import check_reference

project = "ampose"
author = "the authors of ampose"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
sphinx_gallery_conf = gallery.settings()

exclude_patterns = ["files"]
suppress_warnings = ["ref.python"]  # bare names inside annotations, which several classes have

myst_enable_extensions = ["colon_fence", "dollarmath", "html_image"]
myst_heading_anchors = 4

default_role = "literal"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 88
add_module_names = False
modindex_common_prefix = ["ampose."]
toc_object_entries_show_parents = "hide"
napoleon_use_ivar = True

html_theme = "pydata_sphinx_theme"
html_title = "ampose"
html_logo = "images/logo.svg"
html_favicon = "images/logo.svg"
html_static_path = ["images/site.css"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"index": [], "changelog": [], "genindex": []}
html_theme_options = {
    "logo": {"text": "ampose"},
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "show_nav_level": 1,
    "navigation_with_keys": False,
    "footer_start": [],
    "footer_end": ["sphinx-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def setup(app):
    """Fail the build where a public name is missing from the reference."""
    app.connect("env-check-consistency", check_reference)
