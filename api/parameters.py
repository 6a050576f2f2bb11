"""Query and path parameters that several routes take."""

import base64
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from shared.errors import InvalidInput, NotFound
from shared.identifiers import is_id

LIMIT_DEFAULT, LIMIT_MOST = 50, 200


def _plain_number(value: object) -> object:
    if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
        raise ValueError("Input should be a whole number in digits")  # pydantic would take "1_000" and " 7"
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("Input should be a time within the years 1 to 9999 in UTC") from None


def _last_id(cursor: str) -> str:
    """The id behind a cursor. Opaque to callers, so that what a page goes by can change."""
    try:
        last = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        last = ""
    if not is_id(last):
        raise InvalidInput("This is not a cursor of an earlier page.", where="query.cursor", code="INVALID_CURSOR")
    return last


def cursor_after(last: str) -> str:
    """The cursor of the page that begins behind this id."""
    return base64.urlsafe_b64encode(last.encode()).decode()


async def page_start(
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
) -> str | None:
    """The id behind which a page begins (None: at the beginning). Raises InvalidInput for what is no cursor."""
    return None if cursor is None else _last_id(cursor)


def _id(text: str) -> str:
    if not is_id(text):
        raise ValueError("Input should be an id")
    return text


AccountId = Annotated[str, AfterValidator(_id)]
Limit = Annotated[
    int, BeforeValidator(_plain_number), Query(ge=1, le=LIMIT_MOST, description="How many items a page has at most.")
]
Since = Annotated[AwareDatetime, AfterValidator(_in_utc)]


async def path_id(id: Annotated[str, Path()]) -> str:
    """The id in the path. Raises NotFound for what cannot be one: it need not be looked up."""
    if not is_id(id):
        raise NotFound("There is no such thing.")
    return id
