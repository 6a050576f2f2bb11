"""What only some answers carry: browsers are told to stay on https when they came by it."""

import anyio
import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.security_headers import SecurityHeaders


async def ask(url: str, **headers: str) -> httpx.Headers:
    """The headers of an application that answers with these, behind ours."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(headers=headers)(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(SecurityHeaders(application))) as client:
        return (await client.get(url)).headers


@pytest.mark.parametrize(("scheme", "said"), [("https", "max-age=31536000"), ("http", None)])
def test_browsers_that_came_by_https_stay_there(scheme: str, said: str | None) -> None:
    assert anyio.run(ask, f"{scheme}://localhost/").get("strict-transport-security") == said


def test_what_a_route_says_itself_stays() -> None:
    async def with_its_own() -> httpx.Headers:
        return await ask("http://localhost/api/x", **{"Cache-Control": "private", "Content-Security-Policy": "own"})

    headers = anyio.run(with_its_own)

    assert (headers["cache-control"], headers["content-security-policy"]) == ("private", "own")
    assert headers["x-content-type-options"] == "nosniff"
