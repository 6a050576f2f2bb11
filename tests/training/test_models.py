import keras
import numpy as np
import pytest

from training.models import (
    ImageHeadConfig,
    TextModelConfig,
    convolutions,
    make_feature_model,
    make_image_base,
    make_image_head,
    make_image_model,
    make_text_model,
)

SIZE = 32
HEAD = ImageHeadConfig()


@pytest.fixture(scope="module")
def base() -> keras.Model:
    return make_image_base(SIZE, None, seed=3)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)


def test_text_model_turns_token_ids_into_float32_logits() -> None:
    model = make_text_model(TextModelConfig(max_tokens=5, embedding=8, units=4), vocabulary=20, classes=3)
    logits = model(np.zeros((2, 5), dtype=np.int32))
    assert logits.shape == (2, 3)
    assert logits.dtype == "float32"


def test_preprocessing_is_that_of_vgg16(base: keras.Model, pixels: np.ndarray) -> None:
    model = make_feature_model(base, HEAD)
    inside = keras.Model(model.input, model.get_layer("rgb_to_bgr").output)(pixels)
    expected = keras.applications.vgg16.preprocess_input(pixels.astype(np.float32))
    np.testing.assert_allclose(np.asarray(inside), expected, atol=1e-4)


def test_features_are_means_and_maxima_of_every_block(base: keras.Model, pixels: np.ndarray) -> None:
    features = np.asarray(make_feature_model(base, HEAD)(pixels))
    assert features.shape == (3, 2 * (64 + 128 + 256 + 512 + 512))
    assert (features[:, 64:128] >= features[:, :64]).all()


def test_image_model_is_head_after_features(base: keras.Model, pixels: np.ndarray) -> None:
    features = np.asarray(make_feature_model(base, HEAD)(pixels))
    head = make_image_head(features.shape[1], HEAD, classes=4)
    head.get_layer("standardise").adapt(features)
    logits = make_image_model(base, HEAD, head)(pixels)
    assert logits.dtype == "float32"
    np.testing.assert_allclose(np.asarray(logits), np.asarray(head(features)), atol=1e-4)


def test_a_random_start_depends_on_its_seed_alone(base: keras.Model) -> None:
    keras.utils.set_random_seed(99)
    again, other = make_image_base(SIZE, None, seed=3), make_image_base(SIZE, None, seed=4)
    assert all(np.array_equal(a, b) for a, b in zip(base.get_weights(), again.get_weights(), strict=True))
    assert not np.array_equal(base.get_weights()[0], other.get_weights()[0])


def test_weights_are_read_from_a_file(base: keras.Model, tmp_path) -> None:
    base.save_weights(tmp_path / "vgg16.weights.h5")
    loaded = make_image_base(SIZE, tmp_path / "vgg16.weights.h5")
    assert np.array_equal(loaded.get_weights()[-2], base.get_weights()[-2])


def test_the_base_is_frozen_and_its_convolutions_are_within_reach(base: keras.Model) -> None:
    head = make_image_head(2944, HEAD, classes=4)
    model = make_image_model(base, HEAD, head)
    assert len(convolutions(model)) == 13
    assert len(model.trainable_weights) == 2
