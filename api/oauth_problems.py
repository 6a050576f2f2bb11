"""Errors of the OAuth endpoints: the problem that any route would answer, with RFC 6749's words for it beside.

Their media type is `application/json` and not `application/problem+json`: RFC 6749, 5.2 asks for it, and
oauth4webapi for one does not look into anything else.
"""

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import ConfigDict

from api.basic_auth import tries_basic
from api.problems import TITLES, Problem, problem_response, problems
from shared.errors import InvalidInput, ShelfwiseError, TooManyRequests, Unauthenticated

_CHALLENGE = 'Basic realm="shelfwise"'
_OAUTH_ERRORS: Mapping[str, str] = {  # ours, and RFC 6749, 5.2 (RFC 7009, 2.2.1 for the last)
    "INVALID_REQUEST": "invalid_request",
    "INVALID_CREDENTIALS": "invalid_grant",
    "INVALID_GRANT": "invalid_grant",
    "INVALID_CLIENT": "invalid_client",
    "UNSUPPORTED_GRANT_TYPE": "unsupported_grant_type",
    "UNSUPPORTED_TOKEN_TYPE": "unsupported_token_type",
}
_LATER = "temporarily_unavailable"  # RFC 6749 has no word for 429; this is its nearest (4.1.2.1)


class OAuthProblem(Problem):
    """The body of an error at an OAuth endpoint."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Not signed in",
                "status": 401,
                "detail": "The name or the password is wrong.",
                "code": "INVALID_CREDENTIALS",
                "error": "invalid_grant",
                "error_description": "The name or the password is wrong.",
            }
        }
    )

    error: str
    error_description: str


class OAuthRoute(APIRoute):
    """A route whose errors of ours are answered in the words of RFC 6749."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, with those errors caught."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except (InvalidInput, Unauthenticated, TooManyRequests) as error:
                return _oauth_response(error, tries_basic(request))

        return answer


def oauth_problems(*wanted: int | str) -> dict[int | str, dict[str, Any]]:
    """What the document of such a route says of its errors; as `problems`, in OAuth's form."""
    found = problems(*wanted, media_type="application/json", schema=OAuthProblem.__name__)
    for status, answer in found.items():
        for code, example in answer["content"]["application/json"]["examples"].items():
            value = example["value"]
            value |= {"error": _OAUTH_ERRORS.get(code, _LATER), "error_description": value["detail"]}
            if status == 400:
                value["title"] = TITLES[422]
    return found


def _oauth_response(error: ShelfwiseError, tried_basic: bool) -> Response:
    plain = problem_response(error)
    content = json.loads(bytes(plain.body))
    content |= {"error": _OAUTH_ERRORS.get(error.code, _LATER), "error_description": error.message}
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if isinstance(error, InvalidInput):
        content["status"] = 400
    elif isinstance(error, TooManyRequests):
        headers["Retry-After"] = plain.headers["Retry-After"]
    elif tried_basic:
        headers["WWW-Authenticate"] = _CHALLENGE
    return JSONResponse(content, content["status"], headers)
