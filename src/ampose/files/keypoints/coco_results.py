"""COCO's results: ``[{image_id: 1, category_id: 1, keypoints: [x, y, score, ...], score: 0.9}]``, a person an entry.

What most detectors write for an evaluation. An image without a person is not in it: numbers that are missing between
the first and the last are frames without people.
https://cocodataset.org/#format-results
"""

from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import RawPerson, gather, triples
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers


@readers.register(
    "coco-results",
    title="COCO results",
    looks_for="a JSON list with keypoints and a number as image_id",
    size=False,
    example="results.json",
)
class CocoResults:
    """COCO's results; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether the first entry has keypoints in a row and a number for an image."""
        data = content.json
        first = data[0] if isinstance(data, list) and data else None
        return isinstance(first, dict) and isinstance(first.get("image_id"), int) and "keypoints" in first

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all entries."""
        people: dict[str, list[RawPerson]] = {}
        for entry in content.json:
            person = triples(entry["keypoints"]), entry.get("track_id")
            people.setdefault(str(entry["image_id"]), []).append(person)
        return gather(people, options)
