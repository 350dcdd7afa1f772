"""COCO's results: ``[{image_id: 1, category_id: 1, keypoints: [x, y, score, ...], score: 0.9}]``, a person an entry.

What most detectors write for an evaluation. An image without a person is not in it: numbers that are missing between
the first and the last are frames without people. Entries without keypoints are other objects. A list that stands in an
object, alone or beside other things, is read too: ``{annotations: [...]}``.
https://cocodataset.org/#format-results
"""

from typing import Any

from ampose.files.keypoints.content import Content
from ampose.files.keypoints.gather import RawPerson, gather, identity_in, name_of, triples, with_keypoints
from ampose.files.keypoints.reader import PeopleFile, ReaderOptions, readers

_LISTS = ("annotations", "predictions", "results")


@readers.register(
    "coco-results",
    title="COCO results",
    looks_for="a JSON list with keypoints and a number as image_id",
    words=("image_id", "category_id", "keypoints", "score"),
    size=False,
    example="results.json",
)
class CocoResults:
    """COCO's results; the layout is described at the top of this file."""

    def fits(self, content: Content) -> bool:
        """Tell whether the first person has keypoints in a row and a number for an image."""
        first = next(iter(with_keypoints(_entries(content))), {})
        return isinstance(first.get("image_id"), int | float)

    def read(self, content: Content, options: ReaderOptions) -> PeopleFile:
        """Read all entries."""
        people: dict[str, list[RawPerson]] = {}
        for entry in with_keypoints(_entries(content)):
            person = RawPerson(triples(entry["keypoints"]), identity_in(entry), entry.get("score"))
            people.setdefault(name_of(entry["image_id"]), []).append(person)
        return gather(people, options)


def _entries(content: Content) -> Any:
    data = content.json
    if isinstance(data, dict) and "images" not in data:
        return next((data[key] for key in _LISTS if key in data), None)
    return data
