"""One product, from request to queue: `POST /api/predict`."""

from datetime import timedelta
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from api.answers.jobs import JobAnswer, job_path
from api.job_answers import job_answer
from api.json_body import JSON
from api.problems import problems
from api.product_body import MULTIPART, SubmittedProduct, submitted_product
from api.routes.jobs import POLL_SECONDS
from api.security import CurrentUser
from api.services import Services, TheServices
from shared.disk import require_space
from shared.images import keep_image, touch_image
from shared.jobs import job_by_id
from shared.lanes import Lane
from shared.ledger.accept import ProductInput, accept_product
from shared.preparation import check_photo

router = APIRouter(tags=["predictions"])

_TEXTS = {name: {"type": "string"} for name in ("product_id", "designation", "description")}
_EXAMPLE = {
    "product_id": "3804725264",
    "designation": "Piscine gonflable ronde 3 m",
    "description": "Bleue, avec pompe.",
}


def _document(image: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": {"type": "object", "properties": {**_TEXTS, "image": image}, "additionalProperties": False},
        "example": _EXAMPLE,
    }


_BODY = {
    "required": True,
    "content": {
        JSON: _document({"type": "string", "contentEncoding": "base64"}),
        MULTIPART: _document({"type": "string", "format": "binary"}),
    },
}


@router.post(
    "/api/predict",
    status_code=202,
    responses=problems(401, 413, 415, 422, 507),
    openapi_extra={"requestBody": _BODY},
)
async def predict(account: CurrentUser, services: TheServices, request: Request, response: Response) -> JobAnswer:
    """Accept a product, as text, photo or both. Its category is at the job's address a moment later."""
    settings = services.settings
    await to_thread.run_sync(require_space, settings.data_dir, settings.disk_reserve_bytes)
    async with submitted_product(request, settings) as product:
        if product.photo is not None:
            await to_thread.run_sync(check_photo, product.photo, limiter=services.photo_checks)
        job = await to_thread.run_sync(_accept, services, account.id, product)
    response.headers["Location"] = job_path(job.id)
    response.headers["Retry-After"] = POLL_SECONDS
    return job


def _accept(services: Services, owner_id: str, sent: SubmittedProduct) -> JobAnswer:
    """Store the photo, commit job, batch and row, and only then ring."""
    photo = None if sent.photo is None else keep_image(services.store, sent.photo)
    product = ProductInput(sent.product_id, sent.designation, sent.description, None if photo is None else photo[0])
    deadline = timedelta(seconds=services.settings.job_deadline_seconds)
    with services.database.begin() as connection:
        if photo is not None:
            touch_image(connection, *photo)
        job_id = accept_product(connection, owner_id, product, deadline)
    services.ringer.ring(Lane.INTERACTIVE, job_id)
    with services.database.read() as connection:
        return job_answer(connection, services.names, job_by_id(connection, job_id))
