"""Reading ahead changes nothing but the time: order, errors in their place, an end in every case."""

import threading
import time

import pytest

from ampose.media.ahead import MOST, ahead


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")]


def test_items_come_in_order_and_few_are_taken_ahead():
    taken = []

    def items():
        for number in range(20):
            taken.append(number)
            yield number

    for number in ahead(items()):
        assert number <= len(taken) - 1 <= number + MOST + 1
    assert taken == list(range(20))
    assert not threads()


def test_the_next_is_made_meanwhile():
    def items():
        for number in range(6):
            time.sleep(0.05)
            yield number

    start = time.perf_counter()
    for _ in ahead(items()):
        time.sleep(0.05)
    assert time.perf_counter() - start < 0.05 * 12 * 0.95


def test_an_error_comes_after_the_items_before_it():
    def items():
        yield from range(5)
        raise ValueError("damaged")

    coming = ahead(items())
    assert [next(coming) for _ in range(5)] == list(range(5))
    with pytest.raises(ValueError, match="damaged"):
        next(coming)
    assert not threads()


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_whoever_stops_leaves_no_thread(error):
    """Ctrl-C or a mistake in the work on a frame: the source is closed too."""
    closed = []

    def items():
        try:
            yield from range(1000)
        finally:
            closed.append(True)

    def work():
        for number in ahead(items()):
            if number == 3:
                raise error

    with pytest.raises(error):
        work()
    assert not threads()
    assert closed
