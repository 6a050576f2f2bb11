"""Metrics for Prometheus: `GET /metrics`."""

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from api.openapi.about import METRICS
from api.problems import problems
from api.services import TheServices
from shared.errors import Unauthenticated
from shared.metrics.access import REFUSAL, may_read
from shared.metrics.registry import rendered

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    operation_id="get_metrics",
    response_class=Response,
    responses={
        200: {"description": "The metrics", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **problems(401),
    },
    openapi_extra={"security": [{METRICS: []}, {}]},
    summary="Metrics for Prometheus",
)
async def metrics(request: Request, services: TheServices) -> Response:
    """Metrics of this process, and of the queue, the database and the disk.

    For the machine itself, and from elsewhere for who sends SHELFWISE_METRICS_TOKEN as a bearer token. In Prometheus's
    text format, or in another one of Prometheus's that `Accept` names.
    """
    peer = request.client.host if request.client else None
    if not may_read(services.settings.metrics_token, peer, request.headers.items()):
        raise Unauthenticated(REFUSAL)
    accept = request.headers.get("accept", "")
    # In a place of its own: a scrape must not wait for the threads that it is to tell about.
    text, media_type = await to_thread.run_sync(rendered, services.metrics.registry, accept, limiter=services.scrapes)
    return Response(text, media_type=media_type)
