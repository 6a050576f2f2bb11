"""What can be done to a job that is there: cancel it, delete it, run its rows again."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.acceptance import note_accepted
from api.job_answers import POLL_SECONDS
from api.openapi.headers import headers
from api.parameters import path_id
from api.problems import problems
from api.security import CurrentUser, whose
from api.services import Services, TheServices
from shared.answers.jobs import JobAnswer, job_answer, job_path
from shared.erasure import delete_job
from shared.errors import Forbidden
from shared.jobs import JobRecord, job_by_id
from shared.lanes import WEBHOOKS
from shared.ledger.cancel import cancel_job
from shared.ledger.catalogues import rerun_job
from shared.logs import current_request
from shared.usage import Quotas
from shared.users import Account, Role

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
JobId = Annotated[str, Depends(path_id)]
_AGAIN = (403, 404, "409 JOB_NOT_ENDED", "409 ROWS_GONE", "429 QUOTA_ROWS", "507 QUOTA_STORED_BYTES", 507)


@router.post(
    "/{id}/cancel", operation_id="cancel_job", responses=problems(404, "409 JOB_ENDED"), summary="Cancel a job"
)
def cancel(account: CurrentUser, services: TheServices, job_id: JobId) -> JobAnswer:
    """End a job now. Rows that are done keep their predictions; the others get none."""
    with services.database.begin() as connection:
        canceled = cancel_job(connection, job_id, whose(account))
        answer = job_answer(connection, services.names, job_by_id(connection, job_id))
    services.metrics.ended(canceled)
    if canceled.to_tell:
        services.ringer.ring(WEBHOOKS)
    return answer


@router.post(
    "/{id}/retry",
    status_code=202,
    operation_id="retry_job",
    responses={
        202: {"description": "The new job", **headers("Location", "Retry-After")},
        **problems("409 NOTHING_FAILED", *_AGAIN),
    },
    summary="Run a job's failed rows again",
)
def retry(account: CurrentUser, services: TheServices, job_id: JobId, response: Response) -> JobAnswer:
    """Make a job of the rows of an ended one that have failed. They keep their numbers."""
    return _again(account, services, job_id, response, failed_only=True)


@router.post(
    "/{id}/rerun",
    status_code=202,
    operation_id="rerun_job",
    responses={
        202: {"description": "The new job", **headers("Location", "Retry-After")},
        **problems(*_AGAIN),
    },
    summary="Run a whole job again",
)
def rerun(account: CurrentUser, services: TheServices, job_id: JobId, response: Response) -> JobAnswer:
    """Make a job of all rows of an ended one, for the bundle that is active now.

    A catalogue's new job counts in `changes` how many rows came to another category than before.
    """
    return _again(account, services, job_id, response, failed_only=False)


@router.delete(
    "/{id}",
    status_code=204,
    operation_id="delete_job",
    responses=problems(404, "409 JOB_NOT_ENDED", "409 JOB_IN_USE"),
    summary="Delete a job",
)
def delete(account: CurrentUser, services: TheServices, job_id: JobId) -> None:
    """Delete a job that has ended, with its predictions, its file, and the photos that nothing else needs."""
    with services.database.begin() as connection:
        delete_job(connection, job_id, whose(account))


def _again(account: Account, services: Services, job_id: str, response: Response, *, failed_only: bool) -> JobAnswer:
    services.disk.require_space()
    settings = services.settings
    deadline, quotas = timedelta(seconds=settings.job_deadline_seconds), Quotas.of(settings)
    with services.database.begin() as connection:
        _require_right(account, job_by_id(connection, job_id, whose(account)))
        accepted = rerun_job(
            connection, services.store, job_id, whose(account), deadline, quotas, failed_only=failed_only
        )
        answer = job_answer(connection, services.names, job_by_id(connection, accepted.job_id))
    note_accepted(services.metrics, accepted, answer.kind)
    services.ringer.ring(accepted.lane, accepted.job_id, current_request())
    response.headers["Location"] = job_path(accepted.job_id)
    response.headers["Retry-After"] = POLL_SECONDS
    return answer


def _require_right(account: Account, job: JobRecord) -> None:
    """Labelled data is for administrators, also for who has been one when it was sent. Raises Forbidden."""
    if job.kind == "ingest" and account.role is not Role.ADMIN:
        raise Forbidden(f"Labelled data needs the role {Role.ADMIN}.")
