"""How the service does: `GET /api/monitor`, and `GET /api/monitor/history` over the last hours."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query
from pydantic import Field

from api.answers.history import HistoryAnswer
from api.answers.monitor import MonitorAnswer
from api.parameters import PlainNumber
from api.problems import problems
from api.security import CurrentUser
from api.services import TheServices
from shared.monitor.history import MOST_HOURS

router = APIRouter(prefix="/api/monitor", tags=["monitor"])
Hours = Annotated[
    int, Field(ge=1, le=MOST_HOURS), PlainNumber, Query(description="How many hours back, the present one among them.")
]


@router.get("", operation_id="get_monitor", summary="How the service does")
async def monitor(_account: CurrentUser, services: TheServices) -> MonitorAnswer:
    """The active bundle, workers, what waits, throughput, latency, accuracy, drift, webhooks and disk, as of `at`.

    It is measured at most once a second, for all who ask.
    """
    # In places of its own: who watches must not take the threads from those who work, least of all when all is slow.
    return MonitorAnswer.of(await to_thread.run_sync(services.monitor.latest, limiter=services.looks))


@router.get(
    "/history",
    operation_id="get_monitor_history",
    responses=problems(422),
    summary="Throughput and latency over the last hours",
)
async def monitor_history(_account: CurrentUser, services: TheServices, hours: Hours = 1) -> HistoryAnswer:
    """Rows, model calls, ended jobs and latency of the last hours, in at most 60 points of equal width.

    A point begins at a whole multiple of its width on the clock; the last one has not ended. It is read at most once
    in as many seconds as a point has minutes, for all who ask.
    """
    found = await to_thread.run_sync(services.histories[hours].latest, limiter=services.looks)
    return HistoryAnswer.model_validate(found)
