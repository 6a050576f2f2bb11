"""Claim: take ready batches of a lane under a lease, and read their rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, select, tuple_, update

from shared.identifiers import now
from shared.lanes import CAPACITY, Lane, cost
from shared.ledger.locks import OpenJob, lock_batches, lock_jobs
from shared.lifecycle import BatchState, JobStatus, in_states, move
from shared.tables import Batch, Job, Prediction

CANDIDATES = 256  # as many single products go into one claim; more would only make the statement longer
ROUNDS = 4  # looks at the queue before a claim gives up against quicker workers

_Candidate: TypeAlias = Row[int, str, int, int, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that this worker holds. `attempt` is the fence: what is written must still find it there."""

    batch_id: int
    job_id: str
    attempt: int
    rows: int


@dataclass(frozen=True, slots=True)
class ClaimedRow:
    """One product of a claimed batch; `image` is the SHA-256 of its photo."""

    prediction_id: int
    batch_id: int
    job_id: str
    designation: str | None
    description: str | None
    image: str | None


def claim(connection: Connection, lane: Lane, worker: str, lease: timedelta) -> list[Claim]:
    """Take as much ready work of `lane` as one model call can use, fairest turn first.

    The queue is read without locks, and only what was chosen from it is locked, so that a claim neither takes
    more than it chose nor hides the rest from other workers. Where nothing of it could be had, it looks again.
    """
    beaten: list[int] = []
    for _ in range(ROUNDS):
        chosen = _fit(_ready(connection, lane, beaten), CAPACITY[lane])
        if not chosen:
            return []
        locked = _lock_ready(connection, [batch.id for batch in chosen])
        taken = _take(connection, [batch for batch in chosen if batch.id in locked], worker, lease)
        if taken:
            return taken
        beaten += [batch.id for batch in chosen]
    return []


def claimed_rows(connection: Connection, claims: Sequence[Claim]) -> list[ClaimedRow]:
    """The unfinished rows of claimed batches, batch by batch in input order."""
    found = connection.execute(
        select(
            Prediction.id,
            Prediction.batch_id,
            Prediction.job_id,
            Prediction.designation,
            Prediction.description,
            Prediction.image,
        )
        .where(Prediction.batch_id.in_([held.batch_id for held in claims]), Prediction.finished_at.is_(None))
        .order_by(Prediction.batch_id, Prediction.row)
    )
    return [ClaimedRow(*row) for row in found]  # type: ignore[arg-type]  # batch_id is set: it was asked for


def renew(connection: Connection, claims: Iterable[Claim], lease: timedelta) -> None:
    """Extend the leases that are still held under these claims' attempts."""
    ours = lock_batches(connection, held_under(claims))
    connection.execute(update(Batch).where(Batch.id.in_(ours)).values(lease_until=now() + lease))


def held_under(claims: Iterable[Claim]) -> ColumnElement[bool]:
    """The condition that a batch is still running under one of these claims' own attempts."""
    attempts = [(held.batch_id, held.attempt) for held in claims]
    return tuple_(Batch.id, Batch.attempt).in_(attempts) & in_states(Batch.state, BatchState.RUNNING)


def _ready(connection: Connection, lane: Lane, without: Sequence[int]) -> Sequence[_Candidate]:
    return connection.execute(
        select(Batch.id, Batch.job_id, Batch.rows, Batch.photos, Batch.failures)
        .where(Batch.lane == lane, in_states(Batch.state, BatchState.QUEUED), Batch.id.not_in(without))
        .order_by(Batch.turn, Batch.id)
        .limit(CANDIDATES)
    ).all()


def _fit(candidates: Sequence[_Candidate], capacity: int) -> list[_Candidate]:
    """The first candidates that fit together; a batch that has failed before only ever goes alone."""
    if candidates and candidates[0].failures:
        return [candidates[0]]
    chosen: list[_Candidate] = []
    used = 0
    for batch in candidates:
        if batch.failures:
            continue
        used += cost(batch.rows, batch.photos)
        if chosen and used > capacity:
            break
        chosen.append(batch)
    return chosen


def _lock_ready(connection: Connection, batch_ids: Sequence[int]) -> set[int]:
    """Those of these batches that are still ready and that nobody else is about to take."""
    return set(
        connection.scalars(
            select(Batch.id)
            .where(Batch.id.in_(batch_ids), in_states(Batch.state, BatchState.QUEUED))
            .order_by(Batch.id)
            .with_for_update(skip_locked=True, key_share=True)
        )
    )


def _take(connection: Connection, chosen: Sequence[_Candidate], worker: str, lease: timedelta) -> list[Claim]:
    """Put locked batches under a lease; one whose job has ended meanwhile (a half born just then) is closed."""
    if not chosen:
        return []
    jobs = lock_jobs(connection, {batch.job_id for batch in chosen})
    open_jobs = {job.id for job in jobs}
    orphans = [batch.id for batch in chosen if batch.job_id not in open_jobs]
    if orphans:
        connection.execute(move(Batch.state, BatchState.FAILED).where(Batch.id.in_(orphans)))
    taken = connection.execute(
        move(Batch.state, BatchState.RUNNING)
        .where(Batch.id.in_([batch.id for batch in chosen if batch.job_id in open_jobs]))
        .values(attempt=Batch.attempt + 1, lease_until=now() + lease, worker=worker)
        .returning(Batch.id, Batch.attempt)
    )
    attempts = {batch_id: attempt for batch_id, attempt in taken}
    _start(connection, jobs)
    return [Claim(batch.id, batch.job_id, attempts[batch.id], batch.rows) for batch in chosen if batch.id in attempts]


def _start(connection: Connection, jobs: Sequence[OpenJob]) -> None:
    waiting = [job.id for job in jobs if job.status == JobStatus.QUEUED]
    if waiting:
        connection.execute(
            move(Job.status, JobStatus.RUNNING)
            .where(Job.id.in_(waiting))
            .values(started_at=now(), version=Job.version + 1)
        )
