"""Parquet, as pyarrow and pandas write it, and as nobody should."""

import io
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas
import pyarrow
import pytest
from pyarrow import parquet

from shared.catalogues.products import ProductRow
from shared.catalogues.source import Format
from shared.errors import UnreadableCatalogue
from shared.ledger.finish import RowError
from shared.store import ObjectStore
from tests.shared.catalogues.reading import opened, products, put, read, read_in_turns
from tests.shared.catalogues.zips import packed


def written(columns: dict[str, Any], **options: Any) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), out, **options)
    return out.getvalue()


def test_cells_are_what_the_file_has_and_types_are_kept(store: ObjectStore) -> None:
    content = written(
        {
            "title": ["a", None],
            "price": [1.5, None],
            "stock": pyarrow.array([3, None], pyarrow.int16()),
            "new": [True, False],
            "tags": [["x", "y"], None],
            "size": [{"w": 1, "since": date(2024, 5, 1)}, None],
            "since": [date(2024, 5, 1), None],
            "at": [datetime(2024, 5, 1, 12, tzinfo=UTC), None],
            "exact": [Decimal("1.10"), None],
            "kind": pyarrow.array(["k", "k"]).dictionary_encode(),
            "raw": [b"\xff", None],
        }
    )
    with opened(store, content, Format.PARQUET) as catalogue:
        layout, rows = catalogue.layout, [list(row.cells) for row in catalogue.rows()]
        assert catalogue.read_share() == 1.0

    assert rows[0] == [
        "a",
        1.5,
        3,
        True,
        '["x", "y"]',
        '{"w": 1, "since": "2024-05-01"}',
        "2024-05-01",
        "2024-05-01T12:00:00+00:00",
        "1.10",
        "k",
        "/w==",
    ]
    assert rows[1] == [None, None, None, False, *[None] * 5, "k", None]
    assert layout.types == {"title": "string", "price": "double", "stock": "int16", "new": "bool"} | (
        {"kind": "string"} if "kind" in layout.types else {}
    )
    assert layout.columns == {"designation": "title"}


def test_reading_goes_on_after_any_row(store: ObjectStore) -> None:
    content = written({"title": [f"t{number}" for number in range(25)]}, row_group_size=7)

    assert read_in_turns(store, put(store, content, Format.PARQUET)) == [(n, [f"t{n}"]) for n in range(25)]


def test_it_may_lie_in_a_zip(store: ObjectStore) -> None:
    content = packed({"t.parquet": written({"title": ["a", "b"]})})

    assert read(store, content, Format.ZIP) == [["a"], ["b"]]
    assert len(read_in_turns(store, put(store, content, Format.ZIP))) == 2


def test_what_pandas_makes_of_ids_is_undone(store: ObjectStore) -> None:
    out = io.BytesIO()
    frame = pandas.DataFrame({"productid": [100000, None], "title": ["a", "b"], "prdtypecode": [10.0, None]})
    frame.to_parquet(out)

    assert products(store, out.getvalue(), Format.PARQUET) == [
        ProductRow(0, "100000", None, "a", None, None, 10),
        ProductRow(1, None, None, "b", None, None, None),
    ]


def test_texts_that_are_none_cost_their_row(store: ObjectStore) -> None:
    broken = pyarrow.StringArray.from_buffers(
        2, pyarrow.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pyarrow.py_buffer(b"\xffb")
    )
    assert read(store, written({"title": broken}), Format.PARQUET) == ["INVALID_TEXT", ["b"]]
    assert read(store, written({"title": ["x" * 999, "b"]}), Format.PARQUET, limits={"row_bytes": 500}) == [
        "TOO_LONG",
        ["b"],
    ]


def test_lists_that_are_too_long_cost_their_row(store: ObjectStore) -> None:
    tags = [["x" * 400, "y" * 400], ["z"], None]
    content = written({"title": ["a", "b", "c"], "tags": tags, "size": [{"of": tag} for tag in tags]})

    assert read(store, content, Format.PARQUET, limits={"row_bytes": 500}) == [
        "TOO_LONG",
        ["b", '["z"]', '{"of": ["z"]}'],
        ["c", None, '{"of": null}'],
    ]


def test_values_may_be_nested_in_any_way(store: ObjectStore) -> None:
    pairs, both = pyarrow.map_(pyarrow.string(), pyarrow.int32()), pyarrow.list_(pyarrow.int32(), 2)
    columns = {
        "title": ["a", "b", "c"],
        "pairs": pyarrow.array([[("x", 1), ("y", 2)], None, [("z" * 900, 3)]], pairs),
        "both": pyarrow.array([[1, 2], [3, 4], [5, 6]], both),
        "deep": [[[{"x": "y"}]], [], None],
    }
    rows = read(store, written(columns), Format.PARQUET, limits={"row_bytes": 500})

    assert rows == [["a", '[["x", 1], ["y", 2]]', "[1, 2]", '[[{"x": "y"}]]'], ["b", None, "[3, 4]", "[]"], "TOO_LONG"]


def test_a_nested_column_of_ours_is_a_row_error(store: ObjectStore) -> None:
    rows = products(store, written({"title": [["a"], None], "product_id": ["1", "2"]}), Format.PARQUET)

    assert rows[0] == RowError("WRONG_TYPE", "The value must be a string.", "title")
    assert isinstance(rows[1], ProductRow)


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (written({"colour": ["a"]}), {}, "NO_KNOWN_COLUMN"),
        (written({"title": ["a"], "Title": ["a"]}), {}, "DUPLICATE_COLUMN"),
        (written({"title": ["a"] * 9}), {"rows": 8}, "TOO_MANY_ROWS"),
        (written({"title": ["a"], "b": [1], "c": [2]}), {"columns": 2}, "TOO_MANY_COLUMNS"),
        (written({"title": [f"{n}" * 9 for n in range(99)]}), {"unpacked_bytes": 99}, "UNPACKED_TOO_LARGE"),
        (
            written({"title": ["a"], "b": pyarrow.array([b"x" * 2**17], pyarrow.binary(2**17))}),
            {},
            "UNPACKED_TOO_LARGE",
        ),
        (b"PAR1", {}, "BROKEN_PARQUET"),
        (b"PAR1" + b"\xff" * 4 + b"PAR1", {}, "BROKEN_PARQUET"),
        (b"PAR1" + bytes(99) + b"\x20\0\0\0PAR1", {}, "BROKEN_PARQUET"),
        (b"title\na\n", {}, "WRONG_FORMAT"),
        (b"", {}, "EMPTY_CATALOGUE"),
    ],
)
def test_what_is_no_table_is_refused(store: ObjectStore, content: bytes, limits: dict[str, int], code: str) -> None:
    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, content, Format.PARQUET, limits=limits)
    assert refused.value.code == code


def test_any_damage_is_refused_or_harmless(store: ObjectStore) -> None:
    good, chance = written({"title": [f"t{n}" for n in range(50)], "n": list(range(50))}), random.Random(6)
    for _ in range(150):
        content = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            content[chance.randrange(4, len(content))] = chance.randrange(256)
        try:
            rows = read(store, bytes(content), Format.PARQUET)
        except UnreadableCatalogue:
            continue
        assert len(rows) <= 50
