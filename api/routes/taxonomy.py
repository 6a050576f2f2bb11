"""The categories: `GET /api/taxonomy`."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel

from api.csv_text import csv_text
from api.media import prefers
from api.openapi.headers import headers
from api.security import CurrentUser
from api.services import TheServices
from shared.products import Shelf, shelves

router = APIRouter(tags=["catalogue"])
CSV = "text/csv"
_CSV_EXAMPLE = "code,name,name_en,products\r\n2582,Mobilier de jardin,Garden furniture,2589\r\n"


class ShelfAnswer(BaseModel):
    """A category with its names, and how many labelled products are held in it."""

    code: int
    name: str
    name_en: str | None
    products: int


class TaxonomyAnswer(BaseModel):
    """Every category that the active bundle predicts."""

    items: list[ShelfAnswer]


@router.get(
    "/api/taxonomy",
    response_model=TaxonomyAnswer,
    operation_id="get_taxonomy",
    responses={
        200: {
            "content": {CSV: {"schema": {"type": "string"}, "example": _CSV_EXAMPLE}},
            **headers(sometimes=("Vary",)),
        }
    },
    summary="The categories",
)
def taxonomy(
    _account: CurrentUser, services: TheServices, accept: Annotated[str | None, Header()] = None
) -> TaxonomyAnswer | Response:
    """The categories, with names in French and English; as CSV where `Accept` says so."""
    with services.database.read() as connection:
        found = shelves(connection)
    answers = [_answer(shelf) for shelf in found]
    if prefers(accept, CSV):
        return Response(_csv(answers), media_type=f"{CSV}; charset=utf-8", headers={"Vary": "Accept"})
    return TaxonomyAnswer(items=answers)


def _answer(shelf: Shelf) -> ShelfAnswer:
    category = shelf.category
    return ShelfAnswer(code=category.code, name=category.name, name_en=category.name_en, products=shelf.products)


def _csv(answers: Sequence[ShelfAnswer]) -> str:
    header = tuple(ShelfAnswer.model_fields)
    return csv_text(header, ([getattr(answer, name) for name in header] for answer in answers))
