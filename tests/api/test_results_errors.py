"""The bad rows of a job as a file that can be mended and sent again: GET /api/jobs/{id}/errors."""

import csv
import io
from typing import Any

import httpx
import pytest

from api.results.columns import ERROR_COLUMNS
from shared.catalogues.products import ProductRow, RowReader
from shared.catalogues.reading import Limits, open_catalogue
from shared.catalogues.source import Format
from shared.store import ObjectStore
from shared.users import Account
from tests.api.conftest import RunningApi
from tests.api.result_files import csv_records, fetched, json_lines, sheet_of, table_of
from tests.support.ledger import ANSWER
from tests.support.results import add_job, answered, failed, stored_source, waiting

ERRORS = [column.name for column in ERROR_COLUMNS]
HEADER = ["productid", "Titre", "image_url"]
SENT = [
    ["007", "Chaise", ""],
    ["8", "=1+1", "http://10.0.0.1/"],
    ["9", "Table", ""],
    ["10", 'Lampe "Tulipe"\nrouge', "x"],
    ["11", "", ""],
]
ROWS = [
    answered(ANSWER),
    failed("IMAGE_URL_REFUSED", "The URL leads to an address that is not public.", "image_url", product_id="8"),
    waiting(),
    failed("IMAGE_URL_REFUSED", "=not a URL", "image_url"),
]


def as_csv(*rows: list[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def account(api: RunningApi) -> Account:
    return api.add_account()


@pytest.fixture
def client(api: RunningApi, account: Account) -> httpx.Client:
    return api.client(account)


@pytest.fixture
def job_id(api: RunningApi, account: Account) -> str:
    """A job that runs: of five rows in its file four have been read, and two of these have errors."""
    source = stored_source(api.settings, as_csv(HEADER, *SENT))
    return add_job(api.database, account.id, source, ROWS, status="running", intake_done=False)


def test_csv_has_the_bad_rows_as_they_were_sent_with_what_is_wrong(client: httpx.Client, job_id: str) -> None:
    first, second = csv_records(fetched(client, job_id, "csv", "errors"))

    assert list(first) == [*HEADER, *ERRORS]
    assert list(first.values()) == [
        *("8", "'=1+1", "http://10.0.0.1/"),
        *("2", "image_url", "IMAGE_URL_REFUSED", "The URL leads to an address that is not public."),
    ]
    assert (second["Titre"], second["error_row"], second["error_message"]) == (SENT[3][1], "4", "'=not a URL")


def test_every_format_has_them(client: httpx.Client, job_id: str) -> None:
    lines = json_lines(fetched(client, job_id, "ndjson", "errors"))
    table = table_of(fetched(client, job_id, "parquet", "errors"))
    header, *rows = sheet_of(fetched(client, job_id, "xlsx", "errors"))

    assert [line["error_row"] for line in lines] == table["error_row"].to_pylist() == [row[3] for row in rows] == [2, 4]
    assert list(lines[0]) == table.schema.names == list(header) == [*HEADER, *ERRORS]
    assert lines[0]["Titre"] == "=1+1"


@pytest.mark.parametrize("wanted", [Format.CSV, Format.NDJSON, Format.PARQUET, Format.XLSX])
def test_the_file_can_be_sent_again(api: RunningApi, client: httpx.Client, job_id: str, wanted: Format) -> None:
    """What begins as a formula does comes back as it was."""
    source = stored_source(
        api.settings, fetched(client, job_id, wanted, "errors"), wanted, columns={"designation": "Titre"}
    )
    assert source.layout is not None
    reader = RowReader(source.layout, api.settings, labelled=False)

    with open_catalogue(ObjectStore(api.settings.store), source, Limits.of(api.settings)) as catalogue:
        rows = list(catalogue.rows())
        products = [reader.read(row._replace(cells=[*row.cells[:2], None, *row.cells[3:]])) for row in rows]  # mended

    assert catalogue.layout.header == (*HEADER, *ERRORS)
    named = [(each.product_id, each.designation) for each in products if isinstance(each, ProductRow)]
    assert named == [("8", "=1+1"), ("10", SENT[3][1])]


def test_errors_of_a_mended_file_stand_beside_those_before(
    api: RunningApi, account: Account, client: httpx.Client, job_id: str
) -> None:
    source = stored_source(api.settings, fetched(client, job_id, "csv", "errors"))
    again = add_job(api.database, account.id, source, [answered(ANSWER), failed("TOO_LONG", "Too long.", "Titre")])

    (row,) = csv_records(fetched(client, again, "csv", "errors"))

    assert (row["error_row"], row["error_code"]) == ("4", "IMAGE_URL_REFUSED")
    assert (row["shelfwise_error_row"], row["shelfwise_error_code"]) == ("2", "TOO_LONG")


def test_a_job_without_errors_has_a_file_without_rows(api: RunningApi, account: Account, client: httpx.Client) -> None:
    source = stored_source(api.settings, as_csv(HEADER, *SENT))
    job_id = add_job(api.database, account.id, source, [answered(ANSWER)] * 5)

    assert client.get(f"/api/jobs/{job_id}/errors").json() == {"items": [], "next_cursor": None}
    assert csv_records(fetched(client, job_id, "csv", "errors")) == []
    assert table_of(fetched(client, job_id, "parquet", "errors")).schema.names == [*HEADER, *ERRORS]
    assert len(sheet_of(fetched(client, job_id, "xlsx", "errors"))) == 1


def test_labelled_data_has_its_bad_rows_too(api: RunningApi, account: Account, client: httpx.Client) -> None:
    lines = b'{"product_id": "a", "prdtypecode": 10}\n{"product_id": "b", "prdtypecode": 7}\n'
    rows: list[dict[str, Any]] = [failed("UNKNOWN_CATEGORY", "There is no category 7.", "prdtypecode", row=1)]
    source = stored_source(api.settings, lines, Format.NDJSON)
    job_id = add_job(api.database, account.id, source, rows, kind="ingest", status="partially_succeeded")

    (line,) = json_lines(fetched(client, job_id, "ndjson", "errors"))

    assert (line["product_id"], line["prdtypecode"], line["error_row"]) == ("b", 7, 2)
