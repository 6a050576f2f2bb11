"""The bins of each feature of drift: what a client can call them, and their bounds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.statistics.bins import CONFIDENCE_BOUNDS, UNKNOWN_BOUNDS
from shared.taxonomy import Category

_Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DriftBin:
    """A part of a distribution: how many present rows are in it, and which share of the reference, from 0 to 1.

    `key` names it among its feature's bins, and does not change. Bins of categories have their category, where the
    bundle knows it; bins of numbers have bounds, the lowest number and the highest. Without a reference there is no
    share.
    """

    key: str
    category: Category | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0
    reference_share: float | None = None


PHOTO_BINS = (DriftBin("no_photo"), DriftBin("photo"))


def category_bins(codes: Iterable[int], categories: Mapping[int, Category]) -> list[DriftBin]:
    """A bin for each code."""
    return [DriftBin(str(code), categories.get(code)) for code in codes]


def filled(bins: Iterable[DriftBin], present: _Array, reference: _Array | None) -> list[DriftBin]:
    """The bins with what was counted in each; `present` and `reference` are (bins,), the latter not all zero."""
    shares = [None] * len(present) if reference is None else (reference / reference.sum()).tolist()
    return [
        replace(each, rows=round(rows), reference_share=share)
        for each, rows, share in zip(bins, present.tolist(), shares, strict=True)
    ]


def _between(bounds: Iterable[tuple[float, float]]) -> tuple[DriftBin, ...]:
    return tuple(DriftBin(f"{low:g}-{high:g}", low=low, high=high) for low, high in bounds)


CONFIDENCE = _between(CONFIDENCE_BOUNDS)
UNKNOWN = _between(UNKNOWN_BOUNDS)
