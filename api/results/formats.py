"""The kinds of files that a job's results and errors come as, and which one is asked for."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from fastapi import Header, Query

from api.json_body import JSON
from api.media import prefers
from shared.catalogues.kinds import MEDIA_TYPES


class ResultFormat(StrEnum):
    """What an answer is: a page of JSON, or a file with all of it."""

    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    XLSX = "xlsx"


def _formats() -> Mapping[str, ResultFormat]:
    """The format that each media type in an Accept header stands for."""
    files = {each.value for each in ResultFormat}
    return {JSON: ResultFormat.JSON} | {
        media_type: ResultFormat(form) for media_type, form in MEDIA_TYPES.items() if form in files
    }


_FORMATS = _formats()


def media_type_of(wanted: ResultFormat) -> str:
    """What an answer in this format is sent as."""
    return next(media_type for media_type, each in _FORMATS.items() if each is wanted)


async def wanted_format(
    format: Annotated[
        ResultFormat | None, Query(description="What the answer is to be; without it, what `Accept` prefers, or JSON.")
    ] = None,
    accept: Annotated[str | None, Header()] = None,
) -> ResultFormat:
    """The format that the caller names, or the one that its Accept header prefers."""
    if format is not None:
        return format
    return next((each for media_type, each in _FORMATS.items() if prefers(accept, media_type)), ResultFormat.JSON)
