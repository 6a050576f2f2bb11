"""A bundle's photo model, asked through the cache of photo features where its features are those of training."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import numpy as np

from shared.fusion import Scores
from training.batches import InMemory, MappedRows
from training.features import BATCH, Pixels, decoded, feature_function, photo_features
from training.models import ImageHeadConfig, convolutions
from training.products import Product
from training.progress import Progress
from training.steps import Answering

BASE, FEATURES = "vgg16_blocks", "features"  # layers of image.keras, as `make_feature_model` names them


class BundlePhotos:
    """Logits of photos from a loaded `image.keras`, its convolutions in `precision` (the name of a Keras policy).

    The features of photos come from the cache if `sample` pixels (n, size, size, 3) have the same features in this
    model as `make_feature_model` gives them: bundles made before a change of that one answer without the cache.
    """

    def __init__(self, model: keras.Model, precision: str, sample: Pixels) -> None:
        self.precision = precision
        self._model = model
        for layer in convolutions(model):
            layer.dtype_policy = precision
        self._whole = Answering(model)
        self._base, self._config = _parts(model)
        self._shares_features = self._base is not None and self._same_features(sample[:BATCH])

    def logits_of_pixels(self, pixels: Pixels) -> Scores:
        """Logits (n, classes), float32, of the whole model."""
        return np.concatenate([self._call_whole(pixels[at : at + BATCH]) for at in range(0, len(pixels), BATCH)])

    def logits(self, products: Sequence[Product], cache: Path, progress: Progress) -> Scores:
        """Logits (n, classes), float32, of the products' photos; a row of NaN without a readable one."""
        if self._shares_features:
            return self._logits_of_features(products, cache, progress)
        found = self._nothing(len(products))
        rows = [row for row, product in enumerate(products) if product.photo is not None]
        progress.stage("photos", len(rows))
        for start in range(0, len(rows), BATCH):
            chosen = rows[start : start + BATCH]
            for row, logits in self._decoded_logits(products, chosen):
                found[row] = logits
            progress.advance(len(chosen))
        return found

    def _logits_of_features(self, products: Sequence[Product], cache: Path, progress: Progress) -> Scores:
        features = photo_features(products, self._base, self._config, cache, progress, precision=self.precision)
        positions = features.rows_of(products)
        rows = np.flatnonzero(positions >= 0)
        head = keras.Model(self._model.get_layer(FEATURES).output, self._model.output, name="head")
        found = self._nothing(len(products))
        found[rows] = Answering(head).logits(MappedRows(features.rows, positions[rows], features.base, ()))
        return found

    def _decoded_logits(self, products: Sequence[Product], rows: Sequence[int]) -> Iterator[tuple[int, Scores]]:
        """Row and logits of those of at most BATCH products whose photo can be read."""
        readable: dict[int, Pixels] = {}
        for row in rows:
            photo = products[row].photo
            try:
                pixels = decoded(photo, self._model.input_shape[1]) if photo is not None else None
            except OSError:  # it has gone
                continue
            if pixels is not None:
                readable[row] = pixels
        if readable:
            yield from zip(readable, self._call_whole(np.stack(list(readable.values()))), strict=True)

    def _call_whole(self, pixels: Pixels) -> Scores:
        return self._whole.logits(InMemory(pixels))

    def _nothing(self, rows: int) -> Scores:
        return np.full((rows, self._model.output_shape[1]), np.nan, dtype=np.float32)

    def _same_features(self, sample: Pixels) -> bool:
        with feature_function(self._base, self._config, self.precision) as forward:
            expected = forward(sample)
        found = np.asarray(keras.Model(self._model.input, self._model.get_layer(FEATURES).output)(sample))
        near = 0.02 * float(expected.std())
        return found.shape == expected.shape and bool(np.allclose(found, expected, rtol=0.02, atol=near))


def _parts(model: keras.Model) -> tuple[keras.Model | None, ImageHeadConfig]:
    """VGG16 inside an `image.keras`, and which of its blocks are looked at; None in a model of another shape."""
    names = [layer.name for layer in model.layers]
    if BASE not in names or FEATURES not in names:
        return None, ImageHeadConfig()
    blocks = tuple(name.removesuffix("_mean") for name in names if name.endswith("_mean"))
    return model.get_layer(BASE), ImageHeadConfig(blocks=blocks)
