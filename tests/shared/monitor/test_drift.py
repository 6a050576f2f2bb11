"""What was counted, beside a bundle's training profile."""

from collections import Counter
from pathlib import Path

import pytest

from shared.bundle import Manifest, TrainingProfile
from shared.monitor.drift import LEAST_ROWS, FeatureDrift, features_beside
from shared.statistics.counts import Counts
from tests.support.bundles import fake_bundle

CONFIDENT, DOUBTFUL = (0,) * 9 + (1_000,), (0, 0, 1_000) + (0,) * 7
PROFILE = TrainingProfile(
    class_mix={10: 0.5, 40: 0.5},
    mean_tokens=8,
    unknown_token_rate=0,
    missing_image_rate=0.5,
    mean_confidence=0.9,
    confidence={"text+image": CONFIDENT, "text": DOUBTFUL, "image": DOUBTFUL},
    unknown_tokens=(1_000, 0, 0, 0, 0, 0, 0),
)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    made = fake_bundle(tmp_path / "bundle").manifest
    return made.model_copy(update={"profile": PROFILE, "data": made.data.model_copy(update={"train_rows": 2_000})})


def like_training(rows: int) -> Counts:
    """Rows as the profile has them: half without a photo, and those doubtful."""
    half = rows // 2
    return Counts(
        codes=Counter({10: half, 40: half}),
        modalities=Counter({"text+image": half, "text": half}),
        confidence=Counter({9: half, 2: half}),
        unknown=Counter({0: rows}),
    )


def feature(manifest: Manifest, counts: Counts, name: str) -> FeatureDrift:
    return next(each for each in features_beside(manifest, counts) if each.feature == name)


def states(manifest: Manifest, counts: Counts) -> dict[str, str]:
    return {each.feature: each.state for each in features_beside(manifest, counts)}


def test_rows_like_those_of_training_have_not_drifted(manifest: Manifest) -> None:
    assert set(states(manifest, like_training(1_000)).values()) == {"stable"}


def test_of_few_rows_nothing_is_said(manifest: Manifest) -> None:
    found = features_beside(manifest, like_training(LEAST_ROWS - 2))

    assert {each.state for each in found} == {"too_few_rows"}
    assert {(each.psi, each.rows) for each in found} == {(None, LEAST_ROWS - 2)}


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("class_mix", {"codes": Counter({10: 900, 40: 100})}),
        ("class_mix", {"codes": Counter({10: 400, 40: 400, 2582: 200})}),  # one that training did not have
        ("confidence", {"confidence": Counter({9: 500, 0: 500})}),
        ("unknown_tokens", {"unknown": Counter({0: 500, 6: 500})}),
        ("missing_images", {"modalities": Counter({"text+image": 1_000}), "confidence": Counter({9: 1_000})}),
    ],
)
def test_each_feature_drifts_by_itself(manifest: Manifest, name: str, changed: dict[str, Counter[int]]) -> None:
    counts = like_training(1_000)
    for field, counted in changed.items():
        setattr(counts, field, counted)

    found = states(manifest, counts)

    assert found.pop(name) == "drifted"
    assert set(found.values()) == {"stable"}


def test_a_smaller_change_is_worth_watching(manifest: Manifest) -> None:
    counts = like_training(1_000)
    counts.codes = Counter({10: 680, 40: 320})

    found = feature(manifest, counts, "class_mix")

    assert found.state == "watch"
    assert found.psi == pytest.approx(0.136, abs=0.003)


def test_reused_rows_and_errors_say_nothing_of_drift(manifest: Manifest) -> None:
    counts = Counts(answered=1_000, reused=1_000, errors=500)

    assert set(states(manifest, counts).values()) == {"too_few_rows"}


@pytest.mark.parametrize("missing", ["confidence", "unknown_tokens"])
def test_what_the_profile_does_not_say_is_not_known(manifest: Manifest, missing: str) -> None:
    profile = PROFILE.model_copy(update={missing: type(getattr(PROFILE, missing))()})

    found = feature(manifest.model_copy(update={"profile": profile}), like_training(1_000), missing)

    assert (found.state, found.psi, found.by_chance) == ("not_known", None, None)
    assert sum(each.rows for each in found.bins) == 1_000
    assert {each.reference_share for each in found.bins} == {None}


def test_bins_of_categories_have_code_and_name(manifest: Manifest) -> None:
    counts = like_training(1_000)
    counts.codes = Counter({10: 600, 40: 300, 2582: 99, 7: 1})

    found = feature(manifest, counts, "class_mix").bins

    assert [(each.key, each.rows, each.reference_share) for each in found] == [
        *(("7", 1, 0.0), ("10", 600, 0.5), ("40", 300, 0.5), ("2582", 99, 0.0))
    ]
    assert [each.category and each.category.name for each in found] == [
        *(None, "Livres d'occasion", "Jeux vidéo d'import", "Mobilier de jardin")
    ]


def test_bins_of_shares_have_bounds_and_both_sides_in_them(manifest: Manifest) -> None:
    confidence = feature(manifest, like_training(1_000), "confidence").bins
    unknown = feature(manifest, like_training(1_000), "unknown_tokens").bins

    assert {each.key: (each.low, each.high, each.rows, each.reference_share) for each in confidence if each.rows} == {
        "0.2-0.3": (0.2, 0.3, 500, 0.5),
        "0.9-1": (0.9, 1.0, 500, 0.5),
    }
    assert [(each.low, each.high, each.rows, each.reference_share) for each in unknown[:2]] == [
        *((0.0, 0.0, 1_000, 1.0), (0.0, 0.02, 0, 0.0))
    ]
    assert (len(confidence), len(unknown)) == (10, 7)


def test_photos_are_there_or_not(manifest: Manifest) -> None:
    counts = like_training(1_000)
    counts.modalities = Counter({"text+image": 200, "image": 300, "text": 500})

    found = feature(manifest, counts, "missing_images").bins

    assert [(each.key, each.rows, each.reference_share) for each in found] == [
        *(("no_photo", 500, 0.5), ("photo", 500, 0.5))
    ]


def test_bins_of_few_rows_are_shown_though_nothing_is_said_of_them(manifest: Manifest) -> None:
    found = feature(manifest, like_training(2), "class_mix")

    assert (found.state, [each.rows for each in found.bins]) == ("too_few_rows", [1, 1])


def test_a_profile_in_other_bins_is_not_compared(manifest: Manifest) -> None:
    profile = PROFILE.model_copy(update={"unknown_tokens": (10, 20)})

    assert (
        states(manifest.model_copy(update={"profile": profile}), like_training(1_000))["unknown_tokens"] == "not_known"
    )


def test_manifests_from_before_the_histograms_can_be_read(manifest: Manifest) -> None:
    stored = manifest.model_dump(mode="json")
    del stored["profile"]["confidence"], stored["profile"]["unknown_tokens"]

    profile = Manifest.model_validate(stored).profile

    assert (profile.confidence, profile.unknown_tokens) == ({}, ())


def test_a_profile_survives_being_stored(manifest: Manifest) -> None:
    assert Manifest.model_validate(manifest.model_dump(mode="json")) == manifest
