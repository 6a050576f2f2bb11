"""Lists of predictions: which rows, in which order, from which place on, and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, exists, false, func, literal, or_, select, true, tuple_

from shared.deleted import JOB_IS_THERE
from shared.errors import InvalidInput
from shared.lifecycle import JobStatus
from shared.predictions import LARGEST_ROW, RECORD, PredictionRecord
from shared.reruns import Former, PreviousPrediction, former_job, previous_predictions, same_row
from shared.tables import Correction, Job, Prediction

MOST_COUNTED = 10_000


class Order(StrEnum):
    """What comes first. Of equal confidences the older row is less sure, or in one job the one further up."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LEAST_SURE = "least_sure"
    MOST_SURE = "most_sure"

    @property
    def by_confidence(self) -> bool:
        """Whether it goes by confidence, and so has only rows with a prediction."""
        return self in (Order.LEAST_SURE, Order.MOST_SURE)

    @property
    def descends(self) -> bool:
        """Whether the greatest is first."""
        return self in (Order.NEWEST, Order.MOST_SURE)


class Place(NamedTuple):
    """Where a row is in a list: its number, or in one job its row; before that its confidence where that counts."""

    number: int
    confidence: float | None = None


class ListedPrediction(NamedTuple):
    """A row with its product's description and what it was before, where its job runs another's rows again.

    The state of its job is the row's own until it has a result.
    """

    record: PredictionRecord
    job: JobStatus
    description: str | None
    previous: PreviousPrediction | None


class PredictionCount(NamedTuple):
    """How many rows there are; `at_least` where there are more than were counted."""

    rows: int
    at_least: bool


@dataclass(frozen=True, slots=True)
class PredictionFilter:
    """Which rows are asked for: one owner's (None: everybody's), and of those only the ones that match what is set.

    `needs_review` asks for rows that a person should still look at, or for the finished rows that nobody needs to:
    what a person has corrected is among these. `search` is found in designations and product ids, in any case of
    letters. `changed` asks for rows of a rerun whose category is another than before, or the same.
    """

    owner_id: str | None = None
    needs_review: bool | None = None
    code: int | None = None
    below: float | None = None
    job_id: str | None = None
    product_id: str | None = None
    search: str | None = None
    changed: bool | None = None

    def place(self, record: PredictionRecord, order: Order) -> Place:
        """What pages of these rows go by: within one job the row, as its index has it."""
        number = record.id if self.job_id is None else record.row
        return Place(number, record.confidence if order.by_confidence else None)


def predictions_behind(
    connection: Connection, wanted: PredictionFilter, order: Order, place: Place | None, limit: int
) -> Sequence[ListedPrediction]:
    """Up to `limit` rows of jobs that are not deleted, from behind this place (None: from the first).

    Raises InvalidInput when changes are asked for and there is nothing to compare with.
    """
    query = _ordered(_listed(connection, wanted, Job.status, Prediction.description, *RECORD), wanted, order, place)
    found = [
        ListedPrediction(PredictionRecord(*record), JobStatus(status), description, None)
        for status, description, *record in connection.execute(query.limit(limit))
    ]
    previous = _previous(connection, wanted, [listed.record.id for listed in found])
    return [listed._replace(previous=previous.get(listed.record.id)) for listed in found]


def count_predictions(connection: Connection, wanted: PredictionFilter) -> PredictionCount:
    """How many rows a list has, of which no more than MOST_COUNTED are counted. Raises InvalidInput as lists do."""
    # In the order of a list, so that the database goes through the same index.
    query = _ordered(_listed(connection, wanted, literal(1).label("one")), wanted, Order.NEWEST, None)
    rows = query.limit(MOST_COUNTED + 1).subquery()
    found = connection.execute(select(func.count()).select_from(rows)).scalar_one()
    return PredictionCount(min(found, MOST_COUNTED), found > MOST_COUNTED)


def _listed(connection: Connection, wanted: PredictionFilter, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Labelled data is not predicted: its rows are errors, or wait for a photo, and are not among these."""
    query = select(*columns).select_from(Prediction).join(Job, Job.id == Prediction.job_id)
    query = _matching(query.where(JOB_IS_THERE, _PREDICTED), wanted)
    return query if wanted.changed is None else query.where(_compared(connection, wanted))


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
    if wanted.search is not None:
        texts = (Prediction.designation, Prediction.product_id)
        query = query.where(or_(*(text.icontains(wanted.search, autoescape=True) for text in texts)))
    return query


def _compared(connection: Connection, wanted: PredictionFilter) -> ColumnElement[bool]:
    """Whether a row has changed, or not, as `changes` of a job counts it: a row without a category has not."""
    former_id = None if wanted.job_id is None else former_job(connection, wanted.job_id, wanted.owner_id)
    if former_id is None:
        raise InvalidInput(
            "`changed` needs the `job` of a rerun, and the job before it to be there still.",
            where="query.changed",
            code="NOT_A_RERUN",
        )
    differs = Former.prediction != Prediction.prediction
    same = Former.prediction == Prediction.prediction
    return exists().where(same_row(former_id), differs if wanted.changed else same)


def _ordered(
    query: Select[*tuple[Any, ...]], wanted: PredictionFilter, order: Order, place: Place | None
) -> Select[*tuple[Any, ...]]:
    number = Prediction.id if wanted.job_id is None else Prediction.row
    keys = (Prediction.confidence, number) if order.by_confidence else (number,)
    if order.by_confidence and wanted.job_id is not None:  # what needs review has one
        query = query.where(Prediction.confidence.is_not(None))
    if place is not None:
        last = place.number if wanted.job_id is None else min(place.number, LARGEST_ROW)
        here = tuple_(*keys)
        there = tuple_(place.confidence, last) if order.by_confidence else tuple_(last)
        query = query.where(here < there if order.descends else here > there)
    return query.order_by(*(key.desc() if order.descends else key.asc() for key in keys))


def _previous(
    connection: Connection, wanted: PredictionFilter, prediction_ids: Sequence[int]
) -> dict[int, PreviousPrediction]:
    if wanted.job_id is None or not prediction_ids:
        return {}
    former_id = former_job(connection, wanted.job_id, wanted.owner_id)
    return {} if former_id is None else previous_predictions(connection, former_id, prediction_ids)


_PREDICTED = Job.kind != "ingest"
# `needs_review` and `corrected` are named as the condition of their indexes has them. What code of before `corrected`
# corrects, while both versions run, is known by the correction alone.
_CORRECTED = exists().where(Correction.prediction_id == Prediction.id)
_IN_QUEUE = (Prediction.needs_review == true()) & (Prediction.corrected == false()) & ~_CORRECTED
_OFF_QUEUE = or_(Prediction.needs_review == false(), (Prediction.needs_review == true()) & _CORRECTED)
