"""Webhooks as their owner sees them: registered, tested, told, failing, sent again; with a receiver on loopback."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from standardwebhooks import Webhook

from tests.browser.accounts import new_account
from tests.browser.signing_in import sign_in
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.support.receiver import GONE, OK, Receiver, failing, receiver
from tests.support.service import Service, ended, submit
from tests.support.waiting import wait_for
from tests.support.web import hold

WEBHOOKS = "#/webhooks"
LOOKS_MILLISECONDS = 40_000  # the page looks every 15 seconds while nothing is on its way


@pytest.fixture
def username(service: Service) -> str:
    return new_account(service)


@pytest.fixture
def client(service: Service, username: str) -> Iterator[httpx.Client]:
    with service.client(username) as client:
        yield client


@pytest.fixture
def receiving(receiver_port: int) -> Iterator[Receiver]:
    with receiver(receiver_port) as running:
        yield running


@pytest.fixture
def register(client: httpx.Client, receiving: Receiver) -> Callable[..., dict[str, Any]]:
    """Register a path of the receiver through the API."""

    def registered(path: str, **filters: object) -> dict[str, Any]:
        made = client.post("/api/webhooks", json={"url": receiving.url(path)} | filters).raise_for_status()
        webhook: dict[str, Any] = made.json()
        return webhook

    return registered


@pytest.fixture
def open_webhook(page: Page, service: Service, username: str) -> Callable[..., Page]:
    """Sign in, and open a webhook's page."""

    def opened(webhook: dict[str, Any], query: str = "") -> Page:
        sign_in(page, service, username, place=f"{WEBHOOKS}/{webhook['id']}{query}")
        expect(page.get_by_role("heading", name=webhook["url"])).to_be_focused()
        return page

    return opened


def deliveries(client: httpx.Client, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        client.get(f"/api/webhooks/{webhook['id']}/deliveries").raise_for_status().json()["items"]
    )
    return found


def wait_for_status(client: httpx.Client, webhook: dict[str, Any], status: str) -> None:
    wait_for(lambda: [each["status"] for each in deliveries(client, webhook)] == [status], 30, f"one {status} delivery")


def entries(page: Page) -> Locator:
    """The deliveries on the page, newest first."""
    return page.get_by_role("listitem").filter(has=page.locator("summary"))


def test_a_webhook_is_registered_by_keyboard_tested_and_told(
    page: Page, service: Service, username: str, client: httpx.Client, receiving: Receiver
) -> None:
    sign_in(page, service, username, place=WEBHOOKS)
    expect(page.get_by_text("No webhook so far. Register the address")).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Address (URL)")).to_be_focused()
    page.keyboard.type(receiving.url("/shelfwise"))
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # succeeded
    for _ in range(5):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")  # single products
    page.keyboard.press("Enter")

    shown = page.get_by_role("dialog", name="The webhook is registered")
    secret = shown.get_by_label("Secret", exact=True).input_value()
    shown.get_by_role("button", name="Copy Secret").press("Enter")
    expect(shown.get_by_role("button", name="Copied Secret")).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=receiving.url("/shelfwise"))).to_be_focused()
    (webhook,) = client.get("/api/webhooks").json()["items"]
    assert (webhook["events"], webhook["job_kinds"]) == (["job.succeeded"], ["product"])
    expect(page.get_by_text("Single products · succeeded")).to_be_visible()
    expect(page.get_by_text("Nothing was to be sent so far.")).to_be_visible()

    page.get_by_role("button", name="Test now").press("Enter")
    expect(page.get_by_text("The test has arrived: the receiver answered 200")).to_be_visible()
    expect(page.get_by_role("group", name="What it answered")).to_have_text("thanks")
    ended(client, submit(client, "Chaise longue"))
    expect(entries(page)).to_contain_text(["DeliveredJob succeeded"], timeout=LOOKS_MILLISECONDS)
    test, told = receiving.at("/shelfwise")
    assert test.event["type"] == "webhook.test"
    assert Webhook(secret).verify(told.body, dict(told.headers))["type"] == "job.succeeded"


def test_what_is_wrong_with_an_address_stands_next_to_it(
    page: Page,
    service: Service,
    username: str,
    register: Callable[..., dict[str, Any]],
    troubles: Troubles,
    violations_of: Callable[[Page], list[str]],
) -> None:
    there = register("/there")
    sign_in(page, service, username, place=WEBHOOKS)
    page.get_by_role("button", name="Register a webhook").click()
    dialog = page.get_by_role("dialog")
    url, send = dialog.get_by_label("Address (URL)"), dialog.get_by_role("button", name="Register a webhook")

    send.click()
    expect(dialog.get_by_text("Fill in the address that is to be told.")).to_be_visible()
    troubles.expect("status of 422 .*/api/webhooks>$")
    url.fill("https://10.1.2.3/shelfwise")
    send.click()
    expect(dialog.get_by_text("The URL leads to an address that is not public. Take an address")).to_be_visible()
    troubles.expect("status of 409 .*/api/webhooks>$")
    url.fill(there["url"])
    send.click()
    expect(dialog.get_by_text("You have a webhook at this address already. Change that one")).to_be_visible()
    expect(url).to_be_focused()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations_of(page) == []


def test_a_delivery_on_its_way_is_followed_until_it_has_arrived(
    open_webhook: Callable[..., Page],
    register: Callable[..., dict[str, Any]],
    client: httpx.Client,
    receiving: Receiver,
) -> None:
    answering = threading.Event()
    receiving.answers["/slow"] = hold(answering, OK)
    webhook = register("/slow")
    ended(client, submit(client, "Chaise longue"))
    wait_for(lambda: receiving.at("/slow"), 30, "a delivery on its way")
    page = open_webhook(webhook)
    summary = entries(page).locator("summary")
    expect(summary).to_contain_text("On its way")
    summary.click()
    summary.focus()
    expect(page.get_by_text("Not tried so far.")).to_be_visible()

    answering.set()

    expect(summary).to_contain_text("Delivered")
    expect(summary).to_be_focused()
    expect(page.get_by_role("row", name="Try 1")).to_contain_text("Answer 200")


def test_every_try_of_what_failed_is_shown_and_it_is_sent_again(
    open_webhook: Callable[..., Page],
    register: Callable[..., dict[str, Any]],
    client: httpx.Client,
    receiving: Receiver,
    violations_of: Callable[[Page], list[str]],
) -> None:
    receiving.answers["/failing"] = failing(2)
    webhook = register("/failing")
    (job,) = ended(client, submit(client, "Chaise longue"))
    wait_for_status(client, webhook, "dead")
    page = open_webhook(webhook)
    expect(page.get_by_text("Failing", exact=True)).to_be_visible()
    expect(page.get_by_text("Nothing has arrived since")).to_be_visible()
    expect(entries(page)).to_contain_text(["Not deliveredJob succeeded"])
    entries(page).locator("summary").press("Enter")
    expect(page.get_by_text(job["id"])).to_be_visible()
    tries = page.get_by_role("table", name="Tries").get_by_role("row")
    expect(tries).to_have_count(3)
    expect(tries.nth(2)).to_contain_text("Try 2")
    expect(tries.nth(2)).to_contain_text("Answer 500")
    expect(tries.nth(2).get_by_role("group", name="What it answered")).to_have_text("not now")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations_of(page) == []

    status = page.get_by_role("combobox", name="State")
    status.select_option("Delivered")
    expect(page.get_by_text("There is nothing in this state.")).to_be_visible()
    assert page.url.endswith("?status=delivered")
    status.select_option("Not delivered")
    entries(page).locator("summary").press("Enter")
    page.get_by_role("button", name="Send again", exact=True).click()

    expect(page.get_by_text("It is being sent again.").first).to_be_attached()
    expect(page.get_by_text("There is nothing in this state.")).to_be_visible()
    expect(status).to_be_focused()  # what was sent again has left the list with the focus
    status.select_option("All")
    expect(entries(page).locator("summary")).to_contain_text("Delivered")
    expect(page.get_by_text("Failing", exact=True)).to_have_count(0)
    (delivery,) = deliveries(client, webhook)
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 500, 200]
    assert len({each.id for each in receiving.at("/failing")}) == 1


def test_what_ended_during_a_pause_is_recovered(
    open_webhook: Callable[..., Page],
    register: Callable[..., dict[str, Any]],
    client: httpx.Client,
    receiving: Receiver,
    troubles: Troubles,
    violations_of: Callable[[Page], list[str]],
) -> None:
    webhook = register("/paused")
    page = open_webhook(webhook)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("You have paused it.")).to_be_visible()
    expect(page.get_by_role("button", name="Activate")).to_be_focused()
    ended(client, submit(client, "Chaise longue", "Table de jardin"))
    page.reload()
    expect(entries(page)).to_contain_text(["Not delivered", "Not delivered"])
    entries(page).first.locator("summary").press("Enter")
    expect(entries(page).first.get_by_text("Never tried: the webhook was not active when it happened.")).to_be_visible()
    troubles.expect("status of 409 .*/redeliver>$")
    entries(page).first.get_by_role("button", name="Send again").click()
    expect(page.get_by_role("alert")).to_contain_text("The webhook is not active.")

    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("It is told of what happens.")).to_be_visible()
    page.get_by_role("button", name="Send all again …").click()
    dialog = page.get_by_role("dialog", name="Send again what was not delivered")
    expect(dialog.get_by_label("Since")).to_be_focused()
    assert violations_of(page) == []
    dialog.get_by_role("button", name="Send again").click()

    expect(page.get_by_text("2 deliveries are being sent again.").first).to_be_attached()
    expect(entries(page)).to_contain_text(["Delivered", "Delivered"])
    assert len(receiving.at("/paused")) == 2


def test_who_wants_no_more_is_disabled_with_the_reason_and_activated_again(
    open_webhook: Callable[..., Page],
    register: Callable[..., dict[str, Any]],
    client: httpx.Client,
    receiving: Receiver,
) -> None:
    receiving.answers["/gone"] = GONE
    webhook = register("/gone")
    ended(client, submit(client, "Chaise longue"))
    wait_for_status(client, webhook, "dead")
    page = open_webhook(webhook)
    expect(page.get_by_text("Disabled", exact=True)).to_be_visible()
    expect(page.get_by_text("Why: The receiver answered 410 Gone: it wants no more of this.")).to_be_visible()
    page.get_by_role("button", name="Test now").click()
    expect(page.get_by_text("The receiver answered 410 in")).to_contain_text("and not 2xx")

    page.get_by_role("button", name="Activate").click()

    expect(page.get_by_text("Active", exact=True)).to_be_visible()
    assert client.get(f"/api/webhooks/{webhook['id']}").json()["active"]


def test_a_webhook_is_changed_given_another_secret_and_deleted(
    open_webhook: Callable[..., Page],
    register: Callable[..., dict[str, Any]],
    client: httpx.Client,
    receiving: Receiver,
    troubles: Troubles,
) -> None:
    troubles.allow(GIVEN_UP)
    webhook = register("/old", events=["job.failed"])
    page = open_webhook(webhook)
    page.get_by_role("button", name="Change").click()
    page.get_by_label("Address (URL)").fill(receiving.url("/new"))
    expect(page.get_by_label("failed")).to_be_checked()
    page.get_by_label("failed").uncheck()
    page.get_by_label("Catalogues").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=receiving.url("/new"))).to_be_visible()
    expect(page.get_by_text("Catalogues · all ends")).to_be_visible()
    changed = client.get(f"/api/webhooks/{webhook['id']}").json()
    assert (changed["events"], changed["job_kinds"]) == ([], ["catalogue"])

    page.get_by_role("button", name="New secret").click()
    page.get_by_role("button", name="Make a new secret").click()
    shown = page.get_by_role("dialog", name="The new secret")
    newer = shown.get_by_label("Secret", exact=True).input_value()
    shown.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text("The secret before signs as well until")).to_be_visible()
    page.get_by_role("button", name="Test now").click()
    expect(page.get_by_text("The test has arrived")).to_be_visible()
    (test,) = receiving.at("/new")
    for secret in (webhook["secret"], newer):
        assert Webhook(secret).verify(test.body, dict(test.headers))["type"] == "webhook.test"

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Webhooks")).to_be_focused()
    expect(page.get_by_text("No webhook so far.")).to_be_visible()
    assert client.get("/api/webhooks").json()["items"] == []


def test_everything_is_there_on_a_phone_and_in_french(
    phone: Page,
    french_page: Page,
    service: Service,
    username: str,
    client: httpx.Client,
    register: Callable[..., dict[str, Any]],
    receiving: Receiver,
    troubles: Troubles,
    violations_of: Callable[[Page], list[str]],
) -> None:
    troubles.allow(GIVEN_UP)
    receiving.answers["/gone"] = GONE
    webhook = register("/gone")
    register(f"/{'a-path-as-long-as-it-may-be/' * 8}", events=["job.succeeded", "job.partially_succeeded"])
    ended(client, submit(client, "Chaise longue"))
    wait_for_status(client, webhook, "dead")

    sign_in(phone, service, username, place=WEBHOOKS)
    expect(phone.get_by_role("table", name="Your webhooks")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations_of(phone) == []
    phone.get_by_role("link", name=webhook["url"]).tap()
    expect(phone.get_by_role("heading", name=webhook["url"])).to_be_focused()
    entries(phone).locator("summary").tap()
    expect(phone.get_by_text("Answer 410")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations_of(phone) == []

    sign_in(french_page, service, username, place=f"{WEBHOOKS}/{webhook['id']}", language="fr")
    expect(french_page.get_by_text("Le récepteur a répondu 410 Gone : il n’en veut plus.")).to_be_visible()
    french_page.get_by_text("Comment un récepteur vérifie qui a envoyé").click()
    expect(french_page.get_by_text("docs/12-webhooks.md")).to_be_visible()
    assert violations_of(french_page) == []
