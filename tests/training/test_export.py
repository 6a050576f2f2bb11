import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from tokenizers import Tokenizer

from shared.bundle import GOLDEN, IMAGE_MODEL, TEXT_MODEL, TOKENIZER, Bundle, GoldenRows
from shared.fusion import calibrated, fused
from shared.tokenizer import TextEncoder
from tests.support.tiny import TinyTraining
from training.export import GOLDEN_TOLERANCE, Description, GoldenInputs, make_reproducible, write_bundle
from training.models import TextModelConfig, convolutions, make_text_model

LOAD_ELSEWHERE = """
import sys
sys.modules["training"] = None  # importing it now fails
import keras
for path in sys.argv[1:]:
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    print(model.output_shape[1], model.outputs[0].dtype)
"""


def test_the_bundle_opens_and_its_hashes_hold(tiny_training: TinyTraining) -> None:
    assert Bundle.open(tiny_training.folder).manifest == tiny_training.manifest


def test_nothing_unfinished_is_left_beside_it(tiny_training: TinyTraining) -> None:
    assert {path.name for path in tiny_training.folder.parent.iterdir()} == {"bundle", "cache"}


def test_models_load_where_training_cannot_be_imported(tiny_training: TinyTraining, tmp_path: Path) -> None:
    paths = [str(tiny_training.folder / name) for name in (TEXT_MODEL, IMAGE_MODEL)]
    command = [sys.executable, "-c", LOAD_ELSEWHERE, *paths]
    loaded = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == ["27", "float32", "27", "float32"]


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_golden_rows_come_out_again(tiny_training: TinyTraining, precision: str) -> None:
    manifest, golden = tiny_training.manifest, GoldenRows.load(tiny_training.folder / GOLDEN)
    text_model = keras.saving.load_model(tiny_training.folder / TEXT_MODEL, compile=False)
    image_model = keras.saving.load_model(tiny_training.folder / IMAGE_MODEL, compile=False)
    for layer in convolutions(image_model):
        layer.dtype_policy = precision
    tokens = TextEncoder.load(tiny_training.folder / TOKENIZER, manifest.text.max_tokens).encode(golden.texts.tolist())
    text = calibrated(np.asarray(text_model(tokens)), manifest.fusion.text_temperature)
    image = calibrated(np.asarray(image_model(golden.pixels)), manifest.fusion.image_temperature)
    allowed = 1e-5 if precision == "float32" else GOLDEN_TOLERANCE
    for found, stored in (
        (text, golden.text),
        (image, golden.image),
        (fused(text, image, manifest.fusion.text_weight), golden.fused),
    ):
        assert np.abs(found - stored).max() <= allowed


def test_the_manifest_says_which_categories_are_taken_for_which(tiny_training: TinyTraining) -> None:
    """Each test product is counted once, in the row of its category, and those on the diagonal are the right ones."""
    metrics = Bundle.open(tiny_training.folder).manifest.metrics
    confusion = np.array(metrics.confusion)
    assert confusion.shape == (27, 27)
    assert confusion.sum() == metrics.rows
    assert np.trace(confusion) / metrics.rows == pytest.approx(metrics.fused.accuracy)
    assert set(confusion.sum(axis=1).tolist()) == {metrics.rows // 27}


def test_golden_rows_are_probabilities_of_prepared_inputs(tiny_training: TinyTraining) -> None:
    golden = GoldenRows.load(tiny_training.folder / GOLDEN)
    assert len(golden.texts) == 8
    assert golden.pixels.dtype == np.uint8
    assert golden.pixels.shape == (8, 32, 32, 3)
    for scores in (golden.text, golden.image, golden.fused):
        np.testing.assert_allclose(scores.sum(axis=1), 1.0, atol=1e-5)


def test_the_same_model_is_the_same_file_each_time(tmp_path: Path) -> None:
    model = make_text_model(TextModelConfig(max_tokens=4, embedding=4, units=4), vocabulary=9, classes=2)
    for name in ("one.keras", "two.keras"):
        model.save(tmp_path / name)
        make_reproducible(tmp_path / name)
    assert (tmp_path / "one.keras").read_bytes() == (tmp_path / "two.keras").read_bytes()
    assert keras.saving.load_model(tmp_path / "one.keras").output_shape == (None, 2)


def test_a_version_names_what_serving_goes_by_and_not_when_it_was_made_or_how_good_it_is(
    tiny_training: TinyTraining, tmp_path: Path
) -> None:
    manifest = tiny_training.manifest
    text, image = (keras.saving.load_model(tiny_training.folder / name) for name in (TEXT_MODEL, IMAGE_MODEL))
    tokenizer = Tokenizer.from_file(str(tiny_training.folder / TOKENIZER))
    photos = [product.photo.read() for product in tiny_training.products[:2] if product.photo]
    golden = GoldenInputs(["Chaise", "Table"], photos)
    parts = {name: getattr(manifest, name) for name in Description.__slots__}
    renamed = (replace(manifest.classes[0], name="Another name"), *manifest.classes[1:])
    doubtful = {kind: dict.fromkeys(codes, 0.99) for kind, codes in manifest.review_thresholds.items()}
    better = manifest.metrics.model_copy(update={"rows": 1, "confusion": None})

    def version(folder: str, **changed: object) -> str:
        return write_bundle(tmp_path / folder, tokenizer, text, image, golden, Description(**parts | changed)).version

    first = version("first")
    assert version("again") == version("better", metrics=better) == first
    assert len({first, version("renamed", classes=renamed), version("doubtful", review_thresholds=doubtful)}) == 3
