"""NDJSON: strict JSON, an object a line, under keys that come as they come."""

import base64
import json

import pytest

from shared.catalogues.products import InlinePhoto, ProductRow
from shared.catalogues.source import Format
from shared.errors import UnreadableCatalogue
from shared.ledger.finish import RowError
from shared.settings import Settings
from shared.store import ObjectStore
from tests.shared.catalogues.reading import opened, products, put, read, read_in_turns

NOT_JSON = [
    b"{",
    b'{"title": NaN}',
    b'{"title": Infinity}',
    b'{"title": 1e999}',
    b'{"title": 9223372036854775808}',
    b'{"title": "\\ud800"}',
    b'{"title": "a", "title": "b"}',
    b'{"title": "\xff"}',
    b'{"title": "a\x00b"}',
    b"[" * 10_000 + b"]" * 10_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b"{'title': 'x'}",
    b'{"title": "x",}',
    b'{"title": "x"} {}',
    b"[]",
    b'"x"',
    b"null",
    b"7",
    b"x,y",
]


@pytest.mark.parametrize("line", NOT_JSON)
def test_what_is_not_strictly_json_costs_its_row(store: ObjectStore, line: bytes) -> None:
    content = b'{"title": "a"}\n' + line + b'\n{"title": "b"}'

    assert read(store, content, Format.NDJSON) == [["a"], "INVALID_JSON", ["b"]]


def test_a_file_of_nothing_else_has_row_errors_alone(store: ObjectStore) -> None:
    assert read(store, b"\n".join(NOT_JSON), Format.NDJSON) == ["INVALID_JSON"] * len(NOT_JSON)


def test_columns_are_the_keys_as_they_occur(store: ObjectStore) -> None:
    content = b'{"title": "a", "n": 1}\r\n\n{"x": [1, {"y": null}], "n": 2.5}\n{"title": null, "on": true}\n'
    with opened(store, content, Format.NDJSON) as catalogue:
        assert catalogue.layout.header == ()
        rows = list(catalogue.rows())

        assert catalogue.layout.header == ("title", "n", "x", "on")
        assert catalogue.layout.columns == {"designation": "title"}
    assert [list(row.cells) for row in rows] == [["a", 1], [None, 2.5, '[1, {"y": null}]'], [None, None, None, True]]


def test_reading_goes_on_after_any_row(store: ObjectStore) -> None:
    content = b'\xef\xbb\xbf{"title": "a"}\n\nnonsense\n{"n": 1}\n{"title": "b", "m": 2}'

    assert read_in_turns(store, put(store, content, Format.NDJSON)) == [
        (0, ["a"]),
        (1, "INVALID_JSON"),
        (2, [None, 1]),
        (3, ["b", None, 2]),
    ]


def test_a_column_of_ours_may_come_late(store: ObjectStore) -> None:
    content = b'{"product_id": 7}\n' + b'{"product_id": 8, "x": 1}\n' * 60_000 + b'{"name": "a", "product_id": 1.5}\n'

    assert products(store, content, Format.NDJSON)[-1] == ProductRow(60_001, "1.5", None, "a", None, None, None)


def test_the_best_of_several_names_is_taken_in_whichever_row_it_is(store: ObjectStore) -> None:
    with opened(store, b'{"name": "a"}\n{"designation": "b"}\n', Format.NDJSON) as catalogue:
        assert catalogue.layout.columns == {"designation": "designation"}


@pytest.mark.parametrize(
    ("content", "said", "code"),
    [
        (b"", {}, "EMPTY_CATALOGUE"),
        (b"\n \n", {}, "EMPTY_CATALOGUE"),
        (b'{"colour": "red"}', {}, "NO_KNOWN_COLUMN"),
        (b'{"title": "red"}', {"columns": {"description": "text"}}, "COLUMN_NOT_FOUND"),
        (b"PK\x03\x04", {}, "WRONG_FORMAT"),
    ],
)
def test_what_is_no_table_is_refused(store: ObjectStore, content: bytes, said: dict[str, object], code: str) -> None:
    with pytest.raises(UnreadableCatalogue) as refused:
        read(store, content, Format.NDJSON, **said)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_keys_beyond_the_limit_cost_the_row_that_brings_them(store: ObjectStore) -> None:
    many = json.dumps({f"k{number}": 1 for number in range(10_000)}).encode()
    long = json.dumps({"k" * 501: 1}).encode()
    content = b'{"title": "a"}\n' + many + b"\n" + long + b'\n{"title": "b"}\n'

    assert read(store, content, Format.NDJSON) == [["a"], "TOO_MANY_COLUMNS", "TOO_LONG", ["b"]]


def test_large_rows_of_many_values_cost_themselves(store: ObjectStore) -> None:
    content = b'{"title": "a"}\n{"x": [' + b"{}," * 1_000_000 + b'0]}\n{"title": "b"}\n'

    assert read(store, content, Format.NDJSON) == [["a"], "TOO_LONG", ["b"]]


@pytest.mark.parametrize("value", ["1", "1.5", "true", '["a"]', '{"a": 1}'])
def test_values_of_another_type_are_row_errors(store: ObjectStore, value: str) -> None:
    (row,) = products(store, b'{"title": %s}' % value.encode(), Format.NDJSON)

    assert isinstance(row, RowError)
    assert (row.code, row.column) == ("WRONG_TYPE", "title")


def test_ids_and_codes_may_be_numbers(store: ObjectStore) -> None:
    content = b'{"title": "a", "productid": 100000, "imageid": 5e2, "prdtypecode": 10}'

    assert products(store, content, Format.NDJSON, labelled=True) == [
        ProductRow(0, "100000", "500", "a", None, None, 10)
    ]


def test_photos_may_be_in_the_rows(store: ObjectStore) -> None:
    photos = [base64.b64encode(b"x" * size).decode() for size in (3, 1024, 1025, 10_000)] + ["a photo", "=", "é"]
    content = "\n".join(json.dumps({"image": photo}) for photo in photos).encode()

    rows = products(store, content, Format.NDJSON, settings=Settings(max_image_bytes=1024))

    found = [row.code if isinstance(row, RowError) else row.photo for row in rows]
    assert found[:2] == [InlinePhoto(b"xxx"), InlinePhoto(b"x" * 1024)]
    assert found[2:] == ["IMAGE_TOO_LARGE"] * 2 + ["INVALID_BASE64"] * 3
