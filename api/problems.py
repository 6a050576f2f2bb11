"""Every error as `application/problem+json` (RFC 9457), and the one table from errors to statuses."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from shared.errors import (
    BodyTooLarge,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    ShelfwiseError,
    StorageFull,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from shared.logs import get_logger

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "5"
_Error = TypeVar("_Error", bound=Exception)


class FieldProblem(BaseModel):
    """What is wrong with one field of the input."""

    where: str
    code: str
    message: str


class Problem(BaseModel):
    """The body of every error."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Invalid input",
                "status": 422,
                "detail": "A product needs a text or an image.",
                "code": "EMPTY_PRODUCT",
                "errors": [
                    {"where": "body", "code": "EMPTY_PRODUCT", "message": "A product needs a text or an image."}
                ],
            }
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] | None = None


class _Kind(NamedTuple):
    status: int
    title: str
    headers: Mapping[str, str] = {}


_INTERNAL = _Kind(500, "Internal error")
_KINDS: dict[type[ShelfwiseError], _Kind] = {
    InvalidInput: _Kind(422, "Invalid input"),  # BrokenImage and ImageTooLarge too
    UnsupportedMedia: _Kind(415, "Unsupported media type"),
    BodyTooLarge: _Kind(413, "Body too large"),
    Unauthenticated: _Kind(401, "Not signed in", {"WWW-Authenticate": "Bearer"}),
    Forbidden: _Kind(403, "Forbidden"),
    NotFound: _Kind(404, "Not found"),
    Conflict: _Kind(409, "Conflict"),
    StorageFull: _Kind(507, "Out of storage"),
    Unavailable: _Kind(503, "Unavailable", {"Retry-After": RETRY_SECONDS}),
}
TITLES = {kind.status: kind.title for kind in (*_KINDS.values(), _INTERNAL)}


def problem_response(error: ShelfwiseError) -> Response:
    """The answer to an error of ours; one that is not the caller's to know is an internal one."""
    kind = next((_KINDS[parent] for parent in type(error).__mro__ if parent in _KINDS), None)
    if kind is None:
        return internal_error()
    errors = None
    if isinstance(error, InvalidInput):
        errors = [FieldProblem(where=error.where, code=error.code, message=error.message)]
    return _respond(kind, error.code, error.message, errors)


def internal_error() -> Response:
    """The answer to what nobody expected: that it happened, and nothing else."""
    return _respond(_INTERNAL, "INTERNAL", "Something went wrong here; the request's id leads to it in the log.")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's document says of its errors: these statuses, and those that any route can answer."""
    return {status: {"model": Problem, "description": TITLES[status]} for status in (*statuses, 500, 503)}


def add_problem_handlers(app: FastAPI) -> None:
    """Have every error that a route raises answered in the one form."""
    _handle(app, ShelfwiseError, _ours)
    _handle(app, RequestValidationError, _invalid)
    _handle(app, HTTPException, _of_routing)
    _handle(app, ClientDisconnect, _gone)
    for unreachable in (OperationalError, InterfaceError, PoolTimeout):
        _handle(app, unreachable, _no_database)


def _handle(app: FastAPI, kind: type[_Error], answer: Callable[[Request, _Error], Awaitable[Response]]) -> None:
    app.add_exception_handler(kind, cast(Any, answer))  # Starlette's types know of Exception only


def _respond(kind: _Kind, code: str, detail: str, errors: list[FieldProblem] | None = None) -> Response:
    body = Problem(title=kind.title, status=kind.status, detail=detail, code=code, errors=errors)
    content = body.model_dump(exclude_none=True)
    return JSONResponse(content, kind.status, headers=dict(kind.headers), media_type=MEDIA_TYPE)


async def _ours(_request: Request, error: ShelfwiseError) -> Response:
    response = problem_response(error)
    if response.status_code == _INTERNAL.status:
        get_logger().error("request.failed", exc_info=error)
    return response


async def _invalid(_request: Request, error: RequestValidationError) -> Response:
    errors = [_field_problem(found) for found in error.errors()]
    return _respond(_KINDS[InvalidInput], "VALIDATION", "Some of the input is not valid.", errors)


def _field_problem(found: Mapping[str, Any]) -> FieldProblem:
    # The name of an unknown field is the caller's text, and none of that is repeated.
    path = found["loc"][:-1] if found["type"] == "extra_forbidden" else found["loc"]
    message = str(found["msg"]).removeprefix("Value error, ")
    return FieldProblem(where=".".join(map(str, path)), code=str(found["type"]).upper(), message=message)


async def _of_routing(_request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    response = _respond(_Kind(int(status), status.phrase), status.name, f"{status.description or status.phrase}.")
    response.headers.update(error.headers or {})
    return response


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)  # nobody is there to read it


async def _no_database(_request: Request, error: Exception) -> Response:
    get_logger().error("database.unavailable", exc_info=error)
    return problem_response(Unavailable("The database does not answer; try again in a moment."))
