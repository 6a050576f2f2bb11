"""The loop of a model worker: claim, predict, finish, until its lanes are empty.

One thread runs it. Helper threads prepare the next sub-batch while the model runs the present one, and
write the last claim's results while the next claim is being worked on. No transaction is open during a
model call.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.errors import StorageFull, Unavailable
from shared.lanes import Lane
from shared.ledger.claim import Claim, ClaimedRow, claim, claimed_rows, has_ready
from shared.ledger.failure import fail, give_back
from shared.ledger.finish import Outcome
from shared.logs import get_logger
from worker.active_bundle import ActiveBundle
from worker.inference import Inference, SubBatch, sub_batches
from worker.leases import HeldLeases
from worker.results import ResultWriter, some_jobs
from worker.stall import StallGuard

# How long the loop looks for more before it goes to sleep, and how often: a wake-up through Redis and Celery takes
# some 4 ms, a look some microseconds.
LINGER_SECONDS = 0.05
LOOK_SECONDS = 0.0005
TROUBLE_SECONDS = 1.0  # the pause after a store or database that failed


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
        self._results = ResultWriter(database, self.leases)
        self._log = get_logger()

    def work(self) -> None:
        """Work until nothing is ready on either lane and nothing follows, or the process is asked to stop."""
        missed = 0
        while inference := self.bundle.inference:
            with self.guard:
                if not self._something_ready():
                    break
                served = self._serve(Lane.INTERACTIVE, inference) or self._serve(Lane.BULK, inference)
            missed = 0 if served else missed + 1
            if missed:  # other workers are quicker, or hold what is ready
                self._stopping.wait(min(missed * LOOK_SECONDS, LINGER_SECONDS))
        self._results.wait()

    def _something_ready(self) -> bool:
        """Whether there is work, now or in a moment: products seldom come alone, and a new wake-up takes longer."""
        end = time.monotonic() + LINGER_SECONDS
        with self._database.changes() as change:
            seen = None
            while not self._stopping.is_set():
                if (latest := change()) != seen:
                    seen = latest
                    with self._database.read() as connection:
                        if has_ready(connection):
                            return True
                if time.monotonic() > end:
                    break
                self._stopping.wait(LOOK_SECONDS)
        return False

    def stop(self) -> None:
        """Ask the loop to finish its model call, give the rest of its claim back, and return from `work`."""
        self._stopping.set()

    def close(self) -> None:
        """Wait until everything that was predicted is written."""
        self._ahead.shutdown()
        self._results.close()

    def _serve(self, lane: Lane, inference: Inference) -> bool:
        """Claim once on a lane and work on it; False when nothing was ready."""
        if lane == Lane.INTERACTIVE:
            self._results.wait()  # what arrives meanwhile goes into this claim instead of one more of its own
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
        except (Unavailable, StorageFull, SQLAlchemyError):  # not the rows' fault, and not over in a moment
            self._log.warning("batch.given_back", lane=lane, jobs=some_jobs(claims), exc_info=True)
            self._let_go(claims, give_back)
            self._stopping.wait(TROUBLE_SECONDS)
        except Exception:  # the models', or a fault of ours that a row brings out: it must be cornered
            self._log.exception("batch.failed", lane=lane, batches=len(claims), jobs=some_jobs(claims))
            self._let_go(claims, fail)
        else:
            write = self._results.write_now if lane == Lane.INTERACTIVE else self._results.write
            write(claims, outcomes)
        return True

    def _predict(
        self, lane: Lane, inference: Inference, rows: Sequence[ClaimedRow]
    ) -> list[tuple[ClaimedRow, Outcome]]:
        """Answer all rows of a claim; single products that wait are served between two calls of bulk work."""
        outcomes: list[tuple[ClaimedRow, Outcome]] = []
        for number, batch in enumerate(self._prepared(inference, list(sub_batches(rows)))):
            if number and self._stopping.is_set():
                raise _Stopping
            if number and lane == Lane.BULK:
                self._serve(Lane.INTERACTIVE, self.bundle.inference or inference)
            started = time.monotonic()
            outcomes += inference.answer(batch)
            self.guard.advance()
            milliseconds = round(1000 * (time.monotonic() - started), 1)
            self._log.info("model.called", lane=lane, rows=len(batch.rows), ms=milliseconds)
        return outcomes

    def _prepared(self, inference: Inference, parts: Sequence[Sequence[ClaimedRow]]) -> Iterator[SubBatch]:
        """The sub-batches ready for the model, each one prepared while the one before is in use."""
        following: Future[SubBatch] | None = None
        for part, after in zip(parts, [*parts[1:], None], strict=True):
            batch = following.result() if following else inference.prepare(part)
            following = self._ahead.submit(inference.prepare, after) if after else None
            yield batch

    def _let_go(self, claims: Sequence[Claim], book: Callable[[Connection, Sequence[Claim]], object]) -> None:
        """Put a claim back on the books as given back or as failed."""
        try:
            with self._database.begin() as connection:
                book(connection, claims)
        finally:
            self.leases.release(claims)
