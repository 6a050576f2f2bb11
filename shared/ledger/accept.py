"""Accept: one transaction that makes jobs of what was submitted, before anybody is told `202`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from sqlalchemy import Connection, select, tuple_

from shared.errors import Conflict, InvalidInput, QuotaFull, ShelfwiseError, TooManyRequests, Unauthenticated
from shared.identifiers import new_id
from shared.image_collection import settle_images
from shared.images import sizes_of
from shared.ledger.insert import insert_products
from shared.ledger.submission import Accepted, Submission
from shared.store import ObjectStore
from shared.tables import Job
from shared.usage import Quotas, charge, new_photo_bytes
from shared.webhooks.endpoints import endpoint_named

_Key: TypeAlias = tuple[str, str]


def accept_products(
    connection: Connection, store: ObjectStore, submissions: Sequence[Submission], quotas: Quotas
) -> list[Accepted | ShelfwiseError]:
    """Insert a job for each submission whose key is new, and say what each submission came to.

    The same key with the same content leads to the job that is there, with other content to a Conflict. What an
    account has no quota left for comes to TooManyRequests or QuotaFull, what names a webhook that it does not have to
    InvalidInput, everything of an account that has just been deleted to Unauthenticated. Raises Unavailable, and has
    then done nothing, when a photo has just been collected.
    """
    known = _jobs_by_key(connection, submissions)
    fresh: dict[str, Submission] = {}
    came_to = [_accepted(sent, known, fresh) for sent in submissions]
    refused = _find_webhooks(connection, fresh)
    sizes = _sizes(connection, fresh.values())
    refused |= _charge(connection, fresh, sizes, quotas)
    answers = [refused.get(each.job_id, each) if isinstance(each, Accepted) else each for each in came_to]
    welcome = {job_id: sent for job_id, sent in fresh.items() if job_id not in refused}
    named = {sha256: sizes[sha256] for sha256 in _photos(welcome.values())}
    settle_images(connection, store, named, _stored_for_nothing(submissions, answers))
    if welcome:
        insert_products(connection, list(welcome.items()))
    return answers


def _accepted(
    sent: Submission, known: dict[_Key, tuple[str, str | None]], fresh: dict[str, Submission]
) -> Accepted | Conflict:
    """The job that a submission leads to: one that is `known` by its key, or a new one, put among the `fresh`."""
    key = None if sent.idempotency_key is None else (sent.owner_id, sent.idempotency_key)
    if key is not None and key in known:
        job_id, content_hash = known[key]
        if content_hash != sent.content_hash:
            return Conflict(
                "This Idempotency-Key was used for another product; a new product needs a new key.",
                code="IDEMPOTENCY_KEY_REUSED",
            )
        return Accepted(job_id, sent.lane, replayed=True)
    job_id = new_id()
    fresh[job_id] = sent
    if key is not None:
        known[key] = job_id, sent.content_hash
    return Accepted(job_id, sent.lane)


def _jobs_by_key(connection: Connection, submissions: Sequence[Submission]) -> dict[_Key, tuple[str, str | None]]:
    """The jobs that exist under these submissions' keys, with the hashes of what was submitted."""
    keys = [(sent.owner_id, sent.idempotency_key) for sent in submissions if sent.idempotency_key is not None]
    if not keys:
        return {}
    found = connection.execute(
        select(Job.owner_id, Job.idempotency_key, Job.id, Job.content_hash).where(
            tuple_(Job.owner_id, Job.idempotency_key).in_(keys)
        )
    )
    return {(owner_id, str(key)): (job_id, content_hash) for owner_id, key, job_id, content_hash in found}


def _find_webhooks(connection: Connection, fresh: dict[str, Submission]) -> dict[str, ShelfwiseError]:
    """Find the webhooks that some of these name. Those that name an unknown one are taken out; returns why."""
    refused: dict[str, ShelfwiseError] = {}
    found: dict[tuple[str, str], str | InvalidInput] = {}
    for job_id, sent in list(fresh.items()):
        if sent.webhook_url is None:
            continue
        named = sent.owner_id, sent.webhook_url
        if named not in found:
            found[named] = _webhook(connection, *named)
        webhook = found[named]
        if isinstance(webhook, InvalidInput):
            refused[job_id] = webhook
            del fresh[job_id]
        else:
            fresh[job_id] = replace(sent, webhook_endpoint_id=webhook)
    return refused


def _webhook(connection: Connection, owner_id: str, url: str) -> str | InvalidInput:
    """The id of an account's webhook, or why there is none."""
    try:
        return endpoint_named(connection, owner_id, url, "body.webhook_url")
    except InvalidInput as refusal:
        return refusal


def _charge(
    connection: Connection, fresh: Mapping[str, Submission], sizes: Mapping[str, int], quotas: Quotas
) -> dict[str, ShelfwiseError]:
    """Charge the accounts; returns why which jobs must not be made.

    What arrives of one account together is charged together. Where that is too much, each is tried on its own.
    """
    refused: dict[str, ShelfwiseError] = {}
    by_owner: dict[str, dict[str, Submission]] = {}
    for job_id, sent in fresh.items():
        by_owner.setdefault(sent.owner_id, {})[job_id] = sent
    for owner_id in sorted(by_owner):  # one order for everybody: nobody waits in a circle
        jobs = by_owner[owner_id]
        refusal = _charged(connection, owner_id, list(jobs.values()), sizes, quotas)
        for job_id, sent in jobs.items() if refusal is not None else ():
            alone = _charged(connection, owner_id, [sent], sizes, quotas) if len(jobs) > 1 else refusal
            if alone is not None:
                refused[job_id] = alone
    return refused


def _charged(
    connection: Connection,
    owner_id: str,
    submissions: Sequence[Submission],
    sizes: Mapping[str, int],
    quotas: Quotas,
) -> ShelfwiseError | None:
    """Charge one account for these; returns why it cannot be, and has then done nothing."""
    photos = {sha256: sizes[sha256] for sha256 in _photos(submissions)}
    try:
        new_bytes = new_photo_bytes(connection, owner_id, photos) if photos else 0
        charge(connection, owner_id, len(submissions), new_bytes, quotas)
    except (TooManyRequests, QuotaFull, Unauthenticated) as refusal:
        return refusal
    return None


def _sizes(connection: Connection, submissions: Iterable[Submission]) -> dict[str, int]:
    """Sizes by SHA-256: of photos that have just been stored as their requests say, of others as their rows say."""
    stored = {sent.product.image: sent.photo_bytes for sent in submissions if sent.product.image is not None}
    sizes = {sha256: size for sha256, size in stored.items() if size is not None}
    older = stored.keys() - sizes.keys()
    return sizes | sizes_of(connection, older) if older else sizes


def _stored_for_nothing(
    submissions: Iterable[Submission], answers: Iterable[Accepted | ShelfwiseError]
) -> dict[str, int]:
    """The photos, with their sizes, that were stored for submissions which came to nothing."""
    return {
        sent.product.image: sent.photo_bytes
        for sent, answer in zip(submissions, answers, strict=True)
        if sent.product.image and sent.photo_bytes is not None and not isinstance(answer, Accepted)
    }


def _photos(submissions: Iterable[Submission]) -> set[str]:
    """The hashes of their photos."""
    return {sent.product.image for sent in submissions if sent.product.image is not None}
