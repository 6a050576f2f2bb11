"""The architectures: an LSTM over token ids, and VGG16 with a head, of stock Keras layers only.

Nothing here may need this package to be loaded again: no Lambda, no custom layer. Preprocessing and the
standardisation of features are inside the graph, so that serving hands over token ids and raw pixels.
Every layer is named, so that the same training run writes the same file.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from shared.errors import InvalidInput
from shared.token_ids import PADDING_ID

# ImageNet's mean RGB, which keras.applications.vgg16.preprocess_input subtracts ("caffe" mode), 0 to 255.
IMAGENET_MEAN_RGB = (123.68, 116.779, 103.939)
WORD_LOGITS, RARITY, EVIDENCE = "word_logits", "word_rarity", "word_evidence"
LENGTH = 20.0  # of a block's scaled mean or maximum; what the head's learning rate is meant for
EVIDENCE_LENGTH = 12.0  # of a text as a vector of weighed words; what the learning rate of the words part is meant for
BLOCKS = tuple(f"block{number}_pool" for number in range(1, 6))


@dataclass(frozen=True, slots=True)
class TextModelConfig:
    """Sizes of the text model. `max_tokens` is also what a row costs: an LSTM's work grows with it."""

    max_tokens: int = 128
    word_dropout: float = 0.3
    embedding: int = 96
    units: int = 64
    pooled_tokens: int = 4
    dropout: float = 0.4


@dataclass(frozen=True, slots=True)
class ImageHeadConfig:
    """The head over VGG16's pooled features: `blocks` are the pooling layers that it looks at.

    By the scaling "length" each block's mean and maximum get the same length, for blocks of equal width: best for
    pretrained weights. Or each feature is "standardised" and `dropout` follows: best for random ones.
    With no more than `mirrored_below` training photos, their mirror images are trained on as well.
    """

    blocks: tuple[str, ...] = BLOCKS[3:]
    scaling: Literal["length", "standardised"] = "length"
    dropout: float = 0.5
    mirrored_below: int = 5_000


def make_text_model(config: TextModelConfig, vocabulary: int, classes: int) -> keras.Model:
    """Text classifier: int32 token ids (n, max_tokens) -> float32 logits (n, classes), of two parts that are added.

    One part takes each word as evidence for each class, the more the rarer the word is (`weigh_by_rarity`), wherever
    it stands: a linear model, which learns from a few rows. The other is an LSTM over their order, in both directions.
    It needs more rows, and starts at adding nothing: it is fitted on what the words leave over (as in boosting,
    Friedman, 2001; `words_part` is what is fitted first). It reads the means of `pooled_tokens` neighbours, in as
    many fewer steps, and keeps of each unit the largest activation, so that one telling place decides.
    """
    tokens = keras.Input((config.max_tokens,), dtype="int32", name="tokens")
    rarity = layers.Embedding(vocabulary, 1, trainable=False, name=RARITY)(tokens)
    rarity = layers.UnitNormalization(axis=1, name="share_of_text")(rarity)
    evidence = layers.Embedding(vocabulary, classes, "zeros", name=EVIDENCE)(tokens)
    evidence = layers.Dropout(config.word_dropout, (None, config.max_tokens, 1), name="word_dropout")(evidence)
    evidence = layers.Multiply(name="weighed_evidence")([evidence, rarity])
    evidence = layers.GlobalAveragePooling1D(name="mean_evidence")(evidence)
    scale = EVIDENCE_LENGTH * config.max_tokens  # the mean becomes a sum again
    word_logits = layers.Rescaling(scale, dtype="float32", name=WORD_LOGITS)(evidence)
    x = layers.Embedding(vocabulary, config.embedding, name="embedding")(tokens)
    x = layers.SpatialDropout1D(config.dropout, name="embedding_dropout")(x)
    x = layers.AveragePooling1D(config.pooled_tokens, name="neighbours")(x)
    lstm = layers.LSTM(config.units, return_sequences=True, name="lstm")
    x = layers.Bidirectional(lstm, name="both_directions")(x)
    x = layers.GlobalMaxPooling1D(name="strongest_step")(x)
    x = layers.Dropout(config.dropout, name="dropout")(x)
    order_logits = layers.Dense(classes, kernel_initializer="zeros", dtype="float32", name="order_logits")(x)
    logits = layers.Add(dtype="float32", name="logits")([word_logits, order_logits])
    return keras.Model(tokens, logits, name="text")


def weigh_by_rarity(text_model: keras.Model, tokens: NDArray[np.int32]) -> None:
    """Set what each word counts: its smoothed inverse document frequency among training rows.

    `tokens` are their token ids, (n, max_tokens). The weight is ln((1 + n) / (1 + rows with the word)) + 1, as in
    scikit-learn's TfidfTransformer, and 0 for padding; the graph brings each text's weights to length 1, and no fit
    changes them.
    """
    layer = text_model.get_layer(RARITY)
    rows = np.zeros(layer.input_dim)
    for row in tokens:
        rows[np.unique(row)] += 1
    weights = np.log((1 + len(tokens)) / (1 + rows)) + 1
    weights[PADDING_ID] = 0
    layer.set_weights([weights[:, None].astype(np.float32)])


def temper_evidence(text_model: keras.Model, temperature: float) -> None:
    """Divide the words' evidence by a temperature, so that the LSTM is not fitted on mere over- or underconfidence."""
    layer = text_model.get_layer(EVIDENCE)
    layer.set_weights([weights / np.float32(temperature) for weights in layer.get_weights()])


def words_part(text_model: keras.Model) -> keras.Model:
    """The part of a text model that weighs words, as a classifier of its own; shares its layers."""
    return keras.Model(text_model.input, text_model.get_layer(WORD_LOGITS).output, name="words")


def make_image_base(size: int, weights: str | Path | None, seed: int = 0) -> keras.Model:
    """VGG16 without its top, frozen: preprocessed (n, size, size, 3) -> block 5's (n, size/32, size/32, 512).

    Simonyan and Zisserman, 2015. `weights` is "imagenet" (Keras downloads them), a file of VGG16 weights
    without top in Keras's format, or None for a random start that depends on `seed` alone.
    Raises InvalidInput when they cannot be downloaded or read.
    """
    source = str(weights) if weights is not None else None
    start = keras.Input((size, size, 3), dtype="float32", name="preprocessed")
    try:
        base = keras.applications.VGG16(include_top=False, weights=source, input_tensor=start, name="vgg16")
    except Exception as error:  # which Keras raises as such when it cannot download
        raise InvalidInput(
            f"VGG16's weights ({source}) cannot be loaded; name a file of weights without top, or none. {error}",
            where="weights",
        ) from error
    if source is None:
        _start_at_random(base, seed)
    base.trainable = False
    return base


def make_feature_model(base: keras.Model, head: ImageHeadConfig) -> keras.Model:
    """uint8 RGB pixels (n, size, size, 3) -> float32 features (n, f): mean and maximum of each block's maps.

    The early blocks tell colours and textures, the late ones shapes. Shares its layers with `base`.
    """
    size = base.input_shape[1]
    pixels = keras.Input((size, size, 3), dtype="uint8", name="pixels")
    maps = _vgg_blocks(base, head.blocks)(_vgg_preprocessing(pixels))
    pooled = []
    for block, activation in zip(head.blocks, maps if isinstance(maps, list) else [maps], strict=True):
        pooled.append(layers.GlobalAveragePooling2D(dtype="float32", name=f"{block}_mean")(activation))
        pooled.append(layers.GlobalMaxPooling2D(dtype="float32", name=f"{block}_max")(activation))
    features = layers.Concatenate(dtype="float32", name="features")(pooled)
    return keras.Model(pixels, features, name="image_features")


def make_image_head(features: int, head: ImageHeadConfig, classes: int) -> keras.Model:
    """Pooled features (n, f) -> float32 logits (n, classes): scaling and one dense layer.

    By length, each block's mean and maximum have the same say, however strong their activations are; the dense
    layer starts at zero, so that directions which no training photo has stay out of the answer.

    A standardisation has to be adapted to the training features before the first fit. x / (1 + |x|) bounds what comes
    out of it: a map that hardly ever fires has a tiny deviation, and the first photo on which it does would
    otherwise outvote everything else (seen as validation losses in the thousands).
    """
    inputs = keras.Input((features,), dtype="float32", name="pooled_features")
    if head.scaling == "length":
        pools = 2 * len(head.blocks)
        x = layers.Reshape((pools, features // pools), dtype="float32", name="pools")(inputs)
        x = layers.UnitNormalization(dtype="float32", name="unit_length")(x)
        x = layers.Flatten(dtype="float32", name="all_pools")(x)
        x = layers.Rescaling(LENGTH, dtype="float32", name="length")(x)
        logits = layers.Dense(classes, kernel_initializer="zeros", dtype="float32", name="logits")(x)
        return keras.Model(inputs, logits, name="head")
    x = layers.Normalization(dtype="float32", name="standardise")(inputs)
    x = layers.Activation("softsign", dtype="float32", name="squash")(x)
    x = layers.Dropout(head.dropout, name="dropout")(x)
    logits = layers.Dense(classes, dtype="float32", name="logits")(x)
    return keras.Model(inputs, logits, name="head")


def make_image_model(base: keras.Model, head: ImageHeadConfig, trained_head: keras.Model) -> keras.Model:
    """The whole photo model: uint8 RGB pixels (n, size, size, 3) -> float32 logits (n, classes).

    Shares its layers with `base` and `trained_head`.
    """
    features = make_feature_model(base, head)
    x = features.output
    for layer in trained_head.layers[1:]:
        x = layer(x)
    return keras.Model(features.input, x, name="image")


def convolutions(model: keras.Model) -> list[layers.Conv2D]:
    """The convolution layers of a model, nested models included."""
    return [layer for layer in model._flatten_layers() if isinstance(layer, layers.Conv2D)]


def _vgg_preprocessing(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """What keras.applications.vgg16.preprocess_input does: subtract the mean colour, RGB to BGR.

    The channels are swapped by a fixed 3x3 matrix because a dense layer can carry a name, unlike
    `keras.ops.flip`, whose numbered name would differ from run to run; exact, since it holds ones and zeros.
    """
    offset = [-mean for mean in IMAGENET_MEAN_RGB]
    centred = layers.Rescaling(1.0, offset=offset, dtype="float32", name="subtract_mean_colour")(pixels)
    swap = layers.Dense(3, use_bias=False, trainable=False, dtype="float32", name="rgb_to_bgr")
    swapped = swap(centred)
    swap.set_weights([np.eye(3, dtype=np.float32)[::-1]])
    return swapped


def _vgg_blocks(base: keras.Model, blocks: tuple[str, ...]) -> keras.Model:
    """`base` with the outputs of the named pooling layers, sharing its layers and weights."""
    return keras.Model(base.input, [base.get_layer(block).output for block in blocks], name="vgg16_blocks")


def _start_at_random(base: keras.Model, seed: int) -> None:
    """He-normal kernels (He et al., 2015) from `seed` alone, whatever random state the process is in.

    Keras's own start (Glorot) halves the signal at every ReLU, which leaves thirteen layers on nothing.
    """
    generator = np.random.default_rng(seed)
    for layer in convolutions(base):
        kernel, bias = layer.get_weights()
        deviation = np.sqrt(2.0 / np.prod(kernel.shape[:3]))
        drawn = generator.standard_normal(kernel.shape, dtype=np.float32) * np.float32(deviation)
        layer.set_weights([drawn, np.zeros_like(bias)])
