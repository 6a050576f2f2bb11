"""The population stability index against numbers that were worked out by hand, and against chance."""

import math

import numpy as np
import pytest

from shared.statistics.stability import ACT, distance

CLASSES = 27


def counts(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=np.float64)


def test_a_worked_example() -> None:
    # With half a row more in each bin: r = 50.5/101 = 1/2 twice, p = 70.5/101 and 30.5/101.
    p, q = 70.5 / 101, 30.5 / 101
    by_hand = (p - 0.5) * math.log(p / 0.5) + (q - 0.5) * math.log(q / 0.5)

    found = distance(counts(50, 50), counts(70, 30))

    assert found.psi == pytest.approx(by_hand) == pytest.approx(0.16592, abs=1e-5)


def test_chance_goes_by_the_bins_and_by_the_rows_of_both_sides() -> None:
    found = distance(np.full(CLASSES, 2_000 / CLASSES), np.full(CLASSES, 200 / CLASSES))

    assert found.by_chance == pytest.approx(26 * (1 / 200 + 1 / 2_000))
    assert found.deviation == pytest.approx(math.sqrt(2 * 26) * (1 / 200 + 1 / 2_000))


def test_the_same_shares_are_no_distance() -> None:
    assert distance(counts(40, 60), counts(40, 60)).psi == 0
    assert distance(counts(4_000, 6_000), counts(40, 60)).psi == pytest.approx(0, abs=1e-5)


def test_a_bin_that_only_one_side_has_is_far_and_not_infinite() -> None:
    assert ACT < distance(counts(100, 0), counts(0, 100)).psi < math.inf


def test_bins_that_nobody_has_change_nothing() -> None:
    assert distance(counts(50, 0, 50, 0), counts(70, 0, 30, 0)) == distance(counts(50, 50), counts(70, 30))


def test_it_does_not_matter_which_side_is_which() -> None:
    one, other = counts(10, 20, 70), counts(30, 30, 40)

    assert distance(one, other).psi == pytest.approx(distance(other, one).psi)


@pytest.mark.parametrize("rows", [200, 1_000, 20_000])
def test_samples_of_one_distribution_are_seldom_further_apart_than_chance_explains(rows: int) -> None:
    generator = np.random.default_rng(7)
    shares = generator.dirichlet(np.full(CLASSES, 3.0))
    found = [
        distance(generator.multinomial(2_000, shares).astype(float), generator.multinomial(rows, shares).astype(float))
        for _ in range(400)
    ]

    assert np.mean([each.psi for each in found]) == pytest.approx(np.mean([each.by_chance for each in found]), rel=0.15)
    assert sum(each.excess > 0 for each in found) <= 0.06 * len(found)
    assert sum(each.excess >= ACT for each in found) <= 0.01 * len(found)


def test_a_real_change_is_seen_in_few_rows() -> None:
    generator = np.random.default_rng(7)
    before, after = generator.dirichlet(np.full(CLASSES, 3.0), 2)
    found = distance(
        generator.multinomial(2_000, before).astype(float), generator.multinomial(200, after).astype(float)
    )

    assert found.excess >= ACT
