import keras
import numpy as np
import pytest

from training.models import (
    BLOCKS,
    ImageHeadConfig,
    TextModelConfig,
    convolutions,
    make_feature_model,
    make_image_base,
    make_image_head,
    make_image_model,
    make_text_model,
    weigh_by_rarity,
    words_part,
)

SIZE = 32
HEAD = ImageHeadConfig()
STANDARDISED = ImageHeadConfig(blocks=BLOCKS, scaling="standardised")


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
    features = np.asarray(make_feature_model(base, STANDARDISED)(pixels))
    assert features.shape == (3, 2 * (64 + 128 + 256 + 512 + 512))
    assert (features[:, 64:128] >= features[:, :64]).all()


@pytest.mark.parametrize("config", [HEAD, STANDARDISED], ids=lambda config: config.scaling)
def test_image_model_is_head_after_features(base: keras.Model, pixels: np.ndarray, config: ImageHeadConfig) -> None:
    features = np.asarray(make_feature_model(base, config)(pixels))
    head = make_image_head(features.shape[1], config, classes=4)
    if config.scaling == "standardised":
        head.get_layer("standardise").adapt(features)
    kernel, bias = head.get_layer("logits").get_weights()
    head.get_layer("logits").set_weights([np.random.default_rng(1).normal(size=kernel.shape), bias])
    logits = make_image_model(base, config, head)(pixels)
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
    head = make_image_head(2048, HEAD, classes=4)
    model = make_image_model(base, HEAD, head)
    assert len(convolutions(model)) == 13
    assert len(model.trainable_weights) == 2


def test_a_texts_words_have_one_length_however_many_they_are() -> None:
    config = TextModelConfig(max_tokens=8, embedding=4, units=4, pooled_tokens=4)
    model = make_text_model(config, vocabulary=10, classes=3)
    weigh_by_rarity(model, np.array([[2, 3, 4, 5, 6, 7, 8, 9], [2, 3, 0, 0, 0, 0, 0, 0]], dtype=np.int32))
    evidence = model.get_layer("word_evidence")
    evidence.set_weights([np.ones((10, 3), np.float32)])
    short, long = np.asarray(model(np.array([[2, 0, 0, 0, 0, 0, 0, 0], [2, 3, 4, 5, 6, 7, 8, 9]], np.int32)))
    assert short == pytest.approx(12.0)
    assert 12 < long[0] < 12 * np.sqrt(8) + 1e-4  # the sum of eight shares of a vector of length 12


def test_the_order_of_words_adds_nothing_before_it_is_learnt() -> None:
    model = make_text_model(TextModelConfig(max_tokens=8, embedding=4, units=4), vocabulary=10, classes=3)
    tokens = np.random.default_rng(1).integers(2, 10, (5, 8)).astype(np.int32)
    np.testing.assert_array_equal(np.asarray(model(tokens)), np.asarray(words_part(model)(tokens)))
