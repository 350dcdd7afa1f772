"""What of Ray's ways is not taken over; the rest is tested with Ray itself, in tests/cli/test_bulk.py."""

import signal
import sys

import pytest

from ampose.pipeline.bulk.on_ray import _own_ending

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signal can be sent there")


class EndedError(Exception):
    """What the command's own way raises."""


@pytest.fixture
def ours():
    def end(number, frame):
        raise EndedError

    before = signal.signal(signal.SIGTERM, end)
    yield end
    signal.signal(signal.SIGTERM, before)


def rays_way(number, frame):
    sys.exit(number)


def start(*, ended):
    with _own_ending():
        signal.signal(signal.SIGTERM, rays_way)
        if ended:
            signal.raise_signal(signal.SIGTERM)


def test_the_own_way_to_end_is_back_once_ray_runs(ours):
    start(ended=False)
    assert signal.getsignal(signal.SIGTERM) is ours


def test_a_signal_that_rays_way_takes_goes_the_own_way(ours):
    with pytest.raises(EndedError):
        start(ended=True)
