from dataclasses import replace

from shared.taxonomy import RAKUTEN, Category
from training.photos import PhotoBytes
from training.products import Product, class_order, fingerprint, labels

BOOK = Product("a", "Le livre", None, PhotoBytes(b"photo"), 2705)
SOCKS = Product("b", "Chaussettes", "en coton", None, 1301)
OLD_BOOK = Product("c", "Vieux livre", None, None, 10)


def test_classes_are_in_numeric_order_of_their_codes_however_rows_come() -> None:
    expected = [10, 1301, 2705]
    assert [category.code for category in class_order([BOOK, SOCKS, OLD_BOOK], RAKUTEN)] == expected
    assert [category.code for category in class_order([OLD_BOOK, BOOK, SOCKS], RAKUTEN)] == expected


def test_a_code_outside_the_taxonomy_is_named_after_itself() -> None:
    assert class_order([replace(BOOK, code=99)], RAKUTEN) == (Category(99, "99"),)


def test_labels_index_into_the_class_order() -> None:
    classes = class_order([BOOK, SOCKS, OLD_BOOK], RAKUTEN)
    assert labels([BOOK, OLD_BOOK, SOCKS], classes).tolist() == [2, 0, 1]


def test_fingerprint_ignores_order_and_notices_every_change() -> None:
    original = fingerprint([BOOK, SOCKS])
    assert fingerprint([SOCKS, BOOK]) == original
    changed = [replace(BOOK, photo=PhotoBytes(b"other")), replace(BOOK, code=10), replace(BOOK, description="neuf")]
    assert all(fingerprint([book, SOCKS]) != original for book in changed)


def test_a_product_of_markup_only_has_no_text() -> None:
    assert Product("d", "<p>", "&nbsp;", None, 10).text is None
