"""One CSV with a row per product, as programs of all kinds write it."""

from pathlib import Path

import pytest

from shared.errors import InvalidInput
from shared.taxonomy import Category
from tests.support.catalogues import CSV_HEADER, photo_of, write_csv, write_photo
from training.datasets import Finding, open_dataset
from training.split import split_products

LUMA = Path(__file__).parents[3] / "shared" / "data" / "luma"
ROWS = [(1, 11, "Chaise", "Une chaise en chêne", 1560), (2, 12, "Été à Nîmes", "", 10)]


def test_a_folder_with_a_products_csv_is_read_whatever_lies_beside(tmp_path: Path) -> None:
    write_csv(tmp_path / "products.csv", CSV_HEADER, ROWS)
    write_csv(tmp_path / "old.csv", CSV_HEADER, ROWS)
    write_photo(tmp_path, 11, 1, photo_of(1))

    dataset = open_dataset(tmp_path)

    assert [(p.product_id, p.designation, p.description, p.code) for p in dataset.products] == [
        ("1", "Chaise", "Une chaise en chêne", 1560),
        ("2", "Été à Nîmes", None, 10),
    ]
    assert [p.photo is not None for p in dataset.products] == [True, False]


def test_a_file_or_a_folders_only_labelled_csv_will_do(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "autumn.csv", CSV_HEADER, ROWS)
    write_csv(tmp_path / "prices.csv", ("productid", "price"), [(1, 9)])

    assert (open_dataset(path).name, open_dataset(tmp_path).name) == ("autumn", tmp_path.name)
    assert open_dataset(path).products == open_dataset(tmp_path).products


def test_other_names_of_the_columns(tmp_path: Path) -> None:
    header = ("Product_ID", "Title", "Description", "image_path", "PrdTypeCode")
    path = write_csv(tmp_path / "shop.csv", header, [("a-1", "Chaise", "En chêne", "chairs/oak.png", 7)])
    (tmp_path / "photos" / "chairs").mkdir(parents=True)
    (tmp_path / "photos" / "chairs" / "oak.png").write_bytes(photo_of(3))

    (product,) = open_dataset(path, images=tmp_path / "photos").products

    assert (product.product_id, product.text, product.code) == ("a-1", "Chaise En chêne", 7)
    assert product.photo is not None
    assert product.photo.read() == photo_of(3)


@pytest.mark.parametrize("name", ["../secret.jpg", "/etc/hostname", "a\x00b.jpg", "n" * 5000, "."])
def test_a_path_that_is_no_photos_is_no_photo(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.jpg").write_bytes(photo_of(1))
    path = write_csv(tmp_path / "data" / "shop.csv", ("title", "image", "prdtypecode"), [("Chaise", name, 7)])

    dataset = open_dataset(path)

    assert dataset.products[0].photo is None
    assert dataset.report.count(Finding.NO_PHOTO) == 1


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp1252", "1 lines in Windows-1252, the rest in UTF-8")],
)
@pytest.mark.parametrize(("delimiter", "word"), [(",", "comma"), (";", "semicolon"), ("\t", "tab")])
def test_encodings_and_delimiters_are_found_and_stated(
    tmp_path: Path, encoding: str, said: str, delimiter: str, word: str
) -> None:
    lines = [["productid", "designation", "prdtypecode"], ["1", "Été – Nîmes", "10"], ["2", "Chaise", "1560"]]
    path = tmp_path / "shop.csv"
    path.write_bytes("\r\n".join(delimiter.join(line) for line in lines).encode(encoding))

    dataset = open_dataset(path)

    assert [p.designation for p in dataset.products] == ["Été – Nîmes", "Chaise"]
    assert dataset.report.sources == (f"shop.csv: separated by {word}, {said}",)


def test_categories_are_named_by_taxonomy_then_column_then_rakuten_then_code(tmp_path: Path) -> None:
    header = ("designation", "prdtypecode", "category")
    rows = [("a", 5, "Sacs"), ("b", 5, "Sac"), ("c", 5, "Sacs"), ("d", 6, "Montres"), ("e", 10, ""), ("f", 7, "")]
    path = write_csv(tmp_path / "shop.csv", header, rows)
    taxonomy = write_csv(tmp_path / "names.csv", ("code", "name"), [(6, "Horlogerie")])

    assert open_dataset(path, taxonomy=taxonomy).taxonomy == (
        Category(5, "Sacs"),
        Category(6, "Horlogerie"),
        Category(7, "7"),
        Category(10, "Livres d'occasion", "Second-hand books"),
    )


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([("x", "Sacs")], "no code"),
        ([(1, "")], "no name"),
        ([(1, "Sacs"), (1, "Bags")], "a second time"),
        ([(1, "Sacs"), (2, "Meubles", " maison")], "damaged rows: names.csv row 3"),
    ],
)
def test_a_taxonomy_with_a_mistake_is_refused(tmp_path: Path, rows: list[tuple[object, ...]], problem: str) -> None:
    path = write_csv(tmp_path / "shop.csv", CSV_HEADER, ROWS)
    taxonomy = write_csv(tmp_path / "names.csv", ("code", "name"), rows)

    with pytest.raises(InvalidInput, match=problem):
        open_dataset(path, taxonomy=taxonomy)


def test_an_unknown_layout_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is nothing at"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(InvalidInput, match=r"X_train\*.csv .* products.csv .* prdtypecode; it has neither"):
        open_dataset(tmp_path)
    for name in ("a.csv", "b.csv"):
        write_csv(tmp_path / name, CSV_HEADER, ROWS)
    with pytest.raises(InvalidInput, match=r"it has several: a.csv, b.csv"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe" * 99, b'"', b"productid,designation\n1,Chaise\n"])
def test_a_file_without_the_columns_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shop.csv"
    path.write_bytes(content)

    with pytest.raises(InvalidInput, match=r"shop.csv needs the columns .*prdtypecode; separated by .*, it has: "):
        open_dataset(path)


def test_a_file_without_a_usable_row_is_refused_with_its_report(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "shop.csv", CSV_HEADER, [(1, 1, "Chaise", "", "chairs")])

    with pytest.raises(InvalidInput, match=r"no labelled product .* left out: 1 whose category code is not a whole"):
        open_dataset(path)


def test_real_listings_are_read_and_split() -> None:
    if not LUMA.is_dir():
        pytest.skip("the real listings are not on this machine")
    dataset = open_dataset(LUMA)

    assert (dataset.report.rows, dataset.report.usable, len(dataset.taxonomy)) == (449, 449, 15)
    assert dataset.report.count(Finding.NO_PHOTO) == dataset.report.count(Finding.BROKEN_PHOTO) == 0
    assert dataset.taxonomy[0] == Category(100, "Gear/bags")
    codes = {product.code for product in dataset.products}
    for seed in range(1, 6):
        split = split_products(dataset.products, validation_share=0.2, test_share=0.2, seed=seed)
        for part, share in ((split.train, 0.6), (split.validation, 0.2), (split.test, 0.2)):
            assert abs(len(part) / 449 - share) < 0.02
            assert {product.code for product in part} == codes
        descriptions = [
            {product.description for product in part} for part in (split.train, split.validation, split.test)
        ]
        assert not descriptions[0] & descriptions[1] | descriptions[0] & descriptions[2]
        assert not descriptions[1] & descriptions[2]
