"""A prediction: one product's category, how sure the models are, and what each would have said alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from shared.lifecycle import JobStatus
from shared.predictions import PredictionRecord, Scores

_WEIGHT_DIGITS = 6  # hides what subtracting binary fractions leaves behind


class ErrorAnswer(BaseModel):
    """Why there is no result; `code` is stable. `column` is the file's own name of the one at fault, if any is."""

    code: str
    message: str
    column: str | None = None


class CategoryAnswer(BaseModel):
    """A category of the version that predicted it."""

    code: int
    name: str


class ScoreAnswer(CategoryAnswer):
    """A category and its probability."""

    score: float


class ModelAnswer(BaseModel):
    """What one model said alone, and its share in the answer."""

    weight: float
    top: list[ScoreAnswer]


class PredictionAnswer(BaseModel):
    """One product's row of a job."""

    id: int
    job_id: str
    row: int
    product_id: str | None
    designation: str | None
    photo: str | None = Field(description="Where the photo is found; `?size=96` there makes it a thumbnail.")
    status: JobStatus
    category: CategoryAnswer | None
    confidence: float | None
    top: list[ScoreAnswer]
    text: ModelAnswer | None
    image: ModelAnswer | None
    modality: Literal["text+image", "text", "image"] | None
    needs_review: bool | None
    model_version: str | None
    reused: bool
    created_at: datetime
    finished_at: datetime | None
    error: ErrorAnswer | None

    @classmethod
    def of(cls, record: PredictionRecord, job: JobStatus, names: Mapping[int, str]) -> Self:
        """The answer for a row of a job in this state, with the names of the version that predicted it."""
        weight = record.text_weight or 0.0
        code = record.prediction
        return cls(
            id=record.id,
            job_id=record.job_id,
            row=record.row,
            product_id=record.product_id,
            designation=record.designation,
            photo=None if record.image is None else photo_path(record.image),
            status=_status(record, job),
            category=None if code is None else CategoryAnswer(code=code, name=names.get(code, str(code))),
            confidence=record.confidence,
            top=_named(record.top or [], names),
            text=_model(weight, record.text_scores, names),
            image=_model(round(1 - weight, _WEIGHT_DIGITS), record.image_scores, names),
            modality=record.modality,  # type: ignore[arg-type]  # pydantic checks the value
            needs_review=record.needs_review,
            model_version=record.model_version,
            reused=record.reused_from is not None,
            created_at=record.created_at,
            finished_at=record.finished_at,
            error=None if record.error is None else ErrorAnswer.model_validate(record.error),
        )


def photo_path(sha256: str) -> str:
    """Where a photo is found."""
    return f"/api/images/{sha256}"


def _status(record: PredictionRecord, job: JobStatus) -> JobStatus:
    if record.error is not None:
        return JobStatus.FAILED
    return job if record.prediction is None else JobStatus.SUCCEEDED


def _named(scores: Scores, names: Mapping[int, str]) -> list[ScoreAnswer]:
    codes = [(int(code), score) for code, score in scores]
    return [ScoreAnswer(code=code, name=names.get(code, str(code)), score=score) for code, score in codes]


def _model(weight: float, scores: Scores | None, names: Mapping[int, str]) -> ModelAnswer | None:
    return None if scores is None else ModelAnswer(weight=weight, top=_named(scores, names))
