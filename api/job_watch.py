"""Who waits for a job, and the one look for all of them whether it has changed."""

import asyncio
import contextvars
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.jobs import JobRecord, job_progress, jobs_by_ids
from shared.logs import get_logger

# Between two looks: what a single waiter is told late by, at most. uvloop counts whole milliseconds. PostgreSQL does
# not say whether anything has changed, so there every look is a query over the network.
PAUSE_SECONDS = 0.001
PAUSE_WITH_POSTGRESQL_SECONDS = 0.01
SHARE = 1.5  # the pause grows to so many times what a look takes: looking may take 0.4 of a core, never more
TOGETHER = 64  # jobs in one look, which on SQLite nothing else is done beside


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    told: asyncio.Future[JobRecord | None]
    version: int | None  # what the waiter knows already; None: it wants to know of the end only

    def wants(self, version: int, ended: bool) -> bool:
        return ended or (self.version is not None and version > self.version)


class JobWatch:
    """Tells waiters that their job has changed, with one query for all of them, every few milliseconds.

    Nothing runs while nobody waits.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiters: dict[str, list[_Waiter]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._newcomers = False  # who has just come may have missed what happened before
        self._stopping = threading.Event()
        self._pause = PAUSE_SECONDS if database.is_sqlite else PAUSE_WITH_POSTGRESQL_SECONDS
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="watch")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()

    @property
    def stopping(self) -> bool:
        """Whether the process is about to end."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Let everybody go who waits, now and from now on: the process is about to end. Any thread may say so."""
        self._stopping.set()

    async def changed(self, job_id: str, version: int, seconds: float) -> JobRecord | None:
        """The job once it is past this version; None when it is not within `seconds`, or when it is gone."""
        return await self._wait(job_id, version, seconds)

    async def ended(self, job_id: str, seconds: float) -> JobRecord | None:
        """The job once it has ended; None when it has not within `seconds`, or when it is gone."""
        return await self._wait(job_id, None, seconds)

    async def _wait(self, job_id: str, version: int | None, seconds: float) -> JobRecord | None:
        if self.stopping:
            return None
        waiter = _Waiter(asyncio.get_running_loop().create_future(), version)
        self._waiters.setdefault(job_id, []).append(waiter)
        self._newcomers = True
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), context=contextvars.Context())
        try:
            async with asyncio.timeout(seconds):
                return await waiter.told
        except TimeoutError:
            return None
        finally:
            self._forget(job_id, waiter)

    def _forget(self, job_id: str, waiter: _Waiter) -> None:
        left = [each for each in self._waiters.get(job_id, ()) if each is not waiter]
        if left:
            self._waiters[job_id] = left
        else:
            self._waiters.pop(job_id, None)

    async def _look(self) -> None:
        """Look when something was committed, tell, pause; until nobody waits."""
        try:
            with self._database.changes() as change:
                seen = change()
                while self._waiters and not self.stopping:
                    cost = 0.0
                    if self._newcomers or change() != seen:
                        self._newcomers, seen = False, change()
                        cost = await self._tell_news()
                    await asyncio.sleep(max(self._pause, SHARE * cost))
        except SQLAlchemyError:
            get_logger().warning("watch.failed", exc_info=True)  # who waits is let go, and may see for itself
        finally:
            self._looking = None
            for waiters in self._waiters.values():
                for waiter in waiters:
                    if not waiter.told.done():
                        waiter.told.set_result(None)

    async def _tell_news(self) -> float:
        """Tell every waiter what it waits for, if it is so; returns the seconds that it took."""
        started = time.monotonic()
        waiting = [(job_id, list(waiters)) for job_id, waiters in self._waiters.items()]
        for first in range(0, len(waiting), TOGETHER):
            known = dict(waiting[first : first + TOGETHER])
            for job_id, record in (await self._found(known)).items():
                for waiter in known[job_id]:
                    if not waiter.told.done() and (record is None or waiter.wants(record.version, record.ended)):
                        waiter.told.set_result(record)
        return time.monotonic() - started

    async def _found(self, known: Mapping[str, list[_Waiter]]) -> dict[str, JobRecord | None]:
        if not self._database.is_sqlite:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._news, known)
        await asyncio.sleep(0)  # the others' turn; SQLite's readers wait for nobody, and a thread would take longer
        return self._news(known)

    def _news(self, known: Mapping[str, list[_Waiter]]) -> dict[str, JobRecord | None]:
        """The jobs that some waiter wants to know of; None for those that are gone."""
        with self._database.read() as connection:
            progress = job_progress(connection, known)
            moved = [
                job_id
                for job_id, waiters in known.items()
                if job_id in progress and any(waiter.wants(*progress[job_id]) for waiter in waiters)
            ]
            gone = {job_id: None for job_id in known if job_id not in progress}
            return gone | (jobs_by_ids(connection, moved) if moved else {})
