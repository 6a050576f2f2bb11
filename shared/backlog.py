"""The backlog: what waits, who works, and how large the database is, in one bounded read for whoever watches.

Nothing here is counted further than COUNTED: a million rows that wait must not make looking at them slow, and nobody
does anything else about the second million.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select

from shared.identifiers import now
from shared.lanes import Lane
from shared.lifecycle import OPEN_JOB, BatchState, JobStatus, in_states
from shared.tables import Batch, Job, WebhookDelivery, WebhookEndpoint
from shared.webhooks.claim import IS_DUE, LISTENING
from shared.workers import alive

COUNTED = 10_000
WORKER_KINDS = ("io", "model")
READ_MILLISECONDS = 2000  # after which PostgreSQL breaks a statement off


@dataclass(frozen=True, slots=True)
class Waiting:
    """Batches that wait, their rows, and since when the oldest has waited."""

    batches: int
    rows: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """Deliveries that are due and that nobody has taken yet, and since when the oldest is."""

    deliveries: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits by lane, open jobs by status, workers alive by kind, and deliveries that are due."""

    batches: Mapping[Lane, Waiting]
    open_jobs: Mapping[JobStatus, int]
    workers: Mapping[str, int]
    deliveries: Due
    database_bytes: int


def read_backlog(connection: Connection, alive_within: timedelta) -> Backlog:
    """What waits now; workers count that have been seen within this time."""
    bound_reads(connection)
    jobs = {status: number for status, number in connection.execute(_JOBS)}
    return Backlog(
        batches={lane: Waiting(*connection.execute(_BATCHES, {"lane_": lane}).one()) for lane in Lane},
        open_jobs={status: jobs.get(status, 0) for status in OPEN_JOB},
        workers={kind: alive(connection, kind, alive_within) for kind in WORKER_KINDS},
        deliveries=Due(*connection.execute(_DELIVERIES, {"now_": now()}).one()),
        database_bytes=_size(connection),
    )


def bound_reads(connection: Connection) -> None:
    """Have PostgreSQL break off what takes too long in this transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {READ_MILLISECONDS}")


def _size(connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
    pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    return pages * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


# Each begins with the first COUNTED entries of a partial index: of open work only, in the order in which it goes on.
_FIRST_BATCHES = (
    select(Batch.rows, Batch.queued_at)
    .where(Batch.lane == bindparam("lane_"), in_states(Batch.state, BatchState.QUEUED))
    .order_by(Batch.turn, Batch.id)
    .limit(COUNTED)
    .subquery()
)
_BATCHES = select(
    func.count(), func.coalesce(func.sum(_FIRST_BATCHES.c.rows), 0), func.min(_FIRST_BATCHES.c.queued_at)
).select_from(_FIRST_BATCHES)
_FIRST_JOBS = (
    select(Job.status).where(in_states(Job.status, *OPEN_JOB)).order_by(Job.deadline).limit(COUNTED).subquery()
)
_JOBS = select(_FIRST_JOBS.c.status, func.count()).group_by(_FIRST_JOBS.c.status)
_FIRST_DELIVERIES = (
    select(WebhookDelivery.next_attempt_at)
    .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
    .where(LISTENING, IS_DUE)
    .limit(COUNTED)
    .subquery()
)
_DELIVERIES = select(func.count(), func.min(_FIRST_DELIVERIES.c.next_attempt_at)).select_from(_FIRST_DELIVERIES)
