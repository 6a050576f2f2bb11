"""The service's own rows as a data set."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from shared.categories import declare_category
from shared.database import Database
from shared.errors import InvalidInput
from shared.images import image_key, keep_image
from shared.store import ObjectStore
from shared.tables import Image, Product
from shared.taxonomy import Category
from tests.support.catalogues import photo_of
from training.datasets import Finding, from_service
from training.photos import StoredPhoto

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def store_product(
    database: Database, product_id: str, code: int, title: str, photo: str | None = None, at: datetime = NOON
) -> None:
    with database.begin() as connection:
        values = {"product_id": product_id, "designation": title, "prdtypecode": code, "image": photo}
        connection.execute(insert(Product).values(created_at=at, updated_at=at, **values))


def store_photo(database: Database, store: ObjectStore, number: int) -> str:
    sha256, size = keep_image(store, io.BytesIO(photo_of(number)))
    with database.begin() as connection:
        connection.execute(insert(Image).values(sha256=sha256, size=size))
    return sha256


def test_stored_products_are_read_with_their_photos_in_the_store(database: Database, store: ObjectStore) -> None:
    photo = store_photo(database, store, 1)
    store_product(database, "7", 2060, "Lampe", photo)
    store_product(database, "8", 4242, "Livre")
    with database.begin() as connection:
        declare_category(connection, Category(4242, "Cartes anciennes", "Old maps"))

    dataset = from_service(database, store)

    lamp, book = dataset.products
    assert (lamp.product_id, lamp.text, lamp.code, lamp.photo) == ("7", "Lampe", 2060, StoredPhoto(store, photo))
    assert lamp.photo_hash == photo
    assert lamp.photo is not None
    assert lamp.photo.read() == photo_of(1)
    assert book.photo is None
    assert [category.name for category in dataset.taxonomy] == ["Décoration d'intérieur", "Cartes anciennes"]
    assert (dataset.report.rows, dataset.report.usable) == (2, 2)


def test_a_photo_that_has_gone_is_counted(database: Database, store: ObjectStore) -> None:
    gone, alone = store_photo(database, store, 1), store_photo(database, store, 2)
    store_product(database, "7", 2060, "Lampe", gone)
    store_product(database, "8", 2060, "", alone)
    store.delete([image_key(gone), image_key(alone)])

    dataset = from_service(database, store)

    assert [(product.product_id, product.photo) for product in dataset.products] == [("7", None)]
    assert (dataset.report.count(Finding.NO_PHOTO), dataset.report.count(Finding.EMPTY)) == (1, 1)


def test_until_leaves_out_what_came_later_and_is_stated(database: Database, store: ObjectStore) -> None:
    store_product(database, "7", 2060, "Lampe")
    store_product(database, "8", 2060, "Livre", at=NOON + timedelta(hours=1))

    dataset = from_service(database, store, until=NOON + timedelta(minutes=30))

    assert [product.product_id for product in dataset.products] == ["7"]
    assert "before 2026-03-01T12:30:00+00:00" in dataset.report.lines()[0]


def test_nothing_labelled_is_refused(database: Database, store: ObjectStore) -> None:
    with pytest.raises(InvalidInput, match="no labelled product to use"):
        from_service(database, store)
