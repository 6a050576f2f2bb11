"""Headers of answers, described once."""

from collections.abc import Mapping
from typing import Any

_INTEGER = {"type": "integer", "minimum": 0}
HEADERS: Mapping[str, dict[str, Any]] = {
    "X-Request-ID": {
        "description": "The request's id, under which the log has it: the caller's own if it sent a plain one.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
        "example": "01932d3c-7f3a-7cc2-9d4e-5b1f0f6f2a10",
    },
    "Location": {
        "description": "Where what was made is found.",
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "/api/jobs/01932d3c-7f3a-7cc2-9d4e-5b1f0f6f2a10",
    },
    "Retry-After": {"description": "In how many seconds to ask again.", "schema": _INTEGER, "example": 5},
    "ETag": {
        "description": "This version, for `If-None-Match`.",
        "schema": {"type": "string", "pattern": '^W/"[^"]+"$'},
        "example": 'W/"3"',
    },
    "Preference-Applied": {
        "description": "The wait that was granted (RFC 7240).",
        "schema": {"type": "string", "pattern": "^wait=[0-9]+$"},
        "example": "wait=10",
    },
    "Idempotency-Replayed": {
        "description": "Said when the job is one that an earlier request with this key made.",
        "schema": {"type": "string", "const": "true"},
    },
    "WWW-Authenticate": {
        "description": "How to sign in (RFC 6750, RFC 7617).",
        "schema": {"type": "string", "enum": ["Bearer", 'Basic realm="shelfwise"']},
    },
    "Set-Cookie": {
        "description": "The refresh token as a cookie: HttpOnly, SameSite=Strict, for this path only.",
        "schema": {"type": "string", "pattern": "^shelfwise_refresh="},
        "example": "shelfwise_refresh=…; HttpOnly; Max-Age=2592000; Path=/api/auth/session; SameSite=strict",
    },
    "Cache-Control": {
        "description": "Who may keep the answer, and for how long.",
        "schema": {"type": "string"},
        "example": "private, max-age=86400, immutable",
    },
    "Content-Disposition": {
        "description": "A name for the file.",
        "schema": {"type": "string", "pattern": '^(inline|attachment); filename="[a-z0-9.-]+"$'},
        "example": 'inline; filename="photo-0f343b0931126a20.jpg"',
    },
    "Vary": {
        "description": "Which headers of the request the answer depends on.",
        "schema": {"type": "string"},
        "example": "Accept",
    },
}


def headers(*always: str, sometimes: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a route's document says of an answer's headers: those that each such answer has, and the others."""
    required = {name: {"$ref": f"#/components/headers/{name}"} for name in always}
    return {"headers": {**required, **{name: dict(HEADERS[name]) for name in sometimes}}}
