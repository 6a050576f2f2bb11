"""What people say about predictions: `POST /api/predictions/{id}/correction`."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from api.answers.corrections import CorrectionAnswer
from api.json_body import JSON_PROBLEMS, documented, json_body
from api.parameters import LARGEST_CODE, path_number
from api.problems import problems
from api.security import CurrentReviewer
from api.services import TheServices
from shared.corrections import correct

router = APIRouter(tags=["predictions"])


class NewCorrection(BaseModel):
    """A verdict: the category's code, whether or not it is the one that was predicted."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[StrictInt, Field(ge=0, le=LARGEST_CODE, examples=[2582])]


@router.post(
    "/api/predictions/{id}/correction",
    status_code=201,
    operation_id="correct_prediction",
    responses=problems(403, 404, "409 NOT_PREDICTED", *JSON_PROBLEMS, "422 UNKNOWN_CATEGORY"),
    openapi_extra=documented(NewCorrection),
    summary="Accept or correct a prediction",
)
def correction(
    reviewer: CurrentReviewer,
    services: TheServices,
    number: Annotated[int, Depends(path_number)],
    new: Annotated[NewCorrection, Depends(json_body(NewCorrection))],
) -> CorrectionAnswer:
    """Say which category a product really is. It leaves the review queue, and training learns from it.

    The latest of several verdicts counts.
    """
    with services.database.begin() as connection:
        return CorrectionAnswer.of(correct(connection, number, new.code, reviewer))
