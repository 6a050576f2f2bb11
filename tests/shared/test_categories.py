"""The categories that products may be labelled with."""

import pytest

from shared.categories import declare_category, known_categories, known_category, learn_categories
from shared.database import Database
from shared.errors import InvalidInput
from shared.taxonomy import RAKUTEN, Category


def test_rakutens_are_known_from_the_start(database: Database) -> None:
    with database.read() as connection:
        assert tuple(known_categories(connection)) == RAKUTEN


def test_one_is_declared_once_and_renamed_after_that(database: Database) -> None:
    with database.begin() as connection:
        assert declare_category(connection, Category(7, "Velos")) is True
        assert declare_category(connection, Category(7, "Vélos", "Bicycles")) is False

        assert known_categories(connection)[0] == Category(7, "Vélos", "Bicycles")


def test_what_a_bundle_brings_along_does_not_rename_what_is_known(database: Database) -> None:
    with database.begin() as connection:
        learn_categories(connection, [Category(7, "Vélos"), Category(10, "Books")])

        assert known_category(connection, 7, "body.code") == Category(7, "Vélos")
        assert known_category(connection, 10, "body.code") == RAKUTEN[0]


def test_one_that_nobody_declared_is_refused(database: Database) -> None:
    with database.read() as connection, pytest.raises(InvalidInput) as refused:
        known_category(connection, 7, "body.code")

    assert (refused.value.code, refused.value.where) == ("UNKNOWN_CATEGORY", "body.code")
