"""Wake-ups: a message says that a queue has work, and the loops of that queue look for it."""

import threading
from collections.abc import Callable
from typing import Any, Protocol

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down

from shared.broker import task_of
from shared.ringer import Ringer


class Loop(Protocol):
    """What works until its queue is empty."""

    def work(self) -> None:
        """Work until nothing is left."""

    def stop(self) -> None:
        """Return from `work` soon, and for good."""


class Woken:
    """Has a loop work when it is called, unless it works already: then it looks for more once it is done.

    One that waits for others in the middle of its work is told to `look` before that.
    """

    def __init__(self, loop: Loop, look: Callable[[], None] | None) -> None:
        self._loop = loop
        self._look = look
        self._rung = False
        self._working = threading.Lock()

    def __call__(self) -> None:
        """Work, or see to it that whoever works does not miss this call."""
        self._rung = True
        if self._look is not None:
            self._look()
        while self._rung and self._working.acquire(blocking=False):
            try:
                self._rung = False
                self._loop.work()
            finally:
                self._working.release()


def work_when_woken(
    celery: Celery, ringer: Ringer, queue: str, *loops: Loop, look: Callable[[], None] | None = None
) -> None:
    """Have the loops work whenever they are woken, once at the start, and stop when Celery does."""
    woken = [Woken(loop, look) for loop in loops]

    @celery.task(name=task_of(queue))  # type: ignore[untyped-decorator]  # Celery carries no types
    def work(_hint: str | None = None) -> None:
        for loop in woken:
            loop()

    @worker_ready.connect(weak=False)  # type: ignore[untyped-decorator]
    def look_at_once(**_: Any) -> None:
        ringer.ring(queue, times=len(loops))

    @worker_shutting_down.connect(weak=False)  # type: ignore[untyped-decorator]
    def stop(**_: Any) -> None:
        for loop in loops:
            loop.stop()
