"""What is remembered of photos that were fetched."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, insert, select, update

from shared.database import Database
from shared.fetched_photos import (
    AT_ONCE,
    KnownPhoto,
    forget_photos_of,
    forget_unused_photos,
    known_photos,
    remember_photos,
)
from shared.identifiers import now
from shared.tables import FetchedPhoto, Image
from tests.conftest import add_owner

URL = "https://shop.example/1.jpg"
PHOTO, OTHER = "ab" * 32, "cd" * 32
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def images(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(Image), [{"sha256": PHOTO, "size": 1000}, {"sha256": OTHER, "size": 500}])


def remember(database: Database, owner: str, sha256: str, etag: str, url: str = URL) -> None:
    with database.begin() as connection:
        remember_photos(connection, [((owner, url), sha256, etag)])


def known(database: Database, owner: str, *urls: str) -> dict[tuple[str, str], KnownPhoto]:
    with database.read() as connection:
        return known_photos(connection, [(owner, url) for url in urls or (URL,)])


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.scalars(select(func.count()).select_from(FetchedPhoto)).one()


def test_what_a_url_led_to_is_known_from_then_on(database: Database, owner: str) -> None:
    remember(database, owner, PHOTO, '"v1"')

    assert known(database, owner, URL, f"{URL}?size=2") == {(owner, URL): KnownPhoto(PHOTO, 1000, '"v1"')}


def test_the_last_one_counts(database: Database, owner: str) -> None:
    remember(database, owner, PHOTO, '"v1"')
    remember(database, owner, OTHER, '"v2"')

    assert known(database, owner) == {(owner, URL): KnownPhoto(OTHER, 500, '"v2"')}


def test_it_is_nothing_to_another_account(database: Database, owner: str) -> None:
    other = add_owner(database, "other")
    remember(database, owner, PHOTO, '"v1"')

    assert known(database, other) == {}
    remember(database, other, OTHER, '"v2"')
    assert known(database, owner)[owner, URL].sha256 == PHOTO


def test_a_photo_that_has_been_collected_is_not_known(database: Database, owner: str) -> None:
    remember(database, owner, PHOTO, '"v1"')
    with database.begin() as connection:
        connection.execute(delete(Image).where(Image.sha256 == PHOTO))

    assert known(database, owner) == {}


def test_the_url_itself_is_not_kept(database: Database, owner: str) -> None:
    remember(database, owner, PHOTO, '"v1"', "https://shop.example/?key=secret")

    with database.read() as connection:
        entry = connection.execute(select(FetchedPhoto)).one()
    assert "secret" not in str(tuple(entry))


def test_what_is_not_used_is_forgotten_and_what_is_used_again_is_not(database: Database, owner: str) -> None:
    remember(database, owner, PHOTO, '"v1"', "https://shop.example/old.jpg")
    remember(database, owner, PHOTO, '"v1"')
    with database.begin() as connection:
        connection.execute(update(FetchedPhoto).values(used_at=now() - 2 * DAY))
    remember(database, owner, PHOTO, '"v1"')

    with database.begin() as connection:
        assert forget_unused_photos(connection, now() - DAY) == 1

    assert known(database, owner, URL, "https://shop.example/old.jpg").keys() == {(owner, URL)}


def test_it_is_forgotten_in_pieces(database: Database, owner: str) -> None:
    with database.begin() as connection:
        remember_photos(connection, [((owner, f"{URL}?{number}"), PHOTO, '"v1"') for number in range(AT_ONCE + 1)])

    with database.begin() as connection:
        assert forget_photos_of(connection, owner) == AT_ONCE
    with database.begin() as connection:
        assert forget_photos_of(connection, owner) == 1
        assert forget_photos_of(connection, owner) == 0


def test_accounts_forget_their_own_only(database: Database, owner: str) -> None:
    other = add_owner(database, "other")
    remember(database, owner, PHOTO, '"v1"')
    remember(database, other, PHOTO, '"v1"')

    with database.begin() as connection:
        forget_photos_of(connection, other)

    assert count(database) == 1
    assert known(database, owner) != {}
