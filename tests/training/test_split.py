from collections import Counter

import numpy as np
import pytest

from training.products import Product
from training.split import Split, look_alike_groups, split_products


def random_products(seed: int, count: int = 300, texts: int = 200, photos: int = 200) -> list[Product]:
    """Products of five categories that often share a text or a photo, some without one of them."""
    generator = np.random.default_rng(seed)
    products = []
    for number in range(count):
        text = None if generator.random() < 0.1 else f"texte {generator.integers(texts)}"
        photo = None if generator.random() < 0.1 else b"photo %d" % generator.integers(photos)
        products.append(Product(f"p{number:04d}", text, None, photo, int(generator.integers(5)) * 10))
    return products


def split(products: list[Product], seed: int = 3) -> Split:
    return split_products(products, validation_share=0.15, test_share=0.25, seed=seed)


def ids(products: list[Product]) -> set[str]:
    return {product.product_id for product in products}


@pytest.mark.parametrize("seed", range(8))
def test_every_product_is_in_exactly_one_part(seed: int) -> None:
    products = random_products(seed)
    parts = split(products)
    assert len(parts.train) + len(parts.validation) + len(parts.test) == len(products)
    assert ids(parts.train) | ids(parts.validation) | ids(parts.test) == ids(products)


@pytest.mark.parametrize("seed", range(8))
def test_no_text_and_no_photo_straddles_the_split(seed: int) -> None:
    parts = split(random_products(seed))
    for first, second in ((parts.train, parts.validation), (parts.train, parts.test), (parts.validation, parts.test)):
        assert not {p.text for p in first if p.text} & {p.text for p in second if p.text}
        assert not {p.photo_hash for p in first if p.photo} & {p.photo_hash for p in second if p.photo}


def test_shares_hold_in_every_category_when_all_products_differ() -> None:
    products = [Product(f"p{n:04d}", f"texte {n}", None, b"photo %d" % n, n % 4) for n in range(400)]
    parts = split(products)
    assert Counter(p.code for p in parts.test) == dict.fromkeys(range(4), 25)
    assert Counter(p.code for p in parts.validation) == dict.fromkeys(range(4), 15)


def test_products_with_one_input_only_are_for_training() -> None:
    whole = [Product(f"p{n:04d}", f"texte {n}", None, b"photo %d" % n, 10) for n in range(40)]
    halves = [Product(f"q{n:04d}", f"autre {n}", None, None, 10) for n in range(40)]
    assert ids(halves) <= ids(split(whole + halves).train)


def test_the_order_of_the_rows_does_not_matter_and_the_seed_does() -> None:
    products = random_products(1)
    shuffled = [products[row] for row in np.random.default_rng(9).permutation(len(products))]
    assert split(products) == split(shuffled)
    assert split(products, seed=3) != split(products, seed=4)


def test_likeness_reaches_through_others() -> None:
    products = [
        Product("a", "un", None, b"1", 10),
        Product("b", "deux", None, b"2", 10),
        Product("c", "un", None, b"2", 10),
        Product("d", "trois", None, b"3", 10),
    ]
    assert look_alike_groups(products) == [[0, 1, 2], [3]]


def test_texts_that_differ_in_case_only_are_alike() -> None:
    products = [
        Product("a", "Chaise longue", None, b"1", 10),
        Product("b", "CHAISE LONGUE", None, b"2", 10),
        Product("c", "Chaise haute", None, b"3", 10),
    ]
    assert look_alike_groups(products) == [[0, 1], [2]]


def test_missing_inputs_are_not_alike() -> None:
    assert len(look_alike_groups([Product("a", None, None, None, 10), Product("b", None, None, None, 10)])) == 2


def test_shares_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(ValueError, match="less than 1"):
        split_products([], validation_share=0.5, test_share=0.5, seed=1)
