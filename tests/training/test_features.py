from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import PIL
import pytest

from training import features as features_module
from training.demo.catalogue import demo_catalogue
from training.features import base_identity, photo_features
from training.models import ImageHeadConfig, convolutions, make_feature_model, make_image_base
from training.products import Product
from training.progress import Silent

HEAD = ImageHeadConfig()


class Counting(Silent):
    """Remembers how many photos had to be computed."""

    def __init__(self) -> None:
        self.computed = 0

    def advance(self, steps: int) -> None:
        self.computed += steps


@pytest.fixture(scope="module")
def base() -> keras.Model:
    return make_image_base(32, None, seed=1)


@pytest.fixture(scope="module")
def products() -> list[Product]:
    return demo_catalogue(8, 1)


def test_a_photo_is_computed_once(base: keras.Model, products: list[Product], tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    features = photo_features([*products, products[0]], base, HEAD, tmp_path, first)
    again = photo_features(products, base, HEAD, tmp_path, second)
    assert (first.computed, second.computed) == (27, 0)
    np.testing.assert_array_equal(features[:27], again)
    np.testing.assert_array_equal(features[27], features[0])


def test_a_run_that_was_cut_short_goes_on(base: keras.Model, products: list[Product], tmp_path: Path) -> None:
    photo_features(products[:20], base, HEAD, tmp_path, Silent())
    rest = Counting()
    photo_features(products, base, HEAD, tmp_path, rest)
    assert rest.computed == 7


def test_missing_and_broken_photos_are_rows_of_nan(base: keras.Model, products: list[Product], tmp_path: Path) -> None:
    broken = Product("broken", "texte", None, b"no photo at all", 10)
    without = Product("without", "texte", None, None, 10)
    features = photo_features([broken, products[0], without], base, HEAD, tmp_path, Silent())
    assert np.isnan(features[[0, 2]]).all()
    assert np.isfinite(features[1]).all()


def test_features_are_the_models_within_reduced_precision(
    base: keras.Model, products: list[Product], tmp_path: Path
) -> None:
    from io import BytesIO

    from shared.preparation import photo_pixels

    features = photo_features(products, base, HEAD, tmp_path, Silent())
    pixels = np.stack([photo_pixels(BytesIO(product.photo or b""), 32) for product in products])
    exact = np.asarray(make_feature_model(base, HEAD)(pixels))
    assert np.abs(features - exact).mean() < 0.02 * np.abs(exact).mean()


def test_the_base_has_its_own_precision_again_afterwards(
    base: keras.Model, products: list[Product], tmp_path: Path
) -> None:
    photo_features(products[:1], base, HEAD, tmp_path, Silent())
    assert {layer.dtype_policy.name for layer in convolutions(base)} == {"float32"}


def test_another_base_has_another_cache(base: keras.Model) -> None:
    names = {
        base_identity(base, HEAD, "float32"),
        base_identity(base, HEAD, "mixed_bfloat16"),
        base_identity(base, ImageHeadConfig(blocks=("block5_pool",)), "float32"),
        base_identity(make_image_base(32, None, seed=2), HEAD, "float32"),
    }
    assert len(names) == 4


@pytest.mark.parametrize(
    ("module", "name"),
    [(features_module, "FEATURES_VERSION"), (PIL, "__version__"), (keras, "__version__")],
    ids=["own code", "Pillow", "Keras"],
)
def test_another_version_of_what_makes_features_has_another_cache(
    base: keras.Model, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str
) -> None:
    before = base_identity(base, HEAD, "float32")

    monkeypatch.setattr(module, name, "another")

    assert base_identity(base, HEAD, "float32") != before
