"""Results in a notebook: the page of ``ampose view`` in the cell, and a still where no scripts run."""

import base64
import html
import io
from collections.abc import Sequence

from ampose.drawing.sheet import draw_sheet
from ampose.drawing.web_page import Result, page
from ampose.errors import printable
from ampose.poses.people import Person

_HEIGHT_PX = 720
_STILL_FRAMES = 6


def show_inline(people: Sequence[Person], name: str = "poses") -> str:
    """Return HTML that shows people: the whole page within a frame of its own, which can neither fetch nor reach out.

    Notebook viewers that take such frames away leave the contact sheet of the first person who is there.
    """
    name = printable(name)
    shown = next((person.pose3d for person in people if not person.pose3d.missing.all()), None)
    if shown is None:
        return f"<p>{html.escape(name)}: nobody in any of {len(people[0].pose3d) if people else 0} frames</p>"
    still = io.BytesIO()
    draw_sheet(shown, _STILL_FRAMES).save(still, format="PNG")
    # In one line: tools that indent HTML, as Sphinx does, would change the script, which then no longer has the hash
    # that the page's security policy allows.
    source = html.escape(page([Result(name, people)]), quote=True).replace("\n", "&#10;").replace("\t", "&#9;")
    return (
        f'<iframe srcdoc="{source}" sandbox="allow-scripts" title="{html.escape(name, quote=True)}"'
        f' style="width: 100%; height: {_HEIGHT_PX}px; border: 0">'
        f'<img alt="contact sheet" src="data:image/png;base64,{base64.b64encode(still.getvalue()).decode()}"></iframe>'
    )
