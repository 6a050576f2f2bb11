"""What can be done to a job that is there: cancel it, delete it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.answers.jobs import JobAnswer
from api.job_answers import job_answer
from api.parameters import path_id
from api.problems import problems
from api.security import CurrentUser
from api.services import TheServices
from shared.erasure import delete_job
from shared.jobs import job_by_id
from shared.ledger.cancel import cancel_job
from shared.users import Account, Role

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
JobId = Annotated[str, Depends(path_id)]


@router.post(
    "/{id}/cancel", operation_id="cancel_job", responses=problems(404, "409 JOB_ENDED"), summary="Cancel a job"
)
def cancel(account: CurrentUser, services: TheServices, job_id: JobId) -> JobAnswer:
    """End a job now. Rows that are done keep their predictions; the others get none."""
    with services.database.begin() as connection:
        cancel_job(connection, job_id, _whose(account))
        return job_answer(connection, services.names, job_by_id(connection, job_id))


@router.delete(
    "/{id}",
    status_code=204,
    operation_id="delete_job",
    responses=problems(404, "409 JOB_NOT_ENDED"),
    summary="Delete a job",
)
def delete(account: CurrentUser, services: TheServices, job_id: JobId) -> None:
    """Delete a job that has ended, with its predictions, its file, and the photos that nothing else needs."""
    with services.database.begin() as connection:
        delete_job(connection, job_id, _whose(account))


def _whose(account: Account) -> str | None:
    return None if account.role is Role.ADMIN else account.id
