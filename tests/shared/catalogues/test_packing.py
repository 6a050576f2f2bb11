"""Texts that are packed with gzip, and what pretends to be."""

import gzip
import random

import pytest

from shared.catalogues.reading import Position
from shared.catalogues.source import Format
from shared.errors import UnreadableCatalogue
from shared.store import ObjectStore
from tests.shared.catalogues.reading import opened, put, read, read_in_turns

CSV = b"title,price\na,1\nb,2\n"
GZIPPED = gzip.compress(CSV, mtime=0)  # the same in every process that collects these tests
NOISE = random.Random(3).randbytes(300_000).hex().encode()
LONG = b"title\n" + b"\n".join(NOISE[place : place + 60] for place in range(0, len(NOISE), 60))


@pytest.mark.parametrize(("form", "content"), [(Format.CSV, CSV), (Format.NDJSON, b'{"title": "a"}\n{"title": "b"}')])
def test_gzip_is_recognised_whatever_was_said(store: ObjectStore, form: Format, content: bytes) -> None:
    packed = gzip.compress(content)

    assert read(store, packed, form) == read(store, content, form)
    assert len(read_in_turns(store, put(store, packed, form))) == 2
    with opened(store, packed, form) as catalogue:
        assert catalogue.layout.gzip


def test_packed_utf_16_is_both(store: ObjectStore) -> None:
    packed = gzip.compress("title,x\ncafé,1\n".encode("utf-16"))

    assert read(store, packed) == [["café", "1"]]
    assert read_in_turns(store, put(store, packed)) == [(0, ["café", "1"])]


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(CSV[:9]) + gzip.compress(CSV[9:]),
        gzip.compress(b"") + gzip.compress(CSV),
        gzip.compress(CSV) + bytes(1_000),
        gzip.compress(CSV) + gzip.compress(b"") * 99,
    ],
    ids=["two members", "an empty one first", "zeros behind it", "empty ones behind it"],
)
def test_gzip_may_have_members_and_zeros(store: ObjectStore, content: bytes) -> None:
    assert read(store, content) == [["a", "1"], ["b", "2"]]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (GZIPPED[:-9], "BROKEN_GZIP"),
        (GZIPPED[:4], "BROKEN_GZIP"),
        (GZIPPED[:-6] + b"abcdef", "BROKEN_GZIP"),
        (GZIPPED + b"more", "BROKEN_GZIP"),
        (gzip.compress(b"", mtime=0) * 1_000, "BROKEN_GZIP"),
        (b"\x1f\x8b" + bytes(100), "BROKEN_GZIP"),
        (gzip.compress(GZIPPED, mtime=0), "WRONG_FORMAT"),
        (gzip.compress(b"PK\x03\x04", mtime=0), "WRONG_FORMAT"),
        (gzip.compress(b"", mtime=0), "EMPTY_CATALOGUE"),
    ],
)
def test_damaged_gzip_is_refused(store: ObjectStore, content: bytes, code: str) -> None:
    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, content)
    assert refused.value.code == code


@pytest.mark.parametrize("form", [Format.PARQUET, Format.XLSX, Format.ZIP])
def test_only_texts_are_packed(store: ObjectStore, form: Format) -> None:
    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, gzip.compress(CSV), form)
    assert refused.value.code == "WRONG_FORMAT"


def test_rows_before_the_damage_are_read(store: ObjectStore) -> None:
    longer = LONG + b"\n" + LONG
    with opened(store, gzip.compress(longer)[:-1_000]) as catalogue, pytest.raises(UnreadableCatalogue) as refused:
        list(catalogue.rows())
    assert refused.value.code == "BROKEN_GZIP"
    with opened(store, gzip.compress(longer * 4)[:-1_000]) as catalogue:
        position: Position = catalogue.position()
        assert next(catalogue.rows()).number == 0
        assert catalogue.position() != position


def test_more_than_is_unpacked_is_refused(store: ObjectStore) -> None:
    bomb = gzip.compress(b"title\n" + (b"a coat" * 1_000 + b"\n") * 1_000)
    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, bomb, limits={"unpacked_bytes": 5_000_000})
    assert refused.value.code == "UNPACKED_TOO_LARGE"
