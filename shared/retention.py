"""Retention: what ended long ago goes, but for the rows that somebody has corrected, which training learns from.

A job of one product whose row nobody has corrected is deleted, as its owner would. A job with a file is cleared: from
`cleared_at` on nobody can run it again, and its rows go in pieces, each but the corrected ones, then its batches and
its file. If no row is left then, it is deleted as well. The photos of corrected rows stay with them.

A file that an open job reads keeps all jobs from being cleared that have it: a retry reads its former job's rows, too.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, exists, or_, select, update
from sqlalchemy.orm import aliased

from shared.catalogues.files import release_files
from shared.database import Database
from shared.fetched_photos import forget_unused_photos
from shared.identifiers import now
from shared.lifecycle import OPEN_JOB, in_states
from shared.row_erasure import ROWS, erase_batches, erase_rows
from shared.store import ObjectStore
from shared.tables import Correction, FetchedPhoto, Job, Prediction, WebhookEvent
from shared.webhooks.upkeep import forget_old_events

JOBS = 200  # in one transaction: jobs of one product are many

_Reader = aliased(Job)
_IS_READ = exists().where(_Reader.source_key == Job.source_key, in_states(_Reader.status, *OPEN_JOB))
_CORRECTED = exists().where(Correction.prediction_id == Prediction.id)
_KEPT_WHOLE = Job.cleared_at.is_(None) & Job.deleted_at.is_(None)
_CLEARING = Job.cleared_at.is_not(None) & Job.source_key.is_not(None) & Job.deleted_at.is_(None)


def clear_piece(database: Database, store: ObjectStore, kept_for: timedelta) -> bool:
    """One piece of what is older than that: rows of a job, marks of some jobs, fetched photos' entries, or events.

    Returns False where there is nothing to do.
    """
    oldest = now() - kept_for
    with database.read() as connection:
        if not connection.scalar(_anything_older(oldest)):
            return False
    with database.begin() as connection:
        return (
            _clear_some(connection, store)
            or _retire_some(connection, oldest)
            or forget_unused_photos(connection, oldest) > 0
            or forget_old_events(connection, oldest)
        )


def _anything_older(oldest: datetime) -> Select[bool]:
    return select(
        or_(
            exists().where(_CLEARING),
            exists().where(_KEPT_WHOLE, Job.finished_at < oldest, ~_IS_READ),
            exists().where(FetchedPhoto.used_at < oldest),
            exists().where(WebhookEvent.created_at < oldest),
        )
    )


def _retire_some(connection: Connection, oldest: datetime) -> bool:
    """Mark some jobs that ended before this moment; returns whether there were any."""
    due = select(Job.id, Job.source_key).where(_KEPT_WHOLE, Job.finished_at < oldest, ~_IS_READ)
    # Whoever runs one of them again just now holds its lock.
    jobs = connection.execute(
        due.order_by(Job.finished_at).limit(JOBS).with_for_update(key_share=True, skip_locked=True)
    ).all()
    _begin_clearing(connection, [job.id for job in jobs if job.source_key is not None])
    _retire_products(connection, [job.id for job in jobs if job.source_key is None])
    return bool(jobs)


def _begin_clearing(connection: Connection, jobs: Collection[str]) -> None:
    """Mark jobs with files, but those that have been run again since they were found: that statement saw less."""
    marked = update(Job).where(Job.id.in_(jobs), ~_IS_READ)
    connection.execute(marked.values(cleared_at=now(), version=Job.version + 1))


def _retire_products(connection: Connection, jobs: Collection[str]) -> None:
    """Delete jobs of one product, or of those whose row somebody has corrected, everything but that row."""
    corrected = select(Prediction.job_id).join(Correction, Correction.prediction_id == Prediction.id)
    kept = connection.scalars(corrected.where(Prediction.job_id.in_(jobs)).distinct()).all()
    _mark_deleted(connection, set(jobs).difference(kept))
    if kept:
        connection.execute(update(Prediction).where(Prediction.job_id.in_(kept)).values(batch_id=None))
        erase_batches(connection, kept)
        connection.execute(update(Job).where(Job.id.in_(kept)).values(cleared_at=now(), version=Job.version + 1))


def _clear_some(connection: Connection, store: ObjectStore) -> bool:
    """One piece of the job that has been marked the longest; returns whether there was one."""
    job_id = connection.scalar(
        select(Job.id).where(_CLEARING).order_by(Job.cleared_at).limit(1).with_for_update(key_share=True)
    )
    if job_id is None:
        return False
    if erase_rows(connection, [job_id], ~_CORRECTED) or _detach_rows(connection, job_id):
        return True
    if not erase_batches(connection, [job_id]):
        _end_clearing(connection, store, job_id)
    return True


def _detach_rows(connection: Connection, job_id: str) -> bool:
    """Take some of the rows that are left out of their batches; returns whether there were any."""
    some = select(Prediction.id).where(Prediction.job_id == job_id, Prediction.batch_id.is_not(None)).limit(ROWS)
    return connection.execute(update(Prediction).where(Prediction.id.in_(some)).values(batch_id=None)).rowcount > 0


def _end_clearing(connection: Connection, store: ObjectStore, job_id: str) -> None:
    """Let the file go, and, if no row is left, the job."""
    release_files(connection, store, [job_id])
    connection.execute(update(Job).where(Job.id == job_id).values(source_key=None, version=Job.version + 1))
    if connection.scalar(select(Prediction.id).where(Prediction.job_id == job_id).limit(1)) is None:
        _mark_deleted(connection, [job_id])


def _mark_deleted(connection: Connection, jobs: Collection[str]) -> None:
    deleted = {"deleted_at": now(), "idempotency_key": None, "version": Job.version + 1}
    connection.execute(update(Job).where(Job.id.in_(jobs)).values(deleted))
