from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from shared.bundle import IMAGE_MODEL
from shared.fusion import calibrated
from tests.support.tiny import TinyTraining
from training.config import TrainingConfig
from training.fine_tuning import unfreeze
from training.fitting import FitConfig
from training.models import convolutions, make_image_base
from training.photos import PhotoBytes
from training.products import Product
from training.progress import Silent
from training.train import TrainedRun, train_bundle
from training.train_image import photo_pixels_of

TUNED = replace(
    TrainingConfig.tiny(),
    head_fit=FitConfig(learning_rate=3e-3, epochs=1),  # leaves something to learn
    fine_tune_blocks=2,
    fine_tune_fit=FitConfig(learning_rate=1e-5, epochs=2, patience=2, batch=16),
)


class Gone:
    """A photo that was there when its hash was taken."""

    sha256 = "9" * 64

    def read(self) -> bytes:
        raise FileNotFoundError


def tuned_products(tiny_training: TinyTraining) -> list[Product]:
    code = tiny_training.products[0].code
    broken = Product("broken", "Un titre sans photo lisible", None, PhotoBytes(b"no photo"), code)
    gone = Product("gone", "Un autre titre", None, Gone(), code)
    return [*tiny_training.products, broken, gone]


@pytest.fixture(scope="module")
def tuned(tiny_training: TinyTraining, tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    root = tmp_path_factory.mktemp("tuned")
    return train_bundle(
        tuned_products(tiny_training),
        TUNED,
        root / "bundle",
        name="demo catalogue",
        demo=True,
        cache=tiny_training.cache,
        work=root / "work",
    )


@pytest.mark.parametrize(("blocks", "learning"), [(0, 0), (1, 3), (2, 6), (5, 13)])
def test_the_last_blocks_learn_and_no_other(blocks: int, learning: int) -> None:
    base = make_image_base(32, None, seed=1)
    unfreeze(base, blocks)
    trainable = [bool(layer.trainable_weights) for layer in convolutions(base)]
    assert trainable == [False] * (13 - learning) + [True] * learning


def test_only_the_unfrozen_blocks_have_changed(tiny_training: TinyTraining, tuned: TrainedRun) -> None:
    before, after = (
        keras.saving.load_model(folder / IMAGE_MODEL, compile=False) for folder in (tiny_training.folder, tuned.folder)
    )
    changed = {
        old.name.split("_")[0]
        for old, new in zip(convolutions(before), convolutions(after), strict=True)
        if not all(np.array_equal(a, b) for a, b in zip(old.get_weights(), new.get_weights(), strict=True))
    }
    assert changed == {"block4", "block5"}


def test_the_run_names_the_figures_of_all_three_fits(tuned: TrainedRun) -> None:
    assert set(tuned.histories) == {"words", "text", "head", "image"}
    assert len(tuned.histories["image"]["val_loss"]) <= 2


def test_photos_that_are_broken_or_gone_are_counted_and_end_nothing(tuned: TrainedRun) -> None:
    assert (tuned.broken_photos, tuned.gone_photos) == (1, 1)
    held_out = [*tuned.validation.products, *tuned.test.products]
    assert not {"broken", "gone"} & {product.product_id for product in held_out}


def test_answers_are_those_of_the_whole_tuned_model(tuned: TrainedRun) -> None:
    model = keras.saving.load_model(tuned.folder / IMAGE_MODEL, compile=False)
    pixels = photo_pixels_of(tuned.test.products, 32).read(np.arange(len(tuned.test.products)))
    np.testing.assert_allclose(calibrated(np.asarray(model(pixels)), 1.0), calibrated(tuned.test.image, 1.0), atol=1e-5)


def test_a_tuned_model_is_saved_frozen_like_any_other(tuned: TrainedRun) -> None:
    model = keras.saving.load_model(tuned.folder / IMAGE_MODEL, compile=False)
    assert not any(layer.trainable for layer in convolutions(model))


def test_fine_tuning_again_makes_the_same_bundle_and_a_saved_fit_is_not_repeated(
    tiny_training: TinyTraining, tuned: TrainedRun, tmp_path: Path
) -> None:
    class Epochs(Silent):
        def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
            seen.append(model)

    def again(work: Path, folder: Path) -> TrainedRun:
        return train_bundle(
            tuned_products(tiny_training),
            TUNED,
            folder,
            name="demo catalogue",
            demo=True,
            cache=tiny_training.cache,
            work=work,
            progress=Epochs(),
        )

    seen: list[str] = []
    assert again(tmp_path / "work", tmp_path / "fresh").manifest.files == tuned.manifest.files
    assert "image" in seen
    seen.clear()
    assert again(tmp_path / "work", tmp_path / "resumed").manifest.version == tuned.manifest.version
    assert seen == []
