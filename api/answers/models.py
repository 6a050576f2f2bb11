"""A published bundle: what it was trained on, how good it is, and whether products are answered with it."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from shared.bundle import Manifest, SplitMetrics
from shared.bundles import Release
from shared.taxonomy import Category


class SplitMetricsAnswer(BaseModel):
    """Figures on rows that a model has never seen."""

    accuracy: float
    macro_f1: float
    weighted_f1: float | None
    calibration_error: float | None = Field(description="Expected calibration error: 0 is best.")

    @classmethod
    def of(cls, metrics: SplitMetrics) -> Self:
        """The answer for one model's figures."""
        return cls(**metrics.model_dump())


class ModelMetricsAnswer(BaseModel):
    """Figures on the test split: of the text model alone, of the image model alone, and of both together.

    `baseline` is what TF-IDF and logistic regression reach on the texts, where that was measured.
    """

    rows: int
    text: SplitMetricsAnswer
    image: SplitMetricsAnswer
    fused: SplitMetricsAnswer
    baseline: SplitMetricsAnswer | None


class ReleaseAnswer(BaseModel):
    """A published bundle."""

    version: str
    active: bool
    created_at: datetime = Field(description="When it was published.")
    activated_at: datetime | None
    refused: str | None = Field(description="Why it is not served, if it was refused since it was activated last.")
    demo: bool
    data: str = Field(description="Name of the data set that it was trained on.")
    metrics: ModelMetricsAnswer

    @classmethod
    def of(cls, release: Release) -> Self:
        """The answer for a bundle."""
        return cls.model_validate(_release(release))


class KnownCategoryAnswer(BaseModel):
    """A category that a bundle predicts."""

    model_config = ConfigDict(from_attributes=True)

    code: int
    name: str
    name_en: str | None

    @classmethod
    def of(cls, category: Category) -> Self:
        """The answer for a category."""
        return cls.model_validate(category)


class ConfusionAnswer(BaseModel):
    """Which categories are taken for which: the fused answers on the test split.

    `counts` has a row for each true category and a column for each answered one, in the order of `categories`.
    """

    categories: list[KnownCategoryAnswer]
    counts: list[list[int]]


class ReleaseWithConfusionAnswer(ReleaseAnswer):
    """A published bundle, and which categories it takes for which."""

    confusion: ConfusionAnswer | None = Field(
        description="Null of a bundle that was made before this was kept, or that has more than 100 categories."
    )

    @classmethod
    def of(cls, release: Release) -> Self:
        """The answer for a bundle."""
        return cls.model_validate(_release(release) | {"confusion": _confusion(release.manifest)})


class TrainingDataAnswer(BaseModel):
    """The rows that a bundle was made with, and a SHA-256 over all of them and their photos."""

    name: str
    train_rows: int
    validation_rows: int
    test_rows: int
    fingerprint: str


class FusionAnswer(BaseModel):
    """Calibration temperatures, and the weight of the text against the photo; at 0.5 both count fully."""

    text_temperature: float
    image_temperature: float
    text_weight: float


class ReleaseDetailsAnswer(ReleaseWithConfusionAnswer):
    """A published bundle, in detail."""

    trained_at: datetime
    classes: list[KnownCategoryAnswer]
    max_tokens: int
    vocabulary: int
    image_size: int
    fusion: FusionAnswer
    training_data: TrainingDataAnswer
    libraries: dict[str, str]
    files: dict[str, str] = Field(description="SHA-256 of each file.")
    workers: int = Field(description="How many workers answer with it now.")

    @classmethod
    def with_workers(cls, release: Release, workers: int) -> Self:
        """The answer for a bundle that so many workers answer with."""
        return cls.model_validate(_release(release) | _details(release.manifest) | {"workers": workers})


def _release(release: Release) -> dict[str, object]:
    manifest = release.manifest
    measured = {name: getattr(manifest.metrics, name) for name in ("text", "image", "fused", "baseline")}
    metrics = {name: found and SplitMetricsAnswer.of(found) for name, found in measured.items()}
    return {
        "version": manifest.version,
        "active": release.active,
        "created_at": release.created_at,
        "activated_at": release.activated_at,
        "refused": release.refused,
        "demo": manifest.demo,
        "data": manifest.data.name,
        "metrics": {"rows": manifest.metrics.rows, **metrics},
    }


def _confusion(manifest: Manifest) -> ConfusionAnswer | None:
    counts = manifest.metrics.confusion
    if counts is None:
        return None
    return ConfusionAnswer(categories=_categories(manifest), counts=[list(row) for row in counts])


def _categories(manifest: Manifest) -> list[KnownCategoryAnswer]:
    return [KnownCategoryAnswer.of(category) for category in manifest.classes]


def _details(manifest: Manifest) -> dict[str, object]:
    return {
        "trained_at": manifest.created_at,
        "confusion": _confusion(manifest),
        "classes": _categories(manifest),
        "max_tokens": manifest.text.max_tokens,
        "vocabulary": manifest.text.vocabulary,
        "image_size": manifest.image.size,
        "fusion": manifest.fusion.model_dump(),
        "training_data": manifest.data.model_dump(),
        "libraries": manifest.libraries,
        "files": manifest.files,
    }
