"""Predictions as people ask for them: one row of a job, its input's name and its result."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, Select, bindparam, exists, false, or_, select, true

from shared.deleted import JOB_IS_THERE
from shared.lifecycle import JobStatus
from shared.tables import Correction, Image, Job, Prediction, Product

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


class ListedPrediction(NamedTuple):
    """A row, and the state of its job, which is the row's own until it has a result."""

    record: PredictionRecord
    job: JobStatus


@dataclass(frozen=True, slots=True)
class PredictionFilter:
    """Which rows are asked for: one owner's (None: everybody's), and of those only the ones that match what is set.

    `needs_review` asks for rows that a person should still look at, or for the finished rows that nobody needs to:
    what a person has corrected is among these.
    """

    owner_id: str | None = None
    needs_review: bool | None = None
    code: int | None = None
    below: float | None = None
    job_id: str | None = None
    product_id: str | None = None

    def place(self, record: PredictionRecord) -> int:
        """What pages of these rows go by, highest first: within one job the row, as its index has it."""
        return record.id if self.job_id is None else record.row


_RECORD = tuple(getattr(Prediction, name) for name in PredictionRecord.__dataclass_fields__)
_FIRST = select(*_RECORD).where(Prediction.job_id.in_(bindparam("jobs_", expanding=True)), Prediction.row == 0)


def first_predictions(connection: Connection, job_ids: Collection[str]) -> dict[str, PredictionRecord]:
    """The first row of each of these jobs, by job: for a job of one product, all there is."""
    if not job_ids:
        return {}
    found = connection.execute(_FIRST, {"jobs_": list(job_ids)})
    records = (PredictionRecord(*row) for row in found)
    return {record.job_id: record for record in records}


def predictions_before(
    connection: Connection, wanted: PredictionFilter, place: int | None, limit: int
) -> Sequence[ListedPrediction]:
    """Up to `limit` rows of jobs that are not deleted, newest first, from before this place (None: from the newest).

    Labelled data is not predicted: its rows are errors, or wait for a photo, and are not among these.
    """
    order = Prediction.id if wanted.job_id is None else Prediction.row
    query = select(Job.status, *_RECORD).join(Job, Job.id == Prediction.job_id).where(JOB_IS_THERE, _PREDICTED)
    query = _matching(query, wanted).order_by(order.desc()).limit(limit)
    if place is not None:
        query = query.where(order < (place if wanted.job_id is None else min(place, LARGEST_ROW)))
    return [
        ListedPrediction(PredictionRecord(*record), JobStatus(status)) for status, *record in connection.execute(query)
    ]


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


def _matching(query: Select[*tuple[Any, ...]], wanted: PredictionFilter) -> Select[*tuple[Any, ...]]:
    if wanted.owner_id is not None:
        query = query.where(Prediction.owner_id == wanted.owner_id)
    if wanted.needs_review is not None:
        query = query.where(_IN_QUEUE if wanted.needs_review else _OFF_QUEUE)
    if wanted.code is not None:
        query = query.where(Prediction.prediction == wanted.code)
    if wanted.below is not None:
        query = query.where(Prediction.confidence < wanted.below)
    if wanted.job_id is not None:
        query = query.where(Prediction.job_id == wanted.job_id)
    if wanted.product_id is not None:
        query = query.where(Prediction.product_id == wanted.product_id)
    return query


_PREDICTED = Job.kind != "ingest"
# `needs_review` is named as the condition of its index has it.
_CORRECTED = exists().where(Correction.prediction_id == Prediction.id)
_IN_QUEUE = (Prediction.needs_review == true()) & ~_CORRECTED
_OFF_QUEUE = or_(Prediction.needs_review == false(), (Prediction.needs_review == true()) & _CORRECTED)
