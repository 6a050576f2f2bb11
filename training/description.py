"""What a bundle's manifest says of the run: fusion, thresholds, figures, data, and the profile of the training rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from shared.bundle import FusionSettings, TrainingData, TrainingProfile
from shared.fusion import Scores
from shared.statistics.bins import CONFIDENCE_BINS, UNKNOWN_BINS, confidence_bin, unknown_bin
from shared.taxonomy import Category
from shared.token_ids import PADDING_ID, UNKNOWN_ID, unknown_shares
from training.answers import Answers
from training.evaluation import evaluate
from training.export import Description, GoldenInputs
from training.fusion import fit_fusion, review_thresholds
from training.products import Product, fingerprint
from training.split import Split
from training.tokens import encode_texts
from training.train_image import TrainedImage
from training.train_text import TrainedText

GOLDEN_ROWS = 8


def describe(
    name: str,
    demo: bool,
    classes: tuple[Category, ...],
    split: Split,
    text: TrainedText,
    image: TrainedImage,
    validation: Answers,
    test: Answers,
    baseline: Scores | None = None,
) -> Description:
    """Fit the fusion on validation, measure on test, and put together what the manifest says.

    `baseline` are the probabilities (n, classes) of the model to compare with, for the products of `test`.
    """
    fusion = fit_fusion(validation.truth, validation.text, validation.image)
    text_scores, image_scores, fused_scores = validation.scores(fusion)
    codes = [category.code for category in classes]
    return Description(
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
        metrics=evaluate(test.truth, *test.scores(fusion), baseline=baseline),
        data=_data(name, split),
        profile=_profile(split.train, text, validation, fusion),
    )


def golden_inputs(test: Answers) -> GoldenInputs:
    """A few test products, spread evenly over the split; others where a photo can't be read any more."""
    found: list[tuple[str, bytes]] = []
    for product in _spread(test.products):
        try:
            found.append((product.text or "", product.photo.read() if product.photo else b""))
        except OSError:
            continue
        if len(found) == GOLDEN_ROWS:
            break
    return GoldenInputs([text for text, _ in found], [photo for _, photo in found])


def _spread(products: Sequence[Product]) -> Iterator[Product]:
    """GOLDEN_ROWS of the products at even distances, then all the others."""
    rows = np.unique(np.linspace(0, len(products) - 1, GOLDEN_ROWS).astype(int)).tolist()
    yield from (products[row] for row in rows)
    yield from (products[row] for row in range(len(products)) if row not in rows)


def _data(name: str, split: Split) -> TrainingData:
    return TrainingData(
        name=name,
        train_rows=len(split.train),
        validation_rows=len(split.validation),
        test_rows=len(split.test),
        fingerprint=fingerprint([*split.train, *split.validation, *split.test]),
    )


def _profile(
    train: Sequence[Product], text: TrainedText, validation: Answers, fusion: FusionSettings
) -> TrainingProfile:
    """What later products are compared with. Token statistics are of rows as the model reads them, cut to length."""
    texts = [product.text for product in train if product.text is not None]
    tokens = encode_texts(text.tokenizer, texts, text.settings.max_tokens)
    read = int((tokens != PADDING_ID).sum())
    counts = Counter(product.code for product in train)
    text_scores, image_scores, fused_scores = validation.scores(fusion)
    unseen = encode_texts(
        text.tokenizer, [product.text or "" for product in validation.products], text.settings.max_tokens
    )
    return TrainingProfile(
        class_mix={code: counts[code] / len(train) for code in sorted(counts)},
        mean_tokens=read / len(tokens),
        unknown_token_rate=int((tokens == UNKNOWN_ID).sum()) / max(1, read),
        missing_image_rate=sum(product.photo is None for product in train) / len(train),
        mean_confidence=float(np.mean(fused_scores.max(axis=1))),
        confidence={
            "text+image": _confidence(fused_scores),
            "text": _confidence(text_scores),
            "image": _confidence(image_scores),
        },
        unknown_tokens=_counted(map(unknown_bin, unknown_shares(unseen).tolist()), UNKNOWN_BINS),
    )


def _confidence(scores: Scores) -> tuple[int, ...]:
    """How many of n answers (n, classes) are as sure as each bin says."""
    return _counted(map(confidence_bin, scores.max(axis=1).tolist()), CONFIDENCE_BINS)


def _counted(found: Iterable[int], bins: int) -> tuple[int, ...]:
    return tuple(np.bincount(list(found), minlength=bins).tolist())
