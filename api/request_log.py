"""One line in the log per request, an id that ties all its lines together, and what is counted of it."""

import re
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import ApiMetrics
from shared.identifiers import new_id
from shared.logs import get_logger

_CALLERS_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestLog:
    """Gives each request an id (the caller's own if it is a plain one) and logs what became of it.

    Neither the query nor a header is logged: they may hold what is nobody else's business.
    """

    def __init__(self, app: ASGIApp, metrics: ApiMetrics) -> None:
        self._app = app
        self._metrics = metrics
        self._log = get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application under a request id, and log how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        request_id = asked if _CALLERS_ID.fullmatch(asked) else new_id()
        started, status = time.perf_counter(), 500

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, with_id)
            finally:
                seconds = time.perf_counter() - started
                self._metrics.answered(scope, status, seconds)
                took = round(seconds * 1000, 1)
                self._log.info("request", method=scope["method"], path=scope["path"], status=status, ms=took)
