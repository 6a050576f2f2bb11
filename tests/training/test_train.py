import re
from pathlib import Path

import numpy as np
import pytest

from shared.errors import InvalidInput
from shared.statistics.bins import CONFIDENCE_BINS, UNKNOWN_BINS
from shared.taxonomy import RAKUTEN
from tests.support.tiny import TinyTraining
from training.config import TrainingConfig
from training.products import Product, fingerprint
from training.train import train_bundle


def test_the_manifest_describes_the_run(tiny_training: TinyTraining) -> None:
    manifest = tiny_training.manifest
    assert re.fullmatch(r"demo-[0-9a-f]{12}", manifest.version)
    assert manifest.demo
    assert [category.code for category in manifest.classes] == sorted(category.code for category in RAKUTEN)
    assert (manifest.data.train_rows, manifest.data.validation_rows, manifest.data.test_rows) == (108, 27, 27)
    assert manifest.data.fingerprint == fingerprint(tiny_training.products)
    assert manifest.metrics.rows == 27
    assert sum(manifest.profile.class_mix.values()) == pytest.approx(1.0)
    assert set(manifest.review_thresholds) == {"text+image", "text", "image"}
    for thresholds in manifest.review_thresholds.values():
        assert set(thresholds) == set(manifest.profile.class_mix)
    assert set(manifest.libraries) == {"keras", "tensorflow", "tokenizers", "numpy", "PIL"}


def test_the_profile_counts_the_held_out_rows_once(tiny_training: TinyTraining) -> None:
    profile, held_out = tiny_training.manifest.profile, tiny_training.manifest.data.validation_rows

    assert {modality: sum(counts) for modality, counts in profile.confidence.items()} == dict.fromkeys(
        ("text+image", "text", "image"), held_out
    )
    assert {len(counts) for counts in profile.confidence.values()} == {CONFIDENCE_BINS}
    assert (sum(profile.unknown_tokens), len(profile.unknown_tokens)) == (held_out, UNKNOWN_BINS)
    middles = (np.arange(CONFIDENCE_BINS) + 0.5) / CONFIDENCE_BINS
    mean = np.average(middles, weights=profile.confidence["text+image"])
    assert mean == pytest.approx(profile.mean_confidence, abs=0.5 / CONFIDENCE_BINS)


def test_a_tiny_bundle_is_better_than_guessing(tiny_training: TinyTraining) -> None:
    assert tiny_training.manifest.metrics.fused.accuracy > 5 / 27


def test_permuted_rows_train_the_very_same_bundle(tiny_training: TinyTraining, tmp_path: Path) -> None:
    order = np.random.default_rng(2).permutation(len(tiny_training.products))
    permuted = [tiny_training.products[row] for row in order]
    run = train_bundle(
        permuted, TrainingConfig.tiny(), tmp_path / "b", name="demo catalogue", demo=True, cache=tiny_training.cache
    )
    manifest = run.manifest
    assert manifest.classes == tiny_training.manifest.classes
    assert manifest.metrics == tiny_training.manifest.metrics
    assert manifest.files == tiny_training.manifest.files


def test_an_existing_folder_is_never_touched(tiny_training: TinyTraining) -> None:
    with pytest.raises(FileExistsError):
        train_bundle(
            tiny_training.products,
            TrainingConfig.tiny(),
            tiny_training.folder,
            name="x",
            demo=True,
            cache=tiny_training.cache,
        )


def test_too_few_products_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    products = [Product("a", "un livre", None, None, 10), Product("b", "un jeu", None, None, 40)]
    with pytest.raises(InvalidInput):
        train_bundle(products, TrainingConfig.tiny(), tmp_path / "b", name="x", demo=False, cache=tmp_path / "cache")
    assert not (tmp_path / "b").exists()


def test_one_category_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="two categories"):
        train_bundle(
            [Product("a", "un livre", None, None, 10)],
            TrainingConfig.tiny(),
            tmp_path / "b",
            name="x",
            demo=False,
            cache=tmp_path / "cache",
        )
