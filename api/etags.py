"""Entity tags (RFC 9110, 8.8.3)."""

from typing import Annotated

from fastapi import Header

IfNoneMatch = Annotated[
    str | None,
    Header(
        description="The `ETag` of an earlier answer: 304 if it is still the same.",
        json_schema_extra={"example": 'W/"3"'},
    ),
]


def names_tag(if_none_match: str | None, tag: str) -> bool:
    """Whether an If-None-Match header names this tag, weak or not."""
    wanted = (if_none_match or "").split(",")
    return any(given.strip() == "*" or _opaque(given) == _opaque(tag) for given in wanted)


def _opaque(tag: str) -> str:
    return tag.strip().removeprefix("W/")
