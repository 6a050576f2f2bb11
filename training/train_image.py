"""The photo half of a training run: features of a frozen VGG16, then its head, then the last blocks if asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path

import keras
import numpy as np

from shared.bundle import ImageSettings
from shared.errors import InvalidInput
from shared.fusion import Scores
from shared.taxonomy import Category
from training.batches import Inputs, LabelledRows, MappedRows, PhotoPixels
from training.checkpoints import Checkpoint
from training.config import TrainingConfig
from training.features import PhotoFeatures, photo_features
from training.fine_tuning import fine_tune
from training.fitting import History, fit_classifier
from training.models import ImageHeadConfig, make_image_base, make_image_head, make_image_model
from training.products import Product, labels
from training.progress import Progress
from training.split import Split
from training.steps import Answering

ADAPTED_AT_ONCE = 1_024  # rows


@dataclass(frozen=True, slots=True)
class TrainedImage:
    """A fitted photo model, its head, the features of all photos, and how the fitting went.

    `tuning_history` is that of the whole model's fine-tuning, empty without one.
    """

    model: keras.Model
    head: keras.Model
    settings: ImageSettings
    features: PhotoFeatures
    history: History
    tuning_history: History = field(default_factory=dict)

    def logits(self, products: Sequence[Product]) -> Scores:
        """Logits (n, classes), float32; a row of NaN for a product without a readable photo.

        The head's, of the cached features; the whole model's, of pixels, once that was fine-tuned.
        """
        readable = np.flatnonzero(self.features.rows_of(products) >= 0).tolist()
        chosen = [products[row] for row in readable]
        found = np.full((len(products), self.head.output_shape[1]), np.nan, dtype=np.float32)
        if self.tuning_history:
            found[readable] = Answering(self.model).logits(photo_pixels_of(chosen, self.settings.size))
        else:
            inputs = MappedRows(self.features.rows, self.features.rows_of(chosen), self.features.base, ())
            found[readable] = Answering(self.head).logits(inputs)
        return found


def train_image(
    split: Split,
    classes: Sequence[Category],
    config: TrainingConfig,
    cache: Path,
    progress: Progress,
    checkpoints: tuple[Checkpoint | None, Checkpoint | None] = (None, None),
) -> TrainedImage:
    """Compute or read the features of every photo, and fit the head with early stopping on validation.

    Then, with `config.fine_tune_blocks`, fit that many blocks of VGG16 together with the head. With `checkpoints`, of
    the head and of the fine-tuning, either goes on where an earlier one was cut short.
    Raises InvalidInput when training or validation has no readable photo.
    """
    products = [*split.train, *split.validation, *split.test]
    base = make_image_base(config.image_size, config.weights, config.seed)
    mirrored = mirrored_products(split, config.head)
    features = photo_features(products, base, config.head, cache, progress, mirrored=mirrored)
    train, validation = (_with_photo(part, features) for part in (split.train, split.validation))
    rows = _labelled_features(train, mirrored, classes, features)
    validation_rows = _labelled_features(validation, [], classes, features)
    keras.utils.set_random_seed(config.seed)
    head = make_image_head(features.rows.shape[1], config.head, len(classes))
    if config.head.scaling == "standardised":
        standardise(head, rows.inputs)
    history = fit_classifier(
        head, rows, validation_rows, config.head_fit, progress, seed=config.seed, checkpoint=checkpoints[0]
    )
    model = make_image_model(base, config.head, head)
    tuning: History = {}
    if config.fine_tune_blocks:
        pixels, validation_pixels = (
            LabelledRows(photo_pixels_of(part, config.image_size), labels(part, classes))
            for part in (train, validation)
        )
        tuning = fine_tune(model, base, pixels, validation_pixels, config, progress, checkpoints[1])
    return TrainedImage(model, head, ImageSettings(size=config.image_size), features, history, tuning)


def mirrored_products(split: Split, head: ImageHeadConfig) -> list[Product]:
    """The training products whose mirror images are trained on as well: all of a small data set, else none."""
    with_photo = [product for product in split.train if product.photo is not None]
    return with_photo if len(with_photo) <= head.mirrored_below else []


def _labelled_features(
    products: Sequence[Product], mirrored: Sequence[Product], classes: Sequence[Category], features: PhotoFeatures
) -> LabelledRows:
    """Features and classes of the readable photos of `products`, and of the mirror images for those in `mirrored`."""
    positions = np.concatenate([features.rows_of(products), features.rows_of(mirrored, mirrored=True)])
    there = positions >= 0
    names = [f"{product.photo_hash}" for product in products] + [
        f"{product.photo_hash} mirrored" for product in mirrored
    ]
    inputs = MappedRows(features.rows, positions[there], features.base, list(compress(names, there)))
    return LabelledRows(inputs, labels([*products, *mirrored], classes)[there])


def photo_pixels_of(products: Sequence[Product], size: int) -> PhotoPixels:
    """The photos of products that all have one."""
    return PhotoPixels([product.photo for product in products if product.photo is not None], size)


def standardise(head: keras.Model, inputs: Inputs) -> None:
    """Have the head's first layer learn mean and variance of the training features, piece by piece."""
    import tensorflow as tf

    def pieces():  # type: ignore[no-untyped-def]
        for start in range(0, len(inputs), ADAPTED_AT_ONCE):
            yield inputs.read(np.arange(start, min(start + ADAPTED_AT_ONCE, len(inputs))))

    signature = tf.TensorSpec((None, head.input_shape[1]), tf.float32)
    head.get_layer("standardise").adapt(tf.data.Dataset.from_generator(pieces, output_signature=signature))


def _with_photo(products: Sequence[Product], features: PhotoFeatures) -> list[Product]:
    readable = [product for product, row in zip(products, features.rows_of(products), strict=True) if row >= 0]
    if not readable:
        raise InvalidInput("No product with a readable photo to train on, or none to validate on.", where="products")
    return readable
