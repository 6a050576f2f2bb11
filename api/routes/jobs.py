"""Jobs: what was submitted, and how far it is."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse

from api.answers.pages import Page
from api.etags import IfNoneMatch, names_tag
from api.job_answers import POLL_SECONDS, answer_for, wanted_job
from api.job_events import job_events
from api.openapi.events import EVENT_STREAM
from api.openapi.headers import headers
from api.parameters import LIMIT_DEFAULT, LIST_PROBLEMS, AccountId, Limit, Since, page_start, path_id
from api.problems import problems
from api.security import CurrentUser
from api.services import TheServices
from shared.answers.jobs import JobAnswer, job_answer
from shared.errors import Forbidden, TooManyRequests
from shared.jobs import JobFilter, jobs_before
from shared.lifecycle import JobStatus
from shared.users import Role

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
EVENTS = "text/event-stream"
UNBUFFERED = {"X-Accel-Buffering": "no"}  # a proxy that collects a whole answer would never send this one on


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


@router.get("", operation_id="list_jobs", responses=problems(403, *LIST_PROBLEMS), summary="List jobs")
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
            jobs, limit, lambda job: job_answer(connection, services.names, job).for_many(), lambda job: job.id
        )


@router.get(
    "/{id}",
    response_model=JobAnswer,
    operation_id="get_job",
    responses={
        200: headers("ETag", sometimes=("Retry-After",)),
        304: {"description": "Unchanged since that version", **headers("ETag", sometimes=("Retry-After",))},
        **problems(404),
    },
    summary="One job",
)
async def one_job(
    account: CurrentUser,
    services: TheServices,
    job_id: Annotated[str, Depends(path_id)],
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> JobAnswer | Response:
    """One job; one of a single product with its prediction."""
    job = await wanted_job(services, account, job_id)
    tag = f'W/"{job.version}"'  # weak: the rate and the place in the queue change between versions
    headers = {"ETag": tag} if job.ended else {"ETag": tag, "Retry-After": POLL_SECONDS}
    if names_tag(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return await answer_for(services, job)


@router.get(
    "/{id}/events",
    response_class=StreamingResponse,
    operation_id="get_job_events",
    responses={
        200: {"description": "`job` events", "content": EVENT_STREAM},
        204: {"description": "The job has ended, and its last event was seen"},
        **problems(404, "429 TOO_MANY_STREAMS"),
    },
    summary="A job's progress",
)
async def events(
    account: CurrentUser,
    services: TheServices,
    job_id: Annotated[str, Depends(path_id)],
    last_event_id: Annotated[
        str,
        Header(description="The id of the last event that was seen: only later versions are sent."),
    ] = "",
) -> Response:
    """The job's progress as server-sent events: `job` snapshots, at most four a second, to the end of the job."""
    job = await wanted_job(services, account, job_id)
    seen = int(last_event_id[:18]) if last_event_id.isascii() and last_event_id.isdecimal() else 0
    if job.ended and seen >= job.version:
        return Response(status_code=204)  # which tells an EventSource not to come back
    with services.places.taken(account.id) as placed:
        if not placed:
            raise TooManyRequests("Too many wait at once.", retry_after=5, code="TOO_MANY_STREAMS")
    return StreamingResponse(job_events(services, account, job, seen), media_type=EVENTS, headers=UNBUFFERED)
