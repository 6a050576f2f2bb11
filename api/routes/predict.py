"""One product, from request to queue, and to its answer for those who wait: `POST /api/predict`."""

from typing import Annotated, BinaryIO

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response

from api.idempotency import idempotency_key
from api.job_answers import POLL_SECONDS, answer_for, wanted_job
from api.openapi.headers import headers
from api.openapi.product import PRODUCT_BODY, PRODUCT_PROBLEMS
from api.product_body import SubmittedProduct, submitted_product
from api.security import CurrentUser
from api.services import Services, TheServices
from api.waiting import preferred_wait
from shared.answers.jobs import JobAnswer, job_path
from shared.errors import InvalidInput
from shared.images import keep_image
from shared.jobs import JobRecord
from shared.ledger.submission import ProductInput
from shared.preparation import check_photo
from shared.products import product_input
from shared.usage import Quotas, require_room
from shared.users import Account

router = APIRouter(tags=["predictions"])


@router.post(
    "/api/predict",
    status_code=202,
    response_model=JobAnswer,
    operation_id="predict",
    responses={
        200: {
            "model": JobAnswer,
            "description": "The job, which ended while the caller waited",
            **headers("Location", "Preference-Applied", sometimes=("Idempotency-Replayed",)),
        },
        202: {
            "description": "The job, as far as it is",
            **headers("Location", sometimes=("Preference-Applied", "Idempotency-Replayed", "Retry-After")),
        },
        **PRODUCT_PROBLEMS,
    },
    openapi_extra={"requestBody": PRODUCT_BODY},
    summary="Submit a product",
)
async def predict(
    account: CurrentUser,
    services: TheServices,
    request: Request,
    response: Response,
    key: Annotated[str | None, Depends(idempotency_key)],
    seconds: Annotated[int, Depends(preferred_wait)],
) -> JobAnswer:
    """Accept a product, as text, photo or both. Its category is at the job's address a moment later."""
    services.disk.require_space()
    async with submitted_product(request, services.settings, services.large_bodies) as sent:
        product, photo_bytes = await _product(services, account, sent)
    accepted = await services.intake.accept(account.id, product, photo_bytes, key, sent.webhook_url)
    job = await _waited_for(services, account, accepted.job_id, seconds)
    response.status_code = 200 if seconds and job.ended else 202
    response.headers["Location"] = job_path(job.id)
    if seconds:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    if accepted.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    if not job.ended:
        response.headers["Retry-After"] = POLL_SECONDS
    return await answer_for(services, job)


async def _product(services: Services, account: Account, sent: SubmittedProduct) -> tuple[ProductInput, int | None]:
    """What was sent, and the size of its photo, which is checked and stored; for an id alone, what is held under it."""
    if sent.is_id_alone:
        return await to_thread.run_sync(_stored, services, sent), None
    image = photo_bytes = None
    if sent.photo is not None:
        await to_thread.run_sync(check_photo, sent.photo, limiter=services.photo_checks)
        image, photo_bytes = await to_thread.run_sync(_keep, services, account, sent.photo)
    return ProductInput(sent.product_id, sent.designation, sent.description, image, sent.image_url), photo_bytes


def _keep(services: Services, account: Account, photo: BinaryIO) -> tuple[str, int]:
    with services.database.read() as connection:
        require_room(connection, account.id, Quotas.of(services.settings))
    return keep_image(services.store, photo)


def _stored(services: Services, sent: SubmittedProduct) -> ProductInput:
    with services.database.read() as connection:
        product = product_input(connection, sent.product_id or "")
    if product is None:
        raise InvalidInput(
            "There is no stored product of this id; send a text or an image along.",
            where="body.product_id",
            code="UNKNOWN_PRODUCT",
        )
    return product


async def _waited_for(services: Services, account: Account, job_id: str, seconds: int) -> JobRecord:
    """The job once it has ended, or as it is when the time is over or too many wait already."""
    if seconds:
        with services.places.taken(account.id) as placed:
            job = await services.watch.ended(job_id, seconds) if placed else None
        if job is not None:
            return job
    return await wanted_job(services, account, job_id)
