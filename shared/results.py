"""What a job's rows came to, in the order of its file, in pages: no transaction lasts longer than one of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from shared.deleted import JOB_IS_THERE
from shared.errors import Gone, NotFound
from shared.predictions import LARGEST_ROW, PredictionRecord
from shared.tables import Job, Prediction


class ResultRow(NamedTuple):
    """A row's result, with the best category of each model alone; for many rows, so no more of them than is shown."""

    row: int
    prediction: int | None
    confidence: float | None
    needs_review: bool | None
    text_code: int | None
    text_score: float | None
    image_code: int | None
    image_score: float | None
    modality: str | None
    model_version: str | None
    reused_from: int | None
    error: dict[str, Any] | None


class FailedRow(NamedTuple):
    """A row that has an error."""

    row: int
    product_id: str | None
    error: dict[str, Any]


class StoredInput(NamedTuple):
    """What a row says of its product."""

    row: int
    product_id: str | None
    designation: str | None
    description: str | None


_RECORD = tuple(getattr(Prediction, name) for name in PredictionRecord.__dataclass_fields__)
_RESULT = (
    Prediction.row,
    Prediction.prediction,
    Prediction.confidence,
    Prediction.needs_review,
    Prediction.text_scores[(0, 0)].as_integer(),
    Prediction.text_scores[(0, 1)].as_float(),
    Prediction.image_scores[(0, 0)].as_integer(),
    Prediction.image_scores[(0, 1)].as_float(),
    Prediction.modality,
    Prediction.model_version,
    Prediction.reused_from,
    Prediction.error,
)
_FAILED = (Prediction.row, Prediction.product_id, Prediction.error)
_INPUT = (Prediction.row, Prediction.product_id, Prediction.designation, Prediction.description)


def require_results(connection: Connection, job_id: str) -> None:
    """Raise NotFound when the job has been deleted, and Gone when its rows have been, which were kept long enough."""
    cleared_at = connection.execute(select(Job.cleared_at).where(Job.id == job_id, JOB_IS_THERE)).one_or_none()
    if cleared_at is None:
        raise NotFound("There is no such job.")
    if cleared_at[0] is not None:
        raise Gone("The job's rows are no longer kept; submit its file again.", code="RESULTS_GONE")


def predictions_after(connection: Connection, job_id: str, row: int, limit: int) -> Sequence[PredictionRecord]:
    """Up to `limit` rows of a job in their order, from behind this one (-1: from the first)."""
    return [PredictionRecord(*found) for found in _page(connection, _RECORD, job_id, row, limit)]


def results_after(connection: Connection, job_id: str, row: int, limit: int) -> Sequence[ResultRow]:
    """The same, short."""
    return [ResultRow(*found) for found in _page(connection, _RESULT, job_id, row, limit)]


def inputs_after(connection: Connection, job_id: str, row: int, limit: int) -> Sequence[StoredInput]:
    """The same rows' inputs."""
    return [StoredInput(*found) for found in _page(connection, _INPUT, job_id, row, limit)]


def failed_after(connection: Connection, job_id: str, row: int, limit: int) -> Sequence[FailedRow]:
    """The same of rows with errors alone, which have an index of their own."""
    return [FailedRow(*found) for found in _page(connection, _FAILED, job_id, row, limit, failed=True)]


def _page(
    connection: Connection, columns: tuple[Any, ...], job_id: str, row: int, limit: int, *, failed: bool = False
) -> Sequence[Any]:
    query = select(*columns).where(Prediction.job_id == job_id, Prediction.row > min(row, LARGEST_ROW))
    if failed:
        query = query.where(Prediction.error.is_not(None))
    return connection.execute(query.order_by(Prediction.row).limit(limit)).all()
