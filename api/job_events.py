"""A job's progress as server-sent events: a snapshot at each change, to the end of the job."""

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi.sse import format_sse_event

from api.job_answers import answer_for
from api.services import Services
from shared.jobs import JobRecord
from shared.users import Account

SHORTEST_PAUSE_SECONDS = 0.25  # between two snapshots of one stream
HEARTBEAT_SECONDS = 15
# After so long a stream ends, and its client comes back with a token that is still good, and its Last-Event-ID.
LONGEST_SECONDS = 15 * 60
RETRY_MILLISECONDS = 1_000


async def job_events(services: Services, account: Account, job: JobRecord, seen: int) -> AsyncIterator[bytes]:
    """`job` events with the job's version as id, from past version `seen` on; heartbeats in between."""
    end = time.monotonic() + LONGEST_SECONDS
    with services.places.taken(account.id) as placed:
        yield format_sse_event(retry=RETRY_MILLISECONDS)
        while placed and not services.watch.stopping and time.monotonic() < end:
            if job.version > seen:
                answer = (await answer_for(services, job)).for_many()
                yield format_sse_event(event="job", id=str(job.version), data_str=answer.model_dump_json())
                seen = job.version
                if job.ended:
                    return
                await asyncio.sleep(SHORTEST_PAUSE_SECONDS)
            changed = await services.watch.changed(job.id, seen, HEARTBEAT_SECONDS)
            if not await _may_still(services, account):
                return
            if changed is not None:
                job = changed
            elif await services.jobs.ask(job.id) is None:  # deleted
                return
            else:
                yield format_sse_event(comment="still there")


async def _may_still(services: Services, account: Account) -> bool:
    """Whether the account is what it was when the stream began: neither disabled, nor signed out everywhere."""
    now = await services.accounts.ask(account.id)
    return now is not None and not now.disabled and now.token_version == account.token_version
