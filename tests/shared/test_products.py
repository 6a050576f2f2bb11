"""Labelled products."""

from sqlalchemy import insert

from shared.database import Database
from shared.ledger.submission import ProductInput
from shared.products import product_input
from shared.tables import Image, Product

PHOTO = "ab" * 32


def test_a_stored_product_is_what_is_submitted_of_it(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(Image).values(sha256=PHOTO, size=1))
        product = {"product_id": "7", "designation": "lampe", "description": "bleue", "image": PHOTO}
        connection.execute(insert(Product).values(prdtypecode=2060, **product))

        assert product_input(connection, "7") == ProductInput("7", "lampe", "bleue", PHOTO)


def test_a_product_that_is_not_held_is_none(database: Database) -> None:
    with database.read() as connection:
        assert product_input(connection, "7") is None
