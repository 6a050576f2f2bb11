"""ZIPs: a table and its photos; and all that a ZIP can be instead."""

import os
import random
from contextlib import suppress
from itertools import islice

import pytest

from shared.catalogues.products import PackedPhoto, ProductRow
from shared.catalogues.reading import OpenCatalogue
from shared.catalogues.source import Format
from shared.errors import BrokenImage, ImageTooLarge, UnreadableCatalogue
from shared.ledger.finish import RowError
from shared.store import ObjectStore
from tests.shared.catalogues.reading import opened, products, put, read, read_in_turns
from tests.shared.catalogues.zips import REFUSED, TABLE, packed


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_plain_archive_is_refused_with_a_reason(store: ObjectStore, name: str) -> None:
    content, code = REFUSED[name]

    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, content, Format.ZIP)

    assert refused.value.code == code


def test_a_damaged_end_of_any_kind_is_refused_plainly(store: ObjectStore) -> None:
    good, chance = packed({"t.csv": TABLE, "images/x.jpg": b"x" * 99}), random.Random(4)
    for _ in range(150):
        content = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            content[chance.randrange(4, len(content))] = chance.randrange(256)
        with suppress(UnreadableCatalogue):
            read(store, bytes(content), Format.ZIP)


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        ({"t.tab": TABLE.replace(b",", b"\t")}, "t.tab"),
        ({"t.txt": TABLE, "x.jpg": b""}, "t.txt"),
        ({"LICENSE.txt": b"Ours.", "t.csv": TABLE}, "t.csv"),
    ],
)
def test_a_text_is_the_table_where_there_is_no_other(store: ObjectStore, files: dict[str, bytes], entry: str) -> None:
    with opened(store, packed(files), Format.ZIP) as catalogue:
        assert len(list(catalogue.rows())) == 2
        assert catalogue.layout.entry == entry


@pytest.mark.parametrize("table", ["products.csv", "shop/products.CSV"])
def test_the_table_is_read_and_its_photos_are_found(store: ObjectStore, table: str) -> None:
    folder = table.rpartition("/")[0]
    beside = f"{folder}/" if folder else ""
    files = {
        table: TABLE,
        "images/image_train/image_9_product_1.jpg": b"train",
        "deep/down/image_3_product_4.jpg": b"deep",
        f"{beside}photos/x.jpg": b"beside",
        f"{beside}images/y.jpg": b"in images",
        "__MACOSX/._products.csv": b"junk",
        "._other.csv": b"junk",
        ".DS_Store": b"junk",
    }
    names = {
        "image_9_product_1.jpg": b"train",
        "image_3_product_4.jpg": b"deep",
        "photos/x.jpg": b"beside",
        "./photos/x.jpg": b"beside",
        "photos\\x.jpg": b"beside",
        "y.jpg": b"in images",
        "images/y.jpg": b"in images",
        "z.jpg": None,
        table: None,
        "../photos/x.jpg": None,
        "": None,
    }
    with opened(store, packed(files), Format.ZIP) as catalogue:
        assert (catalogue.layout.entry, catalogue.layout.format) == (table, Format.CSV)
        assert [row.number for row in catalogue.rows()] == [0, 1]
        assert {name: photo_of(catalogue, name) for name in names} == names


def photo_of(catalogue: OpenCatalogue, name: str) -> bytes | None:
    file = catalogue.photo(name)
    if file is None:
        return None
    with file:
        return file.read()


def test_reading_goes_on_after_any_row(store: ObjectStore) -> None:
    source = put(store, packed({"t.csv": TABLE}), Format.ZIP)

    assert read_in_turns(store, source) == [(0, ["1", "9", "a coat", ""]), (1, ["2", "8", "", "photos/x.jpg"])]


def test_rows_say_where_their_photos_may_be(store: ObjectStore) -> None:
    rows = products(store, packed({"t.csv": TABLE}), Format.ZIP)

    assert rows == [
        ProductRow(0, "1", "9", "a coat", None, PackedPhoto(("image_9_product_1.jpg",), required=False), None),
        ProductRow(1, "2", "8", None, None, PackedPhoto(("photos/x.jpg",), required=True), None),
    ]


def test_photos_that_are_too_large_or_damaged_are_their_rows_affair(store: ObjectStore) -> None:
    noise = os.urandom(500)
    content = packed({"t.csv": TABLE, "large.jpg": b"x" * 2_000, "damaged.jpg": noise}).replace(noise[:9], b"123456789")
    with opened(store, content, Format.ZIP, limits={"photo_bytes": 1_000}) as catalogue:
        with pytest.raises(ImageTooLarge):
            catalogue.photo("large.jpg")
        with pytest.raises(BrokenImage):
            catalogue.photo("damaged.jpg")


def test_photos_of_a_file_without_an_archive_are_nowhere(store: ObjectStore) -> None:
    with opened(store, TABLE) as catalogue:
        assert catalogue.photo("photos/x.jpg") is None
    assert isinstance(products(store, TABLE)[1], RowError)


def test_more_than_is_unpacked_is_refused(store: ObjectStore) -> None:
    content = packed({"t.csv": TABLE, "a.jpg": b"a" * 600, "b.jpg": b"b" * 600})
    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, content, Format.ZIP, limits={"unpacked_bytes": 1_000})
    assert refused.value.code == "ARCHIVE_TOO_LARGE"


def test_a_table_that_breaks_off_is_refused_where_it_does(store: ObjectStore) -> None:
    noise = random.Random(5).randbytes(600_000).hex().encode()
    lines = b"\n".join(noise[place : place + 100] for place in range(0, len(noise), 100))
    content = bytearray(packed({"t.csv": b"title\n" + lines}))
    content[len(content) * 3 // 4] ^= 0xFF

    with opened(store, bytes(content), Format.ZIP) as catalogue, pytest.raises(UnreadableCatalogue) as refused:
        list(catalogue.rows())
    assert refused.value.code == "BROKEN_ARCHIVE"
    with opened(store, bytes(content), Format.ZIP) as catalogue:
        assert len(list(islice(catalogue.rows(), 1_000))) == 1_000
