"""What the frozen VGG16 sees: pooled features, computed once per photo and kept on disk.

The cache is a folder per base (`base_identity` makes its name) with a `FeatureStore` in it. A run that was cut
short goes on where it stopped.
"""

import hashlib
import io
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import PIL
import tensorflow as tf
from numpy.typing import NDArray

from shared.errors import BrokenImage, ImageTooLarge
from shared.hardware import cpu_has_bfloat16
from shared.preparation import photo_pixels
from training.feature_store import Features, FeatureStore
from training.models import ImageHeadConfig, convolutions, make_feature_model
from training.photos import Photo
from training.products import Product
from training.progress import Progress

Pixels = NDArray[np.uint8]

BATCH = 16  # more photos at once are no faster on a CPU (measured: 8, 16 and 32 alike)
BATCHES_AHEAD = 3  # read and decoded while the model works: 2.4 MB each at 224x224
DECODING_THREADS = 4  # two decode as fast as two cores can; the others wait for a disk or an object store meanwhile
FEATURES_VERSION = 2  # raise it when the preparation of photos or the pooling changes: what is kept is stale then


@dataclass(frozen=True, slots=True)
class PhotoFeatures:
    """The features of a data set's photos: mapped `rows` (m, f), and the row of every readable photo by its key.

    `base` is the identity of what computed them. `broken` photos can't be decoded, `gone` ones could not be read
    at all; both are hashes.
    """

    base: str
    rows: Features
    row_of: Mapping[str, int]
    broken: frozenset[str]
    gone: frozenset[str]

    def rows_of(self, products: Sequence[Product], *, mirrored: bool = False) -> NDArray[np.int64]:
        """The row of each product's photo, (n,); -1 for a product without a readable one."""
        keys = [photo_key(product.photo_hash, mirrored) if product.photo_hash else "" for product in products]
        return np.array([self.row_of.get(key, -1) for key in keys], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class View:
    """A photo as the base is to see it: as it is, or its mirror image."""

    photo: Photo
    mirrored: bool = False

    def pixels(self, size: int) -> Pixels | None:
        """Like `decoded`."""
        pixels = decoded(self.photo, size)
        return pixels[:, ::-1] if pixels is not None and self.mirrored else pixels


def photo_features(
    products: Sequence[Product],
    base: keras.Model,
    head: ImageHeadConfig,
    cache: Path,
    progress: Progress,
    *,
    mirrored: Sequence[Product] = (),
    precision: str | None = None,
) -> PhotoFeatures:
    """The features of every product's photo, computed where the cache does not have them, each photo once.

    Those of the photos' mirror images too, for the products in `mirrored`.

    The convolutions of `base` run in `precision` (`best_precision()` if none is named), and have their own again
    afterwards.
    """
    precision = precision if precision is not None else best_precision()
    views = distinct_views(products, mirrored)
    identity = base_identity(base, head, precision)
    store = open_feature_store(base, head, cache, precision)
    missing = {key: view for key, view in views.items() if key not in store.row_of}
    progress.stage("photo features", len(missing))
    gone: set[str] = set()
    for done in fill_store(store, missing, base, head, gone, precision):
        progress.advance(done)
    row_of = {key: store.row_of[key] for key in views if key in store.row_of and key not in store.broken}
    photos = distinct_views(products).keys()
    return PhotoFeatures(identity, store.rows(), row_of, frozenset(store.broken & photos), frozenset(gone & photos))


def photo_key(photo_hash: str, mirrored: bool = False) -> str:
    """The name of a photo's features: its hash, or for its mirror image another one made from that."""
    return hashlib.sha256(f"mirrored {photo_hash}".encode()).hexdigest() if mirrored else photo_hash


def distinct_views(products: Sequence[Product], mirrored: Sequence[Product] = ()) -> dict[str, View]:
    """The photos of `products`, and the mirror images for those in `mirrored`, by key; in the order they occur in."""
    views: dict[str, View] = {}
    for sequence, flipped in ((products, False), (mirrored, True)):
        for product in sequence:
            if product.photo is not None and product.photo_hash:
                views.setdefault(photo_key(product.photo_hash, flipped), View(product.photo, flipped))
    return views


def open_feature_store(
    base: keras.Model, head: ImageHeadConfig, cache: Path, precision: str | None = None
) -> FeatureStore:
    """The store in `cache` for features of `base` in `precision`."""
    width = int(make_feature_model(base, head).output_shape[1])
    return FeatureStore(cache / base_identity(base, head, precision or best_precision()), width)


def fill_store(
    store: FeatureStore,
    views: Mapping[str, View],
    base: keras.Model,
    head: ImageHeadConfig,
    gone: set[str],
    precision: str | None = None,
) -> Iterator[int]:
    """Compute the features of `views` (by key) batch by batch, and yield how many are done after each.

    The keys of photos that can't be read go into `gone`.
    """
    with feature_function(base, head, precision) as forward:
        for computed, unread in _computed(views, base.input_shape[1], forward):
            store.append(computed)
            gone.update(unread)
            yield len(computed) + len(unread)


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


@contextmanager
def feature_function(
    base: keras.Model, head: ImageHeadConfig, precision: str | None = None
) -> Iterator[Callable[[Pixels], Features]]:
    """In the block, one compiled function: uint8 pixels (n, size, size, 3) -> features (n, f), n at most BATCH.

    Fewer than BATCH photos are filled up with black ones, so that a photo's features don't depend on its company.
    """
    model = make_feature_model(base, head)
    before = [layer.dtype_policy for layer in convolutions(base)]
    signature = tf.TensorSpec((BATCH, *model.input_shape[1:]), tf.uint8)
    compiled = tf.function(lambda pixels: model(pixels, training=False), input_signature=[signature])

    def forward(pixels: Pixels) -> Features:
        filled = np.zeros((BATCH, *pixels.shape[1:]), dtype=np.uint8)
        filled[: len(pixels)] = pixels
        return np.asarray(compiled(filled), dtype=np.float32)[: len(pixels)]

    try:
        for layer in convolutions(base):
            layer.dtype_policy = precision or best_precision()
        yield forward
    finally:
        for layer, policy in zip(convolutions(base), before, strict=True):
            layer.dtype_policy = policy


def decoded(photo: Photo, size: int) -> Pixels | None:
    """Pixels (size, size, 3), or None when the photo can't be decoded. Raises OSError when it can't be read."""
    content = photo.read()
    try:
        return photo_pixels(io.BytesIO(content), size)
    except (BrokenImage, ImageTooLarge):
        return None


def best_precision() -> str:
    """The policy that convolutions run in: bfloat16 where the processor has instructions for it."""
    return "mixed_bfloat16" if cpu_has_bfloat16() else "float32"


def _computed(
    views: Mapping[str, View], size: int, forward: Callable[[Pixels], Features]
) -> Iterator[tuple[dict[str, Features | None], list[str]]]:
    """Batch by batch the features by key, None for a broken photo, and the keys of photos that are gone."""
    for keys, decodings in _read_ahead(views, size):
        computed: dict[str, Features | None] = {}
        readable: dict[str, Pixels] = {}
        gone: list[str] = []
        for key, decoding in zip(keys, decodings, strict=True):
            try:
                pixels = decoding.result()
            except OSError:  # one photo that has gone must not end a run
                gone.append(key)
                continue
            computed[key] = None
            if pixels is not None:
                readable[key] = pixels
        if readable:
            computed.update(zip(readable, forward(np.stack(list(readable.values()))), strict=True))
        yield computed, gone


def _read_ahead(views: Mapping[str, View], size: int) -> Iterator[tuple[list[str], list[Future[Pixels | None]]]]:
    """Batches of keys with their photos on the way; threads read and decode the next ones meanwhile."""
    keys = list(views)
    ahead: deque[tuple[list[str], list[Future[Pixels | None]]]] = deque()
    with ThreadPoolExecutor(DECODING_THREADS) as threads:
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            ahead.append((batch, [threads.submit(views[key].pixels, size) for key in batch]))
            if len(ahead) > BATCHES_AHEAD:
                yield ahead.popleft()
        yield from ahead
