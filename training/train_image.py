"""The photo half of a training run: features of a frozen VGG16, then its head."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from shared.bundle import ImageSettings
from shared.errors import InvalidInput
from shared.fusion import Scores
from shared.taxonomy import Category
from training.config import TrainingConfig
from training.features import Features, photo_features
from training.fitting import History, LabelledArrays, fit_classifier, logits_of
from training.models import make_image_base, make_image_head, make_image_model
from training.products import Product, labels
from training.progress import Progress
from training.split import Split


@dataclass(frozen=True, slots=True)
class TrainedImage:
    """A fitted photo model, its head, the features of all products by id, and how the fitting went."""

    model: keras.Model
    head: keras.Model
    settings: ImageSettings
    features: Mapping[str, Features]
    history: History

    def logits(self, products: Sequence[Product]) -> Scores:
        """Logits (n, classes), float32; a row of NaN for a product without a readable photo."""
        features = np.stack([self.features[product.product_id] for product in products])
        readable = ~np.isnan(features[:, 0])
        found = np.full((len(products), self.head.output_shape[1]), np.nan, dtype=np.float32)
        if readable.any():
            found[readable] = logits_of(self.head, features[readable])
        return found


def train_image(
    split: Split, classes: Sequence[Category], config: TrainingConfig, cache: Path, progress: Progress
) -> TrainedImage:
    """Compute or read the features of every photo, and fit the head with early stopping on validation.

    Raises InvalidInput when training or validation has no readable photo.
    """
    products = [*split.train, *split.validation, *split.test]
    base = make_image_base(config.image_size, config.weights, config.seed)
    rows = photo_features(products, base, config.head, cache, progress)
    features = {product.product_id: row for product, row in zip(products, rows, strict=True)}
    train = _with_features(split.train, features, classes)
    validation = _with_features(split.validation, features, classes)
    head = make_image_head(rows.shape[1], config.head, len(classes))
    head.get_layer("standardise").adapt(train.inputs)
    history = fit_classifier(head, train, validation, config.head_fit, progress)
    model = make_image_model(base, config.head, head)
    return TrainedImage(model, head, ImageSettings(size=config.image_size), features, history)


def _with_features(
    products: Sequence[Product], features: Mapping[str, Features], classes: Sequence[Category]
) -> LabelledArrays:
    readable = [product for product in products if not np.isnan(features[product.product_id][0])]
    if not readable:
        raise InvalidInput("No product with a readable photo to train on, or none to validate on.", where="products")
    rows = np.stack([features[product.product_id] for product in readable])
    return LabelledArrays(rows, labels(readable, classes))
