"""Jobs read from the database and put into words: what several routes answer with."""

from collections.abc import Mapping

from anyio import to_thread
from fastapi import Response

from api.security import whose
from api.services import Services
from shared.answers.jobs import JobAnswer, answer_with, job_answer, job_path, predicted_by
from shared.jobs import JobRecord, visible_to
from shared.ledger.submission import Accepted
from shared.users import Account

POLL_SECONDS = "1"
_NO_NAMES: Mapping[int, str] = {}


async def wanted_job(services: Services, account: Account, job_id: str) -> JobRecord:
    """A job that this account may see. Raises NotFound."""
    return visible_to(await services.jobs.ask(job_id), whose(account))


async def accepted_answer(services: Services, account: Account, accepted: Accepted) -> Response:
    """The answer to something that has a job by now: 202, and where the job is found."""
    job = await wanted_job(services, account, accepted.job_id)
    headers = {"Location": job_path(job.id)}
    if accepted.replayed:
        headers["Idempotency-Replayed"] = "true"
    if not job.ended:
        headers["Retry-After"] = POLL_SECONDS
    answer = await answer_for(services, job)
    return Response(answer.model_dump_json(), 202, headers, media_type="application/json")


async def answer_for(services: Services, job: JobRecord) -> JobAnswer:
    """The answer for a job; in a thread only when the names of its categories must be read first."""
    version = predicted_by(job)
    names = _NO_NAMES if version is None else services.names.kept(version)
    if names is None:
        return await to_thread.run_sync(_named, services, job)
    return answer_with(names, job)


def _named(services: Services, job: JobRecord) -> JobAnswer:
    with services.database.read() as connection:
        return job_answer(connection, services.names, job)
