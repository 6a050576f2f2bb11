import numpy as np
import pytest

from training.evaluation import accuracy, confusion_matrix, evaluate, macro_f1

TRUTH = np.array([0, 0, 1, 1, 2], dtype=np.int32)
PREDICTED = np.array([0, 1, 1, 1, 0], dtype=np.int32)


def test_accuracy() -> None:
    assert accuracy(TRUTH, PREDICTED) == pytest.approx(3 / 5)


def test_macro_f1_by_hand() -> None:
    # Class 0: TP 1, FP 1, FN 1 -> 0.5; class 1: TP 2, FP 1, FN 0 -> 0.8; class 2: never found -> 0.
    assert macro_f1(TRUTH, PREDICTED, 3) == pytest.approx((0.5 + 0.8 + 0.0) / 3)


def test_a_class_that_never_occurs_is_left_out() -> None:
    assert macro_f1(TRUTH, PREDICTED, 9) == macro_f1(TRUTH, PREDICTED, 3)


def test_confusion_matrix_counts_true_rows_and_predicted_columns() -> None:
    assert confusion_matrix(TRUTH, PREDICTED, 3).tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 0]]


def test_evaluate_reports_the_three_answers_on_the_same_rows() -> None:
    right = np.eye(3, dtype=np.float32)[TRUTH]
    wrong = np.eye(3, dtype=np.float32)[(TRUTH + 1) % 3]
    metrics = evaluate(TRUTH, wrong, right, right)
    assert (metrics.rows, metrics.text.accuracy, metrics.image.accuracy) == (5, 0.0, 1.0)
