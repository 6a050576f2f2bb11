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
from starlette.routing import compile_path

from api.openapi.codes import CODES
from shared.disk import FULL, is_full
from shared.errors import (
    BodyTooLarge,
    Conflict,
    Forbidden,
    Gone,
    InvalidInput,
    NotFound,
    ShelfwiseError,
    StorageFull,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from shared.logs import get_logger

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = "5"
ROOM_SECONDS = "60"  # nobody frees a disk within seconds
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
_INTERNAL_CODE, _INVALID = "INTERNAL", "VALIDATION"
_KINDS: dict[type[ShelfwiseError], _Kind] = {
    InvalidInput: _Kind(422, "Invalid input"),  # BrokenImage and ImageTooLarge too
    UnsupportedMedia: _Kind(415, "Unsupported media type"),
    BodyTooLarge: _Kind(413, "Body too large"),
    Unauthenticated: _Kind(401, "Not signed in", {"WWW-Authenticate": "Bearer"}),
    Forbidden: _Kind(403, "Forbidden"),
    NotFound: _Kind(404, "Not found"),
    Gone: _Kind(410, "Gone"),
    Conflict: _Kind(409, "Conflict"),
    TooManyRequests: _Kind(429, "Too many requests"),
    StorageFull: _Kind(507, "Out of storage", {"Retry-After": ROOM_SECONDS}),  # QuotaFull too
    Unavailable: _Kind(503, "Unavailable", {"Retry-After": RETRY_SECONDS}),
}
_BAD_REQUEST = _Kind(400, "Bad request")
_NO_ADDRESS = "Nothing is at this address. The API is below /api, and GET /api/openapi.json describes it."
TITLES = {kind.status: kind.title for kind in (*_KINDS.values(), _INTERNAL, _BAD_REQUEST)}
_GENERAL_CODES = {**{kind.status: error.code for error, kind in _KINDS.items()}, 422: _INVALID, 500: _INTERNAL_CODE}


def problem_response(error: ShelfwiseError) -> Response:
    """The answer to an error of ours; one that is not the caller's to know is an internal one."""
    kind = next((_KINDS[parent] for parent in type(error).__mro__ if parent in _KINDS), None)
    if kind is None:
        return internal_error()
    errors = None
    if isinstance(error, InvalidInput):
        errors = [FieldProblem(where=error.where, code=error.code, message=error.message)]
    response = _respond(kind, error.code, error.message, errors)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def internal_error() -> Response:
    """The answer to what nobody expected: that it happened, and nothing else."""
    return _respond(_INTERNAL, _INTERNAL_CODE, "Something went wrong here; the request's id leads to it in the log.")


def bad_request(code: str, detail: str) -> Response:
    """The answer to a request that is wrong before any route has a look at it."""
    return _respond(_BAD_REQUEST, code, detail)


def problems(*wanted: int | str, media_type: str = MEDIA_TYPE, schema: str = "Problem") -> dict[int | str, Any]:
    """What a route's document says of its errors: each as `409 JOB_ENDED`, or as a status with its general code.

    The document adds those that any call answers.
    """
    found: dict[int | str, Any] = {}
    for each in wanted:
        status, code = _status_and_code(each)
        reference = {"$ref": f"#/components/schemas/{schema}"}
        content = {media_type: {"schema": reference, "examples": {}}}
        answer = found.setdefault(status, {"description": title_of(status), "content": content})
        answer["content"][media_type]["examples"][code] = {"value": example_of(status, code)}
    return found


def example_of(status: int, code: str) -> dict[str, Any]:
    """A problem with this code, as the document shows it."""
    said = CODES[code]
    errors = None
    if said.where is not None:
        errors = [FieldProblem(where=said.where, code=said.field_code or code, message=said.detail)]
    problem = Problem(title=title_of(status), status=status, detail=said.detail, code=code, errors=errors)
    return problem.model_dump(exclude_none=True)


def title_of(status: int) -> str:
    """The title of the problems with this status."""
    return TITLES.get(status) or HTTPStatus(status).phrase


def _status_and_code(wanted: int | str) -> tuple[int, str]:
    if isinstance(wanted, int):
        return wanted, _GENERAL_CODES[wanted]
    status, code = wanted.split()
    return int(status), code


def add_problem_handlers(app: FastAPI) -> None:
    """Have every error that a route raises answered in the one form."""
    _handle(app, ShelfwiseError, _ours)
    _handle(app, RequestValidationError, _invalid)
    _handle(app, HTTPException, _of_routing)
    _handle(app, ClientDisconnect, _gone)
    for unreachable in (OperationalError, InterfaceError, PoolTimeout):
        _handle(app, unreachable, _no_database)
    _handle(app, OSError, _of_the_system)


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
    return _respond(_KINDS[InvalidInput], _INVALID, "Some of the input is not valid.", errors)


def _field_problem(found: Mapping[str, Any]) -> FieldProblem:
    # The name of an unknown field is the caller's text, and none of that is repeated.
    path = found["loc"][:-1] if found["type"] == "extra_forbidden" else found["loc"]
    message = str(found["msg"]).removeprefix("Value error, ")
    return FieldProblem(where=".".join(map(str, path)), code=str(found["type"]).upper(), message=message)


async def _of_routing(request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    detail = _NO_ADDRESS if status == HTTPStatus.NOT_FOUND else f"{status.description or status.phrase}."
    response = _respond(_Kind(int(status), status.phrase), status.name, detail)
    response.headers.update(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(sorted(_methods_of(request)))
    return response


def _methods_of(request: Request) -> set[str]:
    """The methods of this path: Starlette names those of the first route that has it."""
    paths, path = request.app.openapi()["paths"], request.scope["path"]
    operations = paths.get(path) or next(of for each, of in paths.items() if compile_path(each)[0].match(path))
    return {method.upper() for method in operations}


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)  # nobody is there to read it


async def _no_database(_request: Request, error: Exception) -> Response:
    get_logger().error("database.unavailable", exc_info=error)
    if is_full(error):
        return problem_response(StorageFull(FULL))
    return problem_response(Unavailable("The database does not answer; try again in a moment."))


async def _of_the_system(_request: Request, error: OSError) -> Response:
    if not is_full(error):
        raise error
    get_logger().error("disk.full", exc_info=error)
    return problem_response(StorageFull(FULL))
