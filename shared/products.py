"""Labelled products: what the catalogue already holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, Select, String, cast, func, select, update

from shared.bundles import active_version, manifest_of
from shared.categories import known_categories, known_category
from shared.database import upsert
from shared.identifiers import now
from shared.image_collection import release_images
from shared.images import use_image, use_images
from shared.ledger.submission import ProductInput
from shared.store import ObjectStore
from shared.tables import CategoryRow, Product
from shared.taxonomy import Category

AT_ONCE = 500  # ids in one statement


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category, how many labelled products it holds, and whether the active bundle predicts it."""

    category: Category
    products: int
    predicted: bool


@dataclass(frozen=True, slots=True)
class LabelledInput:
    """A labelled product as somebody sends it; `image` is the SHA-256 of a photo that has just been stored."""

    product_id: str
    designation: str | None
    description: str | None
    image_id: str | None
    image: str | None
    code: int


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """A labelled product as it is stored, with its category's name."""

    id: int
    product_id: str
    designation: str | None
    description: str | None
    image_id: str | None
    image: str | None
    created_at: datetime
    updated_at: datetime
    code: int
    category: str


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which products are asked for: those that match what is set."""

    code: int | None = None
    product_id: str | None = None


def shelves(connection: Connection) -> Sequence[Shelf]:
    """Every known category with its products."""
    version = active_version(connection)
    predicted = set() if version is None else {each.code for each in manifest_of(connection, version).classes}
    counted = connection.execute(select(Product.prdtypecode, func.count()).group_by(Product.prdtypecode))
    counts = {code: count for code, count in counted}
    return [
        Shelf(category, counts.get(category.code, 0), category.code in predicted)
        for category in known_categories(connection)
    ]


def store_product(
    connection: Connection, store: ObjectStore, product: LabelledInput, photo_bytes: int
) -> tuple[int, bool]:
    """Store a labelled product in place of any that has its id; returns its number, and whether it is new.

    It takes the old one's place whole: what it does not have, the stored one has no longer. Raises InvalidInput for a
    category that nobody has declared, and Unavailable, having done nothing, when its photo has just been collected.
    """
    known_category(connection, product.code, where="body.prdtypecode")
    if product.image is not None:
        use_image(connection, store, product.image, photo_bytes)
    moment = now()
    new = upsert(connection, Product).values(_stored_at(moment, product))
    number = connection.scalar(new.on_conflict_do_nothing().returning(Product.id))
    if number is not None:
        return number, True
    held = select(Product.id, Product.image).where(Product.product_id == product.product_id).with_for_update()
    number, old_photo = connection.execute(held).one()
    connection.execute(update(Product).where(Product.id == number).values(_values(moment, product)))
    if old_photo is not None:
        release_images(connection, [old_photo])
    return number, False


def store_products(
    connection: Connection,
    store: ObjectStore,
    products: Sequence[tuple[LabelledInput, int | None]],
    came_at: Mapping[str, datetime] | None = None,
) -> None:
    """`store_product` for many, each with the size of its photo; of several with one id the last one is stored.

    With the times, by their ids, at which they came, none of them takes the place of one that came later. The
    categories are known. Raises Unavailable, having done nothing that lasts, when a photo has just been collected.
    """
    photos = {product.image: size for product, size in products if product.image is not None and size is not None}
    use_images(connection, store, photos)
    by_id = {product.product_id: product for product, _ in products}
    ids = sorted(by_id)  # in one order for all who do so at once
    released = photos.keys() | _photos_of(connection, ids)
    moments = dict.fromkeys(ids, now()) if came_at is None else came_at
    if ids:
        values = [_stored_at(moments[product_id], by_id[product_id]) for product_id in ids]
        connection.execute(_storing(connection, in_turn=came_at is not None), values)
    kept = {product.image for product in by_id.values()} if came_at is None else set()
    release_images(connection, released - kept)


def product_of(connection: Connection, number: int) -> ProductRecord | None:
    """The product of this number."""
    return next(iter(_records(connection, _RECORD.where(Product.id == number))), None)


def products_before(
    connection: Connection, wanted: ProductFilter, number: int | None, limit: int
) -> Sequence[ProductRecord]:
    """Up to `limit` products, those stored last first, from before this number (None: from the last)."""
    query = _RECORD.order_by(Product.id.desc()).limit(limit)
    if wanted.code is not None:
        query = query.where(Product.prdtypecode == wanted.code)
    if wanted.product_id is not None:
        query = query.where(Product.product_id == wanted.product_id)
    if number is not None:
        query = query.where(Product.id < number)
    return _records(connection, query)


def products_between(connection: Connection, after: int, last: int, limit: int) -> Sequence[ProductRecord]:
    """Up to `limit` products numbered from behind `after` to `last`, in that order."""
    return _records(connection, _RECORD.where(Product.id > after, Product.id <= last).order_by(Product.id).limit(limit))


def last_number(connection: Connection) -> int:
    """The highest number of a product; 0 while there is none."""
    return connection.scalar(select(func.max(Product.id))) or 0


def product_input(connection: Connection, product_id: str) -> ProductInput | None:
    """A stored product as a prediction takes it, if there is one of this id."""
    found = connection.execute(
        select(Product.product_id, Product.designation, Product.description, Product.image).where(
            Product.product_id == product_id
        )
    ).one_or_none()
    return None if found is None else ProductInput(*found)


def product_inputs(connection: Connection, product_ids: Iterable[str]) -> dict[str, ProductInput]:
    """Those of these products that are stored, by their ids, as predictions take them."""
    found = connection.execute(
        select(Product.product_id, Product.designation, Product.description, Product.image).where(
            Product.product_id.in_(list(product_ids))
        )
    )
    return {row.product_id: ProductInput(*row) for row in found}


def is_of_product(connection: Connection, sha256: str) -> bool:
    """Whether a stored product has this photo."""
    return connection.execute(select(Product.id).where(Product.image == sha256).limit(1)).first() is not None


def _photos_of(connection: Connection, product_ids: Sequence[str]) -> set[str]:
    """The photos of these products, as far as they are stored."""
    photos: set[str | None] = set()
    for first in range(0, len(product_ids), AT_ONCE):
        some = Product.product_id.in_(product_ids[first : first + AT_ONCE])
        photos.update(connection.scalars(select(Product.image).where(some)))
    return {photo for photo in photos if photo is not None}


def _storing(connection: Connection, *, in_turn: bool) -> Insert:
    """The upsert of products by their ids. What is replaced keeps its number, and the time it came.

    With `in_turn`, what came later is not replaced.
    """
    new = upsert(connection, Product)
    kept = ("id", "product_id", "created_at")
    changed = {column.key: column for column in new.excluded if column.key not in kept}
    earlier = Product.updated_at <= new.excluded.updated_at if in_turn else None
    return new.on_conflict_do_update(index_elements=[Product.product_id], set_=changed, where=earlier)


def _stored_at(moment: datetime, product: LabelledInput) -> dict[str, Any]:
    return {"product_id": product.product_id, "created_at": moment, **_values(moment, product)}


def _values(moment: datetime, product: LabelledInput) -> dict[str, Any]:
    """What a product that is stored again gets."""
    return {
        "designation": product.designation,
        "description": product.description,
        "image_id": product.image_id,
        "image": product.image,
        "prdtypecode": product.code,
        "updated_at": moment,
    }


def _records(connection: Connection, query: Select[*tuple[Any, ...]]) -> Sequence[ProductRecord]:
    return [ProductRecord(*row) for row in connection.execute(query)]


# A category that has no name is called by its code.
_RECORD: Select[*tuple[Any, ...]] = select(
    Product.id,
    Product.product_id,
    Product.designation,
    Product.description,
    Product.image_id,
    Product.image,
    Product.created_at,
    Product.updated_at,
    Product.prdtypecode,
    func.coalesce(CategoryRow.name, cast(Product.prdtypecode, String)),
).outerjoin(CategoryRow, CategoryRow.code == Product.prdtypecode)
