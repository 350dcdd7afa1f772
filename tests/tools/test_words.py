"""Words that the field does not use stay out of the pages and of the sources that were cleaned."""

from tools.docs.words import ROOT, check, faults, messages_of, prose_of


def test_no_word_to_avoid():
    assert check(ROOT) == []


def test_the_check_sees_prose_and_messages_but_no_code():
    page = "A picture.\n`picture`\n```sh\npicture\n```\n![picture](picture.png)\n"
    assert list(faults(enumerate(prose_of(page).splitlines(), start=1), "page")) == [
        "page:1: 'picture'; write: image, frame (input); figure (drawing)",
        "page:6: 'picture'; write: image, frame (input); figure (drawing)",
    ]
    assert list(messages_of('"""A joint that is made up."""\nx = "key"\n')) == [(1, "A joint that is made up.")]
