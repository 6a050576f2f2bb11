import io
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import PIL
import pytest

from shared.preparation import photo_pixels
from training import features as features_module
from training.demo.catalogue import demo_catalogue
from training.feature_store import Features
from training.features import PhotoFeatures, base_identity, photo_features
from training.models import ImageHeadConfig, convolutions, make_feature_model, make_image_base
from training.photos import PhotoBytes, PhotoFile
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


def of_all(features: PhotoFeatures, products: list[Product]) -> Features:
    return features.rows[features.rows_of(products)]


def exact_features(base: keras.Model, products: list[Product], mirrored: bool = False) -> Features:
    photos = [photo_pixels(io.BytesIO(product.photo.read()), 32) for product in products if product.photo]
    pixels = np.stack(photos)
    return np.asarray(make_feature_model(base, HEAD)(pixels[:, :, ::-1] if mirrored else pixels))


def test_a_photo_is_computed_once(base: keras.Model, products: list[Product], tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    twin = replace(products[0], product_id="twin")
    features = photo_features([*products, twin], base, HEAD, tmp_path, first)
    again = photo_features(products, base, HEAD, tmp_path, second)
    assert (first.computed, second.computed) == (27, 0)
    np.testing.assert_array_equal(of_all(features, products), of_all(again, products))
    assert features.rows_of([twin]) == features.rows_of(products[:1])


def test_features_do_not_depend_on_which_photos_are_computed_with_them(
    base: keras.Model, products: list[Product], tmp_path: Path
) -> None:
    together = photo_features(products, base, HEAD, tmp_path / "one", Silent())
    photo_features(products[5:12], base, HEAD, tmp_path / "two", Silent())
    in_parts = photo_features(products[::-1], base, HEAD, tmp_path / "two", Silent())
    np.testing.assert_array_equal(of_all(together, products), of_all(in_parts, products))


def test_a_run_that_was_cut_short_goes_on(base: keras.Model, products: list[Product], tmp_path: Path) -> None:
    photo_features(products[:20], base, HEAD, tmp_path, Silent())
    rest = Counting()
    photo_features(products, base, HEAD, tmp_path, rest)
    assert rest.computed == 7


def test_missing_and_broken_photos_have_no_row_and_broken_ones_are_counted(
    base: keras.Model, products: list[Product], tmp_path: Path
) -> None:
    broken = Product("broken", "texte", None, PhotoBytes(b"no photo at all"), 10)
    without = Product("without", "texte", None, None, 10)
    for computed in (2, 0):
        counting = Counting()
        features = photo_features([broken, products[0], without], base, HEAD, tmp_path, counting)
        assert counting.computed == computed
        assert (features.rows_of([broken, products[0], without]) >= 0).tolist() == [False, True, False]
        assert features.broken == {broken.photo_hash}


def test_a_photo_that_went_away_does_not_end_the_run_and_is_looked_for_again(
    base: keras.Model, products: list[Product], tmp_path: Path
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(products[1].photo.read() if products[1].photo else b"")
    product = Product("file", "texte", None, PhotoFile(path), 10)
    assert product.photo_hash == products[1].photo_hash
    content = path.read_bytes()
    path.unlink()
    features = photo_features([products[0], product], base, HEAD, tmp_path / "cache", Silent())
    assert (features.gone, features.rows_of([product]).tolist()) == ({product.photo_hash}, [-1])
    path.write_bytes(content)
    features = photo_features([products[0], product], base, HEAD, tmp_path / "cache", Silent())
    assert not features.gone
    np.testing.assert_array_equal(features.rows_of([product]), [1])


def test_mirror_images_have_features_of_their_own(base: keras.Model, products: list[Product], tmp_path: Path) -> None:
    features = photo_features(products[:3], base, HEAD, tmp_path, Silent(), mirrored=products[1:3])
    assert (features.rows_of(products[:3], mirrored=True) >= 0).tolist() == [False, True, True]
    mirrored = features.rows[features.rows_of(products[1:3], mirrored=True)]
    exact = exact_features(base, products[1:3], mirrored=True)
    assert np.abs(mirrored - exact).mean() < 0.02 * np.abs(exact).mean()
    assert np.abs(mirrored - of_all(features, products[1:3])).mean() > 0.02 * np.abs(exact).mean()


def test_features_are_the_models_within_reduced_precision(
    base: keras.Model, products: list[Product], tmp_path: Path
) -> None:
    features = of_all(photo_features(products, base, HEAD, tmp_path, Silent()), products)
    exact = exact_features(base, products)
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
