"""From labelled products to a finished bundle: the whole training run, step by step."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from shared.bundle import Manifest, TrainingData, TrainingProfile
from shared.errors import InvalidInput
from shared.fusion import Scores
from shared.taxonomy import RAKUTEN, Category
from shared.tokenizer import PADDING_ID, UNKNOWN_ID, TextEncoder
from training.answers import Answers, answer
from training.config import TrainingConfig
from training.evaluation import evaluate
from training.export import Description, GoldenInputs, write_bundle
from training.fusion import fit_fusion, review_thresholds
from training.products import Product, class_order, fingerprint
from training.progress import Progress, Silent
from training.split import Split, split_products
from training.train_image import TrainedImage, train_image
from training.train_text import TrainedText, train_text

GOLDEN_ROWS = 8


def train_bundle(
    products: Sequence[Product],
    config: TrainingConfig,
    folder: Path,
    *,
    name: str,
    demo: bool,
    cache: Path,
    taxonomy: Sequence[Category] = RAKUTEN,
    progress: Progress | None = None,
) -> Manifest:
    """Train both models and their fusion on `products` and write the bundle to `folder`, which must not exist.

    `name` names the data set in the manifest; `cache` is a folder for photo features, which later runs use
    again. Rows are put in the order of their ids first, so the same products, configuration and seed train
    the same models on one machine, in whatever order they come.

    Raises InvalidInput when the products are too few to train and measure on, FileExistsError when there
    is something at `folder`.
    """
    if folder.exists():
        raise FileExistsError(f"{folder.name} exists already; a bundle is never overwritten.")
    progress = progress if progress is not None else Silent()
    classes = class_order(products, taxonomy)
    if len(classes) < 2:
        raise InvalidInput("The products must be of at least two categories.", where="products")
    split = split_products(
        products, validation_share=config.validation_share, test_share=config.test_share, seed=config.seed
    )
    keras.utils.set_random_seed(config.seed)
    text = train_text(split, classes, config, progress)
    image = train_image(split, classes, config, cache, progress)
    progress.stage("evaluation and bundle")
    description, golden = _describe(name, demo, classes, split, text, image)
    return write_bundle(folder, text.tokenizer, text.model, image.model, golden, description)


def _describe(
    name: str, demo: bool, classes: tuple[Category, ...], split: Split, text: TrainedText, image: TrainedImage
) -> tuple[Description, GoldenInputs]:
    """Fit the fusion on validation, measure on test, and put together what the manifest says."""
    validation = answer(split.validation, classes, text, image, "validation")
    test = answer(split.test, classes, text, image, "test")
    fusion = fit_fusion(validation.truth, validation.text, validation.image)
    text_scores, image_scores, fused_scores = validation.scores(fusion)
    codes = [category.code for category in classes]
    description = Description(
        demo=demo,
        classes=classes,
        text=text.settings,
        image=image.settings,
        fusion=fusion,
        review_thresholds={
            "text+image": review_thresholds(validation.truth, fused_scores, codes),
            "text": review_thresholds(validation.truth, text_scores, codes),
            "image": review_thresholds(validation.truth, image_scores, codes),
        },
        metrics=evaluate(test.truth, *test.scores(fusion)),
        data=_data(name, split),
        profile=_profile(split.train, text, fused_scores),
    )
    return description, _golden_inputs(test)


def _data(name: str, split: Split) -> TrainingData:
    return TrainingData(
        name=name,
        train_rows=len(split.train),
        validation_rows=len(split.validation),
        test_rows=len(split.test),
        fingerprint=fingerprint([*split.train, *split.validation, *split.test]),
    )


def _profile(train: Sequence[Product], text: TrainedText, validation_scores: Scores) -> TrainingProfile:
    """What later products are compared with. Token statistics are of rows as the model reads them, cut to length."""
    encoder = TextEncoder(text.tokenizer, text.settings.max_tokens)
    tokens = encoder.encode([product.text for product in train if product.text is not None])
    read = int((tokens != PADDING_ID).sum())
    counts = Counter(product.code for product in train)
    return TrainingProfile(
        class_mix={code: counts[code] / len(train) for code in sorted(counts)},
        mean_tokens=read / len(tokens),
        unknown_token_rate=int((tokens == UNKNOWN_ID).sum()) / max(1, read),
        missing_image_rate=sum(product.photo is None for product in train) / len(train),
        mean_confidence=float(np.mean(validation_scores.max(axis=1))),
    )


def _golden_inputs(test: Answers) -> GoldenInputs:
    """A few test products, spread evenly over the split."""
    rows = np.unique(np.linspace(0, len(test.products) - 1, GOLDEN_ROWS).astype(int))
    chosen = [test.products[row] for row in rows]
    return GoldenInputs([product.text or "" for product in chosen], [product.photo or b"" for product in chosen])
