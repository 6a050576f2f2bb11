"""A catalogue comes in: its bytes go on to the object store as they arrive, and then there is a job for them."""

import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

from anyio import to_thread
from fastapi import Request

from api.acceptance import note_accepted
from api.body_limit import too_large
from api.catalogue_media import format_of_body, format_of_file
from api.catalogue_query import CatalogueQuery
from api.file_form import FILE, FileForm, Part
from api.media import MULTIPART, media_type
from api.services import Services
from shared.catalogues.source import Format, Source, source_key
from shared.errors import InvalidInput, ShelfwiseError
from shared.identifiers import new_id
from shared.ledger.catalogues import CatalogueSubmission, accept_catalogue, is_submitted
from shared.ledger.submission import Accepted
from shared.logs import current_request
from shared.usage import Quotas, require_room
from shared.users import Account
from shared.webhooks.endpoints import endpoint_named

Kind: TypeAlias = Literal["catalogue", "ingest"]


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that is on its way, and what is said of it."""

    format: Format
    filename: str | None
    content: AsyncGenerator[bytes, None]


@asynccontextmanager
async def sent_catalogue(
    services: Services, account: Account, request: Request, asked: CatalogueQuery
) -> AsyncIterator[SentFile]:
    """The file in a body, or in the form that the body is. Raises InvalidInput and TooManyRequests."""
    sent_as, coding = media_type(request.headers.get("content-type")), request.headers.get("content-encoding")
    if sent_as != MULTIPART:
        file_format = format_of_body(sent_as, coding, asked.format)
        async with services.large_bodies.file_of(request, account.id) as pieces:
            yield SentFile(file_format, None, pieces)
        return
    async with services.large_bodies.file_of(request, account.id) as pieces:
        form = FileForm(pieces, request.headers)
        async with file_in(form, await form.first(), asked) as sent:
            yield sent


@asynccontextmanager
async def file_in(form: FileForm, part: Part | None, asked: CatalogueQuery) -> AsyncIterator[SentFile]:
    """The file in a form, which begins with this part. Raises InvalidInput."""
    if part is None:
        raise InvalidInput(f"The form needs a {FILE}.", where=f"body.{FILE}", code="MISSING_FIELD")
    if part.name != FILE:
        raise InvalidInput(f"There is an unknown field; the only one is {FILE}.", code="UNKNOWN_FIELD")
    file_format = format_of_file(part.filename, part.media_type, asked.format)
    async with aclosing(form.content()) as content:
        yield SentFile(file_format, part.filename, content)


async def accept_file(
    services: Services, account: Account, kind: Kind, sent: SentFile, asked: CatalogueQuery, key: str | None
) -> Accepted:
    """The job of a file, durable when this returns; whatever else comes of it, the file is not kept.

    Raises InvalidInput, BodyTooLarge, Conflict, TooManyRequests, QuotaFull and StorageFull.
    """
    await to_thread.run_sync(_require_welcome, services, account, asked, key)
    source = await _stored(services, sent, asked)
    content_hash = _content_hash(kind, source, asked)
    submission = CatalogueSubmission(
        account.id, kind, asked.name, source, asked.deadline, key, content_hash, asked.webhook_url
    )
    accepted = await to_thread.run_sync(_accept, services, submission)
    note_accepted(services.metrics, accepted, kind)
    if not accepted.replayed:
        services.ringer.ring(accepted.lane, accepted.job_id, current_request())
    return accepted


def _require_welcome(services: Services, account: Account, asked: CatalogueQuery, key: str | None) -> None:
    """Refuse a file before it is stored, but not one that was accepted already: it may have used up what there was."""
    with services.database.read() as connection:
        if key is not None and is_submitted(connection, account.id, key):
            return
        if asked.webhook_url is not None:
            endpoint_named(connection, account.id, asked.webhook_url, "query.webhook_url")
        require_room(connection, account.id, Quotas.of(services.settings))


async def _stored(services: Services, sent: SentFile, asked: CatalogueQuery) -> Source:
    """Store a file, piece by piece. One that does not come to its end, or is empty, leaves nothing behind."""
    stored_as, sha256, size = source_key(new_id()), hashlib.sha256(), 0
    async with services.store.writing(stored_as) as write:
        async for piece in sent.content:
            sha256.update(piece)
            size += len(piece)
            if size > services.settings.max_catalogue_bytes:  # in a form, which may have been one of a larger photo
                raise too_large(services.settings.max_catalogue_bytes)
            await write(piece)
        if size == 0:
            raise InvalidInput("The file is empty.", code="EMPTY_BODY")
    return Source(
        key=stored_as,
        size=size,
        sha256=sha256.hexdigest(),
        format=sent.format,
        filename=sent.filename,
        columns=asked.columns,
        encoding=asked.encoding,
        delimiter=asked.delimiter,
    )


def _accept(services: Services, submission: CatalogueSubmission) -> Accepted:
    """Commit a job whose file would survive a power cut. A file that no job names is removed again."""
    stored_as = submission.source.key
    try:
        services.store.sync([stored_as])
        with services.database.begin() as connection:
            accepted = accept_catalogue(connection, submission, Quotas.of(services.settings))
    except ShelfwiseError:  # after any other error nobody knows whether it was committed
        services.store.delete([stored_as])
        raise
    if accepted.replayed:
        services.store.delete([stored_as])
    return accepted


def _content_hash(kind: Kind, source: Source, asked: CatalogueQuery) -> str:
    """SHA-256 over all that was submitted: what the file is called is not part of it."""
    parts = {
        "kind": kind,
        "name": asked.name,
        "expires_in": asked.deadline.total_seconds(),
        **source.model_dump(mode="json", include={"sha256", "format", "columns", "encoding", "delimiter"}),
        **({} if asked.webhook_url is None else {"webhook_url": asked.webhook_url}),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
