"""A bundle asked about labelled products says what the service would say of them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import keras
import numpy as np
import pytest

from shared.bundle import GOLDEN, IMAGE_MODEL, TEXT_MODEL, TOKENIZER, Bundle, GoldenRows
from shared.errors import BundleRefused
from shared.images import keep_image
from shared.ledger.claim import ClaimedRow
from shared.ledger.finish import Answer
from shared.store import ObjectStore
from shared.taxonomy import RAKUTEN, Category
from tests.support.bundles import changed_bundle
from tests.support.tiny import TinyTraining
from training.bundle_answers import BundleAnswers, ask
from training.demo.catalogue import demo_catalogue
from training.photos import PhotoBytes, PhotoFile
from training.products import Product
from training.progress import Silent

BROKEN = b"no photo at all"
NEAR = 2e-3  # what another number of photos in a call may change in bfloat16
RAKUTEN_IN_ORDER = tuple(sorted(RAKUTEN, key=lambda category: category.code))


def asked_products(folder: Path) -> list[Product]:
    """Products of all kinds that the tiny bundle was not trained on; one of the photos lies in `folder`."""
    made = demo_catalogue(9, 2)
    made[1] = replace(made[1], photo=None)
    made[2] = replace(made[2], designation=None, description=None)
    made[3] = replace(made[3], photo=PhotoBytes(BROKEN))
    path = folder / "photo.jpg"
    path.write_bytes(made[4].photo.read() if made[4].photo else b"")
    made[4] = replace(made[4], photo=PhotoFile(path))
    made[5] = replace(made[5], designation=" <br> ", description=None, photo=None)
    return made


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> list[Product]:
    return asked_products(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def answers(tiny_bundle: Bundle, tiny_training: TinyTraining, products: list[Product]) -> BundleAnswers:
    return ask(tiny_bundle, products, RAKUTEN, tiny_training.cache)


class Counting(Silent):
    """Remembers how many photos had to be computed."""

    computed = 0

    def advance(self, steps: int) -> None:
        self.computed += steps


def served(bundle: Bundle, products: Sequence[Product], store: ObjectStore) -> dict[str, Answer]:
    """What a worker answers to those of the products that it can read, by their ids."""
    from worker.inference import Inference
    from worker.keras_predictor import KerasPredictor

    predictor = KerasPredictor()
    predictor.load(bundle, "auto")
    rows = []
    for number, product in enumerate(products):
        image = keep_image(store, BytesIO(product.photo.read()))[0] if product.photo else None
        rows.append(ClaimedRow(number, 1, "job", product.designation, product.description, image))
    with ThreadPoolExecutor(2) as decoders:
        inference = Inference(predictor, bundle.manifest, store, decoders)
        outcomes = inference.answer(inference.prepare(rows))
    return {products[row.prediction_id].product_id: said for row, said in outcomes if isinstance(said, Answer)}


def test_the_answers_are_the_services_row_by_row(
    tiny_bundle: Bundle, products: list[Product], answers: BundleAnswers, store: ObjectStore
) -> None:
    said = served(tiny_bundle, products, store)
    codes = [category.code for category in answers.classes]
    compared = 0
    for row, product in enumerate(answers.products):
        if product.product_id not in said:  # its photo is broken, and the service does not answer half a product
            assert product.photo == PhotoBytes(BROKEN)
            continue
        theirs = said[product.product_id]
        for scores, top in (
            (answers.served, theirs.top),
            (answers.text, theirs.text_scores),
            (answers.image, theirs.image_scores),
        ):
            assert (top is None) == bool(np.isnan(scores[row]).any())
            for code, probability in top or []:
                assert scores[row, codes.index(code)] == pytest.approx(probability, abs=NEAR)
        compared += 1
    assert compared == len(products) - 2


def test_only_products_with_neither_input_are_left_out(answers: BundleAnswers, products: list[Product]) -> None:
    assert answers.left_out == 1
    assert [product.product_id for product in answers.products] == [
        product.product_id for product in products if product != products[5]
    ]
    assert (answers.classes, answers.unknown_rows) == (RAKUTEN_IN_ORDER, 0)
    assert [answers.classes[place].code for place in answers.truth] == [product.code for product in answers.products]


def test_a_product_with_one_input_is_answered_by_that_model_alone(answers: BundleAnswers) -> None:
    np.testing.assert_array_equal(answers.served[1], answers.text[1])
    np.testing.assert_array_equal(answers.served[2], answers.image[2])
    np.testing.assert_array_equal(answers.served[3], answers.text[3])


def test_the_photos_of_training_are_not_computed_again(tiny_bundle: Bundle, tiny_training: TinyTraining) -> None:
    counting = Counting()
    found = ask(tiny_bundle, tiny_training.products, RAKUTEN, tiny_training.cache, counting)
    assert len(found.products) == len(tiny_training.products)
    assert counting.computed == 0


def test_another_precision_of_the_service_is_taken(
    tiny_bundle: Bundle, products: list[Product], answers: BundleAnswers, tmp_path: Path
) -> None:
    exact = ask(tiny_bundle, products, RAKUTEN, tmp_path, precision="float32")
    assert exact.precision == "float32"
    np.testing.assert_array_equal(exact.text, answers.text)
    both = ~np.isnan(exact.image)
    assert np.abs(exact.image[both] - answers.image[both]).max() < 0.05


def test_the_same_scores_without_the_cache(
    tiny_bundle: Bundle, products: list[Product], answers: BundleAnswers, tmp_path: Path
) -> None:
    """An image model whose layers have other names is asked as a whole."""

    def rename(path: Path) -> None:
        model = keras.saving.load_model(path, compile=False)
        whole = keras.Sequential([keras.Input(model.input_shape[1:], dtype="uint8"), model])
        whole.save(path)

    other = changed_bundle(tiny_bundle, tmp_path / "other", IMAGE_MODEL, rename)
    found = ask(other, products, RAKUTEN, tmp_path / "cache")
    np.testing.assert_array_equal(np.isnan(found.image), np.isnan(answers.image))
    np.testing.assert_allclose(found.served, answers.served, atol=NEAR)
    assert not (tmp_path / "cache").exists()


def test_a_category_that_the_bundle_does_not_know_counts_as_wrong(
    tiny_bundle: Bundle, tiny_training: TinyTraining
) -> None:
    foreign = [replace(product, code=77) for product in tiny_training.products[:3]]
    nameless = [replace(tiny_training.products[3], code=99)]
    found = ask(
        tiny_bundle, [*foreign, *nameless, *tiny_training.products[4:6]], [Category(77, "Kites")], tiny_training.cache
    )
    assert found.unknown_rows == 4
    assert found.classes[27:] == (Category(77, "Kites"), Category(99, "99"))
    assert found.served.shape == (6, 29)
    assert (found.served[:, 27:] == 0).all()
    assert (found.served.argmax(axis=1)[:4] != found.truth[:4]).all()


@pytest.mark.parametrize("name", [TOKENIZER, TEXT_MODEL, IMAGE_MODEL])
def test_a_file_that_cannot_be_loaded_refuses_the_bundle(tiny_bundle: Bundle, tmp_path: Path, name: str) -> None:
    other = changed_bundle(tiny_bundle, tmp_path / "other", name, lambda path: path.write_bytes(b"nothing"))
    with pytest.raises(BundleRefused, match=f"{name} cannot be loaded"):
        ask(other, [], RAKUTEN, tmp_path / "cache")


def test_a_bundle_that_answers_otherwise_than_in_training_is_refused(tiny_bundle: Bundle, tmp_path: Path) -> None:
    def shift(path: Path) -> None:
        golden = GoldenRows.load(path)
        replace(golden, text=np.roll(golden.text, 1, axis=1)).save(path)

    other = changed_bundle(tiny_bundle, tmp_path / "other", GOLDEN, shift)
    with pytest.raises(BundleRefused, match="golden rows differ by"):
        ask(other, [], RAKUTEN, tmp_path / "cache")
