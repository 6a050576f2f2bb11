"""Predictions as people ask for them: one row of a job, its input's name and its result."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, bindparam, exists, or_, select

from shared.deleted import JOB_IS_THERE
from shared.tables import Image, Job, Prediction, Product

LARGEST_ROW = 2**31 - 1  # that its column holds: PostgreSQL cannot compare it with more
Scores: TypeAlias = list[list[float]]


@dataclass(frozen=True, slots=True)
class PredictionRecord:
    """One product's row of a job. Scores are `[[code, score], …]`, best first; None where there was no such input."""

    id: int
    job_id: str
    row: int
    product_id: str | None
    designation: str | None
    image: str | None
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


RECORD = tuple(getattr(Prediction, name) for name in PredictionRecord.__dataclass_fields__)
_FIRST = select(*RECORD).where(Prediction.job_id.in_(bindparam("jobs_", expanding=True)), Prediction.row == 0)


def first_predictions(connection: Connection, job_ids: Collection[str]) -> dict[str, PredictionRecord]:
    """The first row of each of these jobs, by job: for a job of one product, all there is."""
    if not job_ids:
        return {}
    found = connection.execute(_FIRST, {"jobs_": list(job_ids)})
    records = (PredictionRecord(*row) for row in found)
    return {record.job_id: record for record in records}


def shows_photo(connection: Connection, owner_id: str | None, sha256: str) -> bool:
    """Whether a row of this owner (None: of anybody), of a job that is not deleted, has this photo."""
    rows = select(Prediction.id).join(Job, Job.id == Prediction.job_id).where(Prediction.image == sha256, JOB_IS_THERE)
    if owner_id is not None:
        rows = rows.where(Prediction.owner_id == owner_id)
    return connection.execute(rows.limit(1)).first() is not None


def photos_of_owner(connection: Connection, owner_id: str, hashes: Collection[str]) -> dict[str, int]:
    """The sizes by SHA-256 of those of these photos that a row of this account has, or a labelled product."""
    mine = exists().where(Prediction.owner_id == owner_id, Prediction.image == Image.sha256)
    anybodys = exists().where(Product.image == Image.sha256)
    found = connection.execute(
        select(Image.sha256, Image.size).where(Image.sha256.in_(list(hashes)), or_(mine, anybodys))
    )
    return {sha256: size for sha256, size in found}
