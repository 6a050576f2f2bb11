import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_fscore_support

from shared.fusion import Scores, calibrated
from training.evaluation import (
    BINS,
    MOST_CONFUSED,
    Labels,
    accuracy,
    confusion_matrix,
    evaluate,
    figures,
    macro_f1,
    reliability,
)

TRUTH = np.array([0, 0, 1, 1, 2], dtype=np.int32)
PREDICTED = np.array([0, 1, 1, 1, 0], dtype=np.int32)


def answers(rows: int = 400, classes: int = 7) -> tuple[Labels, Scores]:
    """Rows of classes 0 to classes-2 only, and probabilities that are often right and sometimes name the last class."""
    generator = np.random.default_rng(8)
    truth = generator.integers(0, classes - 1, rows).astype(np.int32)
    logits = generator.normal(0.0, 1.0, (rows, classes)).astype(np.float32)
    logits[np.arange(rows), truth] += 1.5
    return truth, calibrated(logits, 1.0)


def test_accuracy() -> None:
    assert accuracy(TRUTH, PREDICTED) == pytest.approx(3 / 5)


def test_macro_f1_by_hand() -> None:
    # Class 0: TP 1, FP 1, FN 1 -> 0.5; class 1: TP 2, FP 1, FN 0 -> 0.8; class 2: never found -> 0.
    assert macro_f1(TRUTH, PREDICTED, 3) == pytest.approx((0.5 + 0.8 + 0.0) / 3)


def test_a_class_that_never_occurs_is_left_out() -> None:
    assert macro_f1(TRUTH, PREDICTED, 9) == macro_f1(TRUTH, PREDICTED, 3)


def test_confusion_matrix_counts_true_rows_and_predicted_columns() -> None:
    assert confusion_matrix(TRUTH, PREDICTED, 3).tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 0]]


def test_the_figures_are_those_of_scikit_learn() -> None:
    truth, scores = answers()
    predicted = scores.argmax(axis=1)
    found = figures(truth, scores)
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, predicted, labels=range(7), average=None, zero_division=0
    )
    np.testing.assert_allclose(found.precision, precision)
    np.testing.assert_allclose(found.recall, recall)
    np.testing.assert_allclose(found.f1, f1)
    np.testing.assert_array_equal(found.support, support)
    assert found.macro_f1 == pytest.approx(f1_score(truth, predicted, average="macro", zero_division=0))
    assert found.weighted_f1 == pytest.approx(f1_score(truth, predicted, average="weighted", zero_division=0))
    assert found.accuracy == pytest.approx((truth == predicted).mean())
    np.testing.assert_array_equal(found.confusion, confusion_matrix(truth, predicted, 7))


def test_the_bins_hold_every_row_once_with_confidence_and_share_of_right_answers() -> None:
    truth = np.array([0, 0, 0, 1, 1], dtype=np.int32)
    scores = np.array([[1.0, 0.0], [0.79, 0.21], [0.75, 0.25], [0.41, 0.59], [0.55, 0.45]], dtype=np.float32)
    bins = reliability(truth, scores)
    # A bin is a fifteenth wide: the ninth ends at 0.6, the twelfth at 0.8.
    assert dict(enumerate(bins.rows.tolist())) == {**dict.fromkeys(range(BINS), 0), 8: 2, 11: 2, 14: 1}
    assert bins.confidence[[8, 11, 14]] == pytest.approx([0.57, 0.77, 1.0])
    assert bins.accuracy[[8, 11, 14]] == pytest.approx([0.5, 1.0, 1.0])
    assert np.isnan(bins.accuracy[0])
    assert bins.expected_calibration_error == pytest.approx((2 * 0.07 + 2 * 0.23 + 0.0) / 5)


def test_the_least_and_the_greatest_confidence_have_a_bin() -> None:
    even = np.full((3, BINS), 1 / BINS, dtype=np.float32)
    sure = np.eye(BINS, dtype=np.float32)[:3]
    bins = reliability(np.zeros(6, dtype=np.int32), np.concatenate([even, sure]))
    assert bins.rows.sum() == 6
    assert bins.rows[-1] == 3


def test_probabilities_that_come_true_have_no_calibration_error_and_bolder_ones_have() -> None:
    generator = np.random.default_rng(5)
    logits = generator.normal(0.0, 2.0, (60_000, 4)).astype(np.float32)
    honest = calibrated(logits, 1.0)
    truth = (generator.random((len(logits), 1)) > honest.cumsum(axis=1)).sum(axis=1).clip(max=3).astype(np.int32)
    assert reliability(truth, honest).expected_calibration_error < 0.01
    assert reliability(truth, calibrated(logits, 0.3)).expected_calibration_error > 0.1


def test_evaluate_reports_the_answers_on_the_same_rows() -> None:
    right = np.eye(3, dtype=np.float32)[TRUTH]
    wrong = np.eye(3, dtype=np.float32)[(TRUTH + 1) % 3]
    metrics = evaluate(TRUTH, wrong, right, right)
    assert (metrics.rows, metrics.text.accuracy, metrics.image.accuracy) == (5, 0.0, 1.0)
    assert (metrics.fused.weighted_f1, metrics.fused.calibration_error) == (1.0, 0.0)
    assert metrics.text.calibration_error == 1.0
    assert metrics.baseline is None
    baseline = evaluate(TRUTH, wrong, right, right, baseline=right).baseline
    assert baseline == metrics.fused


def test_the_confusion_is_that_of_the_fused_answers() -> None:
    other = np.eye(3, dtype=np.float32)[(TRUTH + 1) % 3]
    confusion = evaluate(TRUTH, other, other, np.eye(3, dtype=np.float32)[PREDICTED]).confusion
    assert confusion == ((1, 1, 0), (0, 2, 0), (1, 0, 0))


@pytest.mark.parametrize(("classes", "is_kept"), [(MOST_CONFUSED, True), (MOST_CONFUSED + 1, False)])
def test_a_confusion_of_very_many_categories_is_left_out(classes: int, is_kept: bool) -> None:
    scores = np.eye(classes, dtype=np.float32)[TRUTH]
    assert (evaluate(TRUTH, scores, scores, scores).confusion is not None) is is_kept
