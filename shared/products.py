"""Labelled products: what the catalogue already holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from shared.bundles import active_version, manifest_of
from shared.ledger.submission import ProductInput
from shared.tables import Product
from shared.taxonomy import RAKUTEN, Category


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category and how many labelled products it holds."""

    category: Category
    products: int


def shelves(connection: Connection) -> Sequence[Shelf]:
    """The categories that the active bundle predicts (Rakuten's while there is none), each with its products."""
    version = active_version(connection)
    categories = RAKUTEN if version is None else manifest_of(connection, version).classes
    counted = connection.execute(select(Product.prdtypecode, func.count()).group_by(Product.prdtypecode))
    counts = {code: count for code, count in counted}
    return [Shelf(category, counts.get(category.code, 0)) for category in categories]


def product_input(connection: Connection, product_id: str) -> ProductInput | None:
    """A stored product as a prediction takes it, if there is one of this id."""
    found = connection.execute(
        select(Product.product_id, Product.designation, Product.description, Product.image).where(
            Product.product_id == product_id
        )
    ).one_or_none()
    return None if found is None else ProductInput(*found)


def is_of_product(connection: Connection, sha256: str) -> bool:
    """Whether a stored product has this photo."""
    return connection.execute(select(Product.id).where(Product.image == sha256).limit(1)).first() is not None
