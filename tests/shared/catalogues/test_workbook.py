"""XLSX: the first sheet is turned into a CSV, once, and read as that."""

import io
import os
import select
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from shared.catalogues.reading import open_catalogue
from shared.catalogues.source import Format, converted_key
from shared.disk import DiskGuard
from shared.errors import StorageFull, Unavailable, UnreadableCatalogue
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


def of_one_text(text: str, times: int) -> bytes:
    """A workbook that holds a text once, and says in so many cells that it is there."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet().write_column(0, 0, ["title", *[text] * times])
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


def test_one_long_text_in_a_great_many_cells_is_refused(store: ObjectStore) -> None:
    small = of_one_text("x" * 32_000, 3_000)
    assert len(small) < 30_000

    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, small, Format.XLSX)

    assert refused.value.code == "WORKBOOK_TOO_LARGE"
    assert stored(store) == [KEY]


def test_bytes_are_counted_not_characters(store: ObjectStore) -> None:
    content = of_one_text("é" * 30_000, 10)

    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, content, Format.XLSX, limits={"unpacked_bytes": 400_000})
    assert refused.value.code == "WORKBOOK_TOO_LARGE"


def test_nothing_stays_of_a_workbook_that_is_of_no_use(store: ObjectStore) -> None:
    with pytest.raises(UnreadableCatalogue):
        read(store, written(["colour"], ["red"]), Format.XLSX)

    assert stored(store) == [KEY]


def test_what_another_job_reads_from_stays(store: ObjectStore) -> None:
    assert read(store, GOOD, Format.XLSX) == ROWS
    with pytest.raises(UnreadableCatalogue):
        read(store, GOOD, Format.XLSX, columns={"designation": "there is none"})

    assert converted_key(KEY) in stored(store)


class Child(subprocess.Popen[bytes]):
    """The last process that was started."""

    last: "Child | None" = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        Child.last = self


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Child | None]:
    """The process that reads the workbook, once it runs."""
    monkeypatch.setattr(Child, "last", None)
    monkeypatch.setattr("shared.catalogues.workbook.subprocess.Popen", Child)
    monkeypatch.setattr("shared.catalogues.workbook._LOOK_SECONDS", 0.001)
    return lambda: Child.last


def test_whoever_waits_for_it_may_call_it_off(store: ObjectStore, child: Callable[[], Child | None]) -> None:
    class Stopped(Exception):
        pass

    def beat() -> None:
        if child() is not None:
            raise Stopped

    with pytest.raises(Stopped), open_catalogue(store, put(store, GOOD, Format.XLSX), LIMITS, None, beat):
        pass

    process = child()
    assert process is not None
    assert process.returncode == -signal.SIGKILL
    assert stored(store) == [KEY]


@pytest.fixture
def heard() -> Iterator[None]:
    """Have children hear Ctrl-C: what runs in the background of a shell does not, and passes that on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (signal.SIGTERM, "UNAVAILABLE"),
        (signal.SIGINT, "UNAVAILABLE"),
        (signal.SIGKILL, "WORKBOOK_TOO_LARGE"),
        (signal.SIGXCPU, "WORKBOOK_TOO_LARGE"),
    ],
)
def test_one_whose_reader_is_stopped_is_tried_again(
    store: ObjectStore, child: Callable[[], Child | None], heard: None, sent: signal.Signals, code: str
) -> None:
    def beat() -> None:
        if (process := child()) is not None:
            process.send_signal(sent)

    with (
        pytest.raises((Unavailable, UnreadableCatalogue)) as failed,
        open_catalogue(store, put(store, GOOD, Format.XLSX), LIMITS, None, beat),
    ):
        pass
    assert failed.value.code == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_a_full_disk_is_not_the_workbooks_fault(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            with open("/dev/full", "wb") as full:
                super().__init__(*args, **options | {"stdout": full})

    monkeypatch.setattr("shared.catalogues.workbook.subprocess.Popen", Full)
    with pytest.raises(StorageFull):
        read(store, GOOD, Format.XLSX)


def test_its_text_is_counted_on_the_disk(store: ObjectStore, tmp_path: Path) -> None:
    source = put(store, of_one_text("x" * 32_000, 300), Format.XLSX)
    limits = replace(LIMITS, disk=DiskGuard(tmp_path, 2**62))

    with pytest.raises(StorageFull), open_catalogue(store, source, limits):
        pass
    assert stored(store) == [KEY]


STARTER = """
import os, subprocess, sys
bounds = map(str, (os.getpid(), 2**40, 50, 10, 1000))
subprocess.Popen([sys.executable, "-m", "shared.catalogues.workbook_rows", *bounds])
print(flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, its time ends it")
def test_its_reader_does_not_outlive_whoever_started_it() -> None:
    endless, held = os.pipe()
    with subprocess.Popen([sys.executable, "-c", STARTER], stdin=endless, stdout=subprocess.PIPE) as starter:
        assert starter.wait() == -signal.SIGKILL
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"\n"
        # The reader waits for its input's end, which does not come, and has the same output.
        assert select.select([starter.stdout], [], [], 30)[0]
        assert starter.stdout.read() == b""
    os.close(endless)
    os.close(held)


def stored(store: ObjectStore) -> list[str]:
    return sorted(found.key for found in store.objects("catalogues"))
