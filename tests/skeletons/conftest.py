"""What a test makes known is not known to the tests after it."""

from collections.abc import Iterator

import pytest

from ampose import skeletons


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(skeletons, "_RECIPES", dict(skeletons._RECIPES))
    monkeypatch.setattr(skeletons._SKELETONS, "_entries", dict(skeletons._SKELETONS._entries))
    yield
    skeletons.find_mapping.cache_clear()
