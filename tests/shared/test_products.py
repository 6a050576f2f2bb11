"""Labelled products."""

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from shared.database import Database
from shared.errors import Unavailable
from shared.identifiers import now
from shared.image_collection import collect_images, collect_released
from shared.images import image_key, keep_image
from shared.ledger.submission import ProductInput
from shared.products import (
    LabelledInput,
    ProductFilter,
    ProductRecord,
    product_input,
    product_of,
    products_before,
    store_product,
)
from shared.store import ObjectStore
from shared.tables import Image, Product

PHOTO = "ab" * 32
LAMP = LabelledInput("7", "lampe", "bleue", None, None, 2060)


def test_a_stored_product_is_what_is_submitted_of_it(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(Image).values(sha256=PHOTO, size=1))
        product = {"product_id": "7", "designation": "lampe", "description": "bleue", "image": PHOTO}
        connection.execute(insert(Product).values(prdtypecode=2060, **product))

        assert product_input(connection, "7") == ProductInput("7", "lampe", "bleue", PHOTO)


def test_a_product_that_is_not_held_is_none(database: Database) -> None:
    with database.read() as connection:
        assert product_input(connection, "7") is None


def test_a_photo_of_a_stored_product_is_not_collected(database: Database, store: ObjectStore) -> None:
    put(database, store, LAMP, b"a photo")

    grow_old_and_collect(database, store)

    assert photos(database, store) == {sha256_of(b"a photo")}


@pytest.mark.parametrize("photo", [b"another photo", None])
def test_a_photo_that_is_replaced_goes(database: Database, store: ObjectStore, photo: bytes | None) -> None:
    put(database, store, LAMP, b"a photo")
    put(database, store, LAMP, photo)

    collect_released(database, store)

    assert photos(database, store) == ({sha256_of(photo)} if photo else set())


def test_a_replaced_photo_that_another_product_has_stays(database: Database, store: ObjectStore) -> None:
    put(database, store, LAMP, b"a photo")
    put(database, store, replace(LAMP, product_id="8"), b"a photo")
    put(database, store, LAMP, None)

    collect_released(database, store)

    assert photos(database, store) == {sha256_of(b"a photo")}


def test_the_same_photo_again_stays(database: Database, store: ObjectStore) -> None:
    put(database, store, LAMP, b"a photo")
    put(database, store, LAMP, b"a photo")

    collect_released(database, store)

    assert photos(database, store) == {sha256_of(b"a photo")}


def test_a_photo_that_was_collected_just_now_is_not_named(database: Database, store: ObjectStore) -> None:
    sha256, size = keep_image(store, io.BytesIO(b"a photo"))
    store.delete([image_key(sha256)])

    with pytest.raises(Unavailable), database.begin() as connection:
        store_product(connection, store, replace(LAMP, image=sha256), size)

    with database.read() as connection:
        assert products_before(connection, ProductFilter(), None, 10) == []


def test_a_product_stored_again_keeps_its_number_and_the_time_it_came(database: Database, store: ObjectStore) -> None:
    first, is_new = put(database, store, LAMP, None)
    second, is_new_again = put(database, store, replace(LAMP, code=40), None)

    assert (is_new, is_new_again) == (True, False)
    assert (first.id, first.created_at) == (second.id, second.created_at)
    assert first.created_at == first.updated_at < second.updated_at
    assert (second.code, second.category) == (40, "Jeux vidéo d'import")


def test_many_who_store_one_product_at_once_make_one(database: Database, store: ObjectStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda n: put(database, store, LAMP, b"photo %d" % (n % 3)), range(40)))

    assert len({product.id for product, _ in stored}) == 1
    assert sum(is_new for _, is_new in stored) == 1
    collect_released(database, store)
    assert len(photos(database, store)) == 1


def put(
    database: Database, store: ObjectStore, product: LabelledInput, photo: bytes | None
) -> tuple[ProductRecord, bool]:
    """All that storing a product takes."""
    sha256, size = (None, 0) if photo is None else keep_image(store, io.BytesIO(photo))
    with database.begin() as connection:
        number, is_new = store_product(connection, store, replace(product, image=sha256), size)
        stored = product_of(connection, number)
    assert stored is not None
    return stored, is_new


def sha256_of(photo: bytes) -> str:
    return hashlib.sha256(photo).hexdigest()


def grow_old_and_collect(database: Database, store: ObjectStore) -> None:
    with database.begin() as connection:
        connection.execute(update(Image).values(last_used_at=now() - timedelta(days=9)))
    collect_images(database, store, timedelta(days=1))
    collect_released(database, store)


def photos(database: Database, store: ObjectStore) -> set[str]:
    """The photos that have both a row and a file."""
    with database.read() as connection:
        known = connection.scalars(select(Image.sha256)).all()
    return {sha256 for sha256 in known if store.size(image_key(sha256)) is not None}
