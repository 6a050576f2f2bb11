"""Predictions: one's history, and for reviewers the queue of what a person should look at."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends

from api.answers.listed_predictions import ListedPredictionAnswer, PredictionCountAnswer
from api.answers.pages import Page
from api.parameters import LIMIT_DEFAULT, LIST_PROBLEMS, Limit
from api.prediction_query import PredictionPage, prediction_page, wanted_predictions
from api.problems import problems
from api.services import TheServices
from shared.corrections import latest_corrections
from shared.prediction_lists import PredictionFilter, count_predictions, predictions_behind

router = APIRouter(prefix="/api/predictions", tags=["predictions"])
_REFUSED = ("422 TOO_WIDE", "422 NOT_A_RERUN")


@router.get(
    "",
    operation_id="list_predictions",
    responses=problems(*LIST_PROBLEMS, *_REFUSED),
    summary="List predictions",
)
def list_predictions(
    page: Annotated[PredictionPage, Depends(prediction_page)], services: TheServices, limit: Limit = LIMIT_DEFAULT
) -> Page[ListedPredictionAnswer]:
    """Own predictions, newest first unless told otherwise; everybody's for reviewers."""
    with services.database.read() as connection:
        found = predictions_behind(connection, page.wanted, page.order, page.start, limit + 1)
        corrections = latest_corrections(connection, [listed.record.id for listed in found])
        names = partial(services.names.of, connection)
        return Page[ListedPredictionAnswer].of(
            found,
            limit,
            lambda listed: ListedPredictionAnswer.listed(listed, corrections.get(listed.record.id), names),
            lambda listed: page.cursor_behind(listed.record),
        )


@router.get(
    "/count",
    operation_id="count_predictions",
    responses=problems(422, *_REFUSED),
    summary="Count predictions",
)
def count(
    wanted: Annotated[PredictionFilter, Depends(wanted_predictions)], services: TheServices
) -> PredictionCountAnswer:
    """How many predictions a list with these parameters has; of many, 10,000 are counted."""
    with services.database.read() as connection:
        return PredictionCountAnswer.of(count_predictions(connection, wanted))
