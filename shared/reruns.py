"""Reruns: what the rows of a job came to in the job that it runs again. A row keeps its number there."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, select
from sqlalchemy.orm import aliased

from shared.deleted import JOB_IS_THERE
from shared.tables import Job, Prediction

Former = aliased(Prediction)


class PreviousPrediction(NamedTuple):
    """The category that a row had before, how sure that was, and the bundle that said so."""

    code: int
    confidence: float
    model_version: str


def same_row(former_id: str | BindParameter[Any]) -> ColumnElement[bool]:
    """Whether a row of `Former` is that of a prediction in this former job."""
    return and_(Former.row == Prediction.row, Former.job_id == former_id)


def former_job(connection: Connection, job_id: str, owner_id: str | None) -> str | None:
    """The job that this one of `owner_id` (None: anybody's) runs again; None where that has gone or never was."""
    this = select(Job.rerun_of).where(Job.id == job_id, JOB_IS_THERE)
    if owner_id is not None:
        this = this.where(Job.owner_id == owner_id)
    former_id = connection.scalar(this)
    return None if former_id is None else connection.scalar(select(Job.id).where(Job.id == former_id, JOB_IS_THERE))


def previous_predictions(
    connection: Connection, former_id: str, prediction_ids: Collection[int]
) -> dict[int, PreviousPrediction]:
    """What these rows were in their former job, by their ids; those that had no category there are left out."""
    columns: tuple[Any, ...] = (Former.prediction, Former.confidence, Former.model_version)
    found = connection.execute(
        select(Prediction.id, *columns)
        .join(Former, same_row(former_id))
        .where(Prediction.id.in_(list(prediction_ids)), Former.prediction.is_not(None))
    )
    return {prediction_id: PreviousPrediction(*former) for prediction_id, *former in found}
