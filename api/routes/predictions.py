"""Predictions: one's history, and for reviewers the queue of what a person should look at."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.answers.corrections import CorrectionAnswer
from api.answers.pages import Page
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
from shared.answers.predictions import PredictionAnswer
from shared.corrections import latest_corrections
from shared.predictions import ListedPrediction, PredictionFilter, predictions_before
from shared.users import Role

router = APIRouter(tags=["predictions"])


async def wanted_predictions(
    account: CurrentUser,
    needs_review: Annotated[
        Flag | None, Query(description="Whether a person should still look at it: none has corrected it.")
    ] = None,
    code: Annotated[Code | None, Query(description="The category predicted.")] = None,
    below: Annotated[Share | None, Query(description="Only confidences below this.")] = None,
    job: Annotated[JobId | None, Query(description="A job's id.")] = None,
    product_id: Annotated[Text | None, Query(description="A product's id, as it was submitted.")] = None,
) -> PredictionFilter:
    """The filter of a list of predictions: one's own, or everybody's for reviewers."""
    owner_id = None if account.role.includes(Role.REVIEWER) else account.id
    return PredictionFilter(owner_id, needs_review, code, below, job, product_id)


class ListedPredictionAnswer(PredictionAnswer):
    """A prediction with the latest that a person said about it."""

    correction: CorrectionAnswer | None


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
) -> Page[ListedPredictionAnswer]:
    """Own predictions, newest first; everybody's for reviewers. One job's come from its last row to its first."""
    with services.database.read() as connection:
        found = predictions_before(connection, wanted, start, limit + 1)
        corrections = latest_corrections(connection, [listed.record.id for listed in found])

        def answer(listed: ListedPrediction) -> ListedPredictionAnswer:
            record, version = listed.record, listed.record.model_version
            names = {} if version is None else services.names.of(connection, version)
            correction = corrections.get(record.id)
            return ListedPredictionAnswer(
                **PredictionAnswer.of(record, listed.job, names).model_dump(),
                correction=None if correction is None else CorrectionAnswer.of(correction),
            )

        return Page[ListedPredictionAnswer].of(found, limit, answer, lambda listed: str(wanted.place(listed.record)))
