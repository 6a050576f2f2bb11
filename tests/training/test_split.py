from collections import Counter

import numpy as np
import pytest

from training.look_alikes import LONG_DESCRIPTION, look_alike_groups
from training.photos import PhotoBytes
from training.products import Product
from training.split import Split, split_products


def random_products(seed: int, count: int = 300, texts: int = 200, photos: int = 200) -> list[Product]:
    """Products of five categories that often share a text or a photo, some without one of them."""
    generator = np.random.default_rng(seed)
    products = []
    for number in range(count):
        text = None if generator.random() < 0.1 else f"texte {generator.integers(texts)}"
        photo = None if generator.random() < 0.1 else PhotoBytes(b"photo %d" % generator.integers(photos))
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
    products = [Product(f"p{n:04d}", f"texte {n}", None, PhotoBytes(b"photo %d" % n), n % 4) for n in range(400)]
    parts = split(products)
    assert Counter(p.code for p in parts.test) == dict.fromkeys(range(4), 25)
    assert Counter(p.code for p in parts.validation) == dict.fromkeys(range(4), 15)


def test_products_with_one_input_only_are_for_training() -> None:
    whole = [Product(f"p{n:04d}", f"texte {n}", None, PhotoBytes(b"photo %d" % n), 10) for n in range(40)]
    halves = [Product(f"q{n:04d}", f"autre {n}", None, None, 10) for n in range(40)]
    assert ids(halves) <= ids(split(whole + halves).train)


def test_the_order_of_the_rows_does_not_matter_and_the_seed_does() -> None:
    products = random_products(1)
    shuffled = [products[row] for row in np.random.default_rng(9).permutation(len(products))]
    assert split(products) == split(shuffled)
    assert split(products, seed=3) != split(products, seed=4)


def test_likeness_reaches_through_others() -> None:
    products = [
        Product("a", "un", None, PhotoBytes(b"1"), 10),
        Product("b", "deux", None, PhotoBytes(b"2"), 10),
        Product("c", "un", None, PhotoBytes(b"2"), 10),
        Product("d", "trois", None, PhotoBytes(b"3"), 10),
    ]
    assert look_alike_groups(products) == [[0, 1, 2], [3]]


def test_texts_that_differ_in_case_only_are_alike() -> None:
    products = [
        Product("a", "Chaise longue", None, PhotoBytes(b"1"), 10),
        Product("b", "CHAISE LONGUE", None, PhotoBytes(b"2"), 10),
        Product("c", "Chaise haute", None, PhotoBytes(b"3"), 10),
    ]
    assert look_alike_groups(products) == [[0, 1], [2]]


def test_missing_inputs_are_not_alike() -> None:
    assert len(look_alike_groups([Product("a", None, None, None, 10), Product("b", None, None, None, 10)])) == 2


def test_shares_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(ValueError, match="less than 1"):
        split_products([], validation_share=0.5, test_share=0.5, seed=1)


def variant(product_id: str, description: str, code: int = 10) -> Product:
    return Product(product_id, f"Titre {product_id}", description, PhotoBytes(product_id.encode()), code)


LONG = "Une veste chaude et légère pour les matins d'hiver"


def test_variants_with_one_long_description_are_alike() -> None:
    products = [variant("a", LONG), variant("b", f"<p>{LONG.upper()}</p>"), variant("c", LONG + " en laine")]
    assert look_alike_groups(products) == [[0, 1], [2]]


def test_a_short_description_makes_nothing_alike() -> None:
    short = LONG[: LONG_DESCRIPTION - 1]
    assert look_alike_groups([variant("a", short), variant("b", short)]) == [[0], [1]]
    assert look_alike_groups([variant("a", short + "x"), variant("b", short + "x")]) == [[0, 1]]


def test_a_shops_standard_wording_makes_nothing_alike() -> None:
    products = [variant("a", LONG), variant("b", LONG), variant("c", LONG, code=40)]
    assert look_alike_groups(products) == [[0], [1], [2]]


def families(seed: int) -> list[Product]:
    """Four categories of 60 products in families of 1 to 12 that share a description."""
    generator = np.random.default_rng(seed)
    products: list[Product] = []
    for code in (10, 20, 30, 40):
        family = 0
        while sum(product.code == code for product in products) < 60:
            family += 1
            for _ in range(int(generator.integers(1, 13))):
                products.append(variant(f"{code}-{len(products):04d}", f"{LONG} {code} {family}", code))
    return products


@pytest.mark.parametrize("seed", range(8))
def test_families_stay_together_and_shares_hold_as_well_as_they_allow(seed: int) -> None:
    products = families(seed)
    parts = split(products, seed)
    descriptions = [{p.description for p in part} for part in (parts.train, parts.validation, parts.test)]
    assert sum(map(len, descriptions)) == len(set().union(*descriptions))
    for code in (10, 20, 30, 40):
        rows = sum(product.code == code for product in products)
        for part, share in ((parts.validation, 0.15), (parts.test, 0.25)):
            assert abs(sum(product.code == code for product in part) - share * rows) <= 4


def test_a_large_family_does_not_take_a_small_categorys_shares() -> None:
    large = [variant(f"large-{n:03d}", LONG) for n in range(50)]
    others = [variant(f"other-{n:03d}", f"{LONG} {n}") for n in range(50)]
    for seed in range(8):
        parts = split(large + others, seed)
        assert ids(large) <= ids(parts.train)
        assert (len(parts.validation), len(parts.test)) == (15, 25)


@pytest.mark.parametrize("seed", range(20))
def test_every_category_is_in_training(seed: int) -> None:
    pairs = [variant(f"{code}-{n}", f"{LONG} {code} {n % 2}", code) for code in range(12) for n in range(8)]
    # Of category 99 there is one product, and its text is that of a product of another category.
    rare = Product("rare", "Titre 0-0", f"{LONG} 0 0", PhotoBytes(b"rare"), 99)
    parts = split([*pairs, rare], seed)
    assert {product.code for product in parts.train} == {*range(12), 99}
    assert parts.test
    assert parts.validation


def test_a_random_split_takes_every_product_for_itself() -> None:
    products = [variant(f"p{n:03d}", LONG) for n in range(100)]
    grouped = split_products(products, validation_share=0.2, test_share=0.2, seed=1)
    random = split_products(products, validation_share=0.2, test_share=0.2, seed=1, method="random")
    assert (len(grouped.train), len(grouped.validation), len(grouped.test)) == (100, 0, 0)
    assert (len(random.train), len(random.validation), len(random.test)) == (60, 20, 20)


def test_a_random_split_does_not_depend_on_the_order_of_the_rows() -> None:
    products = random_products(2)
    shares = {"validation_share": 0.2, "test_share": 0.2}
    assert split_products(products, **shares, seed=1, method="random") == split_products(
        products[::-1], **shares, seed=1, method="random"
    )
