"""Cancel: end jobs before their rows are done, because somebody asked for it or their time is up."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, select, update

from shared.deleted import JOB_IS_THERE
from shared.errors import Conflict, NotFound
from shared.identifiers import now
from shared.ledger.finish import RowError
from shared.ledger.locks import lock_batches
from shared.ledger.settle import Ended, written_down
from shared.lifecycle import OPEN_BATCH, OPEN_JOB, BatchState, JobStatus, in_states, move
from shared.tables import Batch, Job


def cancel(connection: Connection, job_ids: Iterable[str]) -> Ended:
    """End those of these jobs that are open as canceled, and return them; rows that are done stay."""
    return end_jobs(connection, Job.id.in_(set(job_ids)), JobStatus.CANCELED)


def cancel_job(connection: Connection, job_id: str, owner_id: str | None) -> Ended:
    """End one job as canceled, and return it.

    Raises NotFound when there is none, or when it is not `owner_id`'s (None: anybody's), and Conflict when it has
    ended already.
    """
    wanted = select(Job.id).where(Job.id == job_id, JOB_IS_THERE)
    if owner_id is not None:
        wanted = wanted.where(Job.owner_id == owner_id)
    if connection.scalar(wanted) is None:
        raise NotFound("There is no such job.")
    ended = cancel(connection, [job_id])
    if not ended:
        raise Conflict("The job has ended already.", code="JOB_ENDED")
    return ended


def fail_job(connection: Connection, job_id: str, error: RowError) -> Ended:
    """End one job as failed, for a reason that is none of its rows', and return it, unless it has ended already."""
    ended = end_jobs(connection, Job.id == job_id, JobStatus.FAILED)
    if ended:
        connection.execute(update(Job).where(Job.id == job_id).values(error=error.stored()))
    return ended


def end_jobs(connection: Connection, wanted: ColumnElement[bool], status: JobStatus) -> Ended:
    """End the open jobs that meet a condition as `status`, with their open batches; returns the ended ones.

    A worker that holds one of the batches finds it taken away (`finish`), and a half of a batch that is born just
    now is closed by whoever claims it. The condition stands in every statement, instead of the ids that meet it:
    an account may have more open jobs than a statement may have parameters.
    """
    open_jobs = select(Job.id).where(wanted, in_states(Job.status, *OPEN_JOB))
    open_batches = Batch.job_id.in_(open_jobs) & in_states(Batch.state, *OPEN_BATCH)
    lock_batches(connection, open_batches)
    connection.execute(move(Batch.state, BatchState.FAILED).where(open_batches).values(lease_until=None))
    connection.execute(open_jobs.order_by(Job.id).with_for_update(key_share=True))
    moved = move(Job.status, status).where(wanted).values(finished_at=now(), version=Job.version + 1)
    kinds = {job_id: kind for job_id, kind in connection.execute(moved.returning(Job.id, Job.kind))}
    return written_down(connection, dict.fromkeys(kinds, status), kinds)
