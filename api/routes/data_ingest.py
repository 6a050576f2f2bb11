"""Labelled data in, one product or a whole catalogue: `POST /api/data-ingest`."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response

from api.answers.products import ProductAnswer, product_path
from api.body_limit import product_form_limit, too_large
from api.catalogue_media import is_catalogue
from api.catalogue_query import CatalogueQuery, catalogue_query
from api.catalogue_upload import SentFile, accept_file, file_in, sent_catalogue
from api.file_form import FILE, FileForm
from api.idempotency import idempotency_key
from api.job_answers import accepted_answer
from api.media import MULTIPART, media_type
from api.openapi.catalogue import LABELLED_FILE_BODY, LABELLED_FILE_PROBLEMS
from api.openapi.headers import headers
from api.product_body import LabelledProduct, labelled_form, labelled_product
from api.security import CurrentAdmin
from api.services import Services, TheServices
from shared.answers.jobs import JobAnswer
from shared.errors import NotFound, ShelfwiseError
from shared.image_collection import settle_images
from shared.images import keep_image
from shared.preparation import check_photo
from shared.products import LabelledInput, ProductRecord, product_of, store_product
from shared.usage import Quotas, charge
from shared.users import Account

router = APIRouter(tags=["catalogue"])


@router.post(
    "/api/data-ingest",
    status_code=201,
    response_model=ProductAnswer,
    operation_id="ingest_product",
    responses={
        200: {
            "model": ProductAnswer,
            "description": "The product, in place of the one that had its id",
            **headers("Location"),
        },
        201: {"description": "The product, which is new", **headers("Location")},
        202: {
            "model": JobAnswer,
            "description": "The job of a file, as far as it is",
            **headers("Location", sometimes=("Retry-After", "Idempotency-Replayed")),
        },
        **LABELLED_FILE_PROBLEMS,
    },
    openapi_extra={"requestBody": LABELLED_FILE_BODY},
    summary="Store labelled products",
)
async def ingest(
    admin: CurrentAdmin,
    services: TheServices,
    request: Request,
    response: Response,
    asked: Annotated[CatalogueQuery, Depends(catalogue_query)],
    key: Annotated[str | None, Depends(idempotency_key)],
) -> ProductAnswer | Response:
    """Store a product with its category, for training and for predictions by its id alone; or a file of them.

    A product that has this `product_id` already is replaced whole: what is not sent is not kept. A file is the body
    itself, or `file` in a form, as at `/api/catalogs`; it is read by a job, and the query and the key are for it.
    """
    services.disk.require_space()
    async with _sent(services, admin, request, asked) as sent:
        if isinstance(sent, SentFile):
            accepted = await accept_file(services, admin, "ingest", sent, asked, key)
            return await accepted_answer(services, admin, accepted)
        product, photo_bytes = await _with_stored_photo(services, sent)
    stored, is_new = await to_thread.run_sync(_store, services, admin, product, photo_bytes)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = product_path(stored.id)
    return ProductAnswer.of(stored)


@asynccontextmanager
async def _sent(
    services: Services, admin: Account, request: Request, asked: CatalogueQuery
) -> AsyncIterator[LabelledProduct | SentFile]:
    """The product or the file in the body. Of forms, those that begin with a `file` are files."""
    sent_as = media_type(request.headers.get("content-type"))
    if is_catalogue(sent_as):
        async with sent_catalogue(services, admin, request, asked) as sent:
            yield sent
    elif sent_as == MULTIPART:
        async with services.large_bodies.file_of(request, admin.id) as pieces:
            form = FileForm(pieces, request.headers)
            part = await form.first()
            if part is not None and part.name == FILE:
                async with file_in(form, part, asked) as file:
                    yield file
                return
            async with (
                aclosing(_within(form.from_the_start(), product_form_limit(services.settings))) as product_pieces,
                labelled_form(product_pieces, request.headers, services.settings) as product,
            ):
                yield product
    else:
        async with labelled_product(request, services.settings, services.large_bodies) as product:
            yield product


async def _within(pieces: AsyncGenerator[bytes, None], limit: int) -> AsyncGenerator[bytes, None]:
    """The pieces, as long as they have no more bytes than that. Raises BodyTooLarge."""
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        yield piece


async def _with_stored_photo(services: Services, sent: LabelledProduct) -> tuple[LabelledInput, int]:
    """What was sent, and the size of its photo, which is checked and stored."""
    image, photo_bytes = None, 0
    if sent.photo is not None:
        await to_thread.run_sync(check_photo, sent.photo, limiter=services.photo_checks)
        image, photo_bytes = await to_thread.run_sync(keep_image, services.store, sent.photo)
    product = LabelledInput(sent.product_id, sent.designation, sent.description, sent.image_id, image, sent.code)
    return product, photo_bytes


def _store(
    services: Services, account: Account, product: LabelledInput, photo_bytes: int
) -> tuple[ProductRecord, bool]:
    """Store a product. It counts among the account's of the day; its photo is the service's and counts for nobody."""
    try:
        with services.database.begin() as connection:
            charge(connection, account.id, 1, 0, Quotas.of(services.settings))
            number, is_new = store_product(connection, services.store, product, photo_bytes)
            stored = product_of(connection, number)
    except ShelfwiseError:
        if product.image is not None:  # it has been stored for nothing
            with services.database.begin() as connection:
                settle_images(connection, services.store, {}, {product.image: photo_bytes})
        raise
    if stored is None:
        raise NotFound("There is no such product.")
    return stored, is_new
