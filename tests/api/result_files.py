"""Files of results and errors, asked for and read as their formats are."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import httpx
import openpyxl
import pyarrow
from pyarrow import parquet

from api.results.columns import RESULT_COLUMNS
from shared.catalogues.source import Format
from shared.users import Account
from tests.api.conftest import RunningApi
from tests.support.ledger import ANSWER
from tests.support.results import add_job, stored_source

OURS = [column.name for column in RESULT_COLUMNS]
BOTH = ANSWER._replace(
    confidence=0.75,
    image_scores=[(1560, 0.5), (2582, 0.25)],
    text_weight=0.5,
    modality="text+image",
    needs_review=True,
)
CATALOGUE = """productid,Titre,"Prix, €",stock
007,"Chaise ""longue""
bleue",12.50,1
8,=1+1,-5,
9,,é,3
"""


def catalogue_job(
    api: RunningApi,
    account: Account,
    content: bytes,
    rows: Sequence[dict[str, Any]],
    file_format: Format = Format.CSV,
    failed_of: str | None = None,
    **job: Any,
) -> str:
    """A job for a file of this content, whose rows have come to this."""
    source = stored_source(api.settings, content, file_format).model_copy(update={"failed_of": failed_of})
    return add_job(api.database, account.id, source, rows, **job)


def fetched(client: httpx.Client, job_id: str, wanted: str, of: str = "results") -> bytes:
    answer = client.get(f"/api/jobs/{job_id}/{of}", params={"format": wanted})
    assert answer.status_code == 200, answer.text
    return answer.content


def csv_rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def csv_records(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def json_lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.decode().splitlines()]


def table_of(content: bytes) -> pyarrow.Table:
    return parquet.read_table(io.BytesIO(content))


def sheet_of(content: bytes) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(io.BytesIO(content)).active.values)
