"""The web page: `GET /` is its one document, and `/ui/` has the scripts and style sheets that it loads."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

UI = Path(__file__).parents[1] / "ui"
FILES_PATH = "/ui"
# Everything from here and nothing inline; photos that the page has fetched are blobs, and texts never become markup.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
# Browsers keep the files and ask whether they are still the same, so that a new version is there at once.
_ASKED_EACH_TIME = {"Cache-Control": "no-cache"}
router = APIRouter()


@router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
def page() -> FileResponse:
    """The page. Who comes without a session signs in there."""
    headers = _ASKED_EACH_TIME | {"Content-Security-Policy": POLICY}
    return FileResponse(UI / "index.html", headers=headers)


class PageFiles(StaticFiles):
    """The page's scripts and style sheets. Their requests are counted together, as those of one route."""

    path = FILES_PATH

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file at this path; raises HTTPException where there is none."""
        scope["route"] = self
        response = await super().get_response(path, scope)
        response.headers.update(_ASKED_EACH_TIME)
        return response


def page_files() -> GZipMiddleware:
    """The application that answers below `FILES_PATH`."""
    return GZipMiddleware(PageFiles(directory=UI))
