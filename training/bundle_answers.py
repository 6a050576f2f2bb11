"""A bundle read back and asked about labelled products, as the service would be.

The tokeniser, the temperatures and the fusion are the bundle's. The convolutions run in the precision that the service
takes on this machine, through the cache of photo features that training fills, and the head in float32.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from shared.bundle import GOLDEN, IMAGE_MODEL, TEXT_MODEL, TOKENIZER, Bundle, GoldenRows, Modality
from shared.errors import BundleRefused
from shared.fusion import Scores, calibrated, fused
from shared.taxonomy import Category
from shared.tokenizer import TextEncoder
from training.batches import InMemory
from training.bundle_photos import BundlePhotos
from training.evaluation import Labels
from training.features import best_precision
from training.products import Product, labels
from training.progress import Progress, Silent
from training.steps import Answering

ENCODED_AT_ONCE = 4_096  # texts; the tokeniser's own objects are many times larger than the ids that come of them


@dataclass(frozen=True, slots=True)
class BundleAnswers:
    """Probabilities (n, classes), float32, of both models and of what the service answers: fused, or the one model's.

    A row of NaN where a product has no such input. `truth` (n,) and the columns are indices into `classes`: the
    bundle's `known_classes` categories, and after them those that only the products have, whose columns are 0.
    `left_out` products had neither a text nor a readable photo; `precision` is that of the convolutions.
    """

    products: Sequence[Product]
    classes: tuple[Category, ...]
    known_classes: int
    truth: Labels
    text: Scores
    image: Scores
    served: Scores
    left_out: int
    precision: str

    @property
    def unknown_rows(self) -> int:
        """How many products are of a category that the bundle cannot answer."""
        return int((self.truth >= self.known_classes).sum())

    def modality(self, row: int) -> Modality:
        """What of a product there was to answer from."""
        has_text, has_photo = (not np.isnan(scores[row, 0]) for scores in (self.text, self.image))
        return "text+image" if has_text and has_photo else "text" if has_text else "image"


def ask(
    bundle: Bundle,
    products: Sequence[Product],
    taxonomy: Sequence[Category],
    cache: Path,
    progress: Progress | None = None,
    precision: str = "auto",
) -> BundleAnswers:
    """Ask a bundle about products; those that have neither a text nor a readable photo are left out.

    `taxonomy` names the categories of the products, `cache` is the folder of photo features, and `precision` the
    service's setting of that name. Raises BundleRefused when the bundle can't be loaded, or answers its golden rows
    in no precision as it should.
    """
    models = _Models.load(bundle, precision)
    text = models.text_scores(products)
    image = models.image_scores(products, cache, progress if progress is not None else Silent())
    answered = np.flatnonzero(~np.isnan(text[:, 0]) | ~np.isnan(image[:, 0]))
    kept = [products[row] for row in answered.tolist()]
    known = {category.code for category in bundle.manifest.classes}
    named = {category.code: category for category in taxonomy}
    others = [named.get(code, Category(code, str(code))) for code in sorted({each.code for each in kept} - known)]
    classes = (*bundle.manifest.classes, *others)
    served = fused(text, image, bundle.manifest.fusion.text_weight)
    return BundleAnswers(
        products=kept,
        classes=classes,
        known_classes=len(known),
        truth=labels(kept, classes),
        text=_widened(text[answered], len(others)),
        image=_widened(image[answered], len(others)),
        served=_widened(served[answered], len(others)),
        left_out=len(products) - len(kept),
        precision=models.photos.precision,
    )


@dataclass(frozen=True, slots=True)
class _Models:
    """What a bundle's files hold, ready to answer."""

    bundle: Bundle
    encoder: TextEncoder
    text: Answering
    photos: BundlePhotos

    @classmethod
    def load(cls, bundle: Bundle, precision: str) -> "_Models":
        """Both models, in the best of the precisions in which the golden rows come out as they did in training."""
        with bundle.reading(TOKENIZER) as path:
            encoder = TextEncoder.load(path, bundle.manifest.text.max_tokens)
        with bundle.reading(TEXT_MODEL) as path:
            text = Answering(keras.saving.load_model(path, compile=False, safe_mode=True))
        with bundle.reading(GOLDEN) as path:
            golden = GoldenRows.load(path)
        for candidate in _candidates(precision):
            with bundle.reading(IMAGE_MODEL) as path:
                image = keras.saving.load_model(path, compile=False, safe_mode=True)
            models = cls(bundle, encoder, text, BundlePhotos(image, candidate, golden.pixels))
            difference = models._golden_difference(golden)
            if difference <= bundle.manifest.golden_tolerance:
                return models
        raise BundleRefused(f"{bundle.manifest.version}: golden rows differ by {difference:.4f}.")

    def _golden_difference(self, golden: GoldenRows) -> float:
        """The largest absolute difference of any probability from what training got for the golden rows."""
        fusion = self.bundle.manifest.fusion
        tokens = InMemory(self.encoder.encode(golden.texts.tolist()))
        text = calibrated(self.text.logits(tokens), fusion.text_temperature)
        image = calibrated(self.photos.logits_of_pixels(golden.pixels), fusion.image_temperature)
        return self.bundle.difference(golden, text, image, fused(text, image, fusion.text_weight))

    def text_scores(self, products: Sequence[Product]) -> Scores:
        """Calibrated probabilities (n, classes) of the text model; a row of NaN without a text."""
        found = np.full((len(products), len(self.bundle.manifest.classes)), np.nan, dtype=np.float32)
        rows = [row for row, product in enumerate(products) if product.text is not None]
        for start in range(0, len(rows), ENCODED_AT_ONCE):
            chosen = rows[start : start + ENCODED_AT_ONCE]
            tokens = InMemory(self.encoder.encode([products[row].text or "" for row in chosen]))
            found[chosen] = calibrated(self.text.logits(tokens), self.bundle.manifest.fusion.text_temperature)
        return found

    def image_scores(self, products: Sequence[Product], cache: Path, progress: Progress) -> Scores:
        """Calibrated probabilities (n, classes) of the image model; a row of NaN without a readable photo."""
        logits = self.photos.logits(products, cache, progress)
        return calibrated(logits, self.bundle.manifest.fusion.image_temperature)


def _candidates(precision: str) -> tuple[str, ...]:
    """The policies of the convolutions that the service would try for its setting, in that order."""
    if precision == "auto":
        return tuple(dict.fromkeys((best_precision(), "float32")))
    return ("float32" if precision == "float32" else f"mixed_{precision}",)


def _widened(scores: Scores, columns: int) -> Scores:
    """`scores` with so many more columns, which are 0 where the row has an answer."""
    more = np.where(np.isnan(scores[:, :1]), np.float32(np.nan), np.float32(0.0))
    return np.concatenate([scores, np.repeat(more, columns, axis=1)], axis=1)
