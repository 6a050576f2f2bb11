"""What a row says of a product, and what is wrong with it."""

import pytest

from shared.catalogues.products import PhotoUrl, ProductRow, RowReader, StoredPhoto
from shared.catalogues.reading import CatalogueRow
from shared.catalogues.source import Format, Layout
from shared.ledger.finish import RowError
from shared.settings import Settings

HEADER = ("ID", "Photo number", "Titre", "Texte", "Lien", "Code")
COLUMNS = dict(
    zip(("product_id", "image_id", "designation", "description", "image", "prdtypecode"), HEADER, strict=True)
)
HASH = "ab" * 32


def product(
    *cells: object, form: Format = Format.CSV, labelled: bool = False, settings: Settings | None = None
) -> ProductRow | RowError:
    layout = Layout(format=form, header=HEADER, columns=COLUMNS)
    filled = [*cells, *[""] * (len(HEADER) - len(cells))]
    reader = RowReader(layout, settings or Settings(), labelled=labelled)
    return reader.read(CatalogueRow(7, filled))  # type: ignore[arg-type]


def test_a_row_is_a_product() -> None:
    assert product("1", "9", "A coat", "Warm.", HASH.upper(), "1280") == ProductRow(
        7, "1", "9", "A coat", "Warm.", StoredPhoto(HASH), 1280
    )
    assert product("", "", "A coat") == ProductRow(7, None, None, "A coat", None, None, None)


@pytest.mark.parametrize(
    ("written", "id_"),
    [
        ("100000.0", "100000"),
        (" 7 ", "7"),
        ("1.50", "1.50"),
        ("v1.0", "v1.0"),
        ("007", "007"),
        (100000.0, "100000"),
        (1.5, "1.5"),
        (42, "42"),
        (float("nan"), None),
        ("'-1", "-1"),
    ],
)
def test_ids_are_what_they_were_before_programs_made_numbers_of_them(written: object, id_: str | None) -> None:
    row = product(written, "", "A coat")
    assert isinstance(row, ProductRow)
    assert row.product_id == id_


@pytest.mark.parametrize("text", ["=1+1", "+33", "-5 %", "@home", "\tx", "\rx"])
def test_what_was_guarded_against_spreadsheets_is_as_it_was(text: str) -> None:
    row = product("", "", f"'{text}")
    assert isinstance(row, ProductRow)
    assert row.designation == text
    assert product("", "", f"'{text}", form=Format.NDJSON).designation == f"'{text}"  # type: ignore[union-attr]
    assert product("", "", "'tis x").designation == "'tis x"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        (("x" * 201,), "TOO_LONG", "ID"),
        (("1", "x" * 201), "TOO_LONG", "Photo number"),
        (("1", "", "x" * 1_001), "TOO_LONG", "Titre"),
        (("1", "", "x" * 1_000_000), "TOO_LONG", "Titre"),
        (("1", "", "", "x" * 100_001), "TOO_LONG", "Texte"),
        (("1", "", "a\0b"), "INVALID_TEXT", "Titre"),
        (("1", "", "a", "\ud800"), "INVALID_TEXT", "Texte"),
        (("1", "", 5), "WRONG_TYPE", "Titre"),
        ((True, "", "a"), "WRONG_TYPE", "ID"),
        (("1", "", "a", "", "photo.jpg"), "IMAGE_NOT_FOUND", "Lien"),
        (("1", "", "a", "", "http://example.com/x.jpg"), "IMAGE_URL_REFUSED", "Lien"),
        (("1", "", "a", "", "https://127.0.0.1/x.jpg"), "IMAGE_URL_REFUSED", "Lien"),
        (("1", "", "a", "", "https://0x7f.1/x.jpg"), "IMAGE_URL_REFUSED", "Lien"),
        (("1", "", "a", "", "https://[::ffff:127.0.0.1]/x.jpg"), "IMAGE_URL_REFUSED", "Lien"),
        (("1", "", "a", "", "https://user@example.com/x.jpg"), "IMAGE_URL_REFUSED", "Lien"),
        ((), "EMPTY_PRODUCT", None),
        (("", "9"), "EMPTY_PRODUCT", None),
        (("1", "", "<br/> &nbsp;"), "EMPTY_PRODUCT", None),
        (("", "", "   "), "EMPTY_PRODUCT", None),
    ],
)
def test_a_row_that_is_no_product_names_the_column_at_fault(
    cells: tuple[object, ...], code: str, column: str | None
) -> None:
    row = product(*cells)

    assert isinstance(row, RowError)
    assert (row.code, row.column) == (code, column)


def test_a_photo_may_be_fetched(capsys: pytest.CaptureFixture[str]) -> None:
    row = product("", "", "", "", " https://example.com/a%20b.jpg ")
    assert isinstance(row, ProductRow)
    assert row.photo == PhotoUrl("https://example.com/a%20b.jpg")


def test_an_id_alone_may_be_that_of_a_stored_product() -> None:
    assert product("1") == ProductRow(7, "1", None, None, None, None, None)


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        (("", "", "a", "", "", "10"), "MISSING_FIELD", "ID"),
        (("1", "", "a"), "MISSING_FIELD", "Code"),
        (("1", "", "a", "", "", "ten"), "WRONG_TYPE", "Code"),
        (("1", "", "a", "", "", "-1"), "WRONG_TYPE", "Code"),
        (("1", "", "a", "", "", "1.5"), "WRONG_TYPE", "Code"),
        (("1", "", "a", "", "", "1_0"), "WRONG_TYPE", "Code"),
        (("1", "", "a", "", "", "٧"), "WRONG_TYPE", "Code"),
        (("1", "", "a", "", "", str(2**31)), "WRONG_TYPE", "Code"),
        (("1", "", "a", "", "", True), "WRONG_TYPE", "Code"),
        (("1", "", "a", "", "", float("inf")), "WRONG_TYPE", "Code"),
        (("1", "", "", "", "", "10"), "EMPTY_PRODUCT", None),
    ],
)
def test_labelled_rows_need_an_id_a_code_and_something_to_learn_from(
    cells: tuple[object, ...], code: str, column: str | None
) -> None:
    row = product(*cells, labelled=True)

    assert isinstance(row, RowError)
    assert (row.code, row.column) == (code, column)


@pytest.mark.parametrize("written", ["10", " 10 ", "10.0", 10, 10.0, "0000000000010"])
def test_codes_are_whole_numbers_however_written(written: object) -> None:
    assert product("1", "", "a", "", "", written, labelled=True) == ProductRow(7, "1", None, "a", None, None, 10)


def test_a_code_that_is_none_does_no_harm_where_it_is_not_asked_for() -> None:
    assert product("1", "", "a", "", "", "ten") == ProductRow(7, "1", None, "a", None, None, None)
