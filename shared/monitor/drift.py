"""Drift: how far the products of the last day have moved away from those that the active bundle was trained on.

Counted are rows that the model has answered: a catalogue that is sent every day says nothing new by its unchanged rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from shared.bundle import Manifest, TrainingProfile
from shared.bundles import Release
from shared.monitor.drift_bins import CONFIDENCE, PHOTO_BINS, UNKNOWN, DriftBin, category_bins, filled
from shared.monitor.work import total
from shared.statistics.counts import Counts
from shared.statistics.records import ANSWERS, HOUR, counted_since, start_of
from shared.statistics.stability import ACT, WATCH, distance

WINDOW = timedelta(days=1)
LEAST_ROWS = 200  # of which nothing is said before: chance alone would speak

Feature: TypeAlias = Literal["class_mix", "confidence", "unknown_tokens", "missing_images"]
DriftState: TypeAlias = Literal["not_known", "too_few_rows", "stable", "watch", "drifted"]
_Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How far one distribution has moved. `by_chance` is what so many rows come to without any drift, on average.

    It stands beside `reference_rows`: those of training, or those held out of it. `psi` and `by_chance` are None where
    nothing can be said.
    """

    feature: Feature
    state: DriftState
    rows: int
    reference_rows: int
    bins: list[DriftBin]
    psi: float | None = None
    by_chance: float | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """The active bundle's rows since a moment, beside those that it was trained on."""

    since: datetime
    features: list[FeatureDrift]


def drift_of(connection: Connection, release: Release, moment: datetime) -> Drift:
    """The drift of the last 24 hours, or since the bundle was activated if that was later; whole hours of the clock."""
    begin = max(moment - WINDOW, release.activated_at or release.created_at)
    since = start_of(HOUR, begin)
    counts = total(counted_since(connection, HOUR, since, ANSWERS, release.manifest.version))
    return Drift(since, features_beside(release.manifest, counts))


def features_beside(manifest: Manifest, counts: Counts) -> list[FeatureDrift]:
    """What was counted, beside a bundle's training profile."""
    profile, train_rows = manifest.profile, manifest.data.train_rows
    codes = sorted(profile.class_mix.keys() | counts.codes.keys())
    missing = profile.missing_image_rate
    return [
        _compared(
            "class_mix",
            category_bins(codes, {category.code: category for category in manifest.classes}),
            np.array([profile.class_mix.get(code, 0.0) for code in codes]) * train_rows,
            _array(counts.codes[code] for code in codes),
        ),
        _compared(
            "confidence",
            CONFIDENCE,
            _expected_confidence(profile, counts.modalities),
            _counted(counts.confidence, len(CONFIDENCE)),
        ),
        _compared("unknown_tokens", UNKNOWN, _array(profile.unknown_tokens), _counted(counts.unknown, len(UNKNOWN))),
        _compared(
            "missing_images",
            PHOTO_BINS,
            np.array([missing, 1 - missing]) * train_rows,
            _array((counts.modalities["text"], counts.modalities.total() - counts.modalities["text"])),
        ),
    ]


def _expected_confidence(profile: TrainingProfile, modalities: Mapping[str, int]) -> _Array:
    """How sure held-out rows were (bins,), mixed as the present rows are: a model alone is less sure than both.

    Where products have lost their photos, that is drift of the photos and not of the confidence. Empty where the
    profile does not say.
    """
    answered = sum(modalities.values())
    known: dict[str, _Array] = {modality: _array(found) for modality, found in profile.confidence.items()}
    if not answered:
        return known.get("text+image", np.empty(0))
    if not modalities.keys() <= known.keys():
        return np.empty(0)
    parts = [known[modality] * (count / answered) for modality, count in modalities.items()]
    return np.asarray(np.sum(parts, axis=0), dtype=np.float64)


def _compared(feature: Feature, bins: Sequence[DriftBin], reference: _Array, present: _Array) -> FeatureDrift:
    rows, reference_rows = round(present.sum()), round(reference.sum())
    comparable = reference_rows > 0 and reference.shape == present.shape
    shown = filled(bins, present, reference if comparable else None)
    if not comparable:
        return FeatureDrift(feature, "not_known", rows, 0, shown)
    if rows < LEAST_ROWS:
        return FeatureDrift(feature, "too_few_rows", rows, reference_rows, shown)
    found = distance(reference, present)
    state: DriftState = "drifted" if found.excess >= ACT else "watch" if found.excess >= WATCH else "stable"
    return FeatureDrift(feature, state, rows, reference_rows, shown, found.psi, found.by_chance)


def _counted(counted: Mapping[int, int], number: int) -> _Array:
    return _array(counted.get(each, 0) for each in range(number))


def _array(numbers: Iterable[int]) -> _Array:
    return np.array(list(numbers), dtype=np.float64)
