"""Jobs: what was submitted, and how far it is."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Response

from api.answers.jobs import JobAnswer
from api.answers.pages import Page
from api.etags import names_tag
from api.job_answers import job_answer
from api.parameters import LIMIT_DEFAULT, AccountId, Limit, Since, page_start, path_id
from api.problems import problems
from api.security import CurrentUser
from api.services import TheServices
from shared.errors import Forbidden
from shared.jobs import JobFilter, job_by_id, jobs_before
from shared.lifecycle import JobStatus
from shared.users import Role

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
POLL_SECONDS = "1"


async def wanted_jobs(
    account: CurrentUser,
    status: JobStatus | None = None,
    kind: Literal["product", "catalogue", "ingest"] | None = None,
    since: Annotated[Since | None, Query(description="Only jobs made at this time or later.")] = None,
    owner: Annotated[AccountId | None, Query(description="An account's id; administrators may name another's.")] = None,
) -> JobFilter:
    """The filter of a list of jobs. Raises Forbidden for others' jobs."""
    if owner not in (None, account.id) and account.role is not Role.ADMIN:
        raise Forbidden("Only administrators see the jobs of others.")
    return JobFilter(owner or account.id, status, kind, since)


@router.get("", responses=problems(401, 403, 422))
def list_jobs(
    wanted: Annotated[JobFilter, Depends(wanted_jobs)],
    services: TheServices,
    start: Annotated[str | None, Depends(page_start)],
    limit: Limit = LIMIT_DEFAULT,
) -> Page[JobAnswer]:
    """Own jobs, newest first."""
    with services.database.read() as connection:
        jobs = jobs_before(connection, wanted, start, limit + 1)
        return Page[JobAnswer].of(
            jobs, limit, lambda job: job_answer(connection, services.names, job), lambda job: job.id
        )


@router.get(
    "/{id}",
    response_model=JobAnswer,
    responses={**problems(401, 404), 304: {"description": "Unchanged since that version"}},
)
def one_job(
    account: CurrentUser,
    services: TheServices,
    job_id: Annotated[str, Depends(path_id)],
    response: Response,
    if_none_match: Annotated[str | None, Header()] = None,
) -> JobAnswer | Response:
    """One job; one of a single product with its prediction."""
    owner_id = None if account.role is Role.ADMIN else account.id
    with services.database.read() as connection:
        job = job_by_id(connection, job_id, owner_id)
        answer = job_answer(connection, services.names, job)
    tag = f'W/"{job.version}"'  # weak: the rate and the place in the queue change between versions
    headers = {"ETag": tag} if job.ended else {"ETag": tag, "Retry-After": POLL_SECONDS}
    if names_tag(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return answer
