"""The catalogue of labelled products: what is held, and all of it as one file."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from api.answers.pages import Page
from api.answers.products import ProductAnswer
from api.openapi.headers import headers
from api.parameters import LIMIT_DEFAULT, LIST_PROBLEMS, Code, Limit, Text, numbered_page_start, path_number
from api.problems import problems
from api.product_export import exported
from api.security import CurrentAdmin, CurrentUser
from api.services import TheServices
from shared.errors import NotFound
from shared.products import ProductFilter, product_of, products_before

router = APIRouter(prefix="/api/products", tags=["catalogue"])
ZIP = "application/zip"


async def wanted_products(
    code: Annotated[Code | None, Query(description="The category.")] = None,
    product_id: Annotated[Text | None, Query(description="A product's id, as it was sent.")] = None,
) -> ProductFilter:
    """The filter of a list of products."""
    return ProductFilter(code, product_id)


@router.get("", operation_id="list_products", responses=problems(*LIST_PROBLEMS), summary="List labelled products")
def list_products(
    _account: CurrentUser,
    services: TheServices,
    wanted: Annotated[ProductFilter, Depends(wanted_products)],
    start: Annotated[int | None, Depends(numbered_page_start)],
    limit: Limit = LIMIT_DEFAULT,
) -> Page[ProductAnswer]:
    """The labelled products, those that came last first."""
    with services.database.read() as connection:
        products = products_before(connection, wanted, start, limit + 1)
    return Page[ProductAnswer].of(products, limit, ProductAnswer.of, lambda product: str(product.id))


@router.get(
    "/export",
    response_class=StreamingResponse,
    operation_id="export_products",
    responses={
        200: {
            "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
            "description": "The archive",
            **headers("Content-Disposition"),
        },
        **problems(403),
    },
    summary="Export labelled products",
)
def export(_admin: CurrentAdmin, services: TheServices) -> StreamingResponse:
    """Every labelled product with its photo, as a ZIP in the layout of Rakuten's challenge, which training reads.

    Values are as they were stored: in a spreadsheet, a text that begins with `=` would be a formula.
    """
    return StreamingResponse(
        exported(services.database, services.store),
        media_type=ZIP,
        headers={"Content-Disposition": 'attachment; filename="products.zip"'},
    )


@router.get("/{id}", operation_id="get_product", responses=problems(404), summary="One labelled product")
def one_product(
    _account: CurrentUser, services: TheServices, number: Annotated[int, Depends(path_number)]
) -> ProductAnswer:
    """One labelled product, by its number here."""
    with services.database.read() as connection:
        product = product_of(connection, number)
    if product is None:
        raise NotFound("There is no such product.")
    return ProductAnswer.of(product)
