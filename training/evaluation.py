"""Figures of a model's answers on rows it has never seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.bundle import SplitMetrics, TestMetrics
from shared.fusion import Scores

Labels = NDArray[np.int32]

MOST_CONFUSED = 100  # categories: the manifest is read again and again, and of 1,000 these would be a million numbers
BINS = 15  # as in Guo et al., "On Calibration of Modern Neural Networks", 2017


@dataclass(frozen=True, slots=True)
class Reliability:
    """How sure answers were and how often they were right, in BINS equal steps of confidence from 0 to 1.

    Mean `confidence` and share of right answers, `accuracy`, are (BINS,) and NaN where no answer fell; `rows` counts.
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    rows: NDArray[np.int64]

    @property
    def expected_calibration_error(self) -> float:
        """Mean distance of confidence and accuracy over all rows, 0 to 1 (Guo et al., 2017, equation 3)."""
        gaps = np.abs(np.nan_to_num(self.confidence) - np.nan_to_num(self.accuracy))
        return float((gaps * self.rows).sum() / max(1, self.rows.sum()))


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is said of one model's answers to n rows.

    `precision`, `recall`, `f1` and `support` are (classes,); a figure whose divisor is 0 is 0. The `confusion` matrix
    (classes, classes) has a row per true class and a column per predicted one.
    """

    accuracy: float
    macro_f1: float
    weighted_f1: float
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]
    confusion: NDArray[np.int64]
    reliability: Reliability


def figures(truth: Labels, scores: Scores) -> Figures:
    """All figures of probabilities (n, classes); n is at least 1."""
    predicted, classes = scores.argmax(axis=1), scores.shape[1]
    confusion = confusion_matrix(truth, predicted, classes)
    hits, support, answers = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    f1 = _shares(2 * hits, support + answers)
    return Figures(
        accuracy=accuracy(truth, predicted),
        macro_f1=macro_f1(truth, predicted, classes),
        weighted_f1=float((f1 * support).sum() / support.sum()),
        precision=_shares(hits, answers),
        recall=_shares(hits, support),
        f1=f1,
        support=support,
        confusion=confusion,
        reliability=reliability(truth, scores),
    )


def reliability(truth: Labels, scores: Scores) -> Reliability:
    """The bins of a reliability diagram for probabilities (n, classes)."""
    confidence, right = scores.max(axis=1).astype(np.float64), scores.argmax(axis=1) == truth
    bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    rows = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore"):
        sure, were_right = (np.bincount(bins, weights=each, minlength=BINS) / rows for each in (confidence, right))
    return Reliability(sure, were_right, rows)


def accuracy(truth: Labels, predicted: NDArray[np.integer]) -> float:
    """Share of rows predicted right, 0 to 1. Both arguments are class indices of shape (n,)."""
    return float(np.mean(truth == predicted))


def macro_f1(truth: Labels, predicted: NDArray[np.integer], classes: int) -> float:
    """Mean over classes of F1 = 2 TP / (2 TP + FP + FN), 0 to 1.

    A class that occurs neither in `truth` nor in `predicted` is left out; one that is never found counts 0.
    """
    confusion = confusion_matrix(truth, predicted, classes)
    hits = np.diag(confusion)
    involved = confusion.sum(axis=0) + confusion.sum(axis=1)
    present = involved > 0
    return float(np.mean(2.0 * hits[present] / involved[present]))


def confusion_matrix(truth: Labels, predicted: NDArray[np.integer], classes: int) -> NDArray[np.int64]:
    """Counts of shape (classes, classes): row = true class, column = predicted class."""
    flat = np.bincount(truth.astype(np.int64) * classes + predicted, minlength=classes * classes)
    return np.asarray(flat.reshape(classes, classes), dtype=np.int64)


def evaluate(truth: Labels, text: Scores, image: Scores, fused: Scores, baseline: Scores | None = None) -> TestMetrics:
    """The figures of all answers on the same rows; scores are (n, classes) probabilities.

    The confusion is that of the fused answers. Where there are more than MOST_CONFUSED classes it is left out.
    """
    served = figures(truth, fused)
    return TestMetrics(
        rows=len(truth),
        text=split_metrics(figures(truth, text)),
        image=split_metrics(figures(truth, image)),
        fused=split_metrics(served),
        baseline=split_metrics(figures(truth, baseline)) if baseline is not None else None,
        confusion=_rows_of(served.confusion) if len(served.confusion) <= MOST_CONFUSED else None,
    )


def split_metrics(found: Figures) -> SplitMetrics:
    """What the manifest says of one model's figures."""
    return SplitMetrics(
        accuracy=found.accuracy,
        macro_f1=found.macro_f1,
        weighted_f1=found.weighted_f1,
        calibration_error=found.reliability.expected_calibration_error,
    )


def _rows_of(matrix: NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())


def _shares(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(parts, wholes, out=np.zeros(len(parts)), where=wholes > 0))
