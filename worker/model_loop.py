"""The loop of a model worker: claim, predict, finish, until its lanes are empty.

One thread runs it. Helper threads prepare the next sub-batch while the model runs the present one, and
write the last claim's results while the next claim is being worked on. No transaction is open during a
model call.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Connection

from shared.database import Database
from shared.lanes import Lane
from shared.ledger.claim import Claim, ClaimedRow, claim, claimed_rows
from shared.ledger.failure import fail, give_back
from shared.ledger.finish import Outcome, finish
from shared.logs import get_logger
from worker.active_bundle import ActiveBundle
from worker.inference import Inference, SubBatch, sub_batches
from worker.leases import HeldLeases
from worker.stall import StallGuard

JOBS_LOGGED = 8


class _Stopping(Exception):
    """The process was asked to stop in the middle of a claim."""


class ModelLoop:
    """Works both model lanes, interactive products first, also between the sub-batches of a bulk claim."""

    def __init__(
        self, worker_id: str, database: Database, bundle: ActiveBundle, lease: timedelta, guard: StallGuard
    ) -> None:
        self.leases = HeldLeases()
        self._worker_id = worker_id
        self._database = database
        self.bundle = bundle
        self._lease = lease
        self.guard = guard
        self._stopping = threading.Event()
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="finish")
        self._writing: Future[None] | None = None
        self._log = get_logger()

    def work(self) -> None:
        """Work until nothing is ready on either lane, or the process is asked to stop."""
        while not self._stopping.is_set() and (inference := self.bundle.refresh()):
            with self.guard:
                if not (self._serve(Lane.INTERACTIVE, inference) or self._serve(Lane.BULK, inference)):
                    break
        self._wait_for_writer()

    def stop(self) -> None:
        """Ask the loop to finish its model call, give the rest of its claim back, and return from `work`."""
        self._stopping.set()

    def close(self) -> None:
        """Wait until everything that was predicted is written."""
        self._ahead.shutdown()
        self._writer.shutdown()

    def _serve(self, lane: Lane, inference: Inference) -> bool:
        """Claim once on a lane and work on it; False when nothing was ready."""
        if lane == Lane.INTERACTIVE:
            self._wait_for_writer()  # what arrives meanwhile goes into this claim instead of one more of its own
        with self._database.begin() as connection:
            claims = claim(connection, lane, self._worker_id, self._lease)
        if not claims:
            return False
        self.leases.hold(claims)
        try:
            with self._database.read() as connection:
                rows = claimed_rows(connection, claims)
            outcomes = self._predict(lane, inference, rows)
        except _Stopping:
            self._let_go(claims, give_back)
        except Exception:  # whatever a model raises, its rows must be tried again or get an error
            self._log.exception("batch.failed", lane=lane, batches=len(claims), jobs=_some_jobs(claims))
            self._let_go(claims, fail)
        else:
            self._wait_for_writer()
            self._writing = self._writer.submit(self._finish, claims, outcomes)
        return True

    def _predict(
        self, lane: Lane, inference: Inference, rows: Sequence[ClaimedRow]
    ) -> list[tuple[ClaimedRow, Outcome]]:
        """Answer all rows of a claim, preparing each sub-batch while the one before is in the model."""
        outcomes: list[tuple[ClaimedRow, Outcome]] = []
        parts = list(sub_batches(rows))
        prepared = self._prepare_ahead(inference, parts, 0)
        for number in range(len(parts)):
            batch = prepared.result()
            prepared = self._prepare_ahead(inference, parts, number + 1)
            started = time.monotonic()
            outcomes += inference.answer(batch)
            self.guard.advance()
            self._log.info(
                "model.called", lane=lane, rows=len(batch.rows), ms=round(1000 * (time.monotonic() - started), 1)
            )
            if lane == Lane.BULK and number + 1 < len(parts):
                if self._stopping.is_set():
                    raise _Stopping
                self._serve(Lane.INTERACTIVE, inference)
        return outcomes

    def _prepare_ahead(
        self, inference: Inference, parts: Sequence[Sequence[ClaimedRow]], number: int
    ) -> Future[SubBatch]:
        return self._ahead.submit(inference.prepare, parts[number] if number < len(parts) else [])

    def _finish(self, claims: Sequence[Claim], outcomes: Sequence[tuple[ClaimedRow, Outcome]]) -> None:
        """Write a claim's outcomes. If that fails the leases run out and the rows are predicted again."""
        try:
            with self._database.begin() as connection:
                ended = finish(connection, claims, outcomes)
            self._log.info(
                "batch.done", batches=len(claims), rows=len(outcomes), jobs_ended=len(ended), jobs=_some_jobs(claims)
            )
        except Exception:
            self._log.exception("batch.not_written", batches=len(claims), jobs=_some_jobs(claims))
        finally:
            self.leases.release(claims)

    def _let_go(self, claims: Sequence[Claim], book: Callable[[Connection, Sequence[Claim]], object]) -> None:
        """Put a claim back on the books as given back or as failed."""
        try:
            with self._database.begin() as connection:
                book(connection, claims)
        finally:
            self.leases.release(claims)

    def _wait_for_writer(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None


def _some_jobs(claims: Sequence[Claim]) -> list[str]:
    """The first job ids of a claim, for the log: enough to find it by, never a thousand."""
    return sorted({held.job_id for held in claims})[:JOBS_LOGGED]
