"""Results on their way into the database, written by a thread of its own while the model goes on."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.lanes import Lane
from shared.ledger.claim import Claim, ClaimedRow
from shared.ledger.failure import give_back
from shared.ledger.finish import Outcome, finish
from shared.logs import get_logger
from worker.leases import HeldLeases
from worker.metrics import WorkerMetrics
from worker.statistics import Statistics

PAUSES_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0)  # between tries to write; below what a stopping service waits
ADVANCE_SECONDS = 0.1
JOBS_LOGGED = 8


@dataclass(frozen=True, slots=True)
class Results:
    """What a claim on a lane came to: the outcomes of its rows, all by one bundle."""

    lane: Lane
    model_version: str
    claims: Sequence[Claim]
    outcomes: Sequence[tuple[ClaimedRow, Outcome]]


class ResultWriter:
    """Writes one claim at a time; the leases are held until its results are stored or given up.

    `advance` is called again and again between two tries: whoever waits for the database has not stalled. `tell` is
    called when a job has ended that somebody wants to be told of.
    """

    def __init__(
        self,
        database: Database,
        leases: HeldLeases,
        advance: Callable[[], None],
        tell: Callable[[], None],
        statistics: Statistics,
        metrics: WorkerMetrics,
    ) -> None:
        self._database = database
        self._leases = leases
        self._advance = advance
        self._tell = tell
        self._metrics = metrics
        self._statistics = statistics
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="finish")
        self._writing: Future[None] | None = None
        self._log = get_logger()

    def write(self, results: Results) -> None:
        """Begin to write a claim's outcomes, once those of the claim before are written."""
        self.wait()
        self._writing = self._thread.submit(copy_context().run, self._write, results)

    def write_now(self, results: Results) -> None:
        """Write a claim's outcomes in this thread, where handing them over would only take longer."""
        self.wait()
        self._write(results)

    def wait(self) -> None:
        """Return when nothing is being written any more."""
        if self._writing is not None:
            self._writing.result()
            self._writing = None

    def close(self) -> None:
        """Write what is under way, and end the thread."""
        self._thread.shutdown()

    def _write(self, results: Results) -> None:
        """Write, again after a pause where the database fails, and at last give the batches back, now or later."""
        claims = results.claims
        try:
            for pause in PAUSES_SECONDS:
                if self._finished(results):
                    return
                self._pause(pause)
            with self._database.begin() as connection:
                give_back(connection, claims)
        except SQLAlchemyError:
            self._log.warning("batch.not_let_go", batches=len(claims), jobs=some_jobs(claims), exc_info=True)
            self._leases.owe(claims)
        except Exception:
            self._log.exception("batch.not_written", batches=len(claims), jobs=some_jobs(claims))
        finally:
            self._leases.release(claims)

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._advance()
            time.sleep(min(left, ADVANCE_SECONDS))

    def _finished(self, results: Results) -> bool:
        claims, outcomes = results.claims, results.outcomes
        try:
            with self._database.begin() as connection:
                ended = finish(connection, claims, outcomes)
        except SQLAlchemyError:
            self._log.warning("batch.write_failed", batches=len(claims), jobs=some_jobs(claims), exc_info=True)
            return False
        if ended.to_tell:
            self._tell()
        self._metrics.booked(results.lane, ended)
        if results.lane == Lane.INTERACTIVE:
            self._metrics.answered(ended)
        self._statistics.stored(results.lane, results.model_version, outcomes, ended)
        self._log.info(
            "batch.done", batches=len(claims), rows=len(outcomes), jobs_ended=len(ended), jobs=some_jobs(claims)
        )
        return True


def some_jobs(claims: Sequence[Claim]) -> list[str]:
    """The first job ids of a claim, for the log: enough to find it by, never a thousand."""
    return sorted({held.job_id for held in claims})[:JOBS_LOGGED]
