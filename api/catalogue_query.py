"""What a query says of a catalogue file: how it is to be read, and what becomes of its job."""

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Query
from pydantic import Field

from api import strict_json
from api.named_webhook import named_webhook
from api.parameters import PlainNumber, Text
from api.services import TheServices
from shared.catalogues.source import COLUMNS, Format
from shared.errors import InvalidInput

LONGEST_NAME = 200
LONGEST_COLUMN = 500
DELIMITERS: Mapping[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
ENCODINGS = (
    *(
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "ascii",
        "mac-roman",
        "koi8-r",
        "cp437",
        "cp850",
    ),
    *(f"iso8859-{part}" for part in range(1, 17) if part != 12),
    *(f"cp{page}" for page in range(1250, 1259)),
    *("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
)
_PAIR = rf"(?:{'|'.join(COLUMNS)}):[^,\u0000]+"
_DELIMITER = re.compile(rf"{'|'.join(DELIMITERS)}|[\t!#-/:-@\[-`{{-~]")


@dataclass(frozen=True, slots=True)
class CatalogueQuery:
    """What was said of a file. `columns` maps ours to the file's; what is None is found out from the file."""

    name: str | None
    columns: dict[str, str]
    format: Format | None
    encoding: str | None
    delimiter: str | None
    deadline: timedelta
    webhook_url: str | None


async def catalogue_query(
    services: TheServices,
    name: Annotated[Text | None, Query(max_length=LONGEST_NAME, description="What the job is called in lists.")] = None,
    columns: Annotated[
        list[str] | None,
        Query(
            description=f"Which of the file's columns is which of ours ({', '.join(COLUMNS)}), as "
            "`designation:Titre,description:Texte`, perhaps in several parameters, or as a JSON object for names that "
            "have commas in them. Columns that are not named here are found by their usual names.",
            json_schema_extra={
                "items": {"type": "string", "pattern": f"^{_PAIR}(?:,{_PAIR})*$"},
                "examples": [["designation:Titre,description:Texte"]],
            },
        ),
    ] = None,
    format: Annotated[
        Format | None, Query(description="The kind of file, where its media type or its name does not say it.")
    ] = None,
    encoding: Annotated[
        str | None,
        Query(
            description="The encoding of a text, under one of its names; found out unless it is given.",
            json_schema_extra={"enum": list(ENCODINGS)},
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        Query(
            description=f"What stands between the cells of a CSV: {', '.join(DELIMITERS)}, or the character itself; "
            "found out unless it is given.",
            json_schema_extra={"pattern": f"^(?:{_DELIMITER.pattern})$"},
        ),
    ] = None,
    expires_in: Annotated[
        Annotated[int, Field(ge=1), PlainNumber] | None,
        Query(description="In how many seconds the job is to be over; what is not done by then is not done."),
    ] = None,
    webhook_url: Annotated[
        str | None,
        Query(
            description="The URL of a webhook of yours, which is told of this job whatever else it listens to.",
            json_schema_extra={"format": "uri"},
        ),
    ] = None,
) -> CatalogueQuery:
    """The query of a request that sends a catalogue. Raises InvalidInput."""
    longest = services.settings.job_deadline_seconds
    if expires_in is not None and expires_in > longest:
        raise InvalidInput(f"A job has at most {longest} seconds.", where="query.expires_in", code="EXPIRES_TOO_LATE")
    return CatalogueQuery(
        name=name or None,
        columns=_columns(columns or ()),
        format=format,
        encoding=None if encoding is None else _encoding(encoding),
        delimiter=None if delimiter is None else _delimiter(delimiter),
        deadline=timedelta(seconds=expires_in or longest),
        webhook_url=named_webhook(webhook_url, services.settings, "query.webhook_url"),
    )


def _columns(given: Sequence[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for ours, theirs in (pair for text in given for pair in _pairs(text)):
        if ours not in COLUMNS:
            raise _refused(f"There is an unknown column; ours are {', '.join(COLUMNS)}.", "UNKNOWN_COLUMN")
        if ours in columns:
            raise _refused(f"The column {ours} is named twice.", "DUPLICATE_COLUMN")
        if not theirs or "\0" in theirs or len(theirs) > LONGEST_COLUMN:
            raise _refused(f"The file's name for {ours} has 1 to {LONGEST_COLUMN} characters.", "INVALID_COLUMNS")
        columns[ours] = theirs
    return columns


def _pairs(text: str) -> Sequence[tuple[str, str]]:
    if text.startswith("{"):
        return _json_pairs(text)
    pairs = [pair.partition(":") for pair in text.split(",")]
    if not all(colon for _, colon, _ in pairs):
        raise _no_pairs()
    return [(ours, theirs) for ours, _, theirs in pairs]


def _json_pairs(text: str) -> Sequence[tuple[str, str]]:
    try:
        found = strict_json.loads(text.encode())
    except InvalidInput:
        raise _no_pairs() from None
    if not isinstance(found, dict):
        raise _no_pairs()
    pairs = [(ours, theirs) for ours, theirs in found.items() if isinstance(theirs, str)]
    if len(pairs) != len(found):
        raise _no_pairs()
    return pairs


def _no_pairs() -> InvalidInput:
    return _refused("Name columns like designation:Titre,description:Texte.", "INVALID_COLUMNS")


def _refused(message: str, code: str) -> InvalidInput:
    return InvalidInput(message, where="query.columns", code=code)


def _encoding(name: str) -> str:
    """Python's name of an encoding. Many of its codecs are no encodings of texts, or are none that files have."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        found = ""
    if found not in ENCODINGS:
        message = f"There is no such encoding; known are {', '.join(ENCODINGS)}."
        raise InvalidInput(message, where="query.encoding", code="UNKNOWN_ENCODING")
    return found


def _delimiter(given: str) -> str:
    if not _DELIMITER.fullmatch(given):
        message = f"A delimiter is one of {', '.join(DELIMITERS)}, or one character like them."
        raise InvalidInput(message, where="query.delimiter", code="INVALID_DELIMITER")
    return DELIMITERS.get(given, given)
