"""Audit: what must never be among jobs, batches, rows and deliveries, whatever has died. Reads only.

Each look is one statement over all jobs. Rows are read through three times, which takes some seconds a million.
On PostgreSQL one thing may be seen for a while of a service that runs: a batch that is born at the very moment at
which its job is canceled stays open until a worker comes to it, and closes it.
"""

from collections.abc import Callable, Iterator

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select

from shared.deleted import JOB_IS_THERE
from shared.lanes import Lane
from shared.lifecycle import OPEN_BATCH, OPEN_JOB, BatchState, DeliveryState, JobStatus, in_states
from shared.tables import Batch, Job, Prediction, WebhookDelivery


def contradictions(connection: Connection, most: int = 100) -> list[str]:
    """What the ledger says that cannot be: a sentence each, up to `most` of them; none where all is well."""
    found: list[str] = []
    for look in _LOOKS:
        if len(found) < most:
            found += look(connection, most - len(found))
    return found


def _open_batches_of_ended_jobs(connection: Connection, most: int) -> Iterator[str]:
    query = (
        select(Batch.id, Batch.state, Job.id, Job.status)
        .join(Job, Job.id == Batch.job_id)
        .where(_OPEN_BATCH, ~in_states(Job.status, *OPEN_JOB))
    )
    for batch_id, state, job_id, status in connection.execute(query.limit(most)):
        yield f"Batch {batch_id} is {state} although its job {job_id} has ended ({status})."


def _jobs_that_cannot_end(connection: Connection, most: int) -> Iterator[str]:
    has_work = exists().where(Batch.job_id == Job.id, in_states(Batch.state, *OPEN_BATCH))
    query = select(Job.id, Job.status).where(in_states(Job.status, *OPEN_JOB), ~has_work)
    for job_id, status in connection.execute(query.limit(most)):
        yield f"Job {job_id} is {status} and has no open batch: nothing will ever end it."


def _batches_without_lease(connection: Connection, most: int) -> Iterator[str]:
    running = in_states(Batch.state, BatchState.RUNNING)
    query = select(Batch.id, Batch.job_id).where(running, Batch.lease_until.is_(None))
    for batch_id, job_id in connection.execute(query.limit(most)):
        yield f"Batch {batch_id} of job {job_id} is running without a lease: nobody will ever take it back."


def _wrong_counters(connection: Connection, most: int) -> Iterator[str]:
    """Jobs whose counters are not those of their rows, unless rows have been erased or are about to be.

    A row of labelled data that has become a product is counted, and is a row no longer.
    """
    rows = (
        select(
            Prediction.job_id,
            func.count().label("total"),
            func.count(Prediction.prediction).label("succeeded"),
            func.count(Prediction.error).label("failed"),
            func.count(Prediction.reused_from).label("reused"),
        )
        .group_by(Prediction.job_id)
        .subquery()
    )
    has = [func.coalesce(rows.c[name], 0) for name in ("total", "succeeded", "failed", "reused")]
    became_products = case((Job.kind == "ingest", Job.succeeded), else_=0)
    should = (Job.total - became_products, Job.succeeded - became_products, Job.failed, Job.reused)
    query = (
        select(Job.id, *should, *has)
        .outerjoin(rows, rows.c.job_id == Job.id)
        .where(JOB_IS_THERE, Job.cleared_at.is_(None))
        .where(or_(*(counter != count for counter, count in zip(should, has, strict=True))))
    )
    for job_id, *figures in connection.execute(query.limit(most)):
        yield f"Job {job_id} should have {_counts(*figures[:4])}, and has {_counts(*figures[4:])}."


def _counts(total: int, succeeded: int, failed: int, reused: int) -> str:
    return f"{total} rows ({succeeded} succeeded, {failed} failed, {reused} reused)"


def _doubled_rows(connection: Connection, most: int) -> Iterator[str]:
    query = select(Prediction.job_id, Prediction.row, func.count()).group_by(Prediction.job_id, Prediction.row)
    for job_id, row, count in connection.execute(query.having(func.count() > 1).limit(most)):
        yield f"Job {job_id} has row {row} {count} times."


def _wrong_rows(connection: Connection, most: int) -> Iterator[str]:
    """Rows that are neither open nor finished as they should be, and open ones that nobody will ever come to."""
    query = (
        select(Prediction.row, Job.id, Job.status, _FINISHED, _PREDICTED, _FAILED)
        .join(Job, Job.id == Prediction.job_id)
        .outerjoin(Batch, Batch.id == Prediction.batch_id)
        .where(or_(_HALF_FINISHED, ~_FINISHED))  # asked of the row alone, before its job is looked up
        .where(or_(_HALF_FINISHED, _FORGOTTEN))
    )
    for row, job_id, status, finished, predicted, failed in connection.execute(query.limit(most)):
        yield f"Row {row} of job {job_id} {_wrong(status, finished, predicted, failed)}."


def _wrong(status: JobStatus, finished: bool, predicted: bool, failed: bool) -> str:
    if predicted and failed:
        return "has both a prediction and an error"
    if finished:
        return "is finished with neither a prediction nor an error"
    if predicted or failed:
        return "has a result and is not finished"
    if status in OPEN_JOB:
        return "is open, and in no open batch: nobody will ever come to it"
    return f"is open although the job has ended ({status})"


def _wrong_deliveries(connection: Connection, most: int) -> Iterator[str]:
    query = select(WebhookDelivery.id, WebhookDelivery.state, WebhookDelivery.finished_at).where(
        or_(
            and_(_PENDING, or_(WebhookDelivery.finished_at.is_not(None), WebhookDelivery.next_attempt_at.is_(None))),
            and_(~_PENDING, or_(WebhookDelivery.finished_at.is_(None), WebhookDelivery.next_attempt_at.is_not(None))),
        )
    )
    for delivery_id, state, finished_at in connection.execute(query.limit(most)):
        if (state == DeliveryState.PENDING) == (finished_at is None):
            due = "never due" if state == DeliveryState.PENDING else "still due"
            yield f"Delivery {delivery_id} is {state} and {due}."
        else:
            yield f"Delivery {delivery_id} is {state} and has {'no' if finished_at is None else 'an'} end."


# An index knows open batches by their lane.
_OPEN_BATCH = Batch.lane.in_(list(Lane)) & in_states(Batch.state, *OPEN_BATCH)
_PENDING = in_states(WebhookDelivery.state, DeliveryState.PENDING)
_FINISHED: ColumnElement[bool] = Prediction.finished_at.is_not(None)
_PREDICTED: ColumnElement[bool] = Prediction.prediction.is_not(None)
_FAILED: ColumnElement[bool] = Prediction.error.is_not(None)
_HALF_FINISHED = or_(
    and_(_PREDICTED, _FAILED), and_(_FINISHED, ~_PREDICTED, ~_FAILED), and_(~_FINISHED, or_(_PREDICTED, _FAILED))
)
# Jobs that were canceled, have expired, or whose file could not be read, keep open rows.
_COMPLETE = in_states(Job.status, JobStatus.SUCCEEDED, JobStatus.PARTIALLY_SUCCEEDED)
_WAITS = and_(Batch.id.is_not(None), in_states(Batch.state, *OPEN_BATCH))
_FORGOTTEN = and_(~_FINISHED, or_(_COMPLETE, and_(in_states(Job.status, *OPEN_JOB), ~_WAITS)))
_LOOKS: tuple[Callable[[Connection, int], Iterator[str]], ...] = (
    _open_batches_of_ended_jobs,
    _jobs_that_cannot_end,
    _batches_without_lease,
    _wrong_counters,
    _doubled_rows,
    _wrong_rows,
    _wrong_deliveries,
)
