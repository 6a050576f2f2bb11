import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import ArrayLike

from shared.fusion import Scores, calibrated, fused


def scores(values: ArrayLike) -> Scores:
    return np.array(values, dtype=np.float32)


NAN = float("nan")


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        (1.0, [0.25, 0.75]),  # exp(ln 3) : exp(0) is 3 : 1
        (2.0, [1 / (1 + 3**0.5), 3**0.5 / (1 + 3**0.5)]),
        (0.5, [0.1, 0.9]),  # 9 : 1
    ],
)
def test_probabilities_are_the_softmax_at_a_temperature(temperature: float, expected: list[float]) -> None:
    assert_allclose(calibrated(scores([[0.0, np.log(3)]]), temperature), [expected], atol=1e-6)


def test_rows_are_calibrated_apart_and_huge_logits_stay_finite() -> None:
    probabilities = calibrated(scores([[1e4, -1e4], [-1e4, -1e4]]), 1.0)

    assert_allclose(probabilities, [[1, 0], [0.5, 0.5]])
    assert probabilities.dtype == np.float32


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (1.0, [0.8, 0.2]),
        (0.0, [0.4, 0.6]),
        (0.5, [8 / 11, 3 / 11]),  # 0.8 * 0.4 : 0.2 * 0.6
        (0.25, [4 / 7, 3 / 7]),  # sqrt(0.8) * 0.4 : sqrt(0.2) * 0.6
        (0.75, [1 / (1 + 6**0.5 / 8), 6**0.5 / 8 / (1 + 6**0.5 / 8)]),  # 0.8 * sqrt(0.4) : 0.2 * sqrt(0.6)
    ],
)
def test_fusion_weighs_text_against_photo(weight: float, expected: list[float]) -> None:
    answer = fused(scores([[0.8, 0.2]]), scores([[0.4, 0.6]]), weight)

    assert_allclose(answer, [expected], atol=1e-6)
    assert answer.dtype == np.float32


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_a_product_with_one_input_is_answered_by_that_model_alone(weight: float) -> None:
    text = scores([[0.8, 0.2], [NAN, NAN], [1.0, 0.0]])
    image = scores([[NAN, NAN], [0.4, 0.6], [1.0, 0.0]])

    assert_allclose(fused(text, image, weight), [[0.8, 0.2], [0.4, 0.6], [1.0, 0.0]], atol=1e-6)


def test_a_model_that_rules_a_category_out_can_be_overruled() -> None:
    assert_allclose(fused(scores([[1.0, 0.0]]), scores([[0.0, 1.0]]), 0.5), [[0.5, 0.5]])
    assert fused(scores([[0.9, 0.1, 0.0]]), scores([[0.0, 0.9, 0.1]]), 0.5).argmax() == 1


def test_a_product_with_no_input_has_no_answer() -> None:
    assert np.isnan(fused(scores([[NAN, NAN]]), scores([[NAN, NAN]]), 0.5)).all()
