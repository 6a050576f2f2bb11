"""How far a distribution has moved from the one that it is compared with: the population stability index.

Pure functions over counts. PSI is the symmetric Kullback-Leibler divergence of two binned distributions,

    PSI = sum over bins of (p - r) * ln(p / r)

with p the present shares and r those of the reference (Siddiqi, Credit Risk Scorecards, 2006). Its usual reading:
below 0.1 nothing has changed, from 0.1 on it is worth watching, from 0.2 on something is to be done.

Two samples of the very same distribution differ, too. Their PSI is close to (1/n + 1/m) times a chi-square variable of
bins - 1 degrees of freedom, n and m being the sizes of the samples (Yurdakul, Statistical Properties of Population
Stability Index, 2018): (bins - 1)(1/n + 1/m) on average, and sqrt(2 (bins - 1))(1/n + 1/m) around it. With 27
categories, 200 rows and 2,000 of training that alone is 0.14, so it is taken off before anything is said.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WATCH = 0.1
ACT = 0.2
SMOOTHING = 0.5  # added to each bin (Jeffreys' prior), so that one that only one side has does not make it infinite
DEVIATIONS = 2  # that an excess must have besides: some 2 of 100 samples of the same distribution go so far by chance


@dataclass(frozen=True, slots=True)
class Distance:
    """The index of two distributions; the one of two samples of the same, on average and in standard deviations."""

    psi: float
    by_chance: float
    deviation: float

    @property
    def excess(self) -> float:
        """What is left of the index once chance is taken off; 0 where chance explains it."""
        excess = self.psi - self.by_chance
        return excess if excess >= DEVIATIONS * self.deviation else 0.0


def distance(reference: NDArray[np.float64], present: NDArray[np.float64]) -> Distance:
    """The distance of the `present` counts from those of the `reference`, both (bins,) float64, neither all zero.

    Bins that both lack are left out: smoothed, they would count as a difference where the samples differ in size.
    """
    kept = (reference > 0) | (present > 0)
    r, p = _shares(reference[kept]), _shares(present[kept])
    freedom = max(1, int(kept.sum()) - 1)
    sizes = 1 / reference.sum() + 1 / present.sum()
    return Distance(
        psi=float(((p - r) * np.log(p / r)).sum()),
        by_chance=float(freedom * sizes),
        deviation=float(math.sqrt(2 * freedom) * sizes),
    )


def _shares(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Counts (bins,) as shares that add up to 1, none of them 0."""
    smoothed = counts + SMOOTHING
    return np.asarray(smoothed / smoothed.sum(), dtype=np.float64)
