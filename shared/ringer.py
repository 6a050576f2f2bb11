"""The doorbell: one background thread per process that tells workers, through Redis, that a lane has work.

Nobody waits for it. Rings for one lane that come while the thread is busy become one, so it owes at most one
message per lane however long Redis is away; a ring that is lost costs seconds, because the sweep rings again.
"""

import threading
from collections.abc import Callable
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
    job_id: str | None
    request_id: str | None
    times: int


class Ringer:
    """Rings lanes from a thread of its own, in order of need; `ring` returns at once.

    `count_failure` is told of each ring that failed, and of whose it was.
    """

    def __init__(self, celery: Celery, count_failure: Callable[[str], None] = lambda _queue: None) -> None:
        self._celery = celery
        self._count_failure = count_failure
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

    def ring(self, lane: str, job_id: str | None = None, request_id: str | None = None, times: int = 1) -> None:
        """Have up to `times` workers of a lane, or of the queue of deliveries, woken.

        The ids are those of a job that waits there, and of the request that made it, for people who watch the queue or
        read the log: of rings that become one, the last one's.
        """
        with self._changed:
            due = self._due.setdefault(lane, _Ring(job_id, request_id, 0))
            due.job_id, due.request_id, due.times = job_id, request_id, max(due.times, times)
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
                self._count_failure(lane)
                self._log.warning("ring.failed", lane=lane, reason=type(error).__name__, failures=failures)
                self._ring_again(lane, due)
        self._hang_up()

    def _ring_again(self, lane: str, due: _Ring) -> None:
        """Owe a ring again, unless a later one is owed meanwhile, which then is for as many."""
        with self._changed:
            later = self._due.setdefault(lane, due)
            later.times = max(later.times, due.times)

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
                args=[due.job_id, due.request_id],
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
