"""The overview when little is known and when something is wrong: nothing sent, no bundle, a stopped worker, drift."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, update

from shared.bundle import Bundle
from shared.database import Database
from shared.identifiers import now
from shared.lanes import Lane
from shared.statistics.counts import Counts, Slot
from shared.statistics.records import HOUR, MINUTE, record, start_of
from shared.tables import BundleRow, WorkCount
from tests.browser.accounts import ADMIN, USER, add_account
from tests.browser.signing_in import sign_in
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.browser.versions import Versions
from tests.support.service import Service, ended, prepare_data, running_service, submit
from tests.support.waiting import wait_for

Json: TypeAlias = dict[str, Any]
PLACE = "#/overview"
LEASE_SECONDS = 10  # a worker is late after that
LATE_MILLISECONDS = 60_000
LOOKS_MILLISECONDS = 30_000
WORKER = "worker-of-a-test"
WELL = "All is well."


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("states") / "data"


@pytest.fixture(scope="module")
def service(data_dir: Path, migrated_sqlite: Path, tiny_bundle: Bundle) -> Iterator[Service]:
    """A service of this file's own, which nobody sends anything that this file does not know of."""
    prepare_data(data_dir, migrated_sqlite, tiny_bundle)
    with running_service(data_dir, lease_seconds=LEASE_SECONDS) as started:
        started.wait_until_ready()
        add_account(started, USER, "user")
        yield started


@pytest.fixture
def stored(data_dir: Path, tiny_bundle: Bundle, tmp_path: Path) -> Versions:
    """What is in the service's database and may be changed."""
    return Versions(data_dir, tiny_bundle, tmp_path / "versions")


def opened(page: Page, service: Service, username: str = USER) -> None:
    sign_in(page, service, username, place=PLACE)
    expect(page.get_by_role("heading", name="Overview")).to_be_focused()


def monitor(service: Service) -> Json:
    with service.client() as client:
        found: Json = client.get("/api/monitor").raise_for_status().json()
    return found


def without_counts(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(delete(WorkCount))


@pytest.fixture
def nothing_done(stored: Versions) -> None:
    """What workers have counted is gone, as if nothing had been sent."""
    stored.write(without_counts)


@pytest.fixture
def no_bundle(service: Service, stored: Versions) -> Iterator[None]:
    """No bundle is active, as when none has been activated yet."""
    version = stored.first.version

    def activated(active: bool) -> Callable[[Database], None]:
        def change(database: Database) -> None:
            with database.begin() as connection:
                connection.execute(update(BundleRow).where(BundleRow.version == version).values(active=active))

        return change

    stored.write(activated(False))
    yield
    stored.write(activated(True))


@pytest.fixture
def moved_products(stored: Versions) -> Iterator[None]:
    """A worker has counted 1,000 rows unlike those of training, and errors among the last ones."""
    moment, version = now(), stored.first.version
    counted = Counts(
        answered=900,
        errors=100,
        codes=Counter({stored.first.classes[0].code: 1000}),
        modalities=Counter({"text": 1000}),
        confidence=Counter({0: 1000}),
        unknown=Counter({6: 1000}),
    )
    earlier = start_of(MINUTE, moment) - timedelta(minutes=2)
    slots = {
        Slot(start_of(HOUR, moment), HOUR, version, Lane.BULK): counted,
        Slot(earlier, MINUTE, version, Lane.BULK): counted,
        Slot(earlier, MINUTE, version, Lane.INTERACTIVE): Counts(answered=30, latency=Counter({40: 20, 60: 10})),
    }

    def write(database: Database) -> None:
        with database.begin() as connection:
            record(connection, WORKER, slots)

    def forget(database: Database) -> None:
        with database.begin() as connection:
            connection.execute(delete(WorkCount).where(WorkCount.worker_id == WORKER))

    stored.write(write)
    yield
    stored.write(forget)


@pytest.mark.usefixtures("nothing_done")
def test_a_service_that_has_done_nothing_says_so(
    page: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    opened(page, service)

    expect(page.get_by_text("No single product was sent in this time.")).to_be_visible()
    expect(page.get_by_text("Too few rows to say")).to_have_count(4)
    expect(page.get_by_text("No row has been answered yet.")).to_have_count(3)
    expect(page.get_by_text("nothing waits", exact=True)).to_have_count(3)
    expect(page.get_by_text("nothing judged yet")).to_have_count(2)
    expect(page.get_by_role("link", name=service_version(service))).to_have_count(0)  # models are for administrators
    text = page.locator("main").inner_text()
    assert [word for word in ("undefined", "NaN", "null", "[object", "Infinity") if word in text] == []
    assert violations_of(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations_of(page) == []


def service_version(service: Service) -> str:
    return str(monitor(service)["bundle"]["version"])


@pytest.mark.usefixtures("no_bundle")
def test_without_a_bundle_it_says_what_is_missing(
    page: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    opened(page, service, ADMIN)

    expect(page.get_by_text("No bundle is active, so nothing can be answered.")).to_be_visible()
    expect(page.get_by_text("An administrator can activate a bundle under Models")).to_be_visible()
    expect(page.get_by_text("No bundle is active, so there is nothing to compare products with.")).to_be_visible()
    expect(page.get_by_role("grid")).to_have_count(0)
    expect(page.get_by_text(WELL)).to_have_count(0)
    assert violations_of(page) == []


def test_a_bundle_that_becomes_active_is_shown_without_a_reload(
    page: Page, service: Service, stored: Versions, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("no_bundle")
    opened(page, service, ADMIN)
    expect(page.get_by_text("No bundle is active, so nothing can be answered.")).to_be_visible()

    with service.client() as client:
        client.post(f"/api/models/{stored.first.version}/activate").raise_for_status()

    expect(page.get_by_role("grid", name="What is taken for what")).to_be_visible(timeout=LOOKS_MILLISECONDS)
    expect(page.get_by_text("No bundle is active, so nothing can be answered.")).to_have_count(0)
    expect(page.get_by_text(WELL).first).to_be_visible(timeout=LOOKS_MILLISECONDS)
    expect(page.get_by_text("Whether products have drifted cannot be said yet")).to_be_visible()


def test_a_worker_that_has_stopped_is_named_until_it_is_back(
    page: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    opened(page, service)
    late = page.get_by_text(re.compile(r"A worker has not been heard of for a while: \S+ \(Models\)"))
    with service.paused("worker-model"), service.client() as client:
        jobs = submit(client, "Chaise longue")

        expect(late.first).to_be_visible(timeout=LATE_MILLISECONDS)

        expect(page.get_by_text("run shelfwise doctor there").first).to_be_visible()
        expect(page.get_by_text("Nobody works on the lane “Single products”, where 1 row waits.").first).to_be_visible()
        expect(page.get_by_text("Late", exact=True)).to_be_visible()
        waiting = page.get_by_role("table", name="Lanes").get_by_role("row").filter(has_text="Single products")
        expect(waiting).to_contain_text("older in")
        assert [worker["state"] for worker in monitor(service)["workers"] if worker["kind"] == "model"] == ["late"]
        assert violations_of(page) == []

    expect(late).to_have_count(0, timeout=LATE_MILLISECONDS)
    expect(page.get_by_text("Late", exact=True)).to_have_count(0)
    with service.client() as client:
        ended(client, jobs)


@pytest.mark.usefixtures("moved_products")
def test_drift_and_errors_are_said_with_what_to_do(
    page: Page, service: Service, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    troubles.allow(GIVEN_UP)
    wait_for(lambda: monitor(service)["drift"]["features"][0]["rows"] >= 1000, 10, "the rows that were counted")

    opened(page, service)

    expect(page.get_by_text("The mix of categories has drifted from that of training.")).to_be_visible()
    expect(page.get_by_text("Look at the newest catalogues: another language")).to_be_visible()
    expect(page.get_by_text("got an error (")).to_be_visible()
    expect(page.get_by_text(WELL)).to_have_count(0)
    features = monitor(service)["drift"]["features"]
    drifted = [feature for feature in features if feature["state"] == "drifted"]
    assert len(drifted) >= 3
    drift = page.get_by_role("table", name="Drift: products now beside those of training")
    expect(drift.get_by_text("Drifted")).to_have_count(len(drifted))
    for feature in drifted:
        expect(drift).to_contain_text(f"{feature['psi']:.3f}")
        expect(drift).to_contain_text(f"{feature['by_chance']:.3f}")
    assert violations_of(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations_of(page) == []


@pytest.mark.usefixtures("moved_products")
def test_troubles_fit_a_phone(phone: Page, service: Service, violations_of: Callable[[Page], list[str]]) -> None:
    opened(phone, service)
    expect(phone.get_by_text("The mix of categories has drifted from that of training.")).to_be_visible()

    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations_of(phone) == []
