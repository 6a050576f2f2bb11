"""Locks, in the one order that lets nobody wait in a circle: batches by id, then jobs by id.

On SQLite the write transaction is the lock, and these are plain reads.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, bindparam, select

from shared.lifecycle import OPEN_JOB, JobStatus, in_states
from shared.tables import Batch, Job

OpenJob: TypeAlias = Row[str, JobStatus, int, int, int, list[str], bool, str | None, int | None, str]


def lock_batches(connection: Connection, condition: ColumnElement[bool]) -> list[int]:
    """The ids of the batches that meet a condition, locked."""
    return list(
        connection.scalars(select(Batch.id).where(condition).order_by(Batch.id).with_for_update(key_share=True))
    )


def lock_jobs(connection: Connection, job_ids: Iterable[str]) -> Sequence[OpenJob]:
    """The open ones among these jobs, locked: what has ended meanwhile is not among them.

    Inserting a row that refers to a job must not wait for these locks, nor they for it (`key_share`).
    """
    return connection.execute(_OPEN_JOBS, {"jobs_": list(set(job_ids))}).all()


_OPEN_JOBS = (
    select(
        Job.id,
        Job.status,
        Job.succeeded,
        Job.failed,
        Job.reused,
        Job.model_versions,
        Job.intake_done,
        Job.rerun_of,
        Job.changes,
        Job.kind,
    )
    .where(Job.id.in_(bindparam("jobs_", expanding=True)), in_states(Job.status, *OPEN_JOB))
    .order_by(Job.id)
    .with_for_update(key_share=True)
)
