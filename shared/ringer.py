"""The doorbell: one background thread per process that tells workers, through Redis, that a lane has work.

Nobody waits for it. Rings for one lane that come while the thread is busy become one, so it owes at most one
message per lane however long Redis is away; a ring that is lost costs seconds, because the sweep rings again.
"""

import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from celery import Celery

from shared.broker import RING_EXPIRES_SECONDS, task_of
from shared.logs import get_logger

ENOUGH_WAITING = 64  # messages in a queue at which another one would wake nobody
BACKOFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0)
CLOSE_SECONDS = 2.0


@dataclass(slots=True)
class _Ring:
    hint: str | None
    times: int


class Ringer:
    """Rings lanes from a thread of its own, in order of need; `ring` returns at once."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._due: dict[str, _Ring] = {}
        self._changed = threading.Condition()
        self._closing = False
        self._producer: Any = None
        self._thread = threading.Thread(target=self._run, name="ringer", daemon=True)
        self._log = get_logger()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(CLOSE_SECONDS)

    def ring(self, lane: str, hint: str | None = None, times: int = 1) -> None:
        """Have up to `times` workers of a lane, or of the queue of deliveries, woken.

        `hint` is a job's id, for people who watch the queue.
        """
        with self._changed:
            due = self._due.setdefault(lane, _Ring(hint, 0))
            due.hint, due.times = hint, max(due.times, times)
            self._changed.notify()

    def _run(self) -> None:
        failures = 0
        while (lane := self._next(failures)) is not None:
            with self._changed:
                due = self._due.pop(lane)
            try:
                self._publish(lane, due)
                failures = 0
            except Exception as error:  # whatever the transport raises, the bell must be tried again
                failures += 1
                self._hang_up()
                self._log.warning("ring.failed", lane=lane, reason=type(error).__name__, failures=failures)
                self.ring(lane, due.hint, due.times)
        self._hang_up()

    def _next(self, failures: int) -> str | None:
        """Wait until a lane is due, after a pause that grows with the failures before; None ends the thread."""
        with self._changed:
            if failures:
                pause = BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1]
                self._changed.wait_for(lambda: self._closing, pause)
                if self._closing:
                    return None
            self._changed.wait_for(lambda: self._due or self._closing)
            return next(iter(self._due), None)

    def _publish(self, lane: str, due: _Ring) -> None:
        """Send the rings over this thread's own connection, which is made anew after any failure."""
        if self._producer is None:
            self._producer = self._celery.amqp.Producer(self._celery.connection_for_write(), auto_declare=False)
        room = ENOUGH_WAITING - _waiting(self._producer.channel, lane)
        for _ in range(min(due.times, room)):
            self._celery.send_task(
                task_of(lane),
                args=[due.hint],
                queue=str(lane),
                producer=self._producer,
                retry=False,
                expires=RING_EXPIRES_SECONDS,
            )

    def _hang_up(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(Exception):  # a connection that failed may fail to close
                producer.connection.close()


def _waiting(channel: Any, lane: str) -> int:
    return int(channel.queue_declare(str(lane)).message_count)
