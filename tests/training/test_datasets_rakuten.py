"""The challenge's files, in whatever order their rows come."""

import random
from pathlib import Path

import pytest

from shared.errors import InvalidInput
from shared.taxonomy import RAKUTEN, Category
from tests.support.catalogues import X_HEADER, photo_of, write_csv, write_photo, write_rakuten
from training.datasets import Finding, open_dataset
from training.photos import PhotoFile
from training.products import class_order, fingerprint, labels
from training.split import split_products

CODES = (10, 2705, 1280, 40)


def products(count: int) -> list[tuple[object, ...]]:
    return [(n, f"Titre {n}", f"Description {n}" if n % 3 else "", 1000 + n, 5000 + n) for n in range(count)]


def categories(count: int) -> list[tuple[object, ...]]:
    return [(n, CODES[n % len(CODES)]) for n in range(count)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_rakuten(tmp_path / "challenge", products(40), categories(40))
    for n in range(40):
        write_photo(folder, 5000 + n, 1000 + n, photo_of(n))
    return folder


def test_a_product_is_both_rows_of_its_index_and_its_photo(folder: Path) -> None:
    dataset = open_dataset(folder)

    product = dataset.products[7]
    assert (product.product_id, product.designation, product.description) == ("1007", "Titre 7", "Description 7")
    assert product.code == CODES[3]
    assert product.photo == PhotoFile(folder / "images/image_train/image_5007_product_1007.jpg")
    assert product.photo.read() == photo_of(7)
    assert (dataset.name, dataset.report.rows, dataset.report.usable) == ("challenge", 40, 40)
    assert dataset.report.count(Finding.NO_DESCRIPTION) == 14


def test_classes_are_the_datas_with_rakutens_names(folder: Path) -> None:
    assert open_dataset(folder).taxonomy == tuple(each for each in RAKUTEN if each.code in CODES)


def test_the_order_of_the_labels_and_of_the_products_changes_nothing(folder: Path) -> None:
    before = open_dataset(folder)
    split_before = split_products(before.products, validation_share=0.2, test_share=0.2, seed=1)
    shuffled_labels, shuffled_products = categories(40), products(40)
    random.Random(5).shuffle(shuffled_labels)
    random.Random(6).shuffle(shuffled_products)
    write_rakuten(folder, shuffled_products, shuffled_labels)

    after = open_dataset(folder)

    assert [p.product_id for p in after.products] != [p.product_id for p in before.products]
    assert sorted(after.products, key=lambda p: p.product_id) == sorted(before.products, key=lambda p: p.product_id)
    assert fingerprint(after.products) == fingerprint(before.products)
    classes = class_order(after.products, after.taxonomy)
    assert classes == class_order(before.products, before.taxonomy)
    split_after = split_products(after.products, validation_share=0.2, test_share=0.2, seed=1)
    assert split_after == split_before
    assert labels(split_after.train, classes).tolist() == labels(split_before.train, classes).tolist()


def test_rows_without_their_other_half_are_counted(tmp_path: Path) -> None:
    folder = write_rakuten(tmp_path, products(5), [*categories(4), (77, 10), (78, 10)])

    report = open_dataset(folder).report

    assert (report.rows, report.usable) == (5, 4)
    assert report.found[Finding.NO_LABEL].examples == ("X_train_update.csv row 6",)
    assert report.count(Finding.NO_PRODUCT) == 2


def test_an_index_with_two_labels_is_a_contradiction(tmp_path: Path) -> None:
    folder = write_rakuten(tmp_path, products(3), [*categories(3), (0, 40), (1, 2705)])

    dataset = open_dataset(folder)

    assert [product.product_id for product in dataset.products] == ["1001", "1002"]
    assert dataset.report.count(Finding.CONFLICTING_ID) == 2
    assert dataset.report.count(Finding.DUPLICATE) == 1


@pytest.mark.parametrize("given", ["images", "images/image_train", "."])
def test_photos_may_lie_elsewhere(folder: Path, tmp_path: Path, given: str) -> None:
    (folder / "images").rename(tmp_path / "images")
    assert open_dataset(folder).report.count(Finding.NO_PHOTO) == 40

    assert open_dataset(folder, images=tmp_path / given).report.count(Finding.NO_PHOTO) == 0


def test_a_folder_of_photos_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no folder of photos at .*nowhere"):
        open_dataset(folder, images=folder / "nowhere")


def test_what_pandas_makes_of_columns_with_gaps_is_understood(tmp_path: Path) -> None:
    folder = write_rakuten(tmp_path, [("0.0", "Titre", "", "1000.0", "5000.0")], [("0", "2705.0")])
    write_photo(folder, 5000, 1000, photo_of(1))

    (product,) = open_dataset(folder).products

    assert (product.product_id, product.code, product.photo is None) == ("1000", 2705, False)


def test_a_column_with_the_photos_names_goes_before_the_ids(tmp_path: Path) -> None:
    write_rakuten(tmp_path, [], [(0, 10)])
    write_csv(tmp_path / "X_train_update.csv", (*X_HEADER, "image"), [(0, "Titre", "", "SKU/1", "", "row_1.jpg")])
    (tmp_path / "images" / "image_train").mkdir(parents=True)
    (tmp_path / "images" / "image_train" / "row_1.jpg").write_bytes(photo_of(1))

    (product,) = open_dataset(tmp_path).products

    assert product.product_id == "SKU/1"
    assert product.photo is not None


def test_a_taxonomy_beside_the_data_names_the_classes(folder: Path, tmp_path: Path) -> None:
    write_csv(folder / "taxonomy.csv", ("code", "name", "name_en"), [(10, "Livres", "Books"), (99, "Autre", "")])
    given = write_csv(tmp_path / "names.csv", ("code", "name"), [(10, "Bouquins")])

    beside = open_dataset(folder).taxonomy
    named = open_dataset(folder, taxonomy=given).taxonomy

    assert [each.code for each in beside] == sorted(CODES)
    assert (beside[0], beside[1].name) == (Category(10, "Livres", "Books"), "Jeux vidéo d'import")
    assert named[0] == Category(10, "Bouquins")


@pytest.mark.parametrize("missing", ["X_train_update.csv", "Y_train_CVw08PX.csv"])
def test_one_file_without_the_other_is_refused(folder: Path, missing: str) -> None:
    (folder / missing).unlink()

    with pytest.raises(InvalidInput, match=rf"{missing[:7]}\*.csv; .* has none"):
        open_dataset(folder)


def test_a_missing_column_is_named(folder: Path) -> None:
    write_csv(folder / "X_train_update.csv", ("", "designation", "productid"), [(0, "Titre", 1)])

    with pytest.raises(InvalidInput, match=r"X_train_update.csv needs the columns imageid or image_id; .* it has: "):
        open_dataset(folder)
