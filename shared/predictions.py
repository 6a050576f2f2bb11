"""Predictions as people ask for them: one row of a job, its input's name and its result."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, select

from shared.tables import Prediction

Scores: TypeAlias = list[list[float]]


@dataclass(frozen=True, slots=True)
class PredictionRecord:
    """One product's row of a job. Scores are `[[code, score], …]`, best first; None where there was no such input."""

    id: int
    job_id: str
    row: int
    product_id: str | None
    prediction: int | None
    confidence: float | None
    top: Scores | None
    text_scores: Scores | None
    image_scores: Scores | None
    text_weight: float | None
    modality: str | None
    needs_review: bool | None
    model_version: str | None
    reused_from: int | None
    error: dict[str, Any] | None
    created_at: datetime
    finished_at: datetime | None


_RECORD = tuple(getattr(Prediction, name) for name in PredictionRecord.__dataclass_fields__)


def first_predictions(connection: Connection, job_ids: Collection[str]) -> dict[str, PredictionRecord]:
    """The first row of each of these jobs, by job: for a job of one product, all there is."""
    if not job_ids:
        return {}
    found = connection.execute(select(*_RECORD).where(Prediction.job_id.in_(job_ids), Prediction.row == 0))
    records = (PredictionRecord(*row) for row in found)
    return {record.job_id: record for record in records}
