"""How the service does: `GET /api/monitor`."""

from fastapi import APIRouter

from api.answers.monitor import MonitorAnswer
from api.security import CurrentUser
from api.services import TheServices

router = APIRouter(prefix="/api/monitor", tags=["monitor"])


@router.get("", operation_id="get_monitor", summary="How the service does")
def monitor(_account: CurrentUser, services: TheServices) -> MonitorAnswer:
    """The active bundle, workers, what waits, throughput, latency, accuracy, drift, webhooks and disk, as of `at`.

    It is measured at most once a second, for all who ask.
    """
    return MonitorAnswer.of(services.monitor.latest())
