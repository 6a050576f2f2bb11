"""Bad rows are counted and reported; none of them ends a run."""

from pathlib import Path

import pytest

from shared.errors import InvalidInput
from tests.support.catalogues import CSV_HEADER, Cells, photo_of, write_csv, write_photo
from tests.support.photos import BROKEN, png_of
from training.datasets import Dataset, Finding, open_dataset
from training.datasets.report import LEFT_OUT


def read(tmp_path: Path, *rows: Cells) -> Dataset:
    return open_dataset(write_csv(tmp_path / "products.csv", CSV_HEADER, rows))


def found(dataset: Dataset) -> dict[Finding, int]:
    return {finding: each.count for finding, each in dataset.report.found.items() if finding != Finding.NO_PHOTO}


def ids(dataset: Dataset) -> list[str]:
    return [product.product_id for product in dataset.products]


FINE = (1, 1, "Chaise", "Une chaise", 10)


@pytest.mark.parametrize(
    ("label", "finding"),
    [
        ("", Finding.NO_LABEL),
        ("NaN", Finding.NO_LABEL),
        ("chaises", Finding.BAD_LABEL),
        ("-1", Finding.BAD_LABEL),
        ("10.5", Finding.BAD_LABEL),
        ("2147483648", Finding.BAD_LABEL),
        ("9" * 5000, Finding.BAD_LABEL),
        ("١٠", Finding.BAD_LABEL),
    ],
)
def test_a_label_that_is_no_code_leaves_its_row_out(tmp_path: Path, label: str, finding: Finding) -> None:
    dataset = read(tmp_path, FINE, (2, 2, "Table", "Une table", label))

    assert (ids(dataset), found(dataset)) == (["1"], {finding: 1})


def test_a_row_that_repeats_another_is_left_out(tmp_path: Path) -> None:
    dataset = read(tmp_path, FINE, FINE, FINE)

    assert (ids(dataset), found(dataset)) == (["1"], {Finding.DUPLICATE: 2})


def test_an_id_with_two_categories_goes_unless_one_prevails(tmp_path: Path) -> None:
    even = [(1, 1, "Chaise", "a", 10), (1, 1, "Chaise", "b", 40)]
    prevailing = [(2, 2, "Table", "a", 10), (2, 2, "Table", "a", 10), (2, 2, "Table", "b", 40)]

    dataset = read(tmp_path, *even, *prevailing, (3, 3, "Lit", "", 50))

    assert [(p.product_id, p.code) for p in dataset.products] == [("2", 10), ("3", 50)]
    assert dataset.report.count(Finding.CONFLICTING_ID) == 3


def test_one_content_in_two_categories_goes_unless_one_prevails(tmp_path: Path) -> None:
    even = [(1, 1, "Chaise", "en chêne", 10), (2, 2, "CHAISE", "<b>en chêne</b>", 40)]
    prevailing = [(n, n, "Table", "ronde", code) for n, code in ((3, 10), (4, 10), (5, 40))]

    dataset = read(tmp_path, *even, *prevailing)

    assert ids(dataset) == ["3", "4"]
    assert dataset.report.count(Finding.CONFLICTING_CONTENT) == 3


def test_one_text_with_different_photos_is_no_contradiction(tmp_path: Path) -> None:
    write_photo(tmp_path, 1, 1, photo_of(1))
    write_photo(tmp_path, 2, 2, photo_of(2))

    assert ids(read(tmp_path, (1, 1, "Lot", "", 10), (2, 2, "Lot", "", 40))) == ["1", "2"]


def test_contents_of_one_id_are_numbered_whatever_their_order(tmp_path: Path) -> None:
    one, other = (1, 1, "Chaise", "vue de face", 10), (1, 2, "Chaise", "vue de dos", 10)

    first, second = read(tmp_path, one, other), read(tmp_path, other, one)

    assert sorted(ids(first)) == ["1#1", "1#2"]
    assert {p.product_id: p.description for p in first.products} == {
        p.product_id: p.description for p in second.products
    }


def test_numbered_ids_keep_away_from_ids_that_are_there(tmp_path: Path) -> None:
    dataset = read(
        tmp_path,
        ("A", 1, "Chaise", "", 10),
        ("A", 2, "Banc", "", 10),
        ("A#1", 3, "Lit", "", 10),
        (2, 4, "Vase", "", 20),
    )
    assert sorted(ids(dataset)) == ["2", "A#1", "A#2", "A#3"]


@pytest.mark.parametrize("nothing", ["", "nan", "NaN", "NULL"])
def test_an_empty_cell_is_empty_however_it_was_written(tmp_path: Path, nothing: str) -> None:
    dataset = read(tmp_path, (nothing, 1, "Chaise", nothing, 10), (2, 2, "Lait NAN", "NAN 1er âge", 10))
    first, second = dataset.products
    assert (first.description, second.text) == (None, "Lait NAN NAN 1er âge")
    assert found(dataset) == {Finding.NO_ID: 1, Finding.NO_DESCRIPTION: 1}


def test_utf_16_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("productid,designation,prdtypecode\n1,Chaise,10\n", encoding="utf-16")
    with pytest.raises(InvalidInput, match=r"products.csv is UTF-16; save it as UTF-8."):
        open_dataset(tmp_path / "products.csv")


def test_a_row_without_an_id_is_named_after_its_content(tmp_path: Path) -> None:
    rows = [("", "", "Chaise", "", 10), ("", "", "Table", "", 10), ("", "", "Table", "", 10)]

    first, second = read(tmp_path, *rows), read(tmp_path, *reversed(rows))

    assert all(product_id.startswith("content:") for product_id in ids(first))
    assert sorted(ids(first)) == sorted(ids(second))
    assert (len(ids(first)), first.report.count(Finding.DUPLICATE)) == (2, 1)


@pytest.mark.parametrize("name", sorted(set(BROKEN) - {"truncated jpeg", "png header only"}))
def test_a_photo_that_is_none_is_found_by_its_header(tmp_path: Path, name: str) -> None:
    write_photo(tmp_path, 1, 1, BROKEN[name])

    dataset = read(tmp_path, FINE)

    assert (dataset.products[0].photo, dataset.report.count(Finding.BROKEN_PHOTO)) == (None, 1)


def test_a_photo_of_too_many_pixels_counts_as_broken(tmp_path: Path) -> None:
    write_photo(tmp_path, 1, 1, png_of(50_001, 1_000)[:100])

    assert read(tmp_path, FINE).report.count(Finding.BROKEN_PHOTO) == 1


def test_a_photo_that_ends_too_early_is_left_to_the_features(tmp_path: Path) -> None:
    write_photo(tmp_path, 1, 1, BROKEN["truncated jpeg"])

    dataset = read(tmp_path, FINE)

    assert dataset.products[0].photo is not None
    assert dataset.report.count(Finding.BROKEN_PHOTO) == 0


def test_a_text_past_what_models_use_is_cut_without_changing_what_they_read(tmp_path: Path) -> None:
    (product,) = (dataset := read(tmp_path, (1, 1, "Chaise", "très " * 20_000, 10))).products

    assert product.text == "Chaise " + ("très " * 20_000)[: 4_000 - 7].strip()
    assert len(product.description or "") == 8_000
    assert dataset.report.count(Finding.CUT) == 1


def test_a_quote_that_nobody_closed_costs_some_rows_and_not_the_file(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    lines = [f"{n},{n},Titre {n},{'mot ' * 20},10" for n in range(10_000)]
    lines[50] = '50,50,"Titre sans fin,,10'
    path.write_text("\n".join([",".join(CSV_HEADER), *lines]), encoding="utf-8")

    dataset = open_dataset(path)

    assert dataset.report.count(Finding.MALFORMED) == 1
    assert len(dataset.products) > 8_000
    assert {"49", "9999"} <= set(ids(dataset))


def test_every_defect_at_once(tmp_path: Path) -> None:
    header = ",".join((*CSV_HEADER, "category"))
    lines: list[str | bytes] = [
        "1,1,Chaise,Une chaise en bois,10,Meubles",
        "2,2,Table,,10,Meubles",
        "3,3,,,10,Meubles",
        ",,,,,",
        "",
        "4,4,<p>Lampe&nbsp;bleue</p>,,40,Lampes",
        "5,5,Lit,,chambre,Meubles",
        "6,6,Bureau,,,Meubles",
        "7,7,Tapis,trop,de,champs,10,Meubles",
        "8,8,court",
        "1,1,Chaise,Une chaise en bois,10,Meubles",
        "9,9,Vase,,10,Meubles",
        "9,9,Vase,,40,Lampes",
        "10,10,Pouf,,10,Meubles",
        "11,11,POUF,,40,Lampes",
        "12,12,Banc,rouge,10,Meubles",
        "12,12,Banc,vert,10,Meubles",
        ",13,Coffre,,10,Meubles",
        "Été,14,Rideau d'été,,10,Meubles".encode("cp1252"),
        f"15,15,Armoire,{'x' * 9_000},10,Meubles",
        f"16,16,Commode,{'x' * 140_000},10,Meubles",
        "17,17,\x00Miroir\x00,,40,Lampes",
        "18,18,,,40,Lampes",
    ]
    path = tmp_path / "products.csv"
    encoded = [line if isinstance(line, bytes) else line.encode() for line in (header, *lines)]
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(encoded) + b"\r\n")
    write_photo(tmp_path, 1, 1, photo_of(1))
    write_photo(tmp_path, 2, 2, b"")
    write_photo(tmp_path, 18, 18, photo_of(18))

    dataset = open_dataset(path)

    report = dataset.report
    assert {finding: each.count for finding, each in report.found.items()} == {
        Finding.MALFORMED: 3,
        Finding.NO_LABEL: 2,
        Finding.BAD_LABEL: 1,
        Finding.EMPTY: 1,
        Finding.DUPLICATE: 1,
        Finding.CONFLICTING_ID: 2,
        Finding.CONFLICTING_CONTENT: 2,
        Finding.NO_ID: 1,
        Finding.SAME_ID: 2,
        Finding.NO_TEXT: 1,
        Finding.NO_DESCRIPTION: 5,
        Finding.MARKUP: 1,
        Finding.CUT: 1,
        Finding.NO_PHOTO: 8,
        Finding.BROKEN_PHOTO: 1,
    }
    assert report.rows == len(lines) - 1  # an empty line is no row
    assert report.usable == len(dataset.products) == report.rows - sum(report.count(each) for each in LEFT_OUT)
    assert len(set(ids(dataset))) == len(ids(dataset))
    assert {product.designation for product in dataset.products if "Rideau" in (product.text or "")} == {"Rideau d'été"}
    assert report.found[Finding.MALFORMED].examples[0] == "products.csv row 10"
    text = "\n".join(report.lines())
    assert "22 rows read, 10 usable in 2 categories of 3 to 7 rows" in text
    assert "left out: 1 whose category code is not a whole number from 0 to 2147483647 (products.csv row 8)" in text


def test_only_so_many_examples_are_kept(tmp_path: Path) -> None:
    report = read(tmp_path, FINE, *[(n, n, "Chaise", f"{n}", "?") for n in range(100, 200)]).report

    assert report.count(Finding.BAD_LABEL) == 100
    assert len(report.found[Finding.BAD_LABEL].examples) == 5
