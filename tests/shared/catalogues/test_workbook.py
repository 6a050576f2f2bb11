"""XLSX: the first sheet is turned into a CSV, once, and read as that."""

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from shared.catalogues.reading import open_catalogue
from shared.catalogues.source import Format, converted_key
from shared.errors import UnreadableCatalogue
from shared.store import ObjectStore
from tests.shared.catalogues.reading import KEY, LIMITS, opened, put, read, read_in_turns, seen
from tests.shared.catalogues.zips import packed


def written(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    book.create_sheet("Other").append(["other"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_sheet(old: str, new: str) -> bytes:
    """A workbook whose sheet has been rewritten by hand."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                assert old in content
                content = content.replace(old, new)
            target.writestr(name, content)
    return out.getvalue()


GOOD = written(["productid", "title"], [100000, "a coat"], [None, None], [100001, 'café, "x"\ny'])
ROWS = [["100000", "a coat"], ["100001", 'café, "x"\ny']]


def test_rows_are_read_empty_ones_left_out(store: ObjectStore) -> None:
    assert read(store, GOOD, Format.XLSX) == ROWS


def test_it_is_turned_into_a_csv_once(store: ObjectStore) -> None:
    with opened(store, GOOD, Format.XLSX) as catalogue:
        layout = catalogue.layout
    assert (layout.format, layout.converted) == (Format.XLSX, converted_key(KEY))
    assert store.get(converted_key(KEY)).startswith(b"productid,title\n100000,a coat\n")

    source = put(store, b"PK\x03\x04 and nothing else", Format.XLSX, layout=layout)
    with open_catalogue(store, source, LIMITS) as catalogue:
        assert [seen(row) for row in catalogue.rows()] == ROWS
    assert read_in_turns(store, source) == list(enumerate(ROWS))


def test_values_are_written_as_people_see_them(store: ObjectStore) -> None:
    content = written(
        ["title", "v"],
        ["a", 1.0],
        ["b", 1.5],
        ["c", True],
        ["d", date(2024, 5, 1)],
        ["e", datetime(2024, 5, 1, 12, 30)],
        ["f", 1e300],
        ["g", "007"],
    )
    values = [cells[1] for cells in read(store, content, Format.XLSX) if isinstance(cells, list)]

    assert values[:3] == ["1", "1.5", "true"]
    assert values[3].startswith("2024-05-01")
    assert values[4:] == ["2024-05-01T12:30:00", "1e+300", "007"]


def test_it_may_lie_in_a_zip(store: ObjectStore) -> None:
    content = packed({"t.xlsx": GOOD, "images/x.jpg": b"x"})

    assert read_in_turns(store, put(store, content, Format.ZIP)) == list(enumerate(ROWS))
    with opened(store, content, Format.ZIP) as catalogue:
        photo = catalogue.photo("x.jpg")
        assert photo is not None
        photo.close()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY_CATALOGUE"),
        (b"title\na\n", "WRONG_FORMAT"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "WRONG_FORMAT"),
        (GOOD[:-40], "BROKEN_ARCHIVE"),
        (packed({"x.txt": b""}), "BROKEN_WORKBOOK"),
        (packed({"../x.xml": b""}), "ARCHIVE_PATH"),
        (written(), "EMPTY_CATALOGUE"),
        (written(["colour"], ["red"]), "NO_KNOWN_COLUMN"),
    ],
)
def test_what_is_no_workbook_is_refused(store: ObjectStore, content: bytes, code: str) -> None:
    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, content, Format.XLSX)
    assert refused.value.code == code


def test_a_sheet_that_says_it_is_as_large_as_sheets_may_be_is_refused(store: ObjectStore) -> None:
    content = with_sheet('r="A4"', 'r="XFD1048576"')

    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, content, Format.XLSX)
    assert refused.value.code == "WORKBOOK_TOO_LARGE"


def test_more_than_is_read_is_refused(store: ObjectStore) -> None:
    many = written(["title"], *([f"t{number}"] for number in range(9)))
    for limits, code in (({"rows": 5}, "TOO_MANY_ROWS"), ({"unpacked_bytes": 500}, "ARCHIVE_TOO_LARGE")):
        with pytest.raises(UnreadableCatalogue) as refused:
            read(store, many, Format.XLSX, limits=limits)
        assert refused.value.code == code
