"""No wake-up is missed, and none waits for a loop that works."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.waiting import wait_for
from worker.wakeups import Woken


class Loop:
    """Counts how often it has begun to work, and works until it is let go."""

    def __init__(self) -> None:
        self.begun = self.looked = 0
        self.go = threading.Event()

    def work(self) -> None:
        self.begun += 1
        assert self.go.wait(10)

    def stop(self) -> None:
        self.go.set()

    def look(self) -> None:
        self.looked += 1


@contextmanager
def working(loop: Loop, woken: Woken) -> Iterator[None]:
    """Have a loop work in a thread for the time of the block; after that it is let go, and awaited."""
    thread = threading.Thread(target=woken)
    thread.start()
    wait_for(lambda: loop.begun == 1, 10, "a loop that works")
    yield
    loop.go.set()
    thread.join(10)


def test_a_call_while_the_loop_works_returns_at_once_and_has_it_work_again() -> None:
    loop = Loop()
    woken = Woken(loop, None)

    with working(loop, woken):
        woken()
        woken()
        assert loop.begun == 1

    assert loop.begun == 2


def test_a_loop_that_nobody_called_meanwhile_works_once() -> None:
    loop = Loop()

    with working(loop, Woken(loop, None)):
        pass

    assert loop.begun == 1


def test_a_loop_in_the_middle_of_its_work_is_told_to_look() -> None:
    loop = Loop()
    woken = Woken(loop, loop.look)

    with working(loop, woken):
        before = loop.looked
        woken()

        assert loop.looked == before + 1


def test_a_loop_that_has_failed_works_when_it_is_called_again() -> None:
    class Failing(Loop):
        def work(self) -> None:
            self.begun += 1
            raise RuntimeError("once")

    loop = Failing()
    woken = Woken(loop, None)

    for _ in range(2):
        with pytest.raises(RuntimeError):
            woken()

    assert loop.begun == 2
