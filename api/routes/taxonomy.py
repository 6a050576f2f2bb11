"""The categories: `GET /api/taxonomy`, and for administrators `PUT /api/taxonomy/{code}`."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from api.answers.models import KnownCategoryAnswer
from api.csv_text import csv_text
from api.json_body import JSON_PROBLEMS, documented, json_body
from api.media import prefers
from api.openapi.headers import headers
from api.parameters import path_code
from api.problems import problems
from api.security import CurrentAdmin, CurrentUser
from api.services import TheServices
from shared.categories import declare_category
from shared.products import Shelf, shelves
from shared.taxonomy import Category

router = APIRouter(tags=["catalogue"])
CSV = "text/csv"
_CSV_EXAMPLE = (
    '"code","name","name_en","products","predicted"\r\n2582,"Mobilier de jardin","Garden furniture",2589,True\r\n'
)
LONGEST_NAME = 200


class ShelfAnswer(KnownCategoryAnswer):
    """A category with its names, how many labelled products it holds, and whether the active bundle predicts it."""

    products: int
    predicted: bool


Name = Annotated[StrictStr, Field(max_length=LONGEST_NAME, pattern=r"^[^\x00-\x20][^\x00]*$")]


class CategoryNames(BaseModel):
    """What a category is called; `name_en` may be left out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "Vélos", "name_en": "Bicycles"}})

    name: Name
    name_en: Name | None = None


class TaxonomyAnswer(BaseModel):
    """Every category that products may be labelled with."""

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
    """The categories that products may be labelled with; as CSV where `Accept` says so.

    Rakuten's, those of every published bundle, and those that were declared.
    """
    with services.database.read() as connection:
        found = shelves(connection)
    answers = [_answer(shelf) for shelf in found]
    if prefers(accept, CSV):
        return Response(_csv(answers), media_type=f"{CSV}; charset=utf-8", headers={"Vary": "Accept"})
    return TaxonomyAnswer(items=answers)


@router.put(
    "/api/taxonomy/{code}",
    operation_id="declare_category",
    responses={
        201: {"model": KnownCategoryAnswer, "description": "The category, which is new"},
        **problems(403, 404, *JSON_PROBLEMS),
    },
    openapi_extra=documented(CategoryNames),
    summary="Declare or rename a category",
)
def declare(
    _admin: CurrentAdmin,
    services: TheServices,
    code: Annotated[int, Depends(path_code)],
    names: Annotated[CategoryNames, Depends(json_body(CategoryNames))],
    response: Response,
) -> KnownCategoryAnswer:
    """Declare a category, so that products may be labelled with it, or give one other names.

    It is predicted once a bundle has been trained on products of it. Bundles keep the names they were trained with.
    """
    category = Category(code, names.name, names.name_en)
    with services.database.begin() as connection:
        is_new = declare_category(connection, category)
    response.status_code = 201 if is_new else 200
    return KnownCategoryAnswer.of(category)


def _answer(shelf: Shelf) -> ShelfAnswer:
    category = shelf.category
    return ShelfAnswer(
        code=category.code,
        name=category.name,
        name_en=category.name_en,
        products=shelf.products,
        predicted=shelf.predicted,
    )


def _csv(answers: Sequence[ShelfAnswer]) -> str:
    header = tuple(ShelfAnswer.model_fields)
    return csv_text(header, ([getattr(answer, name) for name in header] for answer in answers))
