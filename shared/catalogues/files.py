"""The files of catalogues in the object store: jobs that run the same rows share one, which goes with the last of them.

Who wants to run a job again locks its row first (`rerun_job`), and so does who lets its file go. All jobs with one file
belong to one account, whose row of `usage` is the lock for two that let it go at the same time.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta

from sqlalchemy import Connection, select

from shared.catalogues.source import keys_of, source_key, source_of
from shared.database import Database
from shared.deleted import JOB_IS_THERE
from shared.identifiers import now
from shared.store import ObjectStore
from shared.tables import Job
from shared.usage import lock_usage, refund_bytes

AT_ONCE = 500
_FOLDER = source_key("").removesuffix("/")
_KEPT = JOB_IS_THERE & Job.cleared_at.is_(None) & Job.source_key.is_not(None)


def release_files(connection: Connection, store: ObjectStore, job_ids: Collection[str]) -> None:
    """Remove the files that none but these jobs of one account names, and give it their bytes back.

    To be called in the transaction in which these jobs stop naming them. If that comes to nothing, the files may be
    gone all the same, and are let go again; so nobody must be able to run these jobs again any more.
    """
    naming = select(Job.owner_id, Job.source_key, Job.source).where(Job.id.in_(job_ids), Job.source_key.is_not(None))
    released = connection.execute(naming.order_by(Job.id).with_for_update()).all()
    if not released:
        return
    lock_usage(connection, released[0].owner_id)
    sizes = {job.source_key: job.source["size"] for job in released}
    others = select(Job.source_key).where(Job.source_key.in_(sizes), Job.id.not_in(job_ids))
    gone = sizes.keys() - set(connection.scalars(others))
    if gone:
        _remove(store, gone)
        refund_bytes(connection, released[0].owner_id, sum(sizes[key] for key in gone))


def remove_stray_files(database: Database, store: ObjectStore, older_than: timedelta) -> int:
    """Remove what lies among the files, is older than that, and belongs to no job; returns how many objects went.

    An upload that was killed, or refused at its end, may leave such a file. No job comes to name it later: its key is
    its upload's own.
    """
    removed = 0
    for strays in stray_files(database, store, older_than):
        store.delete(strays)
        removed += len(strays)
    return removed


def stray_files(database: Database, store: ObjectStore, older_than: timedelta) -> Iterator[list[str]]:
    """The keys of what lies among the files, is older than that, and belongs to no job, some at a time."""
    oldest = now() - older_than
    old = [found.key for found in store.objects(_FOLDER) if found.modified_at < oldest]
    for first in range(0, len(old), AT_ONCE):
        files = {key: source_of(key) for key in old[first : first + AT_ONCE]}
        with database.read() as connection:
            named = set(connection.scalars(select(Job.source_key).where(Job.source_key.in_(set(files.values())))))
        yield [key for key, file in files.items() if file not in named]


def kept_files(connection: Connection, after: str, limit: int) -> list[tuple[str, str, int]]:
    """Up to `limit` jobs behind the id `after` whose file must be there, in order: their ids, its key, its size."""
    kept = select(Job.id, Job.source).where(Job.id > after, _KEPT).order_by(Job.id).limit(limit)
    return [(job_id, source["key"], source["size"]) for job_id, source in connection.execute(kept)]


def keeps_file(connection: Connection, job_id: str) -> bool:
    """Whether a job's file must be there."""
    return connection.scalar(select(Job.id).where(Job.id == job_id, _KEPT)) is not None


def _remove(store: ObjectStore, keys: Collection[str]) -> None:
    store.delete(each for key in keys for each in keys_of(key))
