"""The architectures: an LSTM over token ids, and VGG16 with a head, of stock Keras layers only.

Nothing here may need this package to be loaded again: no Lambda, no custom layer. Preprocessing and the
standardisation of features are inside the graph, so that serving hands over token ids and raw pixels.
Every layer is named, so that the same training run writes the same file.
"""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers

# ImageNet's mean RGB, which keras.applications.vgg16.preprocess_input subtracts ("caffe" mode), 0 to 255.
IMAGENET_MEAN_RGB = (123.68, 116.779, 103.939)
BLOCKS = tuple(f"block{number}_pool" for number in range(1, 6))


@dataclass(frozen=True, slots=True)
class TextModelConfig:
    """Sizes of the text model. `max_tokens` is also what a row costs: an LSTM's work grows with it."""

    max_tokens: int = 32
    embedding: int = 96
    units: int = 96
    dropout: float = 0.4


@dataclass(frozen=True, slots=True)
class ImageHeadConfig:
    """The head over VGG16's pooled features: `blocks` are the pooling layers that it looks at."""

    blocks: tuple[str, ...] = BLOCKS
    dropout: float = 0.5


def make_text_model(config: TextModelConfig, vocabulary: int, classes: int) -> keras.Model:
    """LSTM classifier: int32 token ids (n, max_tokens) -> float32 logits (n, classes).

    Both directions are read and the largest activation of each unit over the steps is kept, so that one
    telling word decides wherever it stands. Padding needs no mask for that, and none makes the LSTM faster;
    its embedding is learnt like any token's.
    """
    tokens = keras.Input((config.max_tokens,), dtype="int32", name="tokens")
    x = layers.Embedding(vocabulary, config.embedding, name="embedding")(tokens)
    x = layers.SpatialDropout1D(config.dropout, name="embedding_dropout")(x)
    lstm = layers.LSTM(config.units, return_sequences=True, name="lstm")
    x = layers.Bidirectional(lstm, name="both_directions")(x)
    x = layers.GlobalMaxPooling1D(name="strongest_step")(x)
    x = layers.Dropout(config.dropout, name="dropout")(x)
    logits = layers.Dense(classes, dtype="float32", name="logits")(x)
    return keras.Model(tokens, logits, name="text")


def make_image_base(size: int, weights: str | Path | None, seed: int = 0) -> keras.Model:
    """VGG16 without its top, frozen: preprocessed (n, size, size, 3) -> block 5's (n, size/32, size/32, 512).

    Simonyan and Zisserman, 2015. `weights` is "imagenet" (Keras downloads them), a file of VGG16 weights
    without top in Keras's format, or None for a random start that depends on `seed` alone.
    """
    source = str(weights) if weights is not None else None
    start = keras.Input((size, size, 3), dtype="float32", name="preprocessed")
    base = keras.applications.VGG16(include_top=False, weights=source, input_tensor=start, name="vgg16")
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
    """Pooled features (n, f) -> float32 logits (n, classes): standardise, squash, drop out, one dense layer.

    The standardisation has to be adapted to the training features before the first fit. x / (1 + |x|) bounds
    what comes out of it: a map that hardly ever fires has a tiny deviation, and the first photo on which it
    does would otherwise outvote everything else (seen as validation losses in the thousands).
    """
    inputs = keras.Input((features,), dtype="float32", name="pooled_features")
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
