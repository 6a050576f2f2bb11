"""A catalogue's results in each format: what its cells are, and what no cell may be."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pandas
import pyarrow
import pytest
from pyarrow import parquet

from api.results.columns import RESULT_COLUMNS
from api.results.csv_file import csv_pieces
from api.results.ndjson_file import ndjson_pieces
from api.results.parquet_file import parquet_pieces
from api.results.tables import Table
from api.results.xlsx_file import require_room_in_sheet, xlsx_pieces
from shared.catalogues.source import Format
from shared.disk import DiskGuard
from shared.errors import Conflict
from shared.users import Account
from tests.api.conftest import RunningApi
from tests.api.expect import assert_problem
from tests.api.result_files import (
    BOTH,
    CATALOGUE,
    OURS,
    catalogue_job,
    csv_records,
    csv_rows,
    fetched,
    json_lines,
    sheet_of,
    table_of,
)
from tests.support.ledger import ANSWER
from tests.support.results import answered, failed

EMPTY = failed("EMPTY_PRODUCT", "A product needs a readable text or an image.", "Titre")


@pytest.fixture
def account(api: RunningApi) -> Account:
    return api.add_account()


@pytest.fixture
def client(api: RunningApi, account: Account) -> httpx.Client:
    return api.client(account)


@pytest.fixture
def job_id(api: RunningApi, account: Account) -> str:
    """A job of CATALOGUE: a row with both models' answers, one by its text alone, one with an error."""
    return catalogue_job(api, account, CATALOGUE.encode(), [answered(BOTH), answered(ANSWER, reused_from=1), EMPTY])


def test_csv_has_every_column_of_the_file_and_ours_behind_them(client: httpx.Client, job_id: str) -> None:
    header, first, second, third = csv_rows(fetched(client, job_id, "csv"))

    assert header == ["productid", "Titre", "Prix, €", "stock", *OURS]
    assert first[:4] == ["007", 'Chaise "longue"\nbleue', "12.50", "1"]
    assert first[4:8] == ["2582", "Mobilier de jardin", "0.75", "True"]
    assert first[8:12] == ["2582", "0.9", "1560", "0.5"]
    assert first[12:] == ["text+image", "fake-1", "False", "succeeded", "", "", ""]
    assert second[8:12] == ["2582", "0.9", "", ""]
    assert second[12:16] == ["text", "fake-1", "True", "succeeded"]
    assert third[:4] == ["9", "", "é", "3"]
    assert third[4:15] == [""] * 11
    assert third[15:] == ["failed", "EMPTY_PRODUCT", "Titre", "A product needs a readable text or an image."]


def test_csv_is_read_as_utf_8_by_spreadsheets_and_by_pandas(client: httpx.Client, job_id: str) -> None:
    content = fetched(client, job_id, "csv")

    assert content.startswith(b'\xef\xbb\xbf"productid",')
    assert content.count(b"\r\n") == 4
    frame = pandas.read_csv(io.BytesIO(content), dtype={"productid": str})
    assert list(frame.columns[:3]) == ["productid", "Titre", "Prix, €"]
    assert list(frame["productid"]) == ["007", "8", "9"]
    assert list(frame["needs_review"][:2]) == [True, False]


def test_no_cell_of_csv_or_xlsx_is_a_formula(api: RunningApi, account: Account, client: httpx.Client) -> None:
    dangerous = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1+1", "＋1", "－1", "＠SUM(A1)"]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["designation", "=cmd"], *([cell, "http://example.com/"] for cell in dangerous)])
    job_id = catalogue_job(api, account, text.getvalue().encode(), [failed("X", "=x", "=cmd")] * len(dangerous))

    in_csv = csv_rows(fetched(client, job_id, "csv"))
    book = openpyxl.load_workbook(io.BytesIO(fetched(client, job_id, "xlsx")))

    assert [row[0] for row in in_csv[1:]] == [f"'{cell}" for cell in dangerous]
    assert (in_csv[0][1], in_csv[1][-2], in_csv[1][-1]) == ("'=cmd", "'=cmd", "'=x")
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s", "n"}  # openpyxl calls empty cells numbers
    assert [cell.value for cell in cells if cell.hyperlink is not None] == []
    assert "'=1+1" in [cell.value for cell in cells]


def test_a_cell_stays_one_where_a_spreadsheet_splits_at_semicolons_and_tabs_too(
    api: RunningApi, account: Account, client: httpx.Client
) -> None:
    cells = ["Chaise;=cmd", "Chaise\t=cmd", "Chaise\n=cmd"]
    lines = "\n".join(json.dumps({"title": cell}) for cell in cells)
    job_id = catalogue_job(api, account, lines.encode(), [answered(ANSWER)] * 3, Format.NDJSON)

    content = fetched(client, job_id, "csv")

    assert [row[0] for row in csv_rows(content)[1:]] == cells
    for cell in cells:
        assert f'\r\n"{cell}",'.encode() in content


def test_ndjson_is_an_object_a_line(client: httpx.Client, job_id: str) -> None:
    first, second, third = json_lines(fetched(client, job_id, "ndjson"))

    assert list(first) == ["productid", "Titre", "Prix, €", "stock", *OURS]
    assert (first["productid"], first["prediction"], first["confidence"]) == ("007", 2582, 0.75)
    assert (second["Titre"], second["reused"], second["image_prediction"]) == ("=1+1", True, None)
    assert (third["prediction"], third["error_code"]) == (None, "EMPTY_PRODUCT")


def test_parquet_has_typed_columns(client: httpx.Client, job_id: str) -> None:
    table = table_of(fetched(client, job_id, "parquet"))

    assert table.schema.names == ["productid", "Titre", "Prix, €", "stock", *OURS]
    types = {field.name: str(field.type) for field in table.schema}
    assert {types[name] for name in ("productid", "Titre", "Prix, €", "stock")} == {"string"}
    assert {name: types[name] for name in OURS} == {column.name: column.type for column in RESULT_COLUMNS}
    assert table["prediction"].to_pylist() == [2582, 2582, None]
    assert table["needs_review"].to_pylist() == [True, False, None]
    assert table["Titre"].to_pylist() == ['Chaise "longue"\nbleue', "=1+1", ""]
    assert list(table.to_pandas()["status"]) == ["succeeded", "succeeded", "failed"]


def test_xlsx_has_texts_as_texts_and_numbers_as_numbers(client: httpx.Client, job_id: str) -> None:
    header, first, second, third = sheet_of(fetched(client, job_id, "xlsx"))

    assert header == ("productid", "Titre", "Prix, €", "stock", *OURS)
    assert first[:7] == ("007", 'Chaise "longue"\nbleue', "12.50", "1", 2582, "Mobilier de jardin", 0.75)
    assert first[7] is True
    assert second[:4] == ("8", "'=1+1", "'-5", None)
    assert third[15:17] == ("failed", "EMPTY_PRODUCT")


def test_values_of_json_keep_their_types(api: RunningApi, account: Account, client: httpx.Client) -> None:
    lines = '{"id": 7, "title": "Lampe", "price": -1.5}\n{"title": "Table", "new": true, "id": "x"}\n'
    job_id = catalogue_job(api, account, lines.encode(), [answered(ANSWER)] * 2, Format.NDJSON)

    first, second = json_lines(fetched(client, job_id, "ndjson"))
    in_csv = csv_records(fetched(client, job_id, "csv"))
    table = table_of(fetched(client, job_id, "parquet"))

    assert list(first) == ["id", "title", "price", "new", *OURS]
    assert [first[name] for name in ("id", "title", "price", "new")] == [7, "Lampe", -1.5, None]
    assert [second[name] for name in ("id", "title", "price", "new")] == ["x", "Table", None, True]
    assert [row["price"] for row in in_csv] == ["-1.5", ""]
    assert table["id"].to_pylist() == ["7", "x"]


def test_columns_of_parquet_keep_their_types(api: RunningApi, account: Account, client: httpx.Client) -> None:
    sent = pyarrow.table(
        {
            "id": pyarrow.array([1, 2**62], pyarrow.int64()),
            "price": pyarrow.array([1.5, float("nan")], pyarrow.float64()),
            "new": pyarrow.array([True, None], pyarrow.bool_()),
            "designation": pyarrow.array(["Lampe", "Table"]),
        }
    )
    file = io.BytesIO()
    parquet.write_table(sent, file)
    job_id = catalogue_job(api, account, file.getvalue(), [answered(ANSWER)] * 2, Format.PARQUET)

    table = table_of(fetched(client, job_id, "parquet"))
    lines = json_lines(fetched(client, job_id, "ndjson"))

    assert table.schema.types[:4] == sent.schema.types
    assert table["id"].to_pylist() == [1, 2**62]
    assert table["new"].to_pylist() == [True, None]
    assert [line["price"] for line in lines] == [1.5, None]
    assert lines[1]["id"] == 2**62


def test_a_workbook_comes_back_with_its_columns(api: RunningApi, account: Account, client: httpx.Client) -> None:
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["title", "price"])
    book.active.append(["Lampe", 12.5])
    book.save(file)
    job_id = catalogue_job(api, account, file.getvalue(), [answered(ANSWER)], Format.XLSX)

    header, row = sheet_of(fetched(client, job_id, "xlsx"))

    assert (header[:3], row[:3]) == (("title", "price", "prediction"), ("Lampe", "12.5", 2582))


@pytest.mark.parametrize("wanted", ["csv", "ndjson", "parquet", "xlsx"])
def test_all_formats_say_the_same(
    api: RunningApi, account: Account, client: httpx.Client, job_id: str, wanted: str
) -> None:
    content = fetched(client, job_id, wanted)

    rows: list[Any] = {
        "csv": lambda: [row["prediction"] for row in csv_records(content)],
        "ndjson": lambda: [str(row["prediction"] or "") for row in json_lines(content)],
        "parquet": lambda: [str(value or "") for value in table_of(content)["prediction"].to_pylist()],
        "xlsx": lambda: [str(row[4] or "") for row in sheet_of(content)[1:]],
    }[wanted]()
    assert rows == ["2582", "2582", ""]


def test_a_job_that_no_worksheet_holds_is_refused_as_a_workbook(
    api: RunningApi, account: Account, client: httpx.Client
) -> None:
    rows = [answered(ANSWER)] * 3
    job_id = catalogue_job(api, account, CATALOGUE.encode(), rows, total=1_048_576)
    fits = catalogue_job(api, account, CATALOGUE.encode(), rows, total=1_048_575)

    assert_problem(client.get(f"/api/jobs/{job_id}/results?format=xlsx"), 409, "TOO_LARGE_FOR_XLSX")
    assert client.get(f"/api/jobs/{job_id}/errors?format=xlsx").status_code == 200
    assert len(sheet_of(fetched(client, fits, "xlsx"))) == 4


def test_what_a_cell_of_a_workbook_cannot_hold_is_cut(api: RunningApi, account: Account, client: httpx.Client) -> None:
    line = {"title": "x" * 40_000, "beyond": "😀" * 20_000, "large": 2**60, "price": 1.5}
    job_id = catalogue_job(api, account, json.dumps(line).encode() + b"\n", [answered(ANSWER)], Format.NDJSON)

    header, row = sheet_of(fetched(client, job_id, "xlsx"))
    cells = dict(zip(header, row, strict=True))

    assert cells["title"] == "x" * 32_767
    assert cells["beyond"] == "😀" * (32_767 // 2)
    assert cells["large"] == str(2**60)
    assert cells["price"] == 1.5


def test_odd_cells_are_written_in_every_format(tmp_path: Path) -> None:
    """Half of a pair of surrogates, characters that XML has not, and numbers that JSON has not."""

    def table() -> Table:
        row = ["x\ud800y", "a\x01b\x00", float("inf"), 10**40, None]
        return Table(["a", "b", "c", "d", "e"], ["string"] * 5, iter([row]))

    (in_csv,) = csv_rows(b"".join(csv_pieces(table())))[1:]
    (line,) = json_lines(b"".join(ndjson_pieces(table())))
    (record,) = table_of(b"".join(parquet_pieces(table()))).to_pylist()
    cells = sheet_of(b"".join(xlsx_pieces(table(), tmp_path, DiskGuard(tmp_path, 0))))[1]

    assert in_csv == ["x?y", "a\x01b\x00", "inf", str(10**40), ""]
    assert line == {"a": "x?y", "b": "a\x01b\x00", "c": None, "d": 10**40, "e": None}
    assert record == {"a": "x?y", "b": "a\x01b\x00", "c": "inf", "d": str(10**40), "e": None}
    assert cells == ("x?y", "a_x0001_b_x0000_", "inf", str(10**40), None)  # as Excel writes such characters


@pytest.mark.parametrize(("rows", "columns"), [(2**20, 3), (3, 2**14 + 1)])
def test_a_table_that_turns_out_too_large_for_a_worksheet_is_refused(rows: int, columns: int) -> None:
    require_room_in_sheet(2**20 - 1, 2**14)

    with pytest.raises(Conflict, match="1048575 rows of 16384 columns"):
        require_room_in_sheet(rows, columns)
