"""Erasure: deleted jobs and accounts are gone for everybody at once, and the eraser then removes what they were.

A million rows cannot go in one transaction: on SQLite nobody else could write meanwhile. So deleting sets
`deleted_at`, which every query that people's requests use looks at, and `erase_some` removes the rows in pieces:
predictions (their corrections go with them), batches, the source in the object store, the job (its webhook events
and their deliveries go with it), and when an account has no job left, the account with all that hangs on it.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Update, delete, exists, func, or_, select, update

from shared.administrators import require_another_admin
from shared.database import Database
from shared.errors import Conflict, NotFound
from shared.identifiers import now
from shared.image_collection import release_images
from shared.ledger.cancel import end_jobs
from shared.lifecycle import OPEN_JOB, JobStatus, in_states
from shared.store import ObjectStore
from shared.tables import Batch, Image, Job, Prediction, RefreshToken, User, WebhookEndpoint
from shared.usage import lock_usage, refund_bytes

ROWS = 1_000  # in one transaction
JOBS = 200  # likewise: jobs of one product are many
ACCOUNTS = 20
NO_PASSWORD = "!"  # noqa: S105  # no password has this hash

_DeletedJob: TypeAlias = Row[str, str, dict[str, Any] | None]


def delete_job(connection: Connection, job_id: str, owner_id: str | None) -> None:
    """Delete a job that has ended, and free its idempotency key.

    Raises NotFound when there is none, or when it is not `owner_id`'s (None: anybody's), and Conflict while it is open.
    """
    wanted = (Job.id == job_id) & Job.deleted_at.is_(None)
    if owner_id is not None:
        wanted &= Job.owner_id == owner_id
    ended = wanted & ~in_states(Job.status, *OPEN_JOB)
    if connection.scalar(_mark_deleted(ended).returning(Job.id)) is not None:
        return
    if connection.scalar(select(Job.id).where(wanted)) is None:
        raise NotFound("There is no such job.")
    raise Conflict("The job has not ended; cancel it first.", code="JOB_NOT_ENDED")


def delete_account(connection: Connection, user_id: str) -> None:
    """Delete an account with all its jobs: nobody can use it from here on, and its name is free.

    Raises NotFound when there is none, and Conflict for the last administrator.
    """
    require_another_admin(connection, user_id)
    deleted = connection.scalar(
        update(User)
        .where(User.id == user_id, User.deleted_at.is_(None))
        .values(
            deleted_at=now(),
            disabled=True,
            token_version=User.token_version + 1,
            username=f"deleted:{user_id}",  # no name has a colon
            password_hash=NO_PASSWORD,
        )
        .returning(User.id)
    )
    if deleted is None:
        raise NotFound("There is no such account.")
    connection.execute(delete(RefreshToken).where(RefreshToken.user_id == user_id))
    connection.execute(update(WebhookEndpoint).where(WebhookEndpoint.owner_id == user_id).values(active=False))
    _delete_jobs_of(connection, user_id)


def erase_some(database: Database, store: ObjectStore, seconds: float) -> bool:
    """Erase what is deleted, piece by piece, for about so many seconds; returns whether all of it is gone.

    After each piece it rests for as long as the piece took: SQLite's lock is not a queue, and whoever takes it again
    at once can keep another process from it.
    """
    end = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if not _erase_piece(database, store):
            return True
        rest = time.monotonic() - began
        if began + 2 * rest >= end:
            return False
        time.sleep(rest)


def _erase_piece(database: Database, store: ObjectStore) -> bool:
    """One piece of what is deleted: rows of some jobs, or those jobs, or accounts; False where nothing is deleted."""
    with database.read() as connection:
        if not connection.scalar(_ANYTHING_DELETED):
            return False
    with database.begin() as connection:
        jobs = _deleted_jobs(connection)
        erased_rows = _erase_rows(connection, [job.id for job in jobs])
    if jobs and not erased_rows:
        _erase_jobs(database, store, jobs)
    elif not jobs:
        _erase_accounts(database)
    return True


def _mark_deleted(wanted: ColumnElement[bool]) -> Update:
    return update(Job).where(wanted).values(deleted_at=now(), idempotency_key=None, version=Job.version + 1)


def _delete_jobs_of(connection: Connection, user_id: str) -> None:
    end_jobs(connection, Job.owner_id == user_id, JobStatus.CANCELED)
    connection.execute(_mark_deleted((Job.owner_id == user_id) & Job.deleted_at.is_(None)))


def _deleted_jobs(connection: Connection) -> Sequence[_DeletedJob]:
    """The first of the deleted jobs, as many as belong to one account: its `usage` is then the only one locked.

    Those who erase at the same time wait here for each other. Nobody else locks a job that has ended, so that the
    order of locks (batches before jobs) is nothing to it.
    """
    first = select(Job.id, Job.owner_id, Job.source).where(Job.deleted_at.is_not(None)).order_by(Job.deleted_at)
    connection.execute(first.limit(1).with_for_update(key_share=True))
    jobs = connection.execute(first.limit(JOBS)).all()
    return [job for job in jobs if job.owner_id == jobs[0].owner_id]


def _erase_rows(connection: Connection, jobs: Sequence[str]) -> bool:
    """Erase some predictions of these jobs, or when there are none some batches; returns whether there were any."""
    some = select(Prediction.id).where(Prediction.job_id.in_(jobs)).limit(ROWS)
    rows = connection.execute(
        delete(Prediction).where(Prediction.id.in_(some)).returning(Prediction.owner_id, Prediction.image)
    ).all()
    photos = {row.image for row in rows if row.image is not None}
    if photos:
        _refund_photos(connection, rows[0].owner_id, photos)
        release_images(connection, photos)
    if rows:
        return True
    batches = select(Batch.id).where(Batch.job_id.in_(jobs)).limit(ROWS)
    return connection.execute(delete(Batch).where(Batch.id.in_(batches))).rowcount > 0


def _refund_photos(connection: Connection, owner_id: str, photos: Iterable[str]) -> None:
    """Give an account back the bytes of those of these photos that none of its rows names any more."""
    lock_usage(connection, owner_id)
    still_held = exists().where(Prediction.owner_id == owner_id, Prediction.image == Image.sha256)
    freed = connection.scalar(select(func.sum(Image.size)).where(Image.sha256.in_(photos), ~still_held))
    if freed:
        refund_bytes(connection, owner_id, int(freed))


def _erase_jobs(database: Database, store: ObjectStore, jobs: Sequence[_DeletedJob]) -> None:
    """Erase deleted jobs of which nothing is left but their source."""
    # Before the rows, which are all that knows the keys; a job that is looked at twice has no source the second time.
    store.delete(job.source["key"] for job in jobs if job.source and "key" in job.source)
    with database.begin() as connection:
        erased = connection.execute(
            delete(Job).where(Job.id.in_([job.id for job in jobs])).returning(Job.owner_id, Job.source)
        ).all()
        freed = sum(job.source.get("size", 0) for job in erased if job.source)
        if freed:
            refund_bytes(connection, erased[0].owner_id, freed)


def _erase_accounts(database: Database) -> None:
    """Erase deleted accounts that have no jobs, and delete the jobs of the others.

    Such a job is of a request that had come in when its account was deleted, and was accepted afterwards.
    """
    with database.begin() as connection:
        deleted = select(User.id).where(User.deleted_at.is_not(None)).order_by(User.id).limit(ACCOUNTS)
        for user_id in connection.scalars(deleted.with_for_update(skip_locked=True)).all():
            if connection.scalar(select(Job.id).where(Job.owner_id == user_id).limit(1)) is None:
                connection.execute(delete(User).where(User.id == user_id))
            else:
                _delete_jobs_of(connection, user_id)


_ANYTHING_DELETED = select(
    or_(exists().where(Job.deleted_at.is_not(None)), exists().where(User.deleted_at.is_not(None)))
)
