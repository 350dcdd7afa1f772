"""A real browser without a window, where one is installed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tools.app import browser as browsers

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@pytest.fixture(scope="session")
def browser() -> "Iterator[Callable[..., Any]]":
    """Start a browser with more flags; each is closed at the end."""
    pytest.importorskip("selenium", reason="the package selenium is not installed")
    if not browsers.is_installed():
        pytest.skip("no chromium and chromedriver on this machine (Debian: chromium, chromium-driver)")
    with ExitStack() as opened:
        yield lambda *flags: opened.enter_context(browsers.started(*flags))


@pytest.fixture(scope="session")
def chrome(browser: "Callable[..., Chrome]") -> "Chrome":
    return browser()


@pytest.fixture(scope="session")
def poses() -> Path:
    """What ``ampose lift`` made of the example clip."""
    return Path(__file__).parents[2] / "examples" / "balance_beam.npz"
