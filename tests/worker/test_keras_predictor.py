"""The predictor that serves, with real models that were trained for these tests."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from shared.bundle import GOLDEN, IMAGE_MODEL, TEXT_MODEL, TOKENIZER, Bundle, GoldenRows
from shared.errors import BundleRefused, ConfigurationError
from shared.hardware import cpu_has_bfloat16
from tests.support.bundles import changed_bundle
from tests.support.predictors import Fake
from worker.predictor import Predictor, PreparedRows

EXACT = 1e-4  # what another number of rows in a call may change in float32


def make_predictor() -> Predictor:
    from worker.keras_predictor import KerasPredictor  # TensorFlow takes seconds to load

    return KerasPredictor()


@pytest.fixture(scope="module")
def predictor(tiny_bundle: Bundle) -> Predictor:
    made = make_predictor()
    made.load(tiny_bundle, "float32")
    return made


@pytest.fixture(scope="module")
def golden(tiny_bundle: Bundle) -> GoldenRows:
    return GoldenRows.load(tiny_bundle.folder / GOLDEN)


@pytest.fixture
def changed(tiny_bundle: Bundle, tmp_path: Path) -> Callable[[str, Callable[[Path], object]], Bundle]:
    """Make a copy of the bundle with one file changed, and the manifest's hashes true to it."""

    def change(name: str, alter: Callable[[Path], object]) -> Bundle:
        return changed_bundle(tiny_bundle, tmp_path / "changed", name, alter)

    return change


def inputs(golden: GoldenRows, *, texts: bool = True, photos: bool = True) -> PreparedRows:
    """The golden rows, with both inputs or with one."""
    count = len(golden.texts)
    return PreparedRows(
        [str(text) for text in golden.texts] if texts else [None] * count,
        list(golden.pixels) if photos else [None] * count,
    )


def test_the_golden_rows_come_out_as_training_got_them(predictor: Predictor, golden: GoldenRows) -> None:
    scores = predictor.predict(inputs(golden))

    assert_allclose(scores.text, golden.text, atol=EXACT)
    assert_allclose(scores.image, golden.image, atol=EXACT)
    assert_allclose(scores.fused, golden.fused, atol=EXACT)
    assert predictor.device == "cpu float32"


def test_scores_are_probabilities_of_every_class(predictor: Predictor, golden: GoldenRows, tiny_bundle: Bundle) -> None:
    scores = predictor.predict(inputs(golden))

    for part in (scores.text, scores.image, scores.fused):
        assert part.shape == (len(golden.texts), len(tiny_bundle.manifest.classes))
        assert part.dtype == np.float32
        assert_allclose(part.sum(axis=1), 1, atol=1e-5)


def test_products_without_a_photo_are_answered_by_the_text_model(predictor: Predictor, golden: GoldenRows) -> None:
    scores = predictor.predict(inputs(golden, photos=False))

    assert np.isnan(scores.image).all()
    assert_allclose(scores.text, golden.text, atol=EXACT)
    assert_array_equal(scores.fused, scores.text)


def test_products_without_a_text_are_answered_by_the_image_model(predictor: Predictor, golden: GoldenRows) -> None:
    scores = predictor.predict(inputs(golden, texts=False))

    assert np.isnan(scores.text).all()
    assert_allclose(scores.image, golden.image, atol=EXACT)
    assert_array_equal(scores.fused, scores.image)


def test_products_of_all_kinds_share_a_call_and_keep_their_places(predictor: Predictor, golden: GoldenRows) -> None:
    texts = [str(text) if row % 3 != 1 else None for row, text in enumerate(golden.texts)]
    photos = [pixels if row % 3 != 2 else None for row, pixels in enumerate(golden.pixels)]

    scores = predictor.predict(PreparedRows(texts, photos))

    kinds = (golden.fused, golden.image, golden.text)
    expected = [kinds[row % 3][row] for row in range(len(texts))]
    assert_allclose(scores.fused, expected, atol=EXACT)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9, 17, 40])
def test_any_number_of_products_is_answered_as_each_would_be_alone(
    predictor: Predictor, golden: GoldenRows, count: int
) -> None:
    order = [row % len(golden.texts) for row in range(count)]
    rows = PreparedRows([str(golden.texts[row]) for row in order], [golden.pixels[row] for row in order])

    scores = predictor.predict(rows)

    assert_allclose(scores.text, golden.text[order], atol=EXACT)
    assert_allclose(scores.image, golden.image[order], atol=EXACT)


def test_answers_differ_from_product_to_product(golden: GoldenRows) -> None:
    for part in (golden.text, golden.image):
        assert np.abs(part - part[0]).max() > 100 * EXACT, "comparisons with these golden rows would show nothing"


@pytest.mark.parametrize(
    ("precision", "device"),
    [
        ("auto", "cpu bfloat16" if cpu_has_bfloat16() else "cpu float32"),
        ("bfloat16", "cpu bfloat16"),  # without instructions for it slow, and still what was asked for
    ],
)
def test_reduced_precision_stays_within_the_bundles_tolerance(
    tiny_bundle: Bundle, golden: GoldenRows, precision: str, device: str
) -> None:
    reduced = make_predictor()
    reduced.load(tiny_bundle, precision)

    scores = reduced.predict(inputs(golden))

    assert reduced.device == device
    assert np.abs(scores.fused - golden.fused).max() <= tiny_bundle.manifest.golden_tolerance
    assert_allclose(scores.text, golden.text, atol=EXACT)


def test_half_precision_without_a_gpu_is_one_sentence(tiny_bundle: Bundle) -> None:
    with pytest.raises(ConfigurationError, match="float16 needs a GPU"):
        make_predictor().load(tiny_bundle, "float16")


@pytest.mark.parametrize(("model", "precision"), [(TEXT_MODEL, "float32"), (IMAGE_MODEL, "auto")])
def test_a_model_with_other_weights_is_refused(changed: Any, model: str, precision: str) -> None:
    bundle = changed(model, shuffle_classes)

    with pytest.raises(BundleRefused, match=r"golden rows differ by 0\.\d+, more than"):
        make_predictor().load(bundle, precision)


def shuffle_classes(path: Path) -> None:
    import keras

    model = keras.saving.load_model(path, compile=False)
    classes, weights = model.output_shape[1], model.get_weights()
    model.set_weights([3 * np.roll(each, 5, -1) if each.shape[-1:] == (classes,) else each for each in weights])
    model.save(path)


@pytest.mark.parametrize(("part", "wrong"), [("fused", 0.06), ("text", float("nan")), ("image", float("nan"))], ids=str)
def test_golden_answers_that_are_not_reproduced_are_refused(
    changed: Any, golden: GoldenRows, part: str, wrong: float
) -> None:
    scores = {name: getattr(golden, name).copy() for name in ("text", "image", "fused")}
    scores[part][-1, -1] += wrong
    bundle = changed(GOLDEN, GoldenRows(golden.texts, golden.pixels, **scores).save)

    with pytest.raises(BundleRefused, match="golden rows differ"):
        make_predictor().load(bundle, "float32")


def test_models_of_other_classes_than_the_manifests_are_refused(changed: Any, golden: GoldenRows) -> None:
    altered = GoldenRows(golden.texts, golden.pixels, golden.text[:, 1:], golden.image[:, 1:], golden.fused[:, 1:])

    with pytest.raises(BundleRefused, match="classes are not those of the manifest"):
        make_predictor().load(changed(GOLDEN, altered.save), "float32")


@pytest.mark.parametrize("name", [TOKENIZER, TEXT_MODEL, IMAGE_MODEL, GOLDEN])
def test_a_file_that_is_not_what_its_name_says_is_refused(changed: Any, name: str) -> None:
    bundle = changed(name, lambda path: path.write_bytes(b"nothing of the kind"))

    with pytest.raises(BundleRefused, match=r"cannot be loaded"):
        make_predictor().load(bundle, "float32")


def test_a_bundle_loads_where_training_cannot_be_imported(tiny_bundle: Bundle) -> None:
    code = (
        "import sys; sys.modules['training'] = None\n"
        "from pathlib import Path\n"
        "from shared.bundle import Bundle\n"
        "from worker.keras_predictor import KerasPredictor\n"
        "KerasPredictor().load(Bundle.open(Path(sys.argv[1])), 'float32')\n"
        "print('loaded')"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code, str(tiny_bundle.folder)],
        capture_output=True,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
    )

    assert loaded.stdout.endswith("loaded\n"), loaded.stderr


def test_the_fake_keeps_the_same_promises(tiny_bundle: Bundle, golden: GoldenRows) -> None:
    fake = Fake()
    fake.load(tiny_bundle, "float32")

    scores = fake.predict(inputs(golden, photos=False))

    assert scores.fused.shape == golden.fused.shape
    assert np.isnan(scores.image).all()
    assert_array_equal(scores.fused, scores.text)
