"""From labelled products to a finished bundle: the whole training run, step by step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from shared.bundle import Manifest
from shared.errors import InvalidInput
from shared.fusion import Scores
from shared.taxonomy import RAKUTEN, Category
from training.answers import Answers, answer
from training.checkpoints import Checkpoint
from training.config import TrainingConfig
from training.description import describe, golden_inputs
from training.export import write_bundle
from training.fitting import History
from training.products import Product, class_order
from training.progress import Progress, Silent
from training.split import Split, split_products
from training.train_image import train_image
from training.train_text import train_text

# What is fitted, in this order: the words part of the text model, then all of it; the head, then VGG16 and head.
FITS = WORDS, TEXT, HEAD, IMAGE = "words", "text", "head", "image"

# Probabilities (n, classes) of a model to compare with, for the second of two sets of products, having learnt from
# the first; columns in the order of the categories.
Baseline: TypeAlias = Callable[[Sequence[Product], Sequence[Product], Sequence[Category]], Scores]


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """A finished run: its bundle, and all that is wanted to draw and judge it without asking the models again.

    `histories` holds the per-epoch figures of each fit: "words", "text", "head" and, after fine-tuning, "image".
    `broken_photos` could not be decoded and `gone_photos` not be read; both count distinct photos. `baseline` are
    the baseline's probabilities for all products of the test split, if there was one to compare with.
    """

    folder: Path
    manifest: Manifest
    split: Split
    validation: Answers
    test: Answers
    histories: Mapping[str, History]
    broken_photos: int
    gone_photos: int
    baseline: Scores | None = None

    def baseline_of(self, products: Sequence[Product]) -> Scores | None:
        """The baseline's probabilities for some products of the test split."""
        return None if self.baseline is None else self.baseline[_rows_of(products, self.split.test)]


def train_bundle(
    products: Sequence[Product],
    config: TrainingConfig,
    folder: Path,
    *,
    name: str,
    demo: bool,
    cache: Path,
    work: Path | None = None,
    taxonomy: Sequence[Category] = RAKUTEN,
    progress: Progress | None = None,
    baseline: Baseline | None = None,
) -> TrainedRun:
    """Train both models and their fusion on `products` and write the bundle to `folder`, which must not exist.

    `name` names the data set in the manifest; `cache` is a folder for photo features, which later runs use
    again. `work` is a folder where the fits are saved after every epoch: the same call goes on there after it was
    killed; the caller removes it when the bundle is safe. The `baseline` is asked about the test products, and its
    figures go into the manifest. Rows are put in the order of their ids first, so the same products, configuration
    and seed train the same models on one machine, in whatever order they come.

    Raises InvalidInput when the products are too few to train and measure on, FileExistsError when there
    is something at `folder`.
    """
    if folder.exists():
        raise FileExistsError(f"{folder.name} exists already; a bundle is never overwritten.")
    progress = progress if progress is not None else Silent()
    classes, split = divided(products, config, taxonomy)
    checkpoints = {model: Checkpoint(work / f"{model}.npz", repr(config)) for model in FITS if work}
    text = train_text(split, classes, config, progress, (checkpoints.get(WORDS), checkpoints.get(TEXT)))
    image = train_image(split, classes, config, cache, progress, (checkpoints.get(HEAD), checkpoints.get(IMAGE)))
    progress.stage("evaluation and bundle")
    validation = answer(split.validation, classes, text, image, "validation")
    test = answer(split.test, classes, text, image, "test")
    if baseline is not None:
        progress.stage("baseline")
    compared = baseline(split.train, split.test, classes) if baseline is not None else None
    compared_test = compared[_rows_of(test.products, split.test)] if compared is not None else None
    description = describe(name, demo, classes, split, text, image, validation, test, compared_test)
    manifest = write_bundle(folder, text.tokenizer, text.model, image.model, golden_inputs(test), description)
    histories = {WORDS: text.words_history, TEXT: text.history, HEAD: image.history, IMAGE: image.tuning_history}
    return TrainedRun(
        folder=folder,
        manifest=manifest,
        split=split,
        validation=validation,
        test=test,
        histories={model: history for model, history in histories.items() if history},
        broken_photos=len(image.features.broken),
        gone_photos=len(image.features.gone),
        baseline=compared,
    )


def divided(
    products: Sequence[Product], config: TrainingConfig, taxonomy: Sequence[Category]
) -> tuple[tuple[Category, ...], Split]:
    """The categories in the order of the models' outputs, and the products' train, validation and test.

    Raises InvalidInput when that is too little: two categories, and in every part a product with text and photo.
    """
    classes = class_order(products, taxonomy)
    if len(classes) < 2:
        raise InvalidInput("The products must be of at least two categories.", where="products")
    split = split_products(
        products,
        validation_share=config.validation_share,
        test_share=config.test_share,
        seed=config.seed,
        method=config.split,
    )
    for part, chosen in (("training", split.train), ("validation", split.validation), ("test", split.test)):
        if not any(product.text is not None and product.photo is not None for product in chosen):
            raise InvalidInput(f"There is no product with both a text and a photo for {part}.", where="products")
    return classes, split


def _rows_of(products: Sequence[Product], among: Sequence[Product]) -> list[int]:
    """Where each product is among others that have it."""
    row = {product.product_id: number for number, product in enumerate(among)}
    return [row[product.product_id] for product in products]
