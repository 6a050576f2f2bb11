"""The loop of a model worker: claim, predict, finish, until its lanes are empty.

One thread runs it. Helper threads claim and prepare the next sub-batch of a catalogue while the model runs the present
one, and write what has been answered. Single products go first, also between two sub-batches. No transaction is open
during a model call.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.errors import StorageFull, Unavailable
from shared.lanes import Lane
from shared.ledger.claim import Claim, ClaimedRow, claim, claimed_rows, has_ready
from shared.ledger.failure import fail, give_back
from shared.ledger.finish import Outcome
from shared.ledger.settle import Ended
from shared.logs import get_logger
from worker.active_bundle import ActiveBundle
from worker.bulk_ahead import BulkAhead, Step
from worker.inference import Inference, SubBatch, take_sub_batch
from worker.leases import HeldLeases
from worker.metrics import WorkerMetrics
from worker.results import Results, ResultWriter, some_jobs
from worker.stall import StallGuard
from worker.statistics import Statistics

# How long the loop looks for more before it goes to sleep, and how often: a wake-up through Redis and Celery takes
# some 4 ms, a look some microseconds.
LINGER_SECONDS = 0.05
LOOK_SECONDS = 0.0005
TROUBLE_SECONDS = 1.0  # the pause after a store or database that failed


class _Stopping(Exception):
    """The process was asked to stop in the middle of a claim."""


class ModelLoop:
    """Works both model lanes, interactive products first, also between the sub-batches of a bulk claim.

    `tell` is called when a job has ended that somebody wants to be told of.
    """

    def __init__(
        self,
        worker_id: str,
        database: Database,
        bundle: ActiveBundle,
        lease: timedelta,
        guard: StallGuard,
        tell: Callable[[], None],
        metrics: WorkerMetrics,
    ) -> None:
        self.leases = HeldLeases()
        self.statistics = Statistics(worker_id)
        self._worker_id = worker_id
        self._database = database
        self.bundle = bundle
        self._lease = lease
        self.guard = guard
        self._tell = tell
        self._metrics = metrics
        self._stopping = threading.Event()
        self._bulk = BulkAhead(worker_id, database, self.leases, lease)
        self._results = ResultWriter(database, self.leases, guard.advance, tell, self.statistics, metrics)
        self._log = get_logger()

    def work(self) -> None:
        """Work until nothing is ready on either lane and nothing follows, or the process is asked to stop."""
        try:
            self._work()
        finally:  # whatever ended it, nothing that was claimed ahead stays behind unworked
            self._let_go(Lane.BULK, self._bulk.taken_ahead(), give_back)
            self._results.wait()

    def _work(self) -> None:
        missed = 0
        while inference := self.bundle.inference:
            with self.guard:
                if self._stopping.is_set() or not (self._bulk.has_more or self._something_ready()):
                    return
                served = self._serve_interactive(inference)
                served = self._serve_bulk(inference) or served
            missed = 0 if served else missed + 1
            if missed:  # other workers are quicker, or hold what is ready
                self._stopping.wait(min(missed * LOOK_SECONDS, LINGER_SECONDS))

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
        self._bulk.close()
        self._results.close()

    def _serve_interactive(self, inference: Inference) -> bool:
        """Claim single products once, and answer them; False when none was ready."""
        with self._database.read() as connection:
            if not has_ready(connection, Lane.INTERACTIVE):
                return False
        self._results.wait()  # what arrives meanwhile goes into this claim instead of one more of its own
        with self._database.begin() as connection:
            claims = claim(connection, Lane.INTERACTIVE, self._worker_id, self._lease)
        if not claims:
            return False
        self._bulk.make_way()
        self.leases.hold(claims)
        try:
            with self._database.read() as connection:
                rows = claimed_rows(connection, claims)
            outcomes = self._answers(inference, rows)
        except Exception as trouble:
            self._settle(Lane.INTERACTIVE, claims, trouble)
        else:
            self._results.write_now(Results(Lane.INTERACTIVE, inference.version, claims, outcomes))
        return True

    def _answers(self, inference: Inference, rows: Sequence[ClaimedRow]) -> list[tuple[ClaimedRow, Outcome]]:
        """Answer single products: nearly always in one call."""
        outcomes: list[tuple[ClaimedRow, Outcome]] = []
        rest = deque(rows)
        while rest:
            if outcomes and self._stopping.is_set():
                raise _Stopping
            part = take_sub_batch(rest, inference.sizes)
            outcomes += self._call(Lane.INTERACTIVE, inference, inference.prepare(part))
        return outcomes

    def _serve_bulk(self, inference: Inference) -> bool:
        """Run the model on the next sub-batch of bulk work; False when none was ready."""
        step = self._bulk.next(inference)
        if step is None:
            return False
        if step.work.is_let_go:  # together with the sub-batch before
            return True
        try:
            if self._stopping.is_set():
                raise _Stopping
            step.work.outcomes += self._bulk_outcomes(step)
        except Exception as trouble:
            step.work.is_let_go = True
            step.work.rows.clear()
            self._settle(Lane.BULK, step.work.claims, trouble)
        else:
            if step.is_last:
                work = step.work
                self._results.write(Results(Lane.BULK, work.inference.version, work.claims, work.outcomes))
        return True

    def _bulk_outcomes(self, step: Step) -> list[tuple[ClaimedRow, Outcome]]:
        if step.trouble is not None:
            raise step.trouble
        return [] if step.batch is None else self._call(Lane.BULK, step.work.inference, step.batch)

    def _call(self, lane: Lane, inference: Inference, batch: SubBatch) -> list[tuple[ClaimedRow, Outcome]]:
        started = time.monotonic()
        outcomes = inference.answer(batch)
        self.guard.advance()
        seconds = time.monotonic() - started
        self._metrics.called(lane, len(batch.rows), seconds)
        self.statistics.called(lane, inference.version, len(batch.rows), seconds)
        self._log.info("model.called", lane=lane, rows=len(batch.rows), ms=round(1000 * seconds, 1))
        return outcomes

    def _settle(self, lane: Lane, claims: Sequence[Claim], trouble: Exception) -> None:
        """Put a claim that could not be worked back on the books."""
        self.guard.advance()  # it got somewhere, if not far: the leases of what else it holds must not run out
        if isinstance(trouble, _Stopping):
            self._let_go(lane, claims, give_back)
        elif isinstance(trouble, Unavailable | StorageFull | SQLAlchemyError):
            # Not the rows' fault, and not over in a moment.
            self._log.warning("batch.given_back", jobs=some_jobs(claims), exc_info=trouble)
            self._let_go(lane, claims, give_back)
            self._stopping.wait(TROUBLE_SECONDS)
        else:  # the models', or a fault of ours that a row brings out: it must be cornered
            self._log.error("batch.failed", batches=len(claims), jobs=some_jobs(claims), exc_info=trouble)
            self._let_go(lane, claims, fail)

    def _let_go(
        self, lane: Lane, claims: Sequence[Claim], book: Callable[[Connection, Sequence[Claim]], Ended | None]
    ) -> None:
        """Put a claim back on the books as given back or as failed. Where that fails, it is given back later."""
        if not claims:
            return
        try:
            with self._database.begin() as connection:
                ended = book(connection, claims)
            if ended is not None:
                self._metrics.booked(lane, ended)
                if ended.to_tell:
                    self._tell()
        except SQLAlchemyError:
            self._log.warning("batch.not_let_go", batches=len(claims), jobs=some_jobs(claims), exc_info=True)
            self.leases.owe(claims)
        finally:
            self.leases.release(claims)
