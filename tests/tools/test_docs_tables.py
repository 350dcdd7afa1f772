"""Tables and the command reference in docs/ are what the code says now."""

import re

import pytest
from tools.docs.tables import BLOCKS, PAGES, ROOT, blocks_of, cost

PLACES = [(page, name) for page in PAGES for name in blocks_of(page.read_text())]


@pytest.mark.parametrize(("page", "name"), PLACES, ids=[f"{page.stem}-{name}" for page, name in PLACES])
def test_generated_part_is_up_to_date(page, name):
    stale = f"{page.name} is out of date; regenerate it with: python -m tools.docs.tables"
    assert blocks_of(page.read_text())[name] == BLOCKS[name]() + "\n", stale


def test_every_block_is_on_a_page():
    assert sorted(name for _, name in PLACES) == sorted(BLOCKS)


def test_counts_are_those_that_the_docstrings_state():
    assert cost("ampose-full")[:2] == (18_405_379, 18_386_435)
    assert cost("ampose-full")[3] == 312_256_000
    assert cost("ampose-small", skeleton="human36m_16")[0] == 655_395


def test_conventions_name_every_normalisation_and_metric():
    from ampose.models.normalisation import normalisations
    from ampose.poses.metrics import display
    from ampose.poses.metrics import metrics as measured

    page = (ROOT / "docs" / "conventions.md").read_text()
    first_cells = set(re.findall(r"^\| `?([^|`]+?)`? \|", page, re.MULTILINE))
    assert {*normalisations.names(), *(display(name).label for name in measured.names())} <= first_cells
