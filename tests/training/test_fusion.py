import numpy as np
import pytest

from shared.fusion import Scores, calibrated
from training.evaluation import Labels
from training.fusion import fit_fusion, fit_temperature, fit_text_weight, negative_log_likelihood, review_thresholds


def sampled(temperature: float, rows: int = 4_000, seed: int = 5) -> tuple[Labels, Scores]:
    """Logits, and labels that really have the probabilities softmax(logits / temperature)."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0.0, 3.0, (rows, 5)).astype(np.float32)
    cumulated = calibrated(logits, temperature).cumsum(axis=1)
    truth = (generator.random((rows, 1)) > cumulated).sum(axis=1)
    return np.minimum(truth, 4).astype(np.int32), logits


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(temperature: float) -> None:
    truth, logits = sampled(temperature)
    assert fit_temperature(truth, logits) == pytest.approx(temperature, rel=0.1)


def test_no_temperature_is_likelier_than_the_fitted_one() -> None:
    truth, logits = sampled(1.7)
    best = negative_log_likelihood(truth, calibrated(logits, fit_temperature(truth, logits)))
    others = [negative_log_likelihood(truth, calibrated(logits, t)) for t in np.geomspace(0.1, 10, 60)]
    assert best <= min(others) + 1e-6


def test_equal_weights_are_taken_where_no_others_are_better() -> None:
    truth = np.array([0, 1], dtype=np.int32)
    same = np.eye(2, dtype=np.float32)
    assert fit_text_weight(truth, same, same) == 0.5


def test_a_model_that_is_only_wrong_gets_no_weight_that_matters() -> None:
    truth = np.array([0, 1], dtype=np.int32)
    right, wrong = np.array([[0.9, 0.1], [0.1, 0.9]], np.float32), np.array([[0.1, 0.9], [0.9, 0.1]], np.float32)
    assert fit_text_weight(truth, right, wrong) > 0.5
    assert fit_text_weight(truth, wrong, right) < 0.5


@pytest.mark.parametrize(("misled", "weight"), [(5, 0.5), (20, 0.09)])
def test_what_could_be_chance_does_not_move_the_weight_and_more_does(misled: int, weight: float) -> None:
    """Of 400 rows, 40 are wrong by both models: a standard error of the highest accuracy is 6 rows."""
    truth = np.zeros(400, dtype=np.int32)
    image = np.tile(np.array([0.6, 0.4], np.float32), (400, 1))
    text = np.tile(np.array([0.9, 0.1], np.float32), (400, 1))
    image[:40] = text[:40] = [0.1, 0.9]
    text[40 : 40 + misled] = [0.1, 0.9]  # surer than the photo: wrong unless 9 ** (2 w) < 0.6 / 0.4
    assert fit_text_weight(truth, text, image) == pytest.approx(weight, abs=0.001)


def test_fit_fusion_finds_both_temperatures() -> None:
    truth, logits = sampled(2.0)
    settings = fit_fusion(truth, logits, logits / 4)
    assert settings.text_temperature == pytest.approx(2.0, rel=0.1)
    assert settings.image_temperature == pytest.approx(0.5, rel=0.1)


def test_a_class_with_few_rows_takes_the_threshold_of_all() -> None:
    scores = np.array([[0.9, 0.1]] * 90 + [[0.6, 0.4]] * 10 + [[0.2, 0.8]] * 3, dtype=np.float32)
    truth = np.array([0] * 90 + [1] * 10 + [1] * 3, dtype=np.int32)
    thresholds = review_thresholds(truth, scores, [10, 40])
    assert thresholds == {10: pytest.approx(0.9), 40: pytest.approx(0.8)}


def test_everything_is_reviewed_where_no_confidence_is_reliable() -> None:
    scores = np.array([[0.9, 0.1]] * 50, dtype=np.float32)
    assert review_thresholds(np.array([1] * 50, dtype=np.int32), scores, [10, 40]) == {10: 1.0, 40: 1.0}
