"""Whoever needs no photos opens the table alone: of an archive of many files, nothing else is loaded."""

import io
import tracemalloc
import zipfile

import pyarrow
import pytest
from pyarrow import parquet

from shared.catalogues.one_entry import open_entry
from shared.catalogues.opening import Heartbeat
from shared.catalogues.reading import open_catalogue, open_table
from shared.catalogues.source import Format, Layout, Source, source_of, unpacked_key
from shared.errors import UnreadableCatalogue
from shared.store import ObjectStore
from tests.shared.catalogues.reading import KEY, LIMITS, opened, put, read, seen
from tests.shared.catalogues.zips import TABLE, packed

PHOTOS = {f"images/{number}.jpg": b"" for number in range(10_000)}
NAMES = ["t.csv", "shop/café.csv", "schön/t.NDJSON"]


def looked_into(store: ObjectStore, content: bytes, form: Format = Format.ZIP) -> Source:
    """A source whose layout is known."""
    source = put(store, content, form)
    with open_catalogue(store, source, LIMITS) as catalogue:
        for _ in catalogue.rows():
            pass
        return source.model_copy(update={"layout": catalogue.layout})


def read_alone(store: ObjectStore, source: Source) -> list[list[object] | str]:
    with open_table(store, source, LIMITS) as catalogue:
        assert catalogue.photo("images/x.jpg") is None
        return [seen(row) for row in catalogue.rows()]


def in_parquet() -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.table({"title": ["a coat", "a hat"]}), out)
    return out.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("name", NAMES)
def test_the_table_is_found_among_photos(store: ObjectStore, name: str, method: int) -> None:
    table = TABLE if name.endswith(".csv") else b'{"title": "a coat"}\n{"title": "a hat"}\n'
    source = looked_into(store, packed({"images/x.jpg": b"x", name: table, "y.jpg": b"y"}, method))

    assert read_alone(store, source) == read(store, store.get(KEY), Format.ZIP)


def test_no_other_entry_is_loaded(store: ObjectStore) -> None:
    source = looked_into(store, packed({**PHOTOS, "t.csv": TABLE}))

    tracemalloc.start()
    try:
        assert len(read_alone(store, source)) == 2
        assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("before", [b"", b"something else"])
def test_the_entry_is_where_zipfile_would_find_it(before: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.comment = b"a comment"
        archive.writestr("a.jpg", b"a")
        with archive.open("t.csv", "w", force_zip64=True) as table:
            table.write(TABLE)
        entry = archive.getinfo("t.csv")
        entry.comment = b"of an entry"
    file = io.BytesIO(before + out.getvalue())

    with open_entry(file, "t.csv", Heartbeat()) as content:
        stream = content.begin()
        assert stream.read(2**20) == TABLE
        assert content.begin_at(5).read(6) == TABLE[5:11]


def test_a_damaged_table_is_refused_as_it_was_at_first(store: ObjectStore) -> None:
    source = put(store, packed({"t.csv": TABLE}, zipfile.ZIP_STORED).replace(b"a coat", b"a boat"), Format.ZIP)
    layout = Layout(format=Format.CSV, entry="t.csv", encoding="utf-8", delimiter=",", header=("title",))

    for entry in ("t.csv", "u.csv"):
        known = source.model_copy(update={"layout": layout.model_copy(update={"entry": entry})})
        with pytest.raises(UnreadableCatalogue) as refused:
            read_alone(store, known)
        assert refused.value.code == "BROKEN_ARCHIVE"


def test_a_parquet_file_in_a_zip_is_unpacked_once(store: ObjectStore) -> None:
    source = looked_into(store, packed({"t.parquet": in_parquet(), "x.jpg": b""}))
    assert source.layout is not None
    assert (source.layout.entry, source.layout.converted) == ("t.parquet", unpacked_key(KEY))

    store.put(KEY, b"PK\x03\x04 and nothing else")

    assert read_alone(store, source) == [["a coat"], ["a hat"]]


def test_nothing_stays_of_a_parquet_file_that_is_of_no_use(store: ObjectStore) -> None:
    with pytest.raises(UnreadableCatalogue):
        read(store, packed({"t.parquet": b"PAR1 and nothing else"}), Format.ZIP)

    assert [found.key for found in store.objects("catalogues")] == [KEY]


def test_a_parquet_file_of_far_more_bytes_than_were_sent_is_not_kept(store: ObjectStore) -> None:
    noise = bytes(range(256)) * 12
    table = b"PAR1" + b"".join(noise[place:] + bytes(3_000) * 16 for place in range(1_600))

    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, packed({"t.parquet": table}), Format.ZIP)

    assert refused.value.code == "ARCHIVE_RATIO"
    assert [found.key for found in store.objects("catalogues")] == [KEY]


def test_what_lies_beside_a_source_tells_which() -> None:
    assert source_of(unpacked_key(KEY)) == source_of(KEY) == KEY


@pytest.mark.parametrize(("photos", "is_light"), [(9_999, True), (10_000, False)])
def test_an_archive_of_many_files_is_not_light(store: ObjectStore, photos: int, is_light: bool) -> None:
    files = dict(list(PHOTOS.items())[:photos])
    with opened(store, packed({**files, "t.csv": TABLE}), Format.ZIP) as catalogue:
        assert catalogue.is_light is is_light


def test_plain_files_are_light(store: ObjectStore) -> None:
    for content, form in ((TABLE, Format.CSV), (b'{"title": "a"}', Format.NDJSON), (in_parquet(), Format.PARQUET)):
        with opened(store, content, form) as catalogue:
            assert catalogue.is_light
