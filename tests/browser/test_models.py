"""Models: the published bundles, one beside the active one, and workers that change over to another one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from shared.bundle import Bundle
from tests.browser.accounts import ADMIN, REVIEWER, add_account
from tests.browser.signing_in import sign_in
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.browser.versions import Versions
from tests.support.service import Service, prepare_data, running_service

LATER, BETTER, DAMAGED, UNLOADABLE = "later-1", "better-1", "damaged-1", "unloadable-1"
CHANGE_OVER_MILLISECONDS = 60_000
CONFLICT = r"status of 409 .*/activate"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models") / "data"


@pytest.fixture(scope="module")
def service(data_dir: Path, migrated_sqlite: Path, tiny_bundle: Bundle) -> Iterator[Service]:
    """A service of this file's own: which bundle answers is nothing that others should see change."""
    prepare_data(data_dir, migrated_sqlite, tiny_bundle)
    with running_service(data_dir) as started:
        started.wait_until_ready()
        add_account(started, REVIEWER, "reviewer")
        yield started


@pytest.fixture(scope="module")
def versions(service: Service, data_dir: Path, tiny_bundle: Bundle) -> Versions:
    """Four beside the first one: the same, a better one, one damaged in the store, one that cannot be loaded."""
    published = Versions(data_dir, tiny_bundle, data_dir.parent / "versions")
    metrics = tiny_bundle.manifest.metrics
    fused = metrics.fused.model_copy(update={"macro_f1": metrics.fused.macro_f1 + 0.0321})
    data = tiny_bundle.manifest.data.model_copy(update={"name": "autumn", "fingerprint": "1" * 64})
    confusion = tuple(tuple(9 if row == column else 0 for column in range(27)) for row in range(27))
    better = metrics.model_copy(update={"fused": fused, "confusion": confusion})
    published.publish(LATER)
    published.publish(BETTER, metrics=better, data=data, demo=False)
    published.publish(DAMAGED, metrics=metrics.model_copy(update={"confusion": None}))
    published.damage(DAMAGED)
    published.publish_unloadable(UNLOADABLE)
    return published


@pytest.fixture(autouse=True)
def first_again(service: Service, versions: Versions) -> Iterator[None]:
    """The first bundle answers when a test begins."""
    yield
    with service.client() as client:
        if not client.get(f"/api/models/{versions.first.version}").json()["active"]:
            client.post(f"/api/models/{versions.first.version}/activate").raise_for_status()


def row(page: Page, version: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=version, exact=True))


def open_version(page: Page, service: Service, version: str) -> None:
    sign_in(page, service, ADMIN, place=f"#/models/{version}")
    expect(page.get_by_role("heading", name=version, exact=True)).to_be_focused()


def activate(page: Page) -> None:
    page.get_by_role("button", name="Activate").click()
    page.get_by_role("dialog").get_by_role("button", name="Activate").click()


def active_version(service: Service) -> str:
    with service.client() as client:
        (found,) = [each["version"] for each in client.get("/api/models").json()["items"] if each["active"]]
        return str(found)


def test_the_list_says_of_every_bundle_what_the_api_says(
    page: Page, service: Service, versions: Versions, violations_of: Callable[[Page], list[str]]
) -> None:
    sign_in(page, service, ADMIN, place="#/models")
    expect(page.get_by_role("heading", name="Models")).to_be_focused()
    with service.client() as client:
        bundles = client.get("/api/models").json()["items"]

    expect(page.get_by_role("rowheader")).to_have_text([bundle["version"] for bundle in bundles])
    assert len(bundles) == 5
    for bundle in bundles:
        fused = bundle["metrics"]["fused"]
        shown = row(page, bundle["version"])
        expect(shown.get_by_role("cell").nth(2)).to_have_text(bundle["data"])
        expect(shown.get_by_role("cell").nth(3)).to_have_text(f"{fused['macro_f1']:.1%}")
        expect(shown.get_by_role("cell").nth(4)).to_have_text(f"{fused['accuracy']:.1%}")
        expect(shown.get_by_text("Active", exact=True)).to_have_count(int(bundle["active"]))
        expect(shown.get_by_text("Demo data")).to_have_count(int(bundle["demo"]))
    assert violations_of(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations_of(page) == []


def test_a_bundle_stands_beside_the_active_one(
    page: Page, service: Service, versions: Versions, violations_of: Callable[[Page], list[str]]
) -> None:
    open_version(page, service, BETTER)

    beside = page.get_by_role("table", name=f"Beside the active bundle, {versions.first.version}")
    figures = beside.get_by_role("row").filter(has_text="Both together: Macro-F1").get_by_role("cell")
    before = versions.first.metrics.fused.macro_f1
    expect(figures).to_have_text([f"{before + 0.0321:.1%}", f"{before:.1%}", "3.2 points better"])
    accuracy = beside.get_by_role("row").filter(has_text="Both together: Accuracy").get_by_role("cell")
    expect(accuracy.last).to_have_text("the same")
    expect(page.get_by_text("Each was measured on test rows of its own data")).to_be_visible()
    expect(page.get_by_text("autumn", exact=True)).to_be_visible()
    expect(page.get_by_text("No worker answers with it.")).to_be_visible()
    expect(page.get_by_text("No product of the test split was put into another category.")).to_be_visible()
    page.get_by_text("Libraries it was made with").click()
    for library, number in versions.first.libraries.items():
        expect(page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=library))).to_contain_text(number)
    assert violations_of(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations_of(page) == []


def test_the_active_bundle_has_nothing_to_be_activated(page: Page, service: Service, versions: Versions) -> None:
    open_version(page, service, versions.first.version)

    expect(page.get_by_text("1 worker answers with it.")).to_be_visible()
    expect(page.get_by_role("button", name="Activate")).to_have_count(0)
    expect(page.get_by_text("Beside the active bundle")).to_have_count(0)


def test_activating_is_asked_about_and_watched_until_the_workers_have_changed_over(
    page: Page, service: Service, versions: Versions, violations_of: Callable[[Page], list[str]]
) -> None:
    open_version(page, service, LATER)
    page.keyboard.press("Tab")  # from the heading to its button
    expect(page.get_by_role("button", name="Activate")).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=f"Answer with {LATER}?")
    expect(dialog).to_be_visible()
    assert violations_of(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Activate")).to_be_focused()
    assert active_version(service) == versions.first.version

    with service.paused("worker-model"):
        page.keyboard.press("Enter")
        dialog.get_by_role("button", name="Activate").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("0 of 1 worker answer with it.")).to_be_visible()
        assert violations_of(page) == []

    expect(page.get_by_text("It answers now: 1 of 1 worker.").first).to_be_visible(timeout=CHANGE_OVER_MILLISECONDS)
    expect(page.get_by_role("heading", name=LATER, exact=True)).to_be_focused()
    expect(page.get_by_text("Active", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Activate")).to_have_count(0)
    with service.client() as client:
        bundle = client.get(f"/api/models/{LATER}").json()
    assert (bundle["active"], bundle["workers"]) == (True, 1)


def test_a_bundle_that_is_damaged_is_refused_with_the_reason(
    page: Page, service: Service, versions: Versions, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    troubles.expect(CONFLICT)
    open_version(page, service, DAMAGED)
    expect(page.get_by_text("This bundle was made before that was kept")).to_be_visible()

    activate(page)

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("text.keras differs from the hash in the manifest.")
    expect(alert).to_contain_text("publish it again")
    assert violations_of(page) == []
    assert active_version(service) == versions.first.version
    page.reload()
    expect(page.get_by_text("Workers or the service refused it: damaged-1: text.keras differs")).to_be_visible()
    reason = page.locator("span[lang=en]").filter(has_text="text.keras differs")  # in French, too
    expect(reason).to_be_visible()
    page.get_by_role("link", name="All models").click()
    expect(row(page, DAMAGED)).to_contain_text("Refused")
    expect(reason).to_be_visible()
    assert violations_of(page) == []


def test_a_bundle_that_no_worker_can_load_is_said_to_be_refused(
    page: Page, service: Service, versions: Versions
) -> None:
    open_version(page, service, UNLOADABLE)

    activate(page)

    said = page.get_by_text("Workers refused it:").first
    expect(said).to_contain_text("text.keras cannot be loaded", timeout=CHANGE_OVER_MILLISECONDS)
    expect(said.locator("[lang=en]")).to_contain_text("text.keras cannot be loaded")
    expect(page.get_by_text("The bundle before answers again.")).to_be_visible()
    assert active_version(service) == versions.first.version


def test_a_change_over_that_is_left_goes_on_without_the_page(
    page: Page, service: Service, versions: Versions, troubles: Troubles
) -> None:
    troubles.allow(GIVEN_UP)
    open_version(page, service, BETTER)
    with service.paused("worker-model"):
        activate(page)
        expect(page.get_by_text("0 of 1 worker answer with it.")).to_be_visible()
        page.get_by_role("link", name="All models").click()

    expect(row(page, BETTER)).to_contain_text("Active")
    assert active_version(service) == BETTER


def test_it_fits_a_phone(phone: Page, service: Service, violations_of: Callable[[Page], list[str]]) -> None:
    sign_in(phone, service, ADMIN, place="#/models")
    expect(phone.get_by_role("link", name=LATER)).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.get_by_role("link", name=LATER).click()
    expect(phone.get_by_role("heading", name=LATER, exact=True)).to_be_focused()

    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations_of(phone) == []


def test_in_french(french_page: Page, service: Service, versions: Versions) -> None:
    sign_in(french_page, service, ADMIN, place=f"#/models/{BETTER}", language="fr")

    expect(french_page.get_by_role("heading", name="Mesures sur le jeu de test")).to_be_visible()
    expect(french_page.get_by_text("3,2 pt de mieux")).to_be_visible()
    french_page.get_by_role("link", name="Tous les modèles").click()
    expect(row(french_page, versions.first.version)).to_contain_text("Actif")


def test_models_are_for_administrators(page: Page, french_page: Page, service: Service) -> None:
    sign_in(page, service, REVIEWER, place=f"#/models/{LATER}")

    expect(page.get_by_role("heading", name="This page is not for your role")).to_be_focused()
    expect(page.get_by_text("You are signed in with the role “Reviewer”.")).to_be_visible()
    sign_in(french_page, service, REVIEWER, place=f"#/models/{LATER}", language="fr")
    expect(french_page.get_by_text("Vous êtes connecté avec le rôle « Relecteur ».")).to_be_visible()


def test_a_bundle_that_nobody_published_is_said_not_to_be_there(
    page: Page, service: Service, troubles: Troubles
) -> None:
    troubles.expect(r"status of 404 .*/api/models/never-1")
    sign_in(page, service, ADMIN, place="#/models/never-1")

    expect(page.get_by_role("alert")).to_contain_text("never-1")
