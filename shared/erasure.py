"""Erasure: deleted jobs and accounts are gone for everybody at once, and the eraser then removes what they were.

A million rows cannot go in one transaction: on SQLite nobody else could write meanwhile. So deleting sets
`deleted_at`, of the job or of the account alone, which every query that people's requests use looks at
(`shared/deleted.py`). `erase_some` then ends what deleted accounts still have running, some jobs at a time, and
removes the rows in pieces: predictions (their corrections go with them), batches, the job with its file in the object
store (its webhook events and their deliveries go with it), and when an account has no job left, the account with all
that hangs on it. Deleted webhooks go likewise. When nothing deleted is left, it goes on with what is kept no longer
(`shared/retention.py`).
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeAlias

from sqlalchemy import Connection, Row, delete, exists, or_, select, update

from shared.administrators import require_another_admin
from shared.catalogues.files import release_files
from shared.database import Database
from shared.deleted import DELETED_ACCOUNTS, JOB_IS_THERE
from shared.errors import Conflict, NotFound
from shared.fetched_photos import forget_photos_of
from shared.identifiers import now
from shared.lanes import Lane
from shared.ledger.cancel import cancel
from shared.lifecycle import OPEN_BATCH, OPEN_JOB, JobStatus, in_states
from shared.retention import clear_piece
from shared.row_erasure import erase_batches, erase_rows
from shared.store import ObjectStore
from shared.tables import Batch, Job, RefreshToken, User, WebhookEndpoint
from shared.usage import lock_usage
from shared.webhooks.upkeep import erase_deleted_endpoints

JOBS = 200  # in one transaction: jobs of one product are many
CANCELED = 1_000
ACCOUNTS = 20
NO_PASSWORD = "!"  # noqa: S105  # no password has this hash

_DeletedJob: TypeAlias = Row[str, str, JobStatus]


def delete_job(connection: Connection, job_id: str, owner_id: str | None) -> None:
    """Delete a job that has ended, and free its idempotency key.

    Raises NotFound when there is none, or when it is not `owner_id`'s (None: anybody's), and Conflict while it is open,
    or while another one is that runs its rows again: that one reads these rows, or is compared with them.
    """
    wanted = (Job.id == job_id) & JOB_IS_THERE
    if owner_id is not None:
        wanted &= Job.owner_id == owner_id
    # Locked first, as whoever runs it again does: the statements behind this one see who has.
    job = connection.execute(select(Job.status, Job.source_key).where(wanted).with_for_update()).one_or_none()
    if job is None:
        raise NotFound("There is no such job.")
    if job.status in OPEN_JOB:
        raise Conflict("The job has not ended; cancel it first.", code="JOB_NOT_ENDED")
    if job.source_key is not None and _runs_again(connection, job_id, job.source_key):
        raise Conflict("Another job runs its rows again; cancel it or wait.", code="JOB_IN_USE")
    deleted = update(Job).where(Job.id == job_id)
    connection.execute(deleted.values(deleted_at=now(), idempotency_key=None, version=Job.version + 1))


def _runs_again(connection: Connection, job_id: str, source_key: str) -> bool:
    """Whether an open job runs this one's rows again. It reads the same file, by which it is quickly found."""
    again = (Job.source_key == source_key) & (Job.rerun_of == job_id)
    return connection.scalar(select(Job.id).where(again, in_states(Job.status, *OPEN_JOB)).limit(1)) is not None


def delete_account(connection: Connection, user_id: str) -> None:
    """Delete an account with all its jobs: nobody can use it or see them from here on, and its name is free.

    What it has running goes on until the eraser comes to it. Raises NotFound when there is none, and Conflict for the
    last administrator.
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
    owned = WebhookEndpoint.owner_id == user_id
    connection.execute(select(WebhookEndpoint.id).where(owned).order_by(WebhookEndpoint.id).with_for_update())
    connection.execute(update(WebhookEndpoint).where(owned).values(active=False))


def erase_some(database: Database, store: ObjectStore, seconds: float, kept_for: timedelta | None = None) -> bool:
    """Erase what is deleted, and what ended longer ago than it is `kept_for` (None: nothing is too old).

    Piece by piece: returns True once a look finds nothing more, False when time is up.

    One piece is always done, and none is broken off: a new one begins only while, by the time it begins, less than
    `seconds` have passed. Between two it rests for as long as the first of them took: SQLite's lock is not a queue,
    and whoever takes it again at once can keep another process from it.
    """
    end = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if not _erase_piece(database, store) and (kept_for is None or not clear_piece(database, store, kept_for)):
            return True
        rest = time.monotonic() - began
        if began + 2 * rest >= end:
            return False
        time.sleep(rest)


def _erase_piece(database: Database, store: ObjectStore) -> bool:
    """One piece of what is deleted: rows of some jobs, or those jobs, or accounts; False where nothing is deleted.

    Before all that, what deleted accounts have running: it is work for nobody.
    """
    with database.read() as connection:
        if not connection.scalar(_ANYTHING_DELETED):
            return False
    with database.begin() as connection:
        if cancel(connection, connection.scalars(_RUNNING_FOR_NOBODY)) or erase_deleted_endpoints(connection):
            return True
        jobs = _deleted_jobs(connection)
        job_ids = [job.id for job in jobs]
        erased_rows = erase_rows(connection, job_ids) or erase_batches(connection, job_ids)
    if jobs and not erased_rows:
        _erase_jobs(database, store, job_ids)
    elif not jobs:
        _erase_accounts(database)
    return True


def _deleted_jobs(connection: Connection) -> Sequence[_DeletedJob]:
    """The first of the deleted jobs, as many as belong to one account: its `usage` is then the only one locked.

    Those who erase at the same time wait here for each other. Of a job that has ended nobody locks a batch as well, so
    that the order of locks (batches before jobs) is nothing to it.
    """
    for first in (_MARKED_JOBS, _ACCOUNTS_JOBS):
        still_open = [job.id for job in connection.execute(first.limit(JOBS)) if job.status in OPEN_JOB]
        if still_open:  # and without a batch, by which it would have been found before
            cancel(connection, still_open)
        connection.execute(first.limit(1).with_for_update(key_share=True))
        jobs = connection.execute(first.limit(JOBS)).all()
        if jobs:
            return [job for job in jobs if job.owner_id == jobs[0].owner_id]
    return []


def _erase_jobs(database: Database, store: ObjectStore, jobs: Sequence[str]) -> None:
    """Erase deleted jobs of which nothing is left but their files."""
    with database.begin() as connection:
        release_files(connection, store, jobs)
        connection.execute(delete(Job).where(Job.id.in_(jobs)))


def _erase_accounts(database: Database) -> None:
    """Erase deleted accounts that have no jobs.

    One may have a job again: of a request that had come in when its account was deleted, and was accepted afterwards.
    """
    with database.begin() as connection:
        deleted = DELETED_ACCOUNTS.order_by(User.id).limit(ACCOUNTS)
        for user_id in connection.scalars(deleted).all():
            if forget_photos_of(connection, user_id):
                continue
            lock_usage(connection, user_id)  # before the account, as those who accept for it do
            locked = connection.scalar(select(User.id).where(User.id == user_id).with_for_update(skip_locked=True))
            if locked and connection.scalar(select(Job.id).where(Job.owner_id == user_id).limit(1)) is None:
                connection.execute(delete(User).where(User.id == user_id))


_ANYTHING_DELETED = select(
    or_(
        exists().where(Job.deleted_at.is_not(None)),
        exists().where(WebhookEndpoint.deleted_at.is_not(None)),
        DELETED_ACCOUNTS.exists(),
    )
)
_RUNNING_FOR_NOBODY = (
    select(Batch.job_id)
    .where(Batch.lane.in_(list(Lane)), Batch.owner_id.in_(DELETED_ACCOUNTS), in_states(Batch.state, *OPEN_BATCH))
    .limit(CANCELED)
)
_DELETED_JOB = select(Job.id, Job.owner_id, Job.status)
_MARKED_JOBS = _DELETED_JOB.where(Job.deleted_at.is_not(None)).order_by(Job.deleted_at)
_ACCOUNTS_JOBS = _DELETED_JOB.where(Job.owner_id.in_(DELETED_ACCOUNTS)).order_by(Job.owner_id, Job.id)
