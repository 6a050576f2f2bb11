"""Files that are far larger inside than what may be held: each is read in a process whose memory is watched."""

import gzip
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from shared.catalogues.source import Format, Source
from shared.store import ObjectStore

GIB, MIB = 2**30, 2**20

READER = """
import resource, sys
from collections import Counter
from shared.catalogues.products import ProductRow, RowReader
from shared.catalogues.reading import Limits, open_catalogue
from shared.catalogues.source import Source
from shared.errors import UnreadableCatalogue
from shared.settings import Settings
from shared.store import ObjectStore
import csv, json, pyarrow.parquet, pyarrow.compute

def held():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

store, source, settings = ObjectStore(sys.argv[1]), Source.model_validate_json(sys.argv[2]), Settings()
before, counts = held(), Counter()
try:
    with open_catalogue(store, source, Limits.of(settings)) as catalogue:
        reader = RowReader(catalogue.layout, settings, labelled=False)
        for row in catalogue.rows():
            found = reader.read(row)
            counts["product" if isinstance(found, ProductRow) else found.code] += 1
except UnreadableCatalogue as refused:
    counts[refused.code] += 1
print(held() - before, *sorted(f"{name}:{count}" for name, count in counts.items()))
"""


def memory_of(store: ObjectStore, folder: Path, size: int, form: Format) -> tuple[int, list[str]]:
    """How many MiB reading `big` takes at most, and what came of its rows."""
    source = Source(key="big", size=size, sha256="", format=form)
    command = [sys.executable, "-c", READER, (folder / "data" / "store").as_uri(), source.model_dump_json()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    grown, *counts = done.stdout.split()
    return int(grown), counts


@pytest.fixture
def big(store: ObjectStore, tmp_path: Path) -> Path:
    store.put("big", b"")
    return tmp_path / "data" / "store" / "big"


@pytest.mark.parametrize(
    ("form", "first", "last", "counts"),
    [
        (Format.NDJSON, b'{"title": "a"}\n{"title": "', b'"}\n{"title": "b"}', ["TOO_LONG:1", "product:2"]),
        (Format.CSV, b"title,x\na,1\n", b"\nb,2\n", ["TOO_LONG:1", "product:2"]),
        (Format.CSV, b'title,x\na,1\n"', b"\nb,2\n", ["TOO_LONG:1", "product:2"]),
        (Format.CSV, b"title,x,", b"\n1,2\n", ["BROKEN_HEADER:1"]),
    ],
    ids=["NDJSON", "CSV", "CSV, in quotes", "CSV, header"],
)
def test_a_line_of_a_gigabyte(
    store: ObjectStore, tmp_path: Path, big: Path, form: Format, first: bytes, last: bytes, counts: list[str]
) -> None:
    with big.open("wb") as file:
        file.write(first)
        file.seek(GIB, io.SEEK_CUR)  # the file is sparse: it takes no room
        file.write(last)

    grown, found = memory_of(store, tmp_path, big.stat().st_size, form)

    assert found == counts
    assert grown < 100


def test_a_gzip_bomb(store: ObjectStore, tmp_path: Path, big: Path) -> None:
    with gzip.open(big, "wb", compresslevel=1) as file:
        file.write(b"title\n")
        for _ in range(400):
            file.write(bytes(MIB))

    grown, found = memory_of(store, tmp_path, big.stat().st_size, Format.CSV)

    assert found == ["TOO_LONG:1"]
    assert grown < 100


def test_a_directory_of_many_files(store: ObjectStore, tmp_path: Path, big: Path) -> None:
    with zipfile.ZipFile(big, "w") as archive:
        archive.writestr("t.csv", b"title\na\n")
        for number in range(20_000):
            archive.writestr(f"images/{number}.jpg", b"")

    grown, found = memory_of(store, tmp_path, big.stat().st_size, Format.ZIP)

    assert found == ["product:1"]
    assert grown < 100


def test_a_parquet_file_that_says_one_long_text_in_every_row(store: ObjectStore, tmp_path: Path, big: Path) -> None:
    texts = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 20_000, pyarrow.int32()), ["x" * MIB])
    parquet.write_table(pyarrow.table({"title": texts}), big)

    grown, found = memory_of(store, tmp_path, big.stat().st_size, Format.PARQUET)

    assert found == ["TOO_LONG:20000"]
    assert grown < 400


def test_a_parquet_file_that_says_one_long_text_in_every_list(store: ObjectStore, tmp_path: Path, big: Path) -> None:
    texts = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 20_000, pyarrow.int32()), ["x" * MIB])
    lists = pyarrow.ListArray.from_arrays(range(0, 20_001, 20), texts)
    parquet.write_table(pyarrow.table({"title": ["a"] * 1_000, "tags": lists}), big)

    grown, found = memory_of(store, tmp_path, big.stat().st_size, Format.PARQUET)

    assert found == ["TOO_LONG:1000"]
    assert grown < 400


def test_quotes_that_never_end(store: ObjectStore, tmp_path: Path, big: Path) -> None:
    big.write_bytes(b"title,x\n" + b'a","\n' * 200_000)

    grown, found = memory_of(store, tmp_path, big.stat().st_size, Format.CSV)

    assert found == ["MALFORMED_ROW:200000"]
    assert grown < 100
