from dataclasses import replace
from pathlib import Path

import keras
import pytest

from shared.errors import InvalidInput
from tests.support.tiny import TinyTraining
from training.baseline import baseline_scores
from training.config import TrainingConfig
from training.demo.catalogue import demo_catalogue
from training.estimate import Estimate, Stage, estimate_run
from training.photos import PhotoBytes
from training.products import Product
from training.train import train_bundle


@pytest.fixture(scope="module")
def products() -> list[Product]:
    return demo_catalogue(6, 4, text_only_per_category=4)


@pytest.fixture(scope="module")
def estimated(products: list[Product], tmp_path_factory: pytest.TempPathFactory) -> Estimate:
    config = replace(TrainingConfig.tiny(), fine_tune_blocks=1)
    return estimate_run(products, config, tmp_path_factory.mktemp("cache"), baseline_scores)


def test_every_stage_of_a_run_is_reckoned(estimated: Estimate) -> None:
    stages = {stage.title: stage for stage in estimated.stages}
    assert list(stages) == [
        "split",
        "tokeniser",
        "words of the text",
        "text model",
        "photo features",
        "photo head",
        "fine-tuning",
        "baseline",
        "bundle",
    ]
    assert estimated.most == pytest.approx(sum(stage.seconds for stage in estimated.stages))
    assert stages["text model"].reckoning.startswith("6 epochs of 5 steps")
    assert stages["fine-tuning"].reckoning.startswith("2 epochs of ")


def test_only_photos_that_are_not_cached_cost_anything(tiny_training: TinyTraining) -> None:
    estimated = estimate_run(tiny_training.products, TrainingConfig.tiny(), tiny_training.cache)
    assert "photo features" not in {stage.title for stage in estimated.stages}


def test_what_cannot_be_trained_on_is_not_estimated_whatever_is_in_the_cache(tiny_training: TinyTraining) -> None:
    one_category = [product for product in tiny_training.products if product.code == tiny_training.products[0].code]
    no_photos = [replace(product, photo=None) for product in tiny_training.products]
    for products, said in ((one_category, "at least two categories"), (no_photos, "both a text and a photo for train")):
        with pytest.raises(InvalidInput, match=said):
            estimate_run(products, TrainingConfig.tiny(), tiny_training.cache)


def test_a_photo_that_ends_too_early_does_not_end_the_estimate(products: list[Product], tmp_path: Path) -> None:
    first = next(row for row, product in enumerate(products) if product.photo)
    photo = products[first].photo
    assert photo is not None
    torn = replace(products[first], photo=PhotoBytes(photo.read()[:200]))
    config = replace(TrainingConfig.tiny(), fine_tune_blocks=1)
    estimated = estimate_run([*products[:first], torn, *products[first + 1 :]], config, tmp_path)
    assert "fine-tuning" in {stage.title for stage in estimated.stages}


def test_a_run_after_an_estimate_is_the_same_run(tiny_training: TinyTraining, tmp_path: Path) -> None:
    config = TrainingConfig.tiny()
    keras.utils.set_random_seed(99)
    estimate_run(tiny_training.products, config, tmp_path / "cache")
    run = train_bundle(
        tiny_training.products,
        config,
        tmp_path / "bundle",
        name="demo catalogue",
        demo=True,
        cache=tmp_path / "cache",
    )
    assert run.manifest.files == tiny_training.manifest.files


def test_a_fit_takes_least_when_only_its_first_epoch_was_an_improvement(
    products: list[Product], tmp_path: Path
) -> None:
    patient = TrainingConfig.tiny()
    hasty = replace(patient, text_fit=replace(patient.text_fit, epochs=600, patience=5))
    stages = {stage.title: stage for stage in estimate_run(products, hasty, tmp_path).stages}
    words, text = stages["words of the text"], stages["text model"]
    assert words.least == words.seconds  # 6 epochs are planned, and the patience is 6
    assert text.least is not None
    assert text.least < text.seconds / 3  # 6 of 600 epochs, and compiling


def test_lines_are_for_people() -> None:
    stages = (Stage("split", 0.4, "3 rows"), Stage("text model", 7384.0, "90 epochs", 1846.0))
    assert Estimate(stages).lines() == [
        "split                            0 s  3 rows",
        "text model                 2 h 3 min  90 epochs",
        "together             about 1 h 1 min  30 min 46 s to 2 h 3 min, by when the fits improve no more",
    ]
