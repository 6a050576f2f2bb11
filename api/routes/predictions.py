"""Predictions: one's history, and for reviewers the queue of what a person should look at."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection

from api.answers.pages import Page
from api.answers.predictions import PredictionAnswer
from api.names import CategoryNames
from api.parameters import (
    LIMIT_DEFAULT,
    LIST_PROBLEMS,
    Code,
    Flag,
    JobId,
    Limit,
    Share,
    Text,
    numbered_page_start,
)
from api.problems import problems
from api.security import CurrentUser
from api.services import TheServices
from shared.predictions import ListedPrediction, PredictionFilter, predictions_before
from shared.users import Role

router = APIRouter(tags=["predictions"])


async def wanted_predictions(
    account: CurrentUser,
    needs_review: Annotated[Flag | None, Query(description="Whether a person should look at it.")] = None,
    code: Annotated[Code | None, Query(description="The category predicted.")] = None,
    below: Annotated[Share | None, Query(description="Only confidences below this.")] = None,
    job: Annotated[JobId | None, Query(description="A job's id.")] = None,
    product_id: Annotated[Text | None, Query(description="A product's id, as it was submitted.")] = None,
) -> PredictionFilter:
    """The filter of a list of predictions: one's own, or everybody's for reviewers."""
    owner_id = None if account.role.includes(Role.REVIEWER) else account.id
    return PredictionFilter(owner_id, needs_review, code, below, job, product_id)


@router.get(
    "/api/predictions",
    operation_id="list_predictions",
    responses=problems(*LIST_PROBLEMS),
    summary="List predictions",
)
def list_predictions(
    wanted: Annotated[PredictionFilter, Depends(wanted_predictions)],
    services: TheServices,
    start: Annotated[int | None, Depends(numbered_page_start)],
    limit: Limit = LIMIT_DEFAULT,
) -> Page[PredictionAnswer]:
    """Own predictions, newest first; everybody's for reviewers. One job's come from its last row to its first."""
    with services.database.read() as connection:
        found = predictions_before(connection, wanted, start, limit + 1)
        return Page[PredictionAnswer].of(
            found,
            limit,
            lambda listed: _answer(connection, services.names, listed),
            lambda listed: str(wanted.place(listed.record)),
        )


def _answer(connection: Connection, names: CategoryNames, listed: ListedPrediction) -> PredictionAnswer:
    version = listed.record.model_version
    return PredictionAnswer.of(listed.record, listed.job, {} if version is None else names.of(connection, version))
