"""Health, for whoever starts and stops this process; needs no token."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.problems import RETRY_SECONDS
from api.services import Services, TheServices
from shared.disk import require_space
from shared.errors import StorageFull
from shared.schema import is_usable

router = APIRouter(prefix="/health", tags=["health"])


class Live(BaseModel):
    """The process runs."""

    live: bool = True


class Ready(BaseModel):
    """Whether work can be accepted now, and if not, for want of what.

    `checks`: the `database` can be written, its `schema` is one that this code works on, the `disk` has room.
    """

    ready: bool
    checks: dict[str, bool]


@router.get("/live", operation_id="get_liveness", summary="Whether the process runs")
async def live() -> Live:
    """Whether the process runs: on the event loop, so that it answers also when every thread is busy."""
    return Live()


@router.get(
    "/ready",
    operation_id="get_readiness",
    responses={503: {"model": Ready, "description": "Not ready"}},
    summary="Whether the service can accept work",
)
def ready(services: TheServices, response: Response) -> Ready:
    """Whether the service can accept work."""
    checks = _checks(services)
    answer = Ready(ready=all(checks.values()), checks=checks)
    if not answer.ready:
        response.status_code = 503
        response.headers["Retry-After"] = RETRY_SECONDS
    return answer


def _checks(services: Services) -> dict[str, bool]:
    return {
        "database": services.database.is_writable(),
        "schema": is_usable(services.database),
        "disk": _has_space(services),
    }


def _has_space(services: Services) -> bool:
    try:
        require_space(services.settings.data_dir, services.settings.disk_reserve_bytes)
    except StorageFull:
        return False
    return True
