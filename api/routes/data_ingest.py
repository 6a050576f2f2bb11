"""Labelled data in: `POST /api/data-ingest`."""

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from api.answers.products import ProductAnswer, product_path
from api.openapi.headers import headers
from api.openapi.product import LABELLED_BODY, LABELLED_PROBLEMS
from api.product_body import LabelledProduct, labelled_product
from api.security import CurrentAdmin
from api.services import Services, TheServices
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
        **LABELLED_PROBLEMS,
    },
    openapi_extra={"requestBody": LABELLED_BODY},
    summary="Store a labelled product",
)
async def ingest(admin: CurrentAdmin, services: TheServices, request: Request, response: Response) -> ProductAnswer:
    """Store a product with its category, for training and for predictions by its id alone.

    A product that has this `product_id` already is replaced whole: what is not sent is not kept.
    """
    services.disk.require_space()
    async with labelled_product(request, services.settings, services.large_bodies) as sent:
        product, photo_bytes = await _with_stored_photo(services, sent)
    stored, is_new = await to_thread.run_sync(_store, services, admin, product, photo_bytes)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = product_path(stored.id)
    return ProductAnswer.of(stored)


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
