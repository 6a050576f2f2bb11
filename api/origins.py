"""Where this service is, as a request sees it, and whether the request comes from a page of its own."""

from fastapi import Request

from shared.errors import Forbidden


def own_origin(request: Request) -> str:
    """Scheme and host under which this request was sent (behind a trusted proxy: as the proxy was reached)."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}".lower()


async def same_origin(request: Request) -> None:
    """Raise Forbidden unless the browser says that a page of this service sends this.

    Browsers put both headers on by themselves, and no page can change them.
    """
    from_here = request.headers.get("origin", "").lower() == own_origin(request)
    if not (from_here or request.headers.get("sec-fetch-site") == "same-origin"):
        raise Forbidden("This call is for the service's own page.", code="CROSS_ORIGIN")
