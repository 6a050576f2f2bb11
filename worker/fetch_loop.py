"""The loop of an io worker that fetches photos: claim, fetch, write, until the lane is empty.

One thread keeps the books: what is in hand, what waits, what is being fetched. Each photo is fetched in a thread
of its own that nobody has to wait for: a worker that stops gives its claims back at once, whatever a stranger's
host is doing. A batch is written as soon as its own rows are done, so a slow host holds up nobody else's.
Rows of one owner that name the same URL have it fetched once, while they are in hand together.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.disk import is_full
from shared.errors import Unavailable
from shared.fetched_photos import KnownPhoto
from shared.lanes import WEBHOOKS, Lane
from shared.ledger.claim import Claim, claim
from shared.ledger.failure import fail, give_back
from shared.ledger.fetch import FetchOutcome, FetchRow, fetch_rows, fetched
from shared.ledger.settle import Ended
from shared.logs import get_logger
from shared.ringer import Ringer
from shared.store import ObjectStore
from shared.usage import Quotas
from worker.leases import HeldLeases
from worker.metrics import WorkerMetrics
from worker.results import some_jobs
from worker.stall import StallGuard

FETCHES_AT_ONCE = 8
FETCHES_PER_HOST = 4  # a catalogue's photos are mostly of one; browsers make six connections to a host
FETCHES_PER_OWNER = 4  # while others wait for a place
MOST_WAITING = 256  # claimed rows without a place; a claim more may come on top
LOOK_SECONDS = 0.25  # between two looks at a lane that was empty, while something is being fetched
TROUBLE_SECONDS = 1.0  # the pause after a store or database that failed
OVERDUE_SECONDS = 120.0  # three tries and the pauses between them take 48; no photo takes this long to look at
CLOSE_SECONDS = 1.0

Fetch = Callable[[str, KnownPhoto | None], FetchOutcome]


@dataclass(slots=True)
class _Batch:
    """A claimed batch: how many of its rows are still to come, and what the others came to."""

    claim: Claim
    missing: int
    outcomes: list[tuple[FetchRow, FetchOutcome]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Fetching:
    """One row on its way, under the claim it was started for."""

    row: FetchRow
    claim: Claim
    host: str | None
    started: float
    thread: threading.Thread | None = None
    outcome: FetchOutcome | Exception | None = None


class FetchLoop:
    """Works the fetch batches of the lane `io`, a few photos at once, and fewer of one host and of one owner.

    The guard watches over what has no deadline of its own, such as a store that hangs: with a fetch overdue the
    loop no longer advances, so its leases run out, and then the process ends.
    """

    def __init__(
        self,
        worker_id: str,
        database: Database,
        store: ObjectStore,
        fetch: Fetch,
        ringer: Ringer,
        quotas: Quotas,
        lease: timedelta,
        guard: StallGuard,
        stopping: threading.Event,
        metrics: WorkerMetrics,
        overdue_seconds: float = OVERDUE_SECONDS,
    ) -> None:
        self.leases = HeldLeases()
        self.guard = guard
        self._worker_id = worker_id
        self._database = database
        self._store = store
        self._fetch = fetch
        self._ringer = ringer
        self._quotas = quotas
        self._lease = lease
        self._stopping = stopping
        self._metrics = metrics
        self._overdue_seconds = overdue_seconds
        self._batches: dict[int, _Batch] = {}
        self._waiting: list[FetchRow] = []
        self._running: set[_Fetching] = set()
        self._results: SimpleQueue[_Fetching | None] = SimpleQueue()
        self._look_again_at = 0.0
        self._log = get_logger()

    def work(self) -> None:
        """Work until nothing is ready on the lane, or the process is asked to stop."""
        with self.guard:
            try:
                while not self._stopping.is_set() and self._has_work():
                    self._start()
                    self._collect()
                    if not self._stopping.is_set():  # which may be why a fetch has failed
                        self._write()
                    self._advance()
            finally:
                self._let_go([batch.claim for batch in self._batches.values()], give_back)

    def stop(self) -> None:
        """Ask the loop to give everything back and return from `work`."""
        self._stopping.set()
        self._results.put(None)

    def close(self) -> None:
        """Give the threads that are in the store a moment; those that wait for a network end with the process."""
        end = time.monotonic() + CLOSE_SECONDS
        for fetching in self._running:
            if fetching.thread is not None:
                fetching.thread.join(max(0.0, end - time.monotonic()))

    def _has_work(self) -> bool:
        """Claim more where there is room for it; False when nothing is in hand after that."""
        due = not self._batches or time.monotonic() >= self._look_again_at
        if due and len(self._waiting) < MOST_WAITING and len(self._placed(FETCHES_AT_ONCE)) < FETCHES_AT_ONCE:
            try:
                self._claim()
            except SQLAlchemyError:
                self._log.warning("fetch.not_claimed", exc_info=True)
                self._stopping.wait(TROUBLE_SECONDS)
        return bool(self._batches)

    def _claim(self) -> None:
        with self._database.begin() as connection:
            claims = claim(connection, Lane.IO, self._worker_id, self._lease, kind="fetch")
            rows = fetch_rows(connection, claims) if claims else []
        if not claims:
            self._look_again_at = time.monotonic() + LOOK_SECONDS
        # One of ours may have run out and come back to us: only the new claim counts.
        self._drop([self._batches[held.batch_id].claim for held in claims if held.batch_id in self._batches])
        self.leases.hold(claims)
        sizes = Counter(row.batch_id for row in rows)
        self._batches |= {held.batch_id: _Batch(held, sizes[held.batch_id]) for held in claims}
        self._waiting += rows

    def _start(self) -> None:
        """Begin to fetch as many of the waiting rows as there is room for.

        An owner may have more than its share of the places where nobody else can use them.
        """
        for per_owner in (FETCHES_PER_OWNER, FETCHES_AT_ONCE):
            for row in self._placed(FETCHES_AT_ONCE - len(self._running), per_owner):
                self._waiting.remove(row)
                held = self._batches[row.batch_id].claim
                fetching = _Fetching(row, held, _host(row.image_url), time.monotonic())
                fetching.thread = threading.Thread(target=self._run, args=(fetching,), name="fetch", daemon=True)
                self._running.add(fetching)
                fetching.thread.start()

    def _placed(self, room: int, per_owner: int = FETCHES_PER_OWNER) -> list[FetchRow]:
        """The waiting rows that could start now, in order and `room` at most: only a few of one host and owner.

        Those whose photo is on its way for another row are not among them: they get that one.
        """
        hosts = Counter(fetching.host for fetching in self._running)
        owners = Counter(fetching.row.owner_id for fetching in self._running)
        coming = {_photo_of(fetching.row) for fetching in self._running if self._holds(fetching.claim)}
        placed: list[FetchRow] = []
        for row in self._waiting:
            if len(placed) == room:
                break
            host = _host(row.image_url)
            is_new = _photo_of(row) not in coming
            if is_new and hosts[host] < FETCHES_PER_HOST and owners[row.owner_id] < per_owner:
                hosts[host] += 1
                owners[row.owner_id] += 1
                coming.add(_photo_of(row))
                placed.append(row)
        return placed

    def _holds(self, claim: Claim) -> bool:
        """Whether a batch is still in hand under this claim."""
        batch = self._batches.get(claim.batch_id)
        return batch is not None and batch.claim == claim

    def _run(self, fetching: _Fetching) -> None:
        try:
            fetching.outcome = self._fetch(fetching.row.image_url, fetching.row.known)
        except Exception as error:  # the loop says what is to become of it
            fetching.outcome = error
        self._results.put(fetching)

    def _collect(self) -> None:
        """Wait a moment for a result, unless a batch is complete already, and book all that are there."""
        wait = 0.0 if any(not batch.missing for batch in self._batches.values()) else LOOK_SECONDS
        try:
            results = [self._results.get(timeout=wait)]
            while not self._results.empty():
                results.append(self._results.get())
        except Empty:
            return
        arrived = [fetching for fetching in results if fetching is not None]
        self._running.difference_update(arrived)
        if not all([self._book(fetching) for fetching in arrived]):
            self._stopping.wait(TROUBLE_SECONDS)

    def _book(self, fetching: _Fetching) -> bool:
        """Enter a result; False when it is trouble with the store or the disk."""
        if not self._holds(fetching.claim):
            return True  # it was let go meanwhile
        outcome = fetching.outcome
        if isinstance(outcome, Exception) and (isinstance(outcome, Unavailable) or is_full(outcome)):
            # Not the row's fault, and not over in a moment.
            self._log.warning("fetch.given_back", jobs=some_jobs([fetching.claim]), reason=str(outcome))
            self._let_go([fetching.claim], give_back)
            return False
        if outcome is None or isinstance(outcome, Exception):  # a fault of ours that a row brings out
            self._log.error("fetch.failed", jobs=some_jobs([fetching.claim]), exc_info=outcome)
            self._let_go([fetching.claim], fail)
            return True
        wanted = _photo_of(fetching.row)
        same = [row for row in self._waiting if _photo_of(row) == wanted]
        self._waiting = [row for row in self._waiting if _photo_of(row) != wanted]
        for row in (fetching.row, *same):
            batch = self._batches[row.batch_id]
            batch.outcomes.append((row, outcome))
            batch.missing -= 1
        return True

    def _write(self) -> None:
        """Write the batches that are complete. Those that the database does not take are tried again next time."""
        complete = [batch for batch in self._batches.values() if not batch.missing]
        if not complete:
            return
        claims = [batch.claim for batch in complete]
        outcomes = [outcome for batch in complete for outcome in batch.outcomes]
        try:
            with self._database.begin() as connection:
                done = fetched(connection, self._store, claims, outcomes, self._quotas)
        except Unavailable as trouble:  # the store's; or a photo has been collected since, and must be fetched again
            self._log.warning("fetch.given_back", jobs=some_jobs(claims), reason=trouble.message)
            self._let_go(claims, give_back)
            self._stopping.wait(TROUBLE_SECONDS)
            return
        except SQLAlchemyError:
            self._log.warning("fetch.write_failed", batches=len(claims), jobs=some_jobs(claims), exc_info=True)
            self._stopping.wait(TROUBLE_SECONDS)
            return
        except Exception:  # a fault of ours that a row brings out: it must be cornered
            self._log.exception("fetch.failed", batches=len(claims), jobs=some_jobs(claims))
            self._let_go(claims, fail)
            return
        for lane, job_id in done.ready.items():
            self._ringer.ring(lane, job_id)
        self._tell(done.ended)
        self._drop(claims)
        self._log.info(
            "fetch.done", batches=len(claims), rows=len(outcomes), jobs_ended=len(done.ended), jobs=some_jobs(claims)
        )

    def _advance(self) -> None:
        moment = time.monotonic()
        if all(moment - fetching.started < self._overdue_seconds for fetching in self._running):
            self.guard.advance()

    def _let_go(self, claims: Sequence[Claim], book: Callable[[Connection, Sequence[Claim]], Ended | None]) -> None:
        """Put claims back on the books as given back or as failed. Where that fails, they are given back later."""
        if not claims:
            return
        try:
            with self._database.begin() as connection:
                ended = book(connection, claims)
            self._tell(ended)
        except SQLAlchemyError:
            self._log.warning("fetch.not_let_go", batches=len(claims), jobs=some_jobs(claims), exc_info=True)
            self.leases.owe(claims)
        finally:
            self._drop(claims)

    def _tell(self, ended: Ended | None) -> None:
        """Count what was booked, and have those told who listen to jobs that ended by it."""
        if ended is not None:
            self._metrics.booked(Lane.IO, ended)
            if ended.to_tell:
                self._ringer.ring(WEBHOOKS)

    def _drop(self, claims: Collection[Claim]) -> None:
        """Have nothing to do with these any more."""
        self.leases.release(list(claims))
        for held in claims:
            del self._batches[held.batch_id]
        self._waiting = [row for row in self._waiting if row.batch_id in self._batches]


def _photo_of(row: FetchRow) -> tuple[str, str]:
    """What rows have in common that get the same photo: nobody gets what was fetched for another account."""
    return row.owner_id, row.image_url


def _host(url: str) -> str | None:
    """Whom a URL names, as far as sharing the places goes; None for what is no URL, which its fetch will say."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
