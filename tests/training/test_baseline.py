"""What a model has to beat, on texts with known answers."""

import numpy as np
import pytest

from shared.taxonomy import Category
from training.baseline import FOLDS, baseline_scores, cross_validated_scores
from training.demo.catalogue import demo_catalogue
from training.products import Product, labels

CLASSES = (Category(1, "chairs"), Category(2, "lamps"), Category(3, "toys"))


def product(name: str, title: str | None, code: int, description: str | None = None) -> Product:
    return Product(name, title, description, None, code)


def listings(count: int) -> list[Product]:
    """As many chairs as lamps, each with words that only its kind has, and a number of its own."""
    nouns = {1: "chaise en bois", 2: "lampe de table"}
    return [product(f"{number}", f"{nouns[1 + number % 2]} n{number}", 1 + number % 2) for number in range(count)]


def test_words_of_the_training_rows_tell_the_test_rows_apart() -> None:
    test = [product("a", "Chaise haute", 1), product("b", "grande lampe", 2)]
    scores = baseline_scores(listings(20), test, CLASSES)
    assert scores.argmax(axis=1).tolist() == [0, 1]
    assert (scores.dtype, scores.shape) == (np.float32, (2, 3))
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, atol=1e-6)


def test_a_class_that_nothing_was_learnt_of_has_no_probability() -> None:
    assert baseline_scores(listings(10), [product("a", "chaise", 1)], CLASSES)[0, 2] == 0.0


def test_a_product_without_text_gets_the_shares_of_the_classes() -> None:
    train = [*listings(20), *(product(f"more {number}", f"chaise pliante {number}", 1) for number in range(20))]
    scores = baseline_scores([*train, product("photo", None, 3)], [product("a", None, 1)], CLASSES)
    assert scores[0] == pytest.approx([0.75, 0.25, 0.0])


def test_training_texts_of_one_class_only_give_that_class() -> None:
    scores = baseline_scores([product("a", "chaise", 1)], [product("b", "lampe", 2)], CLASSES)
    assert scores.tolist() == [[1.0, 0.0, 0.0]]


def test_texts_without_a_word_give_the_shares_of_the_classes() -> None:
    train = [product("a", "!", 1), product("b", "?", 2)]
    assert baseline_scores(train, [product("c", "lampe", 2)], CLASSES).tolist() == [[0.5, 0.5, 0.0]]


def test_cross_validation_never_learns_from_a_look_alike() -> None:
    """Every text is there twice: who had seen its twin would know the class, which nothing else gives away."""
    generator = np.random.default_rng(3)
    twins = []
    for number in range(60):
        code = int(generator.integers(1, 3))
        twins += [product(f"{number}{side}", f"mot{number} autre{number}", code) for side in "ab"]
    scores = cross_validated_scores(twins, CLASSES, seed=1)
    assert scores is not None
    truth = labels(twins, CLASSES)
    assert (scores.argmax(axis=1) == truth).mean() < 0.75
    assert (baseline_scores(twins, twins, CLASSES).argmax(axis=1) == truth).all()


def test_cross_validation_answers_every_row() -> None:
    products = demo_catalogue(4, 5)
    classes = tuple(Category(code, str(code)) for code in sorted({each.code for each in products}))
    scores = cross_validated_scores(products, classes, seed=1)
    assert scores is not None
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, atol=1e-5)
    assert (scores.argmax(axis=1) == labels(products, classes)).mean() > 0.4


def test_too_few_products_are_not_divided() -> None:
    assert cross_validated_scores(listings(FOLDS - 1), CLASSES, seed=1) is None
    assert (
        cross_validated_scores([product(f"{number}", f"chaise {number}", 1) for number in range(9)], CLASSES, 1) is None
    )
