"""Labelled products."""

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, insert, select, update

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
    last_number,
    product_input,
    product_of,
    products_before,
    store_product,
    store_products,
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


# --- many at once -------------------------------------------------------------------------------------------------


def test_many_are_stored_as_each_alone_would_be(database: Database, store: ObjectStore) -> None:
    lamp, _ = put(database, store, LAMP, b"a photo")
    again = LabelledInput("7", "lampe", None, "i7", None, 40)
    chair = LabelledInput("8", "chaise", "verte", "i8", None, 1560)

    put_all(database, store, (again, b"another photo"), (chair, None))

    stored = {product.product_id: product for product in listed(database)}
    assert stored.keys() == {"7", "8"}
    replaced = stored["7"]
    assert (replaced.id, replaced.created_at) == (lamp.id, lamp.created_at)
    assert replaced.updated_at > lamp.updated_at
    seen = replaced.designation, replaced.description, replaced.image_id, replaced.image, replaced.code
    assert seen == ("lampe", None, "i7", sha256_of(b"another photo"), 40)
    new = stored["8"]
    assert (new.designation, new.description, new.image_id, new.image, new.code) == (
        "chaise",
        "verte",
        "i8",
        None,
        1560,
    )
    collect_released(database, store)
    assert photos(database, store) == {sha256_of(b"another photo")}


def test_of_many_with_one_id_the_last_one_is_stored_and_the_photos_of_the_others_go(
    database: Database, store: ObjectStore
) -> None:
    put_all(database, store, (LAMP, b"first"), (replace(LAMP, code=40), b"second"), (replace(LAMP, code=50), b"third"))

    (product,) = listed(database)
    assert (product.code, product.image) == (50, sha256_of(b"third"))
    collect_released(database, store)
    assert photos(database, store) == {sha256_of(b"third")}


def test_the_photo_of_a_replaced_product_stays_if_another_of_the_many_has_it(
    database: Database, store: ObjectStore
) -> None:
    put(database, store, LAMP, b"a photo")

    put_all(database, store, (LAMP, None), (replace(LAMP, product_id="8"), b"a photo"))

    collect_released(database, store)
    assert photos(database, store) == {sha256_of(b"a photo")}


def test_many_photos_are_in_use_and_are_not_collected(database: Database, store: ObjectStore) -> None:
    put_all(database, store, *[(replace(LAMP, product_id=f"{n}"), b"photo %d" % n) for n in range(20)])

    grow_old_and_collect(database, store)

    assert len(photos(database, store)) == 20


def test_of_many_photos_one_that_was_collected_just_now_is_not_named(database: Database, store: ObjectStore) -> None:
    put(database, store, LAMP, b"a photo")
    sha256, size = keep_image(store, io.BytesIO(b"another photo"))
    store.delete([image_key(sha256)])
    many = [(replace(LAMP, image=sha256_of(b"a photo")), 7), (LabelledInput("8", None, None, None, sha256, 40), size)]

    with pytest.raises(Unavailable), database.begin() as connection:
        store_products(connection, store, many)

    assert [product.product_id for product in listed(database)] == ["7"]


def test_a_photo_that_was_released_is_looked_for_again(database: Database, store: ObjectStore) -> None:
    put(database, store, LAMP, b"a photo")
    put(database, store, LAMP, None)  # which releases it: it may be collected at any time
    store.delete([image_key(sha256_of(b"a photo"))])

    with pytest.raises(Unavailable), database.begin() as connection:
        store_products(connection, store, [(replace(LAMP, image=sha256_of(b"a photo")), 7)])


def test_many_are_stored_in_a_few_statements(database: Database, store: ObjectStore) -> None:
    sha256, size = keep_image(store, io.BytesIO(b"a photo"))
    many = [(replace(LAMP, product_id=f"{n}", image=sha256), size) for n in range(1000)]
    statements = 0

    def note(*_: object) -> None:
        nonlocal statements
        statements += 1

    with database.begin() as connection:
        event.listen(database.engine, "after_cursor_execute", note)
        store_products(connection, store, many)
        event.remove(database.engine, "after_cursor_execute", note)

    assert statements < 10
    with database.read() as connection:
        assert last_number(connection) >= 1000


def test_none_at_all_are_stored(database: Database, store: ObjectStore) -> None:
    put_all(database, store)

    assert listed(database) == []


def test_who_stores_many_of_the_same_at_once_waits_in_no_circle(database: Database, store: ObjectStore) -> None:
    ids = [f"{n}" for n in range(40)]

    def store_all(turn: int) -> None:
        order = ids if turn % 2 else list(reversed(ids))
        put_all(database, store, *[(replace(LAMP, product_id=each), b"photo of %s" % each.encode()) for each in order])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(store_all, range(8)))

    assert len(listed(database)) == 40


def put_all(database: Database, store: ObjectStore, *products: tuple[LabelledInput, bytes | None]) -> None:
    """All that storing products takes."""
    many: list[tuple[LabelledInput, int | None]] = []
    for product, photo in products:
        sha256, size = (None, None) if photo is None else keep_image(store, io.BytesIO(photo))
        many.append((replace(product, image=sha256), size))
    with database.begin() as connection:
        store_products(connection, store, many)


def listed(database: Database) -> list[ProductRecord]:
    with database.read() as connection:
        return list(products_before(connection, ProductFilter(), None, 10_000))


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
