"""A whole catalogue, from request to queue: `POST /api/catalogs`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.catalogue_query import CatalogueQuery, catalogue_query
from api.catalogue_upload import accept_file, sent_catalogue
from api.idempotency import idempotency_key
from api.job_answers import accepted_answer
from api.openapi.catalogue import CATALOGUE_BODY, CATALOGUE_PROBLEMS
from api.openapi.headers import headers
from api.security import CurrentUser
from api.services import TheServices
from shared.answers.jobs import JobAnswer

router = APIRouter(tags=["predictions"])


@router.post(
    "/api/catalogs",
    status_code=202,
    response_model=JobAnswer,
    operation_id="submit_catalogue",
    responses={
        202: {
            "description": "The job, as far as it is",
            **headers("Location", sometimes=("Retry-After", "Idempotency-Replayed")),
        },
        **CATALOGUE_PROBLEMS,
    },
    openapi_extra={"requestBody": CATALOGUE_BODY},
    summary="Submit a catalogue",
)
async def submit(
    account: CurrentUser,
    services: TheServices,
    request: Request,
    asked: Annotated[CatalogueQuery, Depends(catalogue_query)],
    key: Annotated[str | None, Depends(idempotency_key)],
) -> Response:
    """Accept a file of products: the body itself, or `file` in a form. Its rows are read and predicted by a job.

    What is wrong with single rows, or with the whole file, is found while it is read, and said by the job.
    """
    services.disk.require_space()
    async with sent_catalogue(services, account, request, asked) as sent:
        accepted = await accept_file(services, account, "catalogue", sent, asked, key)
    return await accepted_answer(services, account, accepted)
