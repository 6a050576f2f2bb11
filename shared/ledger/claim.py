"""Claim: take ready batches of a lane under a lease, and read their rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, select, tuple_, update

from shared.identifiers import now
from shared.lanes import CAPACITY, Lane, cost
from shared.ledger.settle import lock_jobs
from shared.lifecycle import BatchState, JobStatus, move
from shared.tables import Batch, Job, Prediction

CANDIDATES = 256  # as many single products go into one claim; more would only make the statement longer

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

    On PostgreSQL the candidates are locked by a statement of their own (`FOR UPDATE SKIP LOCKED`), and those
    that are not taken are free again at commit, so that a claim can never take more than it chose.
    """
    candidates = connection.execute(
        select(Batch.id, Batch.job_id, Batch.rows, Batch.photos, Batch.failures)
        .where(Batch.lane == lane, Batch.state == BatchState.QUEUED)
        .order_by(Batch.turn, Batch.id)
        .limit(CANDIDATES)
        .with_for_update(skip_locked=True)
    ).all()
    chosen = _fit(candidates, CAPACITY[lane])
    if not chosen:
        return []
    moment = now()
    taken = connection.execute(
        move(Batch.state, BatchState.RUNNING)
        .where(Batch.id.in_([batch.id for batch in chosen]))
        .values(attempt=Batch.attempt + 1, lease_until=moment + lease, worker=worker)
        .returning(Batch.id, Batch.attempt)
    )
    attempts = {batch_id: attempt for batch_id, attempt in taken}
    _start_jobs(connection, {batch.job_id for batch in chosen}, moment)
    return [Claim(batch.id, batch.job_id, attempts[batch.id], batch.rows) for batch in chosen]


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
    connection.execute(update(Batch).where(held_under(claims)).values(lease_until=now() + lease))


def held_under(claims: Iterable[Claim]) -> ColumnElement[bool]:
    """The condition that a batch is still running under one of these claims' own attempts."""
    attempts = [(held.batch_id, held.attempt) for held in claims]
    return tuple_(Batch.id, Batch.attempt).in_(attempts) & (Batch.state == BatchState.RUNNING)


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


def _start_jobs(connection: Connection, job_ids: Iterable[str], moment: datetime) -> None:
    waiting = [job.id for job in lock_jobs(connection, job_ids) if job.status == JobStatus.QUEUED]
    if waiting:
        connection.execute(
            move(Job.status, JobStatus.RUNNING)
            .where(Job.id.in_(waiting))
            .values(started_at=moment, version=Job.version + 1)
        )
