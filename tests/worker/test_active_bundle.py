from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from shared.bundle import IMAGE_MODEL, MANIFEST
from shared.bundles import activate
from shared.database import Database
from shared.errors import ConfigurationError
from shared.identifiers import new_id, now
from shared.releases import bundle_key, publish
from shared.settings import load_settings
from shared.store import ObjectStore
from shared.tables import BundleRow
from shared.workers import Worker, seen
from tests.support.bundles import fake_bundle
from tests.support.waiting import wait_for
from worker.active_bundle import ActiveBundle


class Releases:
    """Publishes, activates and damages fake bundles, as an operator and bad luck would."""

    def __init__(self, folder: Path, database: Database, store: ObjectStore) -> None:
        self._folder = folder
        self._database = database
        self._store = store

    def publish(self, version: str, *, damaged: bool = False, activated: bool = True) -> None:
        bundle = fake_bundle(self._folder / "trained" / version, version)
        publish(self._database, self._store, bundle, activated=False)
        if damaged:
            self._store.put(bundle_key(version, IMAGE_MODEL), b"damaged")
        if activated:
            self.activate(version)

    def activate(self, version: str) -> None:
        with self._database.begin() as connection:
            activate(connection, version)

    def repair(self, version: str) -> None:
        self._store.put(bundle_key(version, IMAGE_MODEL), self._folder / "trained" / version / IMAGE_MODEL)

    def refusals(self) -> dict[str, str | None]:
        with self._database.read() as connection:
            return {version: why for version, why in connection.execute(select(BundleRow.version, BundleRow.refused))}


@pytest.fixture
def releases(tmp_path: Path, database: Database, store: ObjectStore) -> Releases:
    return Releases(tmp_path, database, store)


@pytest.fixture
def active(tmp_path: Path, database: Database, store: ObjectStore) -> ActiveBundle:
    return active_bundle(tmp_path, database, store)


def active_bundle(
    tmp_path: Path, database: Database, store: ObjectStore, predictor: str = "tests.support.predictors:Fake"
) -> ActiveBundle:
    return ActiveBundle(load_settings(data_dir=tmp_path / "data", predictor=predictor), database, store)


def test_while_no_bundle_is_active_there_is_none(active: ActiveBundle) -> None:
    assert active.refresh() is None
    assert (active.version, active.device) == (None, "none")


def test_the_active_bundle_is_fetched_and_loaded(active: ActiveBundle, releases: Releases, tmp_path: Path) -> None:
    releases.publish("v1")

    inference = active.refresh()

    assert inference is not None
    assert (inference.version, active.version, active.device) == ("v1", "v1", "fake")
    assert (tmp_path / "data" / "cache" / "bundles" / "v1").is_dir()


def test_a_bundle_that_stays_active_is_loaded_once(active: ActiveBundle, releases: Releases) -> None:
    releases.publish("v1")

    assert active.refresh() is active.refresh()


def test_a_new_activation_is_noticed_and_so_is_the_way_back(active: ActiveBundle, releases: Releases) -> None:
    releases.publish("v1")
    active.refresh()
    for version, change in (("v2", releases.publish), ("v1", releases.activate)):
        change(version)

        wait_for(partial(_answers_with, active, version), 10, f"the change to {version}")


def _answers_with(active: ActiveBundle, version: str) -> bool:
    active.refresh()
    return active.version == version


def test_a_damaged_bundle_leaves_the_one_before_in_place_and_its_reason_on_its_row(
    active: ActiveBundle, releases: Releases
) -> None:
    releases.publish("v1")
    before = active.refresh()
    releases.publish("v2", damaged=True)

    wait_for(lambda: active.refresh() and releases.refusals()["v2"], 10, "the refusal")

    assert active.refresh() is before
    assert releases.refusals() == {"v1": None, "v2": f"v2: {IMAGE_MODEL} differs from the hash in the manifest."}


def test_after_a_refused_bundle_the_next_one_is_loaded(active: ActiveBundle, releases: Releases) -> None:
    releases.publish("v1", damaged=True)
    assert active.refresh() is None
    releases.publish("v2")

    wait_for(active.refresh, 10, "the next bundle")

    assert active.version == "v2"


def test_a_refused_bundle_that_was_repaired_is_loaded_once_it_is_activated_again(
    active: ActiveBundle, releases: Releases
) -> None:
    releases.publish("v1", damaged=True)
    assert active.refresh() is None
    releases.repair("v1")
    releases.activate("v1")

    wait_for(active.refresh, 10, "the repaired bundle")

    assert releases.refusals() == {"v1": None}


def test_a_predictor_that_does_not_exist_is_one_sentence(
    releases: Releases, tmp_path: Path, database: Database, store: ObjectStore
) -> None:
    releases.publish("v1")

    with pytest.raises(ConfigurationError, match=r"SHELFWISE_PREDICTOR=no\.such:Class"):
        active_bundle(tmp_path, database, store, "no.such:Class").refresh()


def test_after_a_refusal_the_bundle_before_is_the_active_one_again(
    active: ActiveBundle, releases: Releases, tmp_path: Path, database: Database, store: ObjectStore
) -> None:
    releases.publish("v1")
    active.refresh()
    releases.publish("v2", damaged=True)
    active.refresh()

    started_later = active_bundle(tmp_path / "another machine", database, store)
    started_later.refresh()

    assert (active.version, started_later.version) == ("v1", "v1")


def test_what_is_wrong_on_one_host_only_keeps_a_bundle_from_nobody_else(
    active: ActiveBundle, releases: Releases, tmp_path: Path, database: Database
) -> None:
    releases.publish("v1")
    active.refresh()
    with database.begin() as connection:
        seen(connection, Worker(new_id(), "model", "here", 1, now(), bundle=active.version))
    elsewhere = ObjectStore((tmp_path / "a store that nobody else uses").as_uri())

    misled = active_bundle(tmp_path / "another machine", database, elsewhere)

    assert misled.refresh() is None
    assert releases.refusals() == {"v1": None}


def test_a_manifest_that_was_changed_in_the_store_is_refused(
    active: ActiveBundle, releases: Releases, store: ObjectStore
) -> None:
    releases.publish("v1")
    active.refresh()
    releases.publish("v2", activated=False)
    key = bundle_key("v2", MANIFEST)
    store.put(key, store.get(key).replace(b'"text_weight":0.5', b'"text_weight":0.6'))
    releases.activate("v2")

    active.refresh()

    assert active.version == "v1"
    assert releases.refusals()["v2"] == f"v2: {MANIFEST} is not the one that was published."
