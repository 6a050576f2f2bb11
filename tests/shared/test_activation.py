"""Which bundle is active: activating one, refusing one, and the list of all."""

from pathlib import Path

import pytest
from sqlalchemy import update

from shared.bundle import CONTENT, MANIFEST
from shared.bundles import activate, active_version, refuse, release_of, releases_before
from shared.database import Database
from shared.errors import BundleRefused
from shared.identifiers import now
from shared.releases import activate_release, bundle_key, publish
from shared.store import ObjectStore
from shared.tables import BundleRow
from tests.support.bundles import fake_bundle


@pytest.fixture
def published(database: Database, store: ObjectStore, tmp_path: Path) -> tuple[str, ...]:
    """Versions of three bundles in the store, none of them active."""
    versions = ("a", "b", "c")
    for version in versions:
        publish(database, store, fake_bundle(tmp_path / "made" / version, version), activated=False)
    return versions


def activate_in_turn(database: Database, *versions: str) -> None:
    for version in versions:
        with database.begin() as connection:
            activate(connection, version)


def refuse_now(database: Database, version: str) -> str | None:
    """Refuse a bundle; returns which one is active then."""
    with database.begin() as connection:
        refuse(connection, version, "damaged")
        return active_version(connection)


def test_when_the_active_bundle_is_refused_the_one_before_is_active_again(
    database: Database, published: tuple[str, ...]
) -> None:
    activate_in_turn(database, "a", "c", "b")

    assert refuse_now(database, "b") == "c"
    assert refuse_now(database, "c") == "a"
    with database.read() as connection:
        assert release_of(connection, "b").refused == "damaged"


def test_a_bundle_that_was_never_active_is_not_gone_back_to(database: Database, published: tuple[str, ...]) -> None:
    activate_in_turn(database, "a")

    assert refuse_now(database, "a") == "a"


def test_refusing_a_bundle_that_is_not_active_changes_nothing_else(
    database: Database, published: tuple[str, ...]
) -> None:
    activate_in_turn(database, "a", "b")

    assert refuse_now(database, "a") == "b"


def test_releases_are_listed_newest_first_and_page_by_page(database: Database, published: tuple[str, ...]) -> None:
    with database.read() as connection:
        first = releases_before(connection, None, 2)
        second = releases_before(connection, first[-1].manifest.version, 2)

    assert [release.manifest.version for release in (*first, *second)] == ["c", "b", "a"]


def test_those_published_in_one_moment_are_all_listed_once(database: Database, published: tuple[str, ...]) -> None:
    with database.begin() as connection:
        connection.execute(update(BundleRow).values(created_at=now()))
        found = [releases_before(connection, after, 1) for after in (None, "c", "b", "a")]

    assert [[release.manifest.version for release in page] for page in found] == [["c"], ["b"], ["a"], []]


def test_an_intact_bundle_is_activated(database: Database, store: ObjectStore, published: tuple[str, ...]) -> None:
    activate_release(database, store, "b")

    with database.read() as connection:
        assert active_version(connection) == "b"


@pytest.mark.parametrize("name", [*CONTENT, MANIFEST])
def test_a_bundle_damaged_in_the_store_is_not_activated(
    database: Database, store: ObjectStore, published: tuple[str, ...], name: str
) -> None:
    activate_in_turn(database, "a")
    content = bytearray(store.get(bundle_key("b", name)))
    content[-3] ^= 1
    store.put(bundle_key("b", name), bytes(content))

    with pytest.raises(BundleRefused, match=name):
        activate_release(database, store, "b")

    with database.read() as connection:
        assert active_version(connection) == "a"
        assert name in str(release_of(connection, "b").refused)
