"""Catalogues come in: a job with its file and one intake batch; and jobs whose rows are to be run again."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, insert, select

from shared.catalogues.source import Source
from shared.deleted import JOB_IS_THERE
from shared.errors import Conflict, NotFound
from shared.identifiers import new_id, now
from shared.lanes import Lane
from shared.ledger.accept import accept_products
from shared.ledger.submission import Accepted, ProductInput, Submission
from shared.ledger.turns import next_turn
from shared.lifecycle import JobStatus, is_terminal
from shared.store import ObjectStore
from shared.tables import Batch, Job, Prediction
from shared.usage import Quotas, charge, lock_usage, require_room
from shared.webhooks.endpoints import endpoint_named


@dataclass(frozen=True, slots=True)
class CatalogueSubmission:
    """A file that somebody submits, which is in the store, perhaps under a key that makes it safe to submit again.

    `content_hash` is over all that was submitted: equal hashes mean the same request. A webhook that is told of it is
    named by `webhook_url`, or has been found already (`webhook_endpoint_id`).
    """

    owner_id: str
    kind: Literal["catalogue", "ingest"]
    name: str | None
    source: Source
    deadline: timedelta
    idempotency_key: str | None = None
    content_hash: str | None = None
    webhook_url: str | None = None
    webhook_endpoint_id: str | None = None


def accept_catalogue(connection: Connection, sent: CatalogueSubmission, quotas: Quotas) -> Accepted:
    """Insert a job for a file, or find the one that its key has made already (`replayed`: its file is not needed).

    The account is charged for the file's bytes; for its rows as they are read. Raises Conflict for a key that was used
    for something else, InvalidInput for a webhook that the account does not have, QuotaFull and TooManyRequests for an
    account that has nothing left, and Unauthenticated for one that has been deleted.
    """
    charge(connection, sent.owner_id, 0, 0, quotas)  # which locks the account's sums: the same key comes one by one
    if sent.idempotency_key is not None:
        known = connection.execute(_submitted_under(sent.owner_id, sent.idempotency_key)).one_or_none()
        if known is not None:
            if known.content_hash != sent.content_hash:
                raise Conflict(
                    "This Idempotency-Key was used for something else; a new catalogue needs a new key.",
                    code="IDEMPOTENCY_KEY_REUSED",
                )
            return Accepted(known.id, Lane.IO, replayed=True)
    if sent.webhook_url is not None:
        found = endpoint_named(connection, sent.owner_id, sent.webhook_url, "query.webhook_url")
        sent = replace(sent, webhook_endpoint_id=found)
    require_room(connection, sent.owner_id, quotas)
    charge(connection, sent.owner_id, 0, sent.source.size, quotas)
    return Accepted(_insert(connection, sent), Lane.IO)


def is_submitted(connection: Connection, owner_id: str, idempotency_key: str) -> bool:
    """Whether an account has used a key already, and what comes under it needs no room."""
    return connection.execute(_submitted_under(owner_id, idempotency_key)).one_or_none() is not None


def rerun_job(
    connection: Connection,
    store: ObjectStore,
    job_id: str,
    owner_id: str | None,
    deadline: timedelta,
    quotas: Quotas,
    *,
    failed_only: bool,
) -> Accepted:
    """Insert a job that runs the rows of an ended one again, all of them or the failed ones, for the same account.

    It reads the same file, which is kept for as long as one of them is. Of a job that has only some rows of it, it has
    the same ones; of labelled data those are what has not become a product.

    Raises NotFound when there is no such job, or when it is not `owner_id`'s (None: anybody's); Conflict while it is
    open, when its rows are gone, and when none of them has failed; TooManyRequests, QuotaFull and Unauthenticated as
    `accept_catalogue` does.
    """
    wanted = select(Job).where(Job.id == job_id, JOB_IS_THERE)
    if owner_id is not None:
        wanted = wanted.where(Job.owner_id == owner_id)
    job = connection.execute(wanted.with_for_update(key_share=True)).one_or_none()
    if job is None:
        raise NotFound("There is no such job.")
    if not is_terminal(JobStatus(job.status)):
        raise Conflict("The job has not ended; cancel it first.", code="JOB_NOT_ENDED")
    if failed_only and job.failed == 0:
        raise Conflict("None of the job's rows has failed.", code="NOTHING_FAILED")
    if job.kind == "product":
        return _again(connection, store, job, deadline, quotas)
    source = Source.of(job.source)
    if source is None or job.cleared_at is not None:
        raise Conflict("The job's file and rows are no longer kept.", code="ROWS_GONE")
    if job.kind == "ingest" and source.is_partial and job.failed == 0:
        raise Conflict("The job's rows have become products.", code="ROWS_GONE")
    charge(connection, job.owner_id, 0, 0, quotas)
    require_room(connection, job.owner_id, quotas)
    source = _source_again(source, job.id, failed_only=failed_only)
    again = CatalogueSubmission(
        job.owner_id, job.kind, job.name, source, deadline, webhook_endpoint_id=job.webhook_endpoint_id
    )
    return Accepted(_insert(connection, again, rerun_of=job.id, compared=not failed_only), Lane.IO)


def _source_again(source: Source, job_id: str, *, failed_only: bool) -> Source:
    """What a job reads that runs the rows of this one again, whose source that is."""
    if failed_only:
        return source.model_copy(update={"failed_of": job_id, "rows_of": None})
    return source.model_copy(update={"failed_of": None, "rows_of": job_id if source.is_partial else None})


def _submitted_under(owner_id: str, idempotency_key: str) -> Select[str, str | None]:
    """The id and the content's hash of the job that a key has made."""
    return select(Job.id, Job.content_hash).where(Job.owner_id == owner_id, Job.idempotency_key == idempotency_key)


def _insert(
    connection: Connection, sent: CatalogueSubmission, rerun_of: str | None = None, *, compared: bool = False
) -> str:
    job_id, moment = new_id(), now()
    connection.execute(
        insert(Job).values(
            id=job_id,
            owner_id=sent.owner_id,
            kind=sent.kind,
            name=sent.name,
            source=sent.source.stored(),
            source_key=sent.source.key,
            idempotency_key=sent.idempotency_key,
            content_hash=sent.content_hash if sent.idempotency_key else None,
            webhook_endpoint_id=sent.webhook_endpoint_id,
            rerun_of=rerun_of,
            changes=0 if compared and sent.kind == "catalogue" else None,
            created_at=moment,
            deadline=moment + sent.deadline,
        )
    )
    connection.execute(
        insert(Batch).values(
            job_id=job_id,
            owner_id=sent.owner_id,
            kind="intake",
            lane=Lane.IO,
            rows=0,
            turn=next_turn(connection, Lane.IO, sent.owner_id, "intake"),
            queued_at=moment,
        )
    )
    return job_id


def _again(connection: Connection, store: ObjectStore, job: Row[Any], deadline: timedelta, quotas: Quotas) -> Accepted:
    """A job of one product once more, of which this is the row."""
    row = connection.execute(select(Prediction).where(Prediction.job_id == job.id, Prediction.row == 0)).one_or_none()
    if row is None:
        raise Conflict("The job's product is no longer kept.", code="ROWS_GONE")
    image_url = row.image_url if row.image is None else None
    product = ProductInput(row.product_id, row.designation, row.description, row.image, image_url)
    again = Submission(job.owner_id, product, deadline, webhook_endpoint_id=job.webhook_endpoint_id)
    lock_usage(connection, again.owner_id)
    (answer,) = accept_products(connection, store, [again], quotas)
    if not isinstance(answer, Accepted):
        raise answer
    return answer
