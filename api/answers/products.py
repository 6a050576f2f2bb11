"""A labelled product of the catalogue."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from shared.answers.predictions import CategoryAnswer, photo_path
from shared.products import ProductRecord


class ProductAnswer(BaseModel):
    """A labelled product; `id` is its number here, `product_id` its owner's name for it."""

    id: int
    product_id: str
    designation: str | None
    description: str | None
    image_id: str | None
    photo: str | None = Field(description="Where the photo is found; `?size=96` there makes it a thumbnail.")
    category: CategoryAnswer
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, product: ProductRecord) -> Self:
        """The answer for a product."""
        return cls(
            id=product.id,
            product_id=product.product_id,
            designation=product.designation,
            description=product.description,
            image_id=product.image_id,
            photo=None if product.image is None else photo_path(product.image),
            category=CategoryAnswer(code=product.code, name=product.category),
            created_at=product.created_at,
            updated_at=product.updated_at,
        )


def product_path(number: int) -> str:
    """Where a product is found."""
    return f"/api/products/{number}"
