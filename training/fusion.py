"""Fits what joins the two models, on the validation split: temperatures, the weight, the review thresholds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shared.bundle import FusionSettings
from shared.fusion import Scores, calibrated, fused
from training.evaluation import Labels, accuracy

WEIGHTS = np.linspace(0.0, 1.0, 101)
TEMPERATURES = (0.05, 20.0)
REVIEW_PRECISION = 0.98
REVIEW_MINIMUM_ROWS = 50  # with fewer, a single mistake already takes a category below the precision asked for


def fit_fusion(truth: Labels, text_logits: Scores, image_logits: Scores) -> FusionSettings:
    """Temperatures and text weight from validation logits (n, classes) of products that have both inputs."""
    text_temperature = fit_temperature(truth, text_logits)
    image_temperature = fit_temperature(truth, image_logits)
    weight = fit_text_weight(
        truth, calibrated(text_logits, text_temperature), calibrated(image_logits, image_temperature)
    )
    return FusionSettings(text_temperature=text_temperature, image_temperature=image_temperature, text_weight=weight)


def negative_log_likelihood(truth: Labels, scores: Scores) -> float:
    """Mean of -ln p(true class), in nats."""
    likely = scores[np.arange(len(truth)), truth].astype(np.float64)
    return float(-np.log(np.maximum(likely, 1e-12)).mean())


def fit_temperature(truth: Labels, logits: Scores) -> float:
    """The temperature T within TEMPERATURES that minimises the negative log likelihood of softmax(logits / T).

    Guo et al., 2017, section 4.2. The likelihood is convex in 1/T, hence unimodal in ln T, so a golden-section
    search finds it.
    """
    low, high = np.log(TEMPERATURES)
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    while high - low > 1e-4:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if _loss_at(truth, logits, left) <= _loss_at(truth, logits, right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2.0))


def fit_text_weight(truth: Labels, text: Scores, image: Scores) -> float:
    """The weight of the text among WEIGHTS that is nearest to one half, of those that are as accurate as any.

    As accurate: not more than a standard error, sqrt(a (1 - a) / n), below the highest accuracy a on these n rows (the
    one-standard-error rule: Breiman et al., 1984; Hastie et al., 2009, section 7.10). On few rows the highest peak is
    often chance, and equal weights are the safest; on many rows the peak decides.
    """
    found = weighed_accuracies(truth, text, image)
    highest = found.max()
    error = np.sqrt(highest * (1 - highest) / len(truth))
    good = np.flatnonzero(found >= highest - error - 1e-12)
    return float(round(WEIGHTS[good[np.abs(WEIGHTS[good] - 0.5).argmin()]], 2))


def weighed_accuracies(truth: Labels, text: Scores, image: Scores) -> NDArray[np.float64]:
    """Accuracy (101,) of the fused answers for each of WEIGHTS."""
    return np.array([accuracy(truth, fused(text, image, float(weight)).argmax(axis=1)) for weight in WEIGHTS])


def review_thresholds(truth: Labels, scores: Scores, codes: Sequence[int]) -> dict[int, float]:
    """Per category the confidence below which a person should look; `codes` is the class order.

    It is the smallest confidence at which validation rows predicted as that category are right with
    REVIEW_PRECISION or better. A category predicted for fewer than REVIEW_MINIMUM_ROWS rows takes the
    threshold found over all rows together. 1.0 (always look) where no confidence reaches the precision.
    """
    predicted = scores.argmax(axis=1)
    confidence = scores.max(axis=1)
    right = predicted == truth
    overall = _smallest_confidence(confidence, right)
    thresholds = {}
    for index, code in enumerate(codes):
        rows = predicted == index
        enough = int(rows.sum()) >= REVIEW_MINIMUM_ROWS
        thresholds[code] = _smallest_confidence(confidence[rows], right[rows]) if enough else overall
    return thresholds


def _smallest_confidence(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """The smallest observed confidence c so that rows with confidence >= c are right often enough, else 1.0."""
    order = np.argsort(-confidence, kind="stable")
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    sorted_confidence = confidence[order]
    # Rows of equal confidence pass or fail together: only the last of each run is a threshold.
    last_of_run = np.append(sorted_confidence[1:] != sorted_confidence[:-1], True)[: len(order)]
    reached = np.flatnonzero((precision >= REVIEW_PRECISION) & last_of_run)
    return float(sorted_confidence[reached[-1]]) if len(reached) else 1.0


def _loss_at(truth: Labels, logits: Scores, log_temperature: float) -> float:
    return negative_log_likelihood(truth, calibrated(logits, float(np.exp(log_temperature))))
