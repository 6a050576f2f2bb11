"""Query and path parameters that several routes take."""

import base64
import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, JsonValue, WithJsonSchema

from shared.bundle import VERSION_PATTERN
from shared.errors import InvalidInput, NotFound
from shared.identifiers import ID_PATTERN, is_id

LIMIT_DEFAULT, LIMIT_MOST = 50, 200
LIST_PROBLEMS = (422, "422 INVALID_CURSOR")  # what a list can answer to its parameters
LARGEST_NUMBER = 2**63 - 1  # that a column of serial numbers holds
LARGEST_CODE = 2**31 - 1  # that a column of categories holds

_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?", re.IGNORECASE)
_DATE_AND_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:.*")
_HASH = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(VERSION_PATTERN.strip("^$"))
_FLAGS = ("true", "false")
ID_SCHEMA: dict[str, JsonValue] = {"format": "uuid", "pattern": f"^{ID_PATTERN}$"}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _plain_number(value: object) -> object:
    if isinstance(value, str) and not _is_number(value):
        raise ValueError("Input should be a whole number in digits")  # pydantic would take "1_000" and " 7"
    return value


def _plain_decimal(value: object) -> object:
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise ValueError("Input should be a decimal number like 0.75")  # pydantic would take "nan", "1_0" and " 7"
    return value


def _plain_flag(value: object) -> object:
    if isinstance(value, str) and value not in _FLAGS:
        raise ValueError("Input should be true or false")  # pydantic would take "on", "1" and "Y"
    return value


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("Input should be text")  # PostgreSQL cannot even compare with it
    return text


def _date_and_time(value: object) -> object:
    if isinstance(value, str) and not _DATE_AND_TIME.fullmatch(value):
        raise ValueError("Input should be a date and a time like 2026-11-20T09:30:00Z")  # pydantic would take "0.5"
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("Input should be a time within the years 1 to 9999 in UTC") from None


def no_cursor() -> InvalidInput:
    """What is said of a cursor that no page has given."""
    return InvalidInput("This is not a cursor of an earlier page.", where="query.cursor", code="INVALID_CURSOR")


def place_of(cursor: str) -> str:
    """What is behind a cursor. Opaque to callers, so that what a page goes by can change. Raises InvalidInput."""
    try:
        return base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        raise no_cursor() from None


def cursor_after(last: str) -> str:
    """The cursor of the page that begins behind this id, or this place in a numbered list."""
    return base64.urlsafe_b64encode(last.encode()).decode()


Cursor = Annotated[
    str | None,
    Query(description="`next_cursor` of the page before.", json_schema_extra={"pattern": "^[A-Za-z0-9_=-]+$"}),
]


async def page_start(cursor: Cursor = None) -> str | None:
    """The id behind which a page begins (None: at the beginning). Raises InvalidInput for what is no cursor."""
    if cursor is None:
        return None
    last = place_of(cursor)
    if not is_id(last):
        raise no_cursor()
    return last


async def numbered_page_start(cursor: Cursor = None) -> int | None:
    """The same in a list that goes by numbers."""
    if cursor is None:
        return None
    last = serial_number(place_of(cursor))
    if last is None:
        raise no_cursor()
    return last


async def release_page_start(cursor: Cursor = None) -> str | None:
    """The same in the list of bundles, which goes by their versions."""
    if cursor is None:
        return None
    last = place_of(cursor)
    if not _VERSION.fullmatch(last):
        raise no_cursor()
    return last


async def path_number(
    id: Annotated[str, Path(json_schema_extra={"pattern": "^[0-9]{1,19}$"})],
) -> int:
    """The number in the path. Raises NotFound for what cannot be one: it need not be looked up."""
    number = serial_number(id)
    if number is None:
        raise NotFound("There is no such thing.")
    return number


def serial_number(text: str) -> int | None:
    """A serial number, if that is what it is."""
    if not _is_number(text) or len(text) > len(str(LARGEST_NUMBER)) or int(text) > LARGEST_NUMBER:
        return None
    return int(text)


def _id(text: str) -> str:
    if not is_id(text):
        raise ValueError("Input should be an id")
    return text


PlainNumber = BeforeValidator(_plain_number)
Code = Annotated[int, Field(ge=0, le=LARGEST_CODE), PlainNumber]
Share = Annotated[float, Field(ge=0, le=1), BeforeValidator(_plain_decimal)]
Flag = Annotated[bool, BeforeValidator(_plain_flag)]
Text = Annotated[str, AfterValidator(_without_nul), WithJsonSchema({"type": "string", "pattern": "^[^\\u0000]*$"})]
AccountId = Annotated[str, AfterValidator(_id), WithJsonSchema({"type": "string", **ID_SCHEMA})]
JobId = AccountId
Limit = Annotated[int, Field(ge=1, le=LIMIT_MOST), PlainNumber, Query(description="How many items a page has at most.")]
Since = Annotated[AwareDatetime, BeforeValidator(_date_and_time), AfterValidator(_in_utc)]


async def path_id(id: Annotated[str, Path(json_schema_extra=ID_SCHEMA)]) -> str:
    """The id in the path. Raises NotFound for what cannot be one: it need not be looked up."""
    if not is_id(id):
        raise NotFound("There is nothing under this id; ids are UUIDs.")
    return id


async def path_delivery_id(delivery_id: Annotated[str, Path(json_schema_extra=ID_SCHEMA)]) -> str:
    """The same for the id of a delivery."""
    return await path_id(delivery_id)


async def path_hash(sha256: Annotated[str, Path(json_schema_extra={"pattern": f"^{_HASH.pattern}$"})]) -> str:
    """The SHA-256 in the path, in lower case. Raises NotFound for what cannot be one."""
    if not _HASH.fullmatch(sha256):
        raise NotFound("There is no such thing.")
    return sha256


async def path_version(version: Annotated[str, Path(json_schema_extra={"pattern": VERSION_PATTERN})]) -> str:
    """The version of a bundle in the path. Raises NotFound for what cannot be one."""
    if not _VERSION.fullmatch(version):
        raise NotFound("There is no such thing.")
    return version


async def path_code(code: Annotated[str, Path(json_schema_extra={"pattern": "^[0-9]{1,10}$"})]) -> int:
    """The category's code in the path. Raises NotFound for what cannot be one."""
    number = serial_number(code)
    if number is None or number > LARGEST_CODE:
        raise NotFound("There is no such thing.")
    return number
