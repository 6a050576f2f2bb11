"""Bulk work, got ready ahead of the model: claimed, looked up, and prepared while the call before it runs.

One step is one sub-batch, and some steps are taken ahead: a claim waits for the database now and then. A batch that has
failed before is worked with nothing beside it: what is claimed ahead would be lost with it, and be blamed too.
"""

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.lanes import MODEL_CALL, Lane
from shared.ledger.claim import Claim, ClaimedRow, claim, claimed_rows
from shared.ledger.finish import Outcome
from shared.ledger.reuse import earlier_answers
from worker.call_sizes import CallSizes
from worker.inference import Inference, SubBatch, take_sub_batch
from worker.leases import HeldLeases

AHEAD = 2  # steps
SHORTER = 8  # times, while single products come: some of the device's speed for much of their waiting
COMPANY_SECONDS = 5.0  # after the last of them


@dataclass(slots=True, eq=False)
class BulkClaim:
    """Batches that were claimed together, pinned to one bundle; `outcomes` are those of their rows so far."""

    claims: Sequence[Claim]
    inference: Inference
    outcomes: list[tuple[ClaimedRow, Outcome]] = field(default_factory=list)
    rows: deque[ClaimedRow] = field(default_factory=deque)
    is_read: bool = False
    is_let_go: bool = False

    @property
    def has_failed(self) -> bool:
        """Whether these rows have cost a try before."""
        return any(held.failures for held in self.claims)


@dataclass(frozen=True, slots=True)
class Step:
    """One sub-batch of a claim, ready for the model; or why it is not."""

    work: BulkClaim
    batch: SubBatch | None
    is_last: bool
    trouble: Exception | None = None


class BulkAhead:
    """Hands out bulk work sub-batch by sub-batch. One thread asks; another prepares."""

    def __init__(self, worker_id: str, database: Database, leases: HeldLeases, lease: timedelta) -> None:
        self._worker_id = worker_id
        self._database = database
        self._leases = leases
        self._lease = lease
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._following: deque[Future[Step | None]] = deque()
        self._work: BulkClaim | None = None
        self._short_until = 0.0

    @property
    def has_more(self) -> bool:
        """Whether steps have been taken ahead."""
        return bool(self._following)

    def next(self, inference: Inference) -> Step | None:
        """The next sub-batch, while those behind it are begun; None when nothing is ready."""
        step = None
        while self._following and step is None:
            step = self._following.popleft().result()
        if step is None:  # nothing was taken ahead, or nothing could be
            step = self._step(inference, fresh=False)
        if step is not None:
            for _ in range(self._room_ahead(step)):
                self._following.append(self._thread.submit(self._step, inference, fresh=True))
        return step

    def taken_ahead(self) -> Sequence[Claim]:
        """The claims that have been made ahead and not been handed out yet; they are forgotten here."""
        steps = [following.result() for following in self._following]
        self._following.clear()
        self._work = None
        return list({held: None for step in steps if step is not None for held in step.work.claims})

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def make_way(self) -> None:
        """Have calls be short for a while: single products come, and each waits for the end of one."""
        self._short_until = time.monotonic() + COMPANY_SECONDS

    def _sizes(self, inference: Inference) -> CallSizes:
        return inference.sizes.shortened(SHORTER) if time.monotonic() < self._short_until else inference.sizes

    def _room_ahead(self, step: Step) -> int:
        if step.work.has_failed:
            return 0 if step.is_last else 1
        return AHEAD - len(self._following)

    def _step(self, inference: Inference, *, fresh: bool) -> Step | None:
        """Prepare what comes next: of the claim in hand, or of a new one."""
        work = self._work
        try:
            if work is None or not work.rows:
                work = self._work = self._claimed(inference, fresh=fresh)
        except SQLAlchemyError as trouble:
            return Step(BulkClaim([], inference), None, is_last=True, trouble=trouble)
        if work is None:
            return None
        try:
            if not work.is_read:
                self._read(work)
            part = take_sub_batch(work.rows, self._sizes(work.inference))
            return Step(work, work.inference.prepare(part), is_last=not work.rows)
        except Exception as trouble:  # whoever runs the model says what is to become of the claim
            work.rows.clear()
            return Step(work, None, is_last=True, trouble=trouble)

    def _claimed(self, inference: Inference, *, fresh: bool) -> BulkClaim | None:
        with self._database.begin() as connection:
            capacity = max(MODEL_CALL, inference.sizes.texts)
            claims = claim(connection, Lane.BULK, self._worker_id, self._lease, capacity=capacity, fresh=fresh)
        self._leases.hold(claims)
        return BulkClaim(claims, inference) if claims else None

    def _read(self, work: BulkClaim) -> None:
        """Read the rows of a new claim, and answer those that this bundle has answered before."""
        with self._database.read() as connection:
            rows = claimed_rows(connection, work.claims)
            earlier = earlier_answers(connection, rows, work.inference.version)
        work.outcomes += [(row, earlier[row.prediction_id]) for row in rows if row.prediction_id in earlier]
        work.rows.extend(row for row in rows if row.prediction_id not in earlier)
        work.is_read = True
