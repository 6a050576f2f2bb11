"""What the frozen VGG16 sees: pooled features, computed once per photo and kept on disk.

The cache is a folder per base (`base_identity` makes its name) of small archives, one
per batch, each written under another name first. A run that was cut short goes on where it stopped.
"""

import hashlib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import PIL
from numpy.typing import NDArray

from shared.errors import BrokenImage, ImageTooLarge
from shared.hardware import cpu_has_bfloat16
from shared.preparation import photo_pixels
from training.models import ImageHeadConfig, convolutions, make_feature_model
from training.products import Product
from training.progress import Progress

Features = NDArray[np.float32]

BATCH = 16  # more photos at once are no faster on a CPU (measured: 8, 16 and 32 alike)
DECODING_THREADS = 2
FEATURES_VERSION = 1  # raise it when the preparation of photos or the pooling changes: what is kept is stale then


def photo_features(
    products: Sequence[Product], base: keras.Model, head: ImageHeadConfig, cache: Path, progress: Progress
) -> Features:
    """Features of every product's photo: shape (n, f), float32; a row of NaN without a readable photo.

    The convolutions of `base` run in bfloat16 where the processor has instructions for it, and have their
    own precision again afterwards.
    """
    precision = "mixed_bfloat16" if cpu_has_bfloat16() else "float32"
    folder = cache / base_identity(base, head, precision)
    photos = {product.photo_hash: product.photo for product in products if product.photo_hash and product.photo}
    known = _read_cache(folder)
    missing = {key: photo for key, photo in photos.items() if key not in known}
    progress.stage("photo features", len(missing))
    model = make_feature_model(base, head)
    before = [layer.dtype_policy for layer in convolutions(base)]
    try:
        for layer in convolutions(base):
            layer.dtype_policy = precision
        for computed in _computed(missing, model, progress):
            _write_cache(folder, computed)
            known.update(computed)
    finally:
        for layer, policy in zip(convolutions(base), before, strict=True):
            layer.dtype_policy = policy
    nothing = np.full(model.output_shape[1], np.nan, dtype=np.float32)
    return np.stack([known.get(product.photo_hash or "", nothing) for product in products])


def base_identity(base: keras.Model, head: ImageHeadConfig, precision: str) -> str:
    """A short hash of what features depend on beside the photo: 16 hex digits.

    It covers the weights, the size, the blocks and the precision; the versions of Pillow and Keras; and the code
    that prepares and pools, by FEATURES_VERSION. It leaves out the processor and TensorFlow's version, which
    are to differ in rounding only.
    """
    versions = (FEATURES_VERSION, PIL.__version__, keras.__version__)
    digest = hashlib.sha256(repr((versions, base.input_shape, head.blocks, precision)).encode())
    for weight in base.get_weights():
        digest.update(np.ascontiguousarray(weight).data)
    return digest.hexdigest()[:16]


def _computed(photos: Mapping[str, bytes], model: keras.Model, progress: Progress) -> Iterator[dict[str, Features]]:
    """Features batch by batch; while the model works on one, threads decode the next."""
    size = model.input_shape[1]
    forward = _forward(model)
    with ThreadPoolExecutor(DECODING_THREADS) as threads:
        items = list(photos.items())
        batches = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
        ahead = [threads.submit(_decoded, photo, size) for _, photo in batches[0]] if batches else []
        for position, batch in enumerate(batches):
            decoded = [future.result() for future in ahead]
            following = batches[position + 1] if position + 1 < len(batches) else []
            ahead = [threads.submit(_decoded, photo, size) for _, photo in following]
            yield _features_of([key for key, _ in batch], decoded, forward, model.output_shape[1])
            progress.advance(len(batch))


def _forward(model: keras.Model):  # type: ignore[no-untyped-def]  # TensorFlow's functions carry no types
    """The model as one compiled function of a uint8 batch."""
    import tensorflow as tf

    signature = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)
    return tf.function(lambda pixels: model(pixels, training=False), input_signature=[signature])


def _decoded(photo: bytes, size: int) -> NDArray[np.uint8] | None:
    """Pixels (size, size, 3), or None when the photo cannot be read: one bad photo must not end a run."""
    try:
        return photo_pixels(io.BytesIO(photo), size)
    except (BrokenImage, ImageTooLarge):
        return None


def _features_of(  # type: ignore[no-untyped-def]
    keys: Sequence[str], decoded: Sequence[NDArray[np.uint8] | None], forward, width: int
) -> dict[str, Features]:
    """Features by photo hash; NaN for what could not be decoded, and the rest in one call."""
    found = {key: np.full(width, np.nan, dtype=np.float32) for key in keys}
    readable = [(key, pixels) for key, pixels in zip(keys, decoded, strict=True) if pixels is not None]
    if readable:
        rows = forward(np.stack([pixels for _, pixels in readable])).numpy()
        found.update({key: row for (key, _), row in zip(readable, rows, strict=True)})
    return found


def _read_cache(folder: Path) -> dict[str, Features]:
    """All features in a cache folder, by photo hash."""
    known: dict[str, Features] = {}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path, allow_pickle=False) as stored:
            known.update(zip(stored["photos"].tolist(), stored["features"], strict=True))
    return known


def _write_cache(folder: Path, computed: Mapping[str, Features]) -> None:
    """Add one archive; its name comes from its photos, so two runs at once do no harm to each other."""
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256("".join(computed).encode()).hexdigest()[:32]
    unfinished = folder / f"{name}.{os.getpid()}.part"
    with unfinished.open("wb") as file:
        np.savez(file, photos=np.array(list(computed)), features=np.stack(list(computed.values())))
    unfinished.replace(folder / f"{name}.npz")
