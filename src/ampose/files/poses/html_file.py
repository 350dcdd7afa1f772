"""``poses.html``: a page to look at the people in motion, for anybody with a browser. It is not read back."""

from collections.abc import Sequence
from pathlib import Path

from ampose.drawing.web_page import Result, page
from ampose.files.poses.pose_format import all_but, formats
from ampose.poses.people import Person


@formats.register(".html", up="y", carries=all_but("frame_of_reference", "provenance"))
class HtmlFile:
    """People as a self-contained page; ``ampose view`` also puts the video into it and compares two results."""

    def write(self, path: Path, people: Sequence[Person]) -> None:
        """Write the page, titled by the file that the poses came from."""
        source = people[0].pose3d.provenance.get("source", "")
        path.write_text(page([Result(Path(source).name or "poses", people)]), encoding="utf-8")
