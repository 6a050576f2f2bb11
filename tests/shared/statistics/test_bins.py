from collections import Counter

import pytest

from shared.statistics.bins import (
    CONFIDENCE_BINS,
    CONFIDENCE_BOUNDS,
    LAST_LATENCY_BIN,
    UNKNOWN_BINS,
    UNKNOWN_BOUNDS,
    confidence_bin,
    latency_bin,
    percentile,
    unknown_bin,
)


@pytest.mark.parametrize(
    ("seconds", "number"),
    [
        (-0.2, 0),  # another machine's clock
        (0.0, 0),
        (0.001, 0),
        (0.00101, 1),
        (0.01, 20),  # ten times as long: 20 bins on
        (0.1, 40),
        (1.0, 60),
        (1.01, 61),
        (10**9, LAST_LATENCY_BIN),
    ],
)
def test_bins_of_times_grow_by_an_eighth(seconds: float, number: int) -> None:
    assert latency_bin(seconds) == number


@pytest.mark.parametrize(("confidence", "number"), [(0.0, 0), (0.09999, 0), (0.1, 1), (0.55, 5), (0.9, 9), (1.0, 9)])
def test_bins_of_confidence_are_tenths(confidence: float, number: int) -> None:
    assert confidence_bin(confidence) == number < CONFIDENCE_BINS


@pytest.mark.parametrize(
    ("share", "number"), [(0.0, 0), (0.01, 1), (0.02, 1), (0.04, 2), (0.1, 3), (0.2, 4), (0.5, 5), (0.51, 6), (1.0, 6)]
)
def test_a_text_without_unknown_tokens_has_a_bin_of_its_own(share: float, number: int) -> None:
    assert unknown_bin(share) == number < UNKNOWN_BINS


def test_a_bin_of_confidence_begins_with_its_lower_bound() -> None:
    assert [confidence_bin(low) for low, _ in CONFIDENCE_BOUNDS] == list(range(CONFIDENCE_BINS))
    assert [confidence_bin(high - 1e-9) for _, high in CONFIDENCE_BOUNDS] == list(range(CONFIDENCE_BINS))
    assert confidence_bin(CONFIDENCE_BOUNDS[-1][1]) == CONFIDENCE_BINS - 1


def test_a_bin_of_unknown_tokens_ends_with_its_upper_bound() -> None:
    assert [unknown_bin(high) for _, high in UNKNOWN_BOUNDS] == list(range(UNKNOWN_BINS))
    assert [unknown_bin(low + 1e-9) for low, _ in UNKNOWN_BOUNDS[1:]] == list(range(1, UNKNOWN_BINS))


def test_a_percentile_lies_where_its_share_of_the_bin_ends() -> None:
    # A hundred in bin 40, from 10 ** 1.95 to 100 ms: half of them take up to its middle, on the logarithmic scale.
    assert percentile({40: 100}, 0.5) == pytest.approx(0.001 * 10 ** (39.5 / 20))
    assert percentile({40: 100}, 1.0) == pytest.approx(0.1)


def test_percentiles_go_through_the_bins_in_order() -> None:
    latencies = {60: 5, 20: 90, 40: 5}

    assert percentile(latencies, 0.90) == pytest.approx(0.01)
    assert percentile(latencies, 0.95) == pytest.approx(0.1)
    assert percentile(latencies, 1.00) == pytest.approx(1.0)


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_a_percentile_is_at_most_a_bin_off(share: float) -> None:
    times = [0.003 * 1.003**each for each in range(1_000)]
    counted = Counter(map(latency_bin, times))

    found = percentile(counted, share)

    assert found == pytest.approx(times[round(share * len(times)) - 1], rel=0.13)


def test_the_shortest_are_said_to_take_what_their_bin_ends_with() -> None:
    assert percentile({0: 3}, 0.5) == 0.001


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None
