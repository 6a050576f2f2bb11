"""How the service does: `GET /api/monitor`."""

from anyio import to_thread
from fastapi import APIRouter

from api.answers.monitor import MonitorAnswer
from api.security import CurrentUser
from api.services import TheServices

router = APIRouter(prefix="/api/monitor", tags=["monitor"])


@router.get("", operation_id="get_monitor", summary="How the service does")
async def monitor(_account: CurrentUser, services: TheServices) -> MonitorAnswer:
    """The active bundle, workers, what waits, throughput, latency, accuracy, drift, webhooks and disk, as of `at`.

    It is measured at most once a second, for all who ask.
    """
    # In places of its own: who watches must not take the threads from those who work, least of all when all is slow.
    return MonitorAnswer.of(await to_thread.run_sync(services.monitor.latest, limiter=services.looks))
