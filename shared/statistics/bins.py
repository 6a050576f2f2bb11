"""The bins that measurements are counted in, the same for training, for workers, and for whoever reads them.

Counts can be added up over workers and time, which percentiles cannot; a percentile read from bins is as exact as its
bin is narrow.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from itertools import pairwise

# Latency: 20 bins to a power of ten, so that two bounds differ by 12 %, from a millisecond to the eleven days that no
# job lives to see. Bin 0 is all up to a millisecond; bin i ends at 10 ** (i / 20) milliseconds.
BINS_PER_DECADE = 20
SHORTEST_SECONDS = 0.001
LAST_LATENCY_BIN = 9 * BINS_PER_DECADE

# Confidence: ten equal parts of 0 to 1; 1 itself belongs to the last.
CONFIDENCE_BINS = 10
_CONFIDENCE_EDGES = tuple(part / CONFIDENCE_BINS for part in range(1, CONFIDENCE_BINS))
CONFIDENCE_BOUNDS = tuple(pairwise((0.0, *_CONFIDENCE_EDGES, 1.0)))

# Share of a text's tokens that are unknown: none at all, then up to and with each of these shares. Texts like those of
# training have none or very few, so the bins are narrow there.
_UNKNOWN_EDGES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5)
UNKNOWN_BINS = len(_UNKNOWN_EDGES) + 1
UNKNOWN_BOUNDS = ((0.0, 0.0), *pairwise((*_UNKNOWN_EDGES, 1.0)))  # each but the first without its lower bound


def latency_bin(seconds: float) -> int:
    """The bin of a time; one below zero, which two clocks can make of a short one, counts as the shortest."""
    if seconds <= SHORTEST_SECONDS:
        return 0
    return min(math.ceil(BINS_PER_DECADE * math.log10(seconds / SHORTEST_SECONDS)), LAST_LATENCY_BIN)


def confidence_bin(confidence: float) -> int:
    """The bin of a probability."""
    return bisect_right(_CONFIDENCE_EDGES, confidence)


def unknown_bin(share: float) -> int:
    """The bin of a text, by the share of its tokens that are unknown."""
    return bisect_left(_UNKNOWN_EDGES, share)


def percentile(latencies: Mapping[int, int], share: float) -> float | None:
    """The time in seconds within which this `share` (0 to 1) of the counted were answered; None where none were.

    `latencies` counts by bin. Inside a bin times are taken to lie evenly on the logarithmic scale, so the result is at
    most one bin's width, 12 %, off.
    """
    wanted = share * sum(latencies.values())
    below = 0
    for number in sorted(latencies):
        count = latencies[number]
        if count and below + count >= wanted:
            return _bound(number - 1 + (wanted - below) / count) if number else SHORTEST_SECONDS
        below += count
    return None


def _bound(number: float) -> float:
    """Where a bin ends, in seconds; between two whole numbers, the times between."""
    return SHORTEST_SECONDS * 10 ** (number / BINS_PER_DECADE)
