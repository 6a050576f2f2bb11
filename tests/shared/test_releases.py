import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from shared.bundle import CONTENT, MANIFEST, Bundle
from shared.bundles import activate, active_version, add_bundle, manifest_of, refuse
from shared.database import Database
from shared.errors import BundleRefused, NotFound
from shared.releases import CACHED, activate_release, bundle_key, fetch, publish
from shared.store import ObjectStore
from shared.tables import BundleRow
from tests.support.bundles import fake_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return fake_bundle(tmp_path / "trained")


@pytest.fixture
def published(store: ObjectStore, sqlite_url: str, bundle: Bundle) -> Bundle:
    database = Database(sqlite_url)
    publish(database, store, bundle, activated=False)
    database.close()
    return bundle


def test_a_published_bundle_is_known_and_arrives_whole(
    database: Database, store: ObjectStore, bundle: Bundle, tmp_path: Path
) -> None:
    publish(database, store, bundle, activated=True)

    fetched = fetch(store, "fake-1", tmp_path / "cache")

    assert fetched == Bundle(tmp_path / "cache" / "fake-1", bundle.manifest)
    for name in (*CONTENT, MANIFEST):
        assert (fetched.folder / name).read_bytes() == (bundle.folder / name).read_bytes()
    with database.read() as connection:
        assert active_version(connection) == "fake-1"
        assert manifest_of(connection, "fake-1") == bundle.manifest


def test_publishing_alone_activates_nothing_and_twice_is_as_good_as_once(
    database: Database, store: ObjectStore, bundle: Bundle
) -> None:
    publish(database, store, bundle, activated=False)
    publish(database, store, bundle, activated=False)

    with database.read() as connection:
        assert active_version(connection) is None
        assert connection.scalars(select(BundleRow.version)).all() == ["fake-1"]


def test_the_same_models_made_again_at_another_time_are_the_bundle_that_is_known(
    database: Database, store: ObjectStore, bundle: Bundle
) -> None:
    publish(database, store, bundle, activated=True)
    later = bundle.manifest.model_copy(update={"created_at": bundle.manifest.created_at + timedelta(hours=1)})
    (bundle.folder / MANIFEST).write_text(later.model_dump_json())

    publish(database, store, Bundle.open(bundle.folder), activated=False)
    activate_release(database, store, "fake-1")

    with database.read() as connection:
        assert manifest_of(connection, "fake-1") == bundle.manifest


@pytest.mark.parametrize("name", [*CONTENT, MANIFEST])
@pytest.mark.parametrize("damage", ["flipped", "missing"])
def test_a_damaged_store_is_refused_and_leaves_nothing_in_the_cache(
    published: Bundle, store: ObjectStore, tmp_path: Path, name: str, damage: str
) -> None:
    path = tmp_path / "data" / "store" / bundle_key("fake-1", name)
    path.write_bytes(b"!" + path.read_bytes()[1:]) if damage == "flipped" else path.unlink()

    with pytest.raises(BundleRefused):
        fetch(store, "fake-1", tmp_path / "cache")

    assert list((tmp_path / "cache").iterdir()) == []


def test_a_bundle_nobody_published_is_refused(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match="a file is missing in the store"):
        fetch(store, "unknown", tmp_path / "cache")


def test_a_damaged_cache_is_repaired_from_the_store(published: Bundle, store: ObjectStore, tmp_path: Path) -> None:
    cached = fetch(store, "fake-1", tmp_path / "cache").folder / CONTENT[0]
    cached.write_bytes(b"damaged")

    fetch(store, "fake-1", tmp_path / "cache")

    assert cached.read_bytes() == (published.folder / CONTENT[0]).read_bytes()


def test_a_whole_cache_needs_no_store(published: Bundle, store: ObjectStore, tmp_path: Path) -> None:
    fetch(store, "fake-1", tmp_path / "cache")
    (tmp_path / "data" / "store" / bundle_key("fake-1", CONTENT[0])).unlink()

    assert fetch(store, "fake-1", tmp_path / "cache").manifest == published.manifest


def test_workers_that_fetch_at_once_all_get_it(published: Bundle, store: ObjectStore, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as workers:
        fetched = list(workers.map(lambda _: fetch(store, "fake-1", tmp_path / "cache"), range(40)))

    assert {bundle.folder for bundle in fetched} == {tmp_path / "cache" / "fake-1"}
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["fake-1"]


def test_a_cache_keeps_the_bundles_that_were_used_last(database: Database, store: ObjectStore, tmp_path: Path) -> None:
    versions, cache = [f"fake-{number}" for number in range(CACHED + 1)], tmp_path / "cache"
    for used_at, version in enumerate(versions):
        publish(database, store, fake_bundle(tmp_path / version, version), activated=False)
        if version != versions[-1]:
            os.utime(fetch(store, version, cache).folder, (used_at, used_at))
    fetch(store, versions[0], cache)

    fetch(store, versions[-1], cache)

    assert {path.name for path in cache.iterdir()} == {*versions} - {versions[1]}


def test_what_a_killed_download_has_left_goes_when_it_is_old(
    published: Bundle, store: ObjectStore, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    old, young = cache / ".fake-0-killed", cache / ".fake-0-arriving"
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / CONTENT[0]).touch()
    os.utime(old, (0, 0))

    fetch(store, "fake-1", cache)

    assert {path.name for path in cache.iterdir()} == {"fake-1", young.name}


def test_activating_one_takes_the_place_of_the_other(database: Database, tmp_path: Path) -> None:
    with database.begin() as connection:
        for version in ("a", "b"):
            add_bundle(connection, fake_bundle(tmp_path / version, version).manifest)
        activate(connection, "a")

    with database.begin() as connection:
        activate(connection, "b")
        activate(connection, "b")

    with database.read() as connection:
        assert active_version(connection) == "b"


def test_activating_an_unknown_bundle_leaves_the_active_one_in_place(database: Database, tmp_path: Path) -> None:
    with database.begin() as connection:
        add_bundle(connection, fake_bundle(tmp_path / "a", "a").manifest)
        activate(connection, "a")

    with pytest.raises(NotFound), database.begin() as connection:
        activate(connection, "unknown")

    with database.read() as connection:
        assert active_version(connection) == "a"


def test_activating_again_forgives_an_earlier_refusal(database: Database, tmp_path: Path) -> None:
    with database.begin() as connection:
        add_bundle(connection, fake_bundle(tmp_path / "a", "a").manifest)
        refuse(connection, "a", "damaged")
        activate(connection, "a")

    with database.read() as connection:
        assert connection.scalars(select(BundleRow.refused)).one() is None


def test_the_manifest_of_an_unknown_bundle_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound), database.read() as connection:
        manifest_of(connection, "unknown")
