"""The kinds of files that a job's results and errors come as, and which one is asked for."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from fastapi import Header, Query

from api.media import prefers


class ResultFormat(StrEnum):
    """What an answer is: a page of JSON, or a file with all of it."""

    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    XLSX = "xlsx"


MEDIA_TYPES: Mapping[ResultFormat, str] = {
    ResultFormat.JSON: "application/json",
    ResultFormat.CSV: "text/csv",
    ResultFormat.NDJSON: "application/x-ndjson",
    ResultFormat.PARQUET: "application/vnd.apache.parquet",
    ResultFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def wanted_format(
    format: Annotated[
        ResultFormat | None, Query(description="What the answer is to be; without it, what `Accept` prefers, or JSON.")
    ] = None,
    accept: Annotated[str | None, Header()] = None,
) -> ResultFormat:
    """The format that the caller names, or the one that its Accept header prefers."""
    if format is not None:
        return format
    return next((each for each, media_type in MEDIA_TYPES.items() if prefers(accept, media_type)), ResultFormat.JSON)
