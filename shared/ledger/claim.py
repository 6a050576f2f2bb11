"""Claim: take ready batches of a lane under a lease, and read their rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, TypeAlias

from sqlalchemy import Connection, Row, bindparam, select, tuple_, update

from shared.identifiers import now
from shared.lanes import CAPACITY, MODEL_LANES, Lane, cost
from shared.ledger.locks import OpenJob, lock_jobs
from shared.lifecycle import BatchState, JobStatus, in_states, move
from shared.tables import Batch, Job, Prediction

CANDIDATES = 256  # as many single products go into one claim; more would only make the statement longer
ROUNDS = 4  # looks at the queue before a claim gives up against quicker workers

_Candidate: TypeAlias = Row[int, str, int, int, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that this worker holds. `attempt` is the fence: what is written must still find it there.

    `failures` counts the tries that its rows have lost so far.
    """

    batch_id: int
    job_id: str
    attempt: int
    rows: int
    failures: int = 0


class ClaimedRow(NamedTuple):
    """One product of a claimed batch; `image` is the SHA-256 of its photo. The last three find an earlier answer."""

    prediction_id: int
    batch_id: int
    job_id: str
    designation: str | None
    description: str | None
    image: str | None
    owner_id: str = ""
    input_hash: str | None = None
    reuse_key: int | None = None


def claim(
    connection: Connection,
    lane: Lane,
    worker: str,
    lease: timedelta,
    kind: str = "predict",
    *,
    capacity: int | None = None,
    most: int = CANDIDATES,
    fresh: bool = False,
) -> list[Claim]:
    """Take as much ready work of `lane` and of a kind as one worker can use at once, fairest turn first.

    At most `most` batches, of the lane's `capacity` together unless another is given; with `fresh`, none that has
    failed before.

    The queue is read without locks, and only what was chosen from it is locked, so that a claim neither takes
    more than it chose nor hides the rest from other workers. Where nothing of it could be had, it looks again.
    """
    beaten: list[int] = []
    for _ in range(ROUNDS):
        chosen = _fit(_ready(connection, lane, kind, beaten), capacity or CAPACITY[lane], most, fresh)
        if not chosen:
            return []
        locked = _lock_ready(connection, [batch.id for batch in chosen])
        taken = _take(connection, [batch for batch in chosen if batch.id in locked], worker, lease)
        if taken:
            return taken
        beaten += [batch.id for batch in chosen]
    return []


def has_ready(connection: Connection, *lanes: Lane) -> bool:
    """Whether one of these lanes, by default the models', has something to claim."""
    return connection.execute(_ANY_READY, {"lanes_": lanes or MODEL_LANES}).first() is not None


def claimed_rows(connection: Connection, claims: Sequence[Claim]) -> list[ClaimedRow]:
    """The unfinished rows of claimed batches, batch by batch in input order."""
    found = connection.execute(_ROWS, {"batches_": [held.batch_id for held in claims]})
    return [ClaimedRow._make(row) for row in found]


def renew(connection: Connection, claims: Iterable[Claim], lease: timedelta) -> None:
    """Extend the leases that are still held under these claims' attempts."""
    ours = lock_held(connection, claims)
    connection.execute(update(Batch).where(Batch.id.in_(ours)).values(lease_until=now() + lease))


def lock_held(connection: Connection, claims: Iterable[Claim]) -> list[int]:
    """The ids of the batches that still run under one of these claims' own attempts, locked."""
    attempts = [(held.batch_id, held.attempt) for held in claims]
    return list(connection.scalars(_HELD, {"attempts_": attempts}))


def _ready(connection: Connection, lane: Lane, kind: str, without: Sequence[int]) -> Sequence[_Candidate]:
    return connection.execute(_READY, {"lane_": lane, "kind_": kind, "without_": list(without)}).all()


def _fit(candidates: Sequence[_Candidate], capacity: int, most: int, fresh: bool) -> list[_Candidate]:
    """The first candidates that fit together; a batch that has failed before only ever goes alone."""
    if candidates and candidates[0].failures:
        return [] if fresh else [candidates[0]]
    chosen: list[_Candidate] = []
    used = 0
    for batch in candidates:
        if batch.failures:
            continue
        used += cost(batch.rows, batch.photos)
        if chosen and (used > capacity or len(chosen) == most):
            break
        chosen.append(batch)
    return chosen


def _lock_ready(connection: Connection, batch_ids: Sequence[int]) -> set[int]:
    """Those of these batches that are still ready and that nobody else is about to take."""
    if connection.dialect.name == "sqlite":  # one writer: nothing has changed since they were read
        return set(batch_ids)
    return set(connection.scalars(_LOCK_READY, {"batches_": batch_ids}))


def _take(connection: Connection, chosen: Sequence[_Candidate], worker: str, lease: timedelta) -> list[Claim]:
    """Put locked batches under a lease; one whose job has ended meanwhile (a half born just then) is closed."""
    if not chosen:
        return []
    jobs = lock_jobs(connection, {batch.job_id for batch in chosen})
    open_jobs = {job.id for job in jobs}
    orphans = [batch.id for batch in chosen if batch.job_id not in open_jobs]
    if orphans:
        connection.execute(move(Batch.state, BatchState.FAILED).where(Batch.id.in_(orphans)))
    batch_ids = [batch.id for batch in chosen if batch.job_id in open_jobs]
    taken = connection.execute(_TAKE, {"batches_": batch_ids, "lease_": now() + lease, "worker_": worker})
    attempts = {batch_id: attempt for batch_id, attempt in taken}
    _start(connection, jobs)
    return [
        Claim(batch.id, batch.job_id, attempts[batch.id], batch.rows, batch.failures)
        for batch in chosen
        if batch.id in attempts
    ]


def _start(connection: Connection, jobs: Sequence[OpenJob]) -> None:
    waiting = [job.id for job in jobs if job.status == JobStatus.QUEUED]
    if waiting:
        connection.execute(_START, {"jobs_": waiting, "moment_": now()})


# Built once: building a statement anew costs as much as running it.
_READY = (
    select(Batch.id, Batch.job_id, Batch.rows, Batch.photos, Batch.failures)
    .where(
        Batch.lane == bindparam("lane_"),
        Batch.kind == bindparam("kind_"),
        in_states(Batch.state, BatchState.QUEUED),
        Batch.id.not_in(bindparam("without_", expanding=True)),
    )
    .order_by(Batch.turn, Batch.id)
    .limit(CANDIDATES)
)
_ANY_READY = (
    select(Batch.id)
    .where(Batch.lane.in_(bindparam("lanes_", expanding=True)), in_states(Batch.state, BatchState.QUEUED))
    .limit(1)
)
_LOCK_READY = (
    select(Batch.id)
    .where(Batch.id.in_(bindparam("batches_", expanding=True)), in_states(Batch.state, BatchState.QUEUED))
    .order_by(Batch.id)
    .with_for_update(skip_locked=True, key_share=True)
)
_TAKE = (
    move(Batch.state, BatchState.RUNNING)
    .where(Batch.id.in_(bindparam("batches_", expanding=True)))
    .values(attempt=Batch.attempt + 1, lease_until=bindparam("lease_"), worker=bindparam("worker_"))
    .returning(Batch.id, Batch.attempt)
)
_START = (
    move(Job.status, JobStatus.RUNNING)
    .where(Job.id.in_(bindparam("jobs_", expanding=True)))
    .values(started_at=bindparam("moment_"), version=Job.version + 1)
)
_HELD = (
    select(Batch.id)
    .where(
        tuple_(Batch.id, Batch.attempt).in_(bindparam("attempts_", expanding=True)),
        in_states(Batch.state, BatchState.RUNNING),
    )
    .order_by(Batch.id)
    .with_for_update(key_share=True)
)
_ROWS = (
    select(
        Prediction.id,
        Prediction.batch_id,
        Prediction.job_id,
        Prediction.designation,
        Prediction.description,
        Prediction.image,
        Prediction.owner_id,
        Prediction.input_hash,
        Prediction.reuse_key,
    )
    .where(Prediction.batch_id.in_(bindparam("batches_", expanding=True)), Prediction.finished_at.is_(None))
    .order_by(Prediction.batch_id, Prediction.row)
)
