"""The last resort: what no handler knew becomes a 500 that tells nothing, and a line in the log that tells all."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import internal_error
from shared.logs import get_logger


class LastResort:
    """Answers for exceptions that nobody else answered for.

    Starlette's own handler for them stands outside all other middleware, where its answers would get neither
    a request id nor the security headers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, and answer for it if it cannot."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            if scope["type"] != "http" or started:
                raise
            get_logger().error("request.failed", exc_info=error)
            await internal_error()(scope, receive, send)
