"""A catalogue on its way: how far it is, what stops it, what the service refuses; nothing chosen is ever lost."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, Route, expect

from shared.bundle import Bundle
from tests.browser.accounts import PASSWORD, USER, add_account, new_account
from tests.browser.catalogue_files import FRENCH, jobs, only_job, payload
from tests.browser.catalogues_page import A_CATALOGUE, PLACE, assert_readable, choose, listed, send_button
from tests.browser.signing_in import sign_in
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.support.service import Service, prepare_data, running_service

LARGEST = 2**20
SLOW = 200_000  # bytes a second
LARGE = b"title\n" + b"chair\n" * 150_000


@pytest.fixture(scope="module")
def small_service(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, tiny_bundle: Bundle
) -> Iterator[Service]:
    """A service that takes small files, and keeps few of them."""
    data_dir = tmp_path_factory.mktemp("small") / "data"
    prepare_data(data_dir, migrated_sqlite, tiny_bundle)
    with running_service(data_dir, max_catalogue_bytes=LARGEST, quota_stored_bytes=LARGEST) as started:
        started.wait_until_ready()
        add_account(started, USER, "user")
        yield started


@pytest.fixture(autouse=True)
def leaving(troubles: Troubles) -> None:
    """Pages are left here while they are still asking for something."""
    troubles.allow(GIVEN_UP)


@pytest.fixture
def line(page: Page) -> Iterator[Callable[[int], None]]:
    """Sets how many bytes a second the page may send; -1 for no bound."""
    session: CDPSession = page.context.new_cdp_session(page)
    session.send("Network.enable")

    def limited(rate: int) -> None:
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
        session.send("Network.emulateNetworkConditions", conditions)

    yield limited
    limited(-1)


def test_an_upload_says_how_far_it_is_and_goes_on_on_other_pages(
    page: Page, service: Service, line: Callable[[int], None], violations_of: Callable[[Page], list[str]]
) -> None:
    username = new_account(service)
    sign_in(page, service, username, place=PLACE)
    choose(page, "large.csv", LARGE)
    expect(page.get_by_role("heading", name="large.csv")).to_be_focused()

    line(SLOW)
    send_button(page).click()
    expect(page.get_by_role("button", name="Stop sending")).to_be_focused()
    expect(page.get_by_text("a second")).to_be_visible()
    assert_readable(page, violations_of)
    page.get_by_role("link", name=username).click()
    expect(page.get_by_role("heading", level=1, name="Catalogues")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("progressbar", name="How much of the file is sent")).to_be_visible()
    line(-1)

    expect(page).to_have_url(A_CATALOGUE)
    with service.client(username, PASSWORD) as client:
        assert jobs(client)[0]["source"]["size"] == len(LARGE)


def test_an_upload_is_stopped_and_sent_after_all(
    page: Page, service: Service, line: Callable[[int], None], troubles: Troubles
) -> None:
    username = new_account(service)
    sign_in(page, service, username, place=PLACE)
    choose(page, "large.csv", LARGE)
    page.get_by_label("Name").fill("Stopped once")
    line(SLOW)
    send_button(page).click()
    page.get_by_role("button", name="Stop sending").click()

    expect(send_button(page)).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Stopped.")).to_have_count(1)
    with service.client(username, PASSWORD) as client:
        assert jobs(client) == []
        line(-1)
        send_button(page).click()
        expect(page).to_have_url(A_CATALOGUE)
        assert [job["name"] for job in jobs(client)] == ["Stopped once"]


def test_an_answer_that_is_lost_makes_no_second_job(
    page: Page, service: Service, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    username = new_account(service)
    sign_in(page, service, username, place=PLACE)
    choose(page, "automne.csv", FRENCH)
    page.get_by_label("Title").select_option(label="Intitulé, court")

    def lose(route: Route) -> None:
        route.fetch()  # the service has it
        route.abort("connectionreset")

    page.route("**/api/catalogs?*", lose)
    troubles.expect("^request failed: POST .*/api/catalogs.* net::ERR_CONNECTION_RESET$")
    troubles.expect("^console error: Failed to load resource: net::ERR_CONNECTION_RESET")
    send_button(page).click()
    expect(page.get_by_role("alert")).to_contain_text("The service did not answer.")
    expect(page.get_by_label("Title")).to_have_value("1")
    assert_readable(page, violations_of)
    page.unroute("**/api/catalogs?*")
    page.get_by_role("button", name="Try again").click()

    expect(page).to_have_url(A_CATALOGUE)
    with service.client(username, PASSWORD) as client:
        assert page.url.endswith(only_job(client)["id"])


def test_a_webhook_is_chosen_and_one_that_is_gone_is_refused(
    page: Page, service: Service, receiver_port: int, troubles: Troubles
) -> None:
    username, kept = new_account(service), f"http://127.0.0.1:{receiver_port}/kept"
    with service.client(username, PASSWORD) as client:
        gone = f"http://127.0.0.1:{receiver_port}/gone"
        client.post("/api/webhooks", json={"url": kept}).raise_for_status()
        webhook = client.post("/api/webhooks", json={"url": gone}).raise_for_status().json()
        sign_in(page, service, username, place=PLACE)
        choose(page, "automne.csv", FRENCH)
        page.get_by_label("Description").select_option(label="Texte")
        page.get_by_label("Webhook").select_option(label=gone)
        client.delete(f"/api/webhooks/{webhook['id']}").raise_for_status()
        troubles.expect(r"^console error: .* 422 .*/api/catalogs")
        send_button(page).click()
        expect(page.get_by_role("alert")).to_contain_text("You have no webhook at this address.")

        expect(page.get_by_label("Description")).to_have_value("2")
        page.get_by_label("Webhook").select_option(label=kept)
        send_button(page).click()
        expect(page).to_have_url(A_CATALOGUE)
        assert only_job(client)["source"]["columns"] == {"description": "Texte"}


def test_what_is_too_large_or_one_too_many_is_refused(
    page: Page, small_service: Service, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    sign_in(page, small_service, USER, place=PLACE)
    choose(page, "large.csv", b"title\n" + b"chair\n" * (LARGEST // 2))
    page.get_by_label("Name").fill("All chairs")
    troubles.expect(r"^console error: .* 413 .*/api/catalogs")
    send_button(page).click()
    expect(page.get_by_role("alert")).to_contain_text("That is too large: at most 1 MB are taken.")
    expect(page.get_by_label("Name")).to_have_value("All chairs")
    assert_readable(page, violations_of)

    page.get_by_role("button", name="Choose another file").click()
    choose(page, "most.csv", b"title\n" + b"chair\n" * (LARGEST // 8))
    send_button(page).click()
    expect(page).to_have_url(A_CATALOGUE)
    page.goto(f"{small_service.url}/{PLACE}")
    expect(listed(page)).to_have_count(1)
    choose(page, "more.csv", b"title\n" + b"table\n" * (LARGEST // 8))
    troubles.expect(r"^console error: .* 507 .*/api/catalogs")
    send_button(page).click()
    expect(page.get_by_role("alert")).to_contain_text("Your account holds all that it may")
    expect(page.get_by_role("heading", name="more.csv")).to_be_visible()


def test_a_file_that_was_changed_after_it_was_chosen_is_chosen_again(
    page: Page, service: Service, troubles: Troubles, tmp_path: Path
) -> None:
    sign_in(page, service, new_account(service), place=PLACE)
    file = tmp_path / "table.csv"
    file.write_bytes(b"title\nchair\n")
    os.utime(file, (10**9, 10**9))  # browsers look at whole seconds
    page.get_by_label("Drop a file here, or choose one").set_input_files(file)
    expect(page.get_by_role("heading", name="table.csv")).to_be_focused()
    file.write_bytes(b"title\nchair\ntable\n")

    troubles.allow("ERR_UPLOAD_FILE_CHANGED")
    send_button(page).click()
    expect(page.get_by_role("alert")).to_contain_text("The file was changed or moved after it had been chosen.")


def test_the_browser_asks_before_an_upload_is_left(
    page: Page, service: Service, line: Callable[[int], None], troubles: Troubles
) -> None:
    sign_in(page, service, new_account(service), place=PLACE)
    page.get_by_label("Drop a file here, or choose one").set_input_files([payload("large.csv", LARGE)])
    line(SLOW)
    send_button(page).click()
    expect(page.get_by_text("a second")).to_be_visible()

    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    expect(page.get_by_role("button", name="Stop sending")).to_be_visible()
    page.get_by_role("button", name="Stop sending").click()
    expect(send_button(page)).to_be_focused()
