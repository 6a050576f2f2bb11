"""The loop of an io worker that reads catalogues: claim a file, enter it chunk by chunk, hand it over or end it.

A file that has been handed over to let somebody else's go on stays open for a while, so that whoever gets it back,
most often this worker, need not look for the place again.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from shared.catalogues.reading import Limits, OpenCatalogue, open_catalogue
from shared.database import Database
from shared.disk import is_full
from shared.errors import Unavailable, UnreadableCatalogue
from shared.lanes import WEBHOOKS, Lane
from shared.ledger.claim import Claim, claim
from shared.ledger.failure import fail, give_back
from shared.ledger.finish import RowError
from shared.ledger.intake import Chunk, Committed, IntakeJob, commit_chunk, intake_job, put_last, refuse
from shared.ledger.settle import Ended
from shared.logs import get_logger
from shared.ringer import Ringer
from shared.settings import Settings
from shared.store import ObjectStore
from shared.usage import Quotas
from worker.chunks import Chunks
from worker.leases import HeldLeases
from worker.metrics import WorkerMetrics
from worker.photo_store import PhotoKeeper
from worker.stall import StallGuard

OPEN_FILES = 8  # that have been handed over
# A file goes on for this long, and for some times what opening it took, before it gives way to another one.
TURN_SECONDS = 0.15
TURN_OPENINGS = 4
OPENING_SECONDS = 300.0  # a workbook is turned into text first; of a packed file what was read before is unpacked
TROUBLE_SECONDS = 1.0  # the pause after a store or database that failed


class _Stopping(Exception):
    """The process was asked to stop in the middle of a file."""


class _Overdue(Exception):
    """Opening a file takes longer than any file should."""


class _Reading:
    """A file that is open, with the position behind the last chunk that it gave."""

    def __init__(self, job: IntakeJob, stack: ExitStack, opened: OpenCatalogue, chunks: Iterator[Chunk]) -> None:
        self.job = job
        self.chunks = chunks
        self.is_light = opened.is_light
        self.opening_seconds = 0.0
        self._stack = stack

    def entered(self, chunk: Chunk) -> None:
        """Note that a chunk is in the ledger: what is there need not be written again with the next."""
        source = self.job.source.model_copy(update={"layout": chunk.layout})
        self.job = replace(self.job, source=source, position=chunk.position)

    def close(self) -> None:
        self._stack.close()


class IntakeLoop:
    """Works the intakes of the lane `io`, one at a time, fairest turn first."""

    def __init__(
        self,
        worker_id: str,
        database: Database,
        store: ObjectStore,
        ringer: Ringer,
        settings: Settings,
        guard: StallGuard,
        stopping: threading.Event,
        metrics: WorkerMetrics,
        turn_seconds: float = TURN_SECONDS,
    ) -> None:
        self.leases = HeldLeases()
        self.guard = guard
        self._worker_id = worker_id
        self._database = database
        self._store = store
        self._ringer = ringer
        self._settings = settings
        self._quotas = Quotas.of(settings)
        self._limits = Limits.of(settings)
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._photos = PhotoKeeper(settings, database, store)
        self._stopping = stopping
        self._metrics = metrics
        self._turn_seconds = turn_seconds
        self._handed_over: dict[int, _Reading] = {}
        self._log = get_logger()

    def work(self) -> None:
        """Work until no file waits, or the process is asked to stop."""
        with self.guard:
            while not self._stopping.is_set() and (held := self._claim()):
                try:
                    self._work_on(held)
                finally:
                    self.leases.release([held])
        for reading in self._handed_over.values():
            reading.close()
        self._handed_over.clear()

    def stop(self) -> None:
        """Ask the loop to enter the chunk it is at, give its file back, and return from `work`."""
        self._stopping.set()

    def close(self) -> None:
        """End the threads that write photos."""
        self._photos.close()

    def _claim(self) -> Claim | None:
        try:
            with self._database.begin() as connection:
                claims = claim(connection, Lane.IO, self._worker_id, self._lease, kind="intake", most=1)
        except SQLAlchemyError:
            self._log.warning("intake.not_claimed", exc_info=True)
            self._stopping.wait(TROUBLE_SECONDS)
            return None
        self.leases.hold(claims)
        return claims[0] if claims else None

    def _work_on(self, held: Claim) -> None:
        """Read a claimed file as far as it goes, and settle what becomes of the claim."""
        try:
            self._read(held)
        except UnreadableCatalogue as error:
            self._log.info("intake.refused", job=held.job_id, code=error.code)
            reason = RowError(error.code, error.message)
            self._settle(held, lambda connection: refuse(connection, held, held.job_id, reason))
        except _Stopping:
            self._settle(held, lambda connection: give_back(connection, [held]))
        except Exception as trouble:
            if isinstance(trouble, Unavailable | OperationalError) or is_full(trouble):
                # Not the file's fault, or one that passes. Other files go first, which may have no such trouble.
                self._log.warning("intake.given_back", job=held.job_id, exc_info=trouble)
                self._settle(held, lambda connection: self._put_last(connection, held))
                self._stopping.wait(TROUBLE_SECONDS)
            else:  # a fault of ours that the file brings out
                self._log.exception("intake.failed", job=held.job_id)
                self._settle(held, lambda connection: fail(connection, [held]))

    def _read(self, held: Claim) -> None:
        reading = self._opened(held)
        is_kept, began = False, time.monotonic()
        turn = max(self._turn_seconds, TURN_OPENINGS * reading.opening_seconds)
        try:
            for chunk in reading.chunks:
                done = self._commit(held, reading.job, chunk, may_hand_over=time.monotonic() - began > turn)
                self.guard.advance()
                if done is None or done.ended or chunk.is_last:
                    return
                reading.entered(chunk)
                if done.handed_over:
                    is_kept = reading.is_light
                    return
                if self._stopping.is_set():
                    raise _Stopping
        finally:
            if is_kept:
                self._keep(held.batch_id, reading)
            else:
                reading.close()

    def _opened(self, held: Claim) -> _Reading:
        """The file at the place where it was left. Raises UnreadableCatalogue."""
        with self._database.read() as connection:
            job = intake_job(connection, held)
        if job is None:
            raise UnreadableCatalogue("The job's file is no longer kept.", code="ROWS_GONE")
        reading = self._handed_over.pop(held.batch_id, None)
        if reading is not None:
            if reading.job.position == job.position:
                reading.opening_seconds = 0.0
                return reading
            reading.close()  # somebody else has read on meanwhile
        return self._open(job)

    def _open(self, job: IntakeJob) -> _Reading:
        stack, began = ExitStack(), time.monotonic()
        beat = partial(self._beat, began + OPENING_SECONDS)
        try:
            opened = stack.enter_context(open_catalogue(self._store, job.source, self._limits, job.position, beat))
            chunks = iter(Chunks(opened, job, self._database, self._photos, self._settings, self._beat))
        except FileNotFoundError:
            stack.close()
            raise UnreadableCatalogue("The job's file is no longer kept.", code="ROWS_GONE") from None
        except BaseException:
            stack.close()
            raise
        reading = _Reading(job, stack, opened, chunks)
        reading.opening_seconds = time.monotonic() - began
        return reading

    def _beat(self, end: float = math.inf) -> None:
        """Show a sign of life in the middle of something long, unless it is to end."""
        if self._stopping.is_set():
            raise _Stopping
        if time.monotonic() > end:
            raise _Overdue
        self.guard.advance()

    def _put_last(self, connection: Connection, held: Claim) -> None:
        job = intake_job(connection, held)
        if job is not None:
            put_last(connection, held, job.owner_id)

    def _keep(self, batch_id: int, reading: _Reading) -> None:
        self._handed_over[batch_id] = reading
        if len(self._handed_over) > OPEN_FILES:
            oldest = next(iter(self._handed_over))
            self._handed_over.pop(oldest).close()

    def _commit(self, held: Claim, job: IntakeJob, chunk: Chunk, *, may_hand_over: bool = False) -> Committed | None:
        with self._database.begin() as connection:
            done = commit_chunk(connection, self._store, held, job, chunk, self._quotas, may_hand_over=may_hand_over)
        if done is None:
            self._log.info("intake.lost", job=held.job_id)
            return None
        for lane in done.ready:
            self._ringer.ring(lane, job.job_id)
        if done.handed_over:
            self._ringer.ring(Lane.IO, job.job_id)
        self._tell(done.ended)
        self._log.info("intake.entered", job=held.job_id, rows=len(chunk.rows), last=chunk.is_last)
        return done

    def _settle(self, held: Claim, book: Callable[[Connection], Ended | None]) -> None:
        """Put the claim back on the books, and ring where that ends its job. If that fails, it is given back later."""
        try:
            with self._database.begin() as connection:
                ended = book(connection)
            if ended is not None:
                self._tell(ended)
        except SQLAlchemyError:
            self._log.warning("intake.not_let_go", job=held.job_id, exc_info=True)
            self.leases.owe([held])

    def _tell(self, ended: Ended) -> None:
        """Count what was booked, and have those told who listen to jobs that ended by it."""
        self._metrics.booked(Lane.IO, ended)
        if ended.to_tell:
            self._ringer.ring(WEBHOOKS)
