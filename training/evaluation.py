"""Figures of a model's answers on rows it has never seen."""

import numpy as np
from numpy.typing import NDArray

from shared.bundle import SplitMetrics, TestMetrics
from shared.fusion import Scores

Labels = NDArray[np.int32]


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


def evaluate(truth: Labels, text: Scores, image: Scores, fused: Scores) -> TestMetrics:
    """Accuracy and macro-F1 of the three answers on the same rows; scores are (n, classes) probabilities."""
    return TestMetrics(
        rows=len(truth),
        text=_figures(truth, text),
        image=_figures(truth, image),
        fused=_figures(truth, fused),
    )


def _figures(truth: Labels, scores: Scores) -> SplitMetrics:
    predicted = scores.argmax(axis=1)
    return SplitMetrics(accuracy=accuracy(truth, predicted), macro_f1=macro_f1(truth, predicted, scores.shape[1]))
