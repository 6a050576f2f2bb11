"""Sweep: notice what nobody else is left to notice. Every step is idempotent; any number may sweep at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, func, select

from shared.identifiers import now
from shared.lanes import Lane
from shared.ledger.cancel import end_jobs
from shared.ledger.claim import Claim
from shared.ledger.failure import fail
from shared.ledger.settle import Ended
from shared.lifecycle import OPEN_JOB, BatchState, JobStatus, in_states
from shared.tables import Batch, Job

AT_ONCE = 500  # rows of work in one sweep's transaction, so that it stays short whatever has piled up


@dataclass(frozen=True, slots=True)
class Released:
    """How many leases had run out, and what ended because it was the last try."""

    leases: int
    ended: Ended = field(default_factory=Ended)


def release_expired(connection: Connection) -> Released:
    """Book a lost try on every batch whose lease has run out."""
    expired = [
        Claim(*batch)
        for batch in connection.execute(
            select(Batch.id, Batch.job_id, Batch.attempt, Batch.rows)
            .where(in_states(Batch.state, BatchState.RUNNING), Batch.lease_until < now())
            .order_by(Batch.lease_until)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True, key_share=True)
        )
    ]
    return Released(len(expired), fail(connection, expired) if expired else Ended())


def expire_overdue(connection: Connection) -> Ended:
    """End every open job whose deadline has passed, with its open batches; rows that are done stay."""
    overdue = list(
        connection.scalars(select(Job.id).where(in_states(Job.status, *OPEN_JOB), Job.deadline < now()).limit(AT_ONCE))
    )
    return end_jobs(connection, Job.id.in_(overdue), JobStatus.EXPIRED) if overdue else Ended()


def stale_lanes(connection: Connection, older_than: timedelta) -> Mapping[Lane, int]:
    """Lanes with batches that have been ready for longer than `older_than`, and how many batches those are."""
    waiting = connection.execute(
        select(Batch.lane, func.count())
        .where(in_states(Batch.state, BatchState.QUEUED), Batch.queued_at < now() - older_than)
        .group_by(Batch.lane)
    )
    return {Lane(lane): count for lane, count in waiting}
