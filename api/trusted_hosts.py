"""The Host header: requests that are meant for another name are refused before anything looks at them."""

from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import bad_request
from shared.hosts import TrustedHosts, host_of


class TrustedHost:
    """Answers 400 unless the request names, once, a host under which this service is reached.

    Starlette's own middleware for this answers plain text, and takes the first of two Host headers.
    """

    def __init__(self, app: ASGIApp, hosts: TrustedHosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application for a request that is meant for it."""
        if scope["type"] != "http" or self._is_meant(scope):
            await self._app(scope, receive, send)
            return
        refusal = bad_request("INVALID_HOST", "The service is not reached under the name in the Host header.")
        await refusal(scope, receive, send)

    def _is_meant(self, scope: Scope) -> bool:
        named = [value for name, value in scope["headers"] if name == b"host"]
        host = host_of(named[0].decode("latin-1")) if len(named) == 1 else None
        return host is not None and self._hosts.include(host)
