"""Headers that every answer carries, whoever wrote it."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_OF_THE_API = [*_ALWAYS, (b"cache-control", b"no-store")]
_OVER_HTTPS = (b"strict-transport-security", b"max-age=31536000")  # a year; subdomains may be somebody else's


class SecurityHeaders:
    """Adds what a route has not said otherwise: no sniffing, no referrer, nothing to load, nothing to keep.

    Over https, browsers are told to stay there (RFC 6797 has them ignore that over http).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, and add to what it answers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                message["headers"].extend(header for header in _headers(scope) if header[0] not in said)
            await send(message)

        await self._app(scope, receive, with_headers)


def _headers(scope: Scope) -> Sequence[tuple[bytes, bytes]]:
    headers = _OF_THE_API if scope["path"].startswith("/api") else _ALWAYS
    return [*headers, _OVER_HTTPS] if scope["scheme"] == "https" else headers
