"""Wake-ups: a message says that a queue has work, and the loops of that queue look for it."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import structlog
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
    celery: Celery, ringer: Ringer, queues: Sequence[str], *loops: Loop, look: Callable[[], None] | None = None
) -> None:
    """Have the loops work whenever one of these queues wakes them, once at the start, and stop when Celery does.

    What they log meanwhile says who woke them. It may be about something else: they work off whatever is there.
    """
    woken = [Woken(loop, look) for loop in loops]

    def work(job_id: str | None = None, request_id: str | None = None) -> None:
        ids = {"woken_by_job": job_id, "woken_by_request": request_id}
        with structlog.contextvars.bound_contextvars(**{name: each for name, each in ids.items() if each}):
            for loop in woken:
                loop()

    for queue in queues:
        celery.task(work, name=task_of(queue))

    @worker_ready.connect(weak=False)  # type: ignore[untyped-decorator]
    def look_at_once(**_: Any) -> None:
        ringer.ring(queues[0], times=len(loops))

    @worker_shutting_down.connect(weak=False)  # type: ignore[untyped-decorator]
    def stop(**_: Any) -> None:
        for loop in loops:
            loop.stop()
