"""Users, as an administrator manages them: added, changed, disabled, deleted; and services with their secrets."""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.accounts import ADMIN, PASSWORD, add_account, new_account
from tests.browser.signing_in import sign_in
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.support.service import Service

NEW_PASSWORD = "seven teapots on a ladder"
USERS = "#/users"


@pytest.fixture
def username() -> str:
    """A name that nobody has."""
    return f"newcomer.{secrets.token_hex(4)}"


@pytest.fixture
def users(page: Page, service: Service) -> Page:
    """The page, opened by an administrator."""
    sign_in(page, service, ADMIN, place=USERS)
    expect(page.get_by_role("heading", name="Users")).to_be_focused()
    return page


def account_of(service: Service, username: str) -> dict[str, Any] | None:
    """What the API says of an account; None when there is none."""
    with service.client() as client:
        accounts: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = client.get("/api/users", params={"limit": 200} | ({"cursor": cursor} if cursor else {})).json()
            accounts += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return next((each for each in accounts if each["username"] == username), None)


def status_of_sign_in(service: Service, username: str, password: str = PASSWORD) -> int:
    form = {"username": username, "password": password}
    return httpx.post(f"{service.url}/api/auth", data=form, timeout=30, trust_env=False).status_code


def status_of_service_sign_in(service: Service, client_id: str, secret: str) -> int:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return httpx.post(f"{service.url}/api/auth", data=form, timeout=30, trust_env=False).status_code


def row(page: Page, username: str) -> Locator:
    """The row of an account, which may be on a later page of the list."""
    found = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=username, exact=True))
    later = page.get_by_role("button", name="Next")
    expect(page.get_by_role("table", name="Accounts")).to_be_visible()
    while not found.count() and later.is_visible() and later.get_attribute("aria-disabled") is None:
        with page.expect_response(lambda response: "/api/users" in response.url):
            later.click()
    return found


@contextmanager
def last_administrator(service: Service) -> Iterator[None]:
    """While nobody but ADMIN can sign in as an administrator: other tests may have left some."""
    with service.client() as client:
        others = [
            f"/api/users/{each['id']}"
            for each in client.get("/api/users", params={"limit": 200}).json()["items"]
            if each["role"] == "admin" and each["username"] != ADMIN and not each["disabled"] and not each["is_service"]
        ]
        for other in others:
            client.patch(other, json={"disabled": True}).raise_for_status()
        try:
            yield
        finally:
            for other in others:
                client.patch(other, json={"disabled": False}).raise_for_status()


def test_a_person_is_added_by_keyboard_alone_and_can_sign_in(users: Page, service: Service, username: str) -> None:
    users.keyboard.press("Tab")
    expect(users.get_by_role("button", name="Add a service")).to_be_focused()
    users.keyboard.press("Tab")
    users.keyboard.press("Enter")
    dialog = users.get_by_role("dialog", name="Add a person")
    expect(dialog.get_by_label("User name")).to_be_focused()
    users.keyboard.type(username)
    users.keyboard.press("Tab")
    users.keyboard.type(NEW_PASSWORD)
    users.keyboard.press("Tab")
    users.keyboard.press("Space")
    expect(dialog.get_by_label("Password", exact=True)).to_have_attribute("type", "text")
    users.keyboard.press("Tab")
    users.keyboard.press("ArrowDown")
    expect(dialog).to_contain_text("reads and corrects everybody’s predictions")
    users.keyboard.press("Tab")
    users.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Add", exact=True)).to_be_focused()
    users.keyboard.press("Enter")

    expect(dialog).to_have_count(0)
    expect(users.get_by_text(f"{username} can sign in now.").first).to_be_attached()
    expect(users.get_by_role("button", name="Add a person")).to_be_focused()
    expect(row(users, username)).to_contain_text("ReviewerPersonActive")
    made = account_of(service, username)
    assert made is not None
    assert (made["role"], made["is_service"], made["disabled"]) == ("reviewer", False, False)
    assert status_of_sign_in(service, username, NEW_PASSWORD) == 200


def test_what_is_wrong_with_a_new_person_stands_next_to_its_field(
    users: Page, service: Service, username: str, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    there = new_account(service)
    users.get_by_role("button", name="Add a person").click()
    dialog = users.get_by_role("dialog")
    name, password = dialog.get_by_label("User name"), dialog.get_by_label("Password", exact=True)
    add = dialog.get_by_role("button", name="Add", exact=True)
    assert violations_of(users) == []

    name.fill("two words")
    add.click()
    expect(name).to_have_accessible_description(
        "1 to 64 letters without accents, digits, and . - _ @ "
        "Take 1 to 64 letters without accents, digits, dots, hyphens, underscores or @ signs."
    )
    expect(name).to_be_focused()

    name.fill(there)
    password.fill("short")
    add.click()
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_text("This has 5 characters; it takes 8 to 128.")).to_be_visible()
    expect(name).not_to_have_attribute("aria-invalid", "true")

    troubles.expect("status of 422 .*/api/users>$")
    password.fill("password123")
    add.click()
    expect(dialog.get_by_text("This password is too easy to guess")).to_be_visible()
    expect(password).to_be_focused()

    troubles.expect("status of 409 .*/api/users>$")
    password.fill(NEW_PASSWORD)
    add.click()
    expect(dialog.get_by_text(f"There is an account named '{there}' already. Choose another name.")).to_be_visible()
    expect(name).to_be_focused()
    assert violations_of(users) == []
    users.emulate_media(color_scheme="dark")
    assert violations_of(users) == []
    users.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert account_of(service, username) is None


def test_who_is_disabled_cannot_sign_in_until_enabled_again(users: Page, service: Service) -> None:
    username = new_account(service)
    users.reload()

    def change(*, enabled: bool) -> None:
        row(users, username).get_by_role("button", name=f"Change {username}").click()
        users.get_by_label("May sign in").set_checked(enabled)
        users.get_by_role("button", name="Save").click()
        expect(row(users, username)).to_contain_text("Active" if enabled else "Disabled")
        expect(row(users, username).get_by_role("button", name=f"Change {username}")).to_be_focused()

    change(enabled=False)
    assert status_of_sign_in(service, username) == 401
    change(enabled=True)
    assert status_of_sign_in(service, username) == 200


def test_another_role_and_another_password_are_given(users: Page, service: Service) -> None:
    username = new_account(service)
    users.reload()
    row(users, username).get_by_role("button", name=f"Change {username}").click()
    users.get_by_label("Role").select_option("Administrator")
    users.get_by_role("button", name="Save").click()
    expect(row(users, username)).to_contain_text("Administrator")
    changed = account_of(service, username)
    assert changed is not None
    assert changed["role"] == "admin"

    row(users, username).get_by_role("button", name=f"New password {username}").click()
    users.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    users.get_by_role("button", name="Set the password").click()
    expect(users.get_by_text(f"{username} has a new password.").first).to_be_attached()
    assert status_of_sign_in(service, username) == 401
    assert status_of_sign_in(service, username, NEW_PASSWORD) == 200


def test_the_last_administrator_stays_one(users: Page, service: Service, troubles: Troubles) -> None:
    troubles.expect("status of 409 .*/api/users/")
    own = users.get_by_role("row").filter(has_text="You")
    expect(own.get_by_role("button", name="Delete")).to_have_count(0)
    with last_administrator(service):
        own.get_by_role("button", name=f"Change {ADMIN}").click()
        dialog = users.get_by_role("dialog")
        expect(dialog.get_by_label("May sign in")).to_have_count(0)
        dialog.get_by_label("Role").select_option("User")
        dialog.get_by_role("button", name="Save").click()

        expect(
            dialog.get_by_text("This is the last administrator who can sign in. Make another person")
        ).to_be_visible()
        expect(dialog.get_by_label("Role")).to_be_focused()
    kept = account_of(service, ADMIN)
    assert kept is not None
    assert kept["role"] == "admin"


def test_a_service_is_given_a_secret_once_and_another_one(
    users: Page, service: Service, username: str, violations_of: Callable[[Page], list[str]]
) -> None:
    users.context.grant_permissions(["clipboard-read", "clipboard-write"])
    users.get_by_role("button", name="Add a service").click()
    users.get_by_label("User name").fill(username)
    users.get_by_role("button", name="Add", exact=True).click()
    shown = users.get_by_role("dialog", name=f"The service {username} is there")
    expect(shown).to_contain_text("never again")
    secret = shown.get_by_label("Client secret", exact=True).input_value()
    shown.get_by_role("button", name="Copy Client secret").click()
    expect(shown.get_by_role("button", name="Copied Client secret")).to_be_focused()
    expect(shown.get_by_role("status")).to_have_text("Copied Client secret")
    assert users.evaluate("navigator.clipboard.readText()") == secret
    assert violations_of(users) == []
    for _ in range(3):
        users.keyboard.press("Escape")  # which must not lose it
    expect(shown).to_be_visible()
    shown.get_by_role("button", name="I have kept it").click()
    assert status_of_service_sign_in(service, username, secret) == 200

    row(users, username).get_by_role("button", name=f"New secret {username}").click()
    users.get_by_role("button", name="Make a new secret").click()
    renewed = users.get_by_role("dialog", name=f"The new secret of {username}")
    newer = renewed.get_by_label("Client secret", exact=True).input_value()
    renewed.get_by_role("button", name="I have kept it").click()
    assert status_of_service_sign_in(service, username, secret) == 401
    assert status_of_service_sign_in(service, username, newer) == 200


def test_a_secret_is_shown_however_its_form_was_closed_while_it_was_made(
    users: Page, service: Service, username: str
) -> None:
    held: list[Route] = []
    users.route("**/api/users", lambda route: held.append(route))
    users.get_by_role("button", name="Add a service").click()
    dialog = users.get_by_role("dialog", name="Add a service")
    dialog.get_by_label("User name").fill(username)
    dialog.get_by_role("button", name="Add", exact=True).click()
    cancel = dialog.get_by_role("button", name="Cancel")
    expect(cancel).to_be_disabled()
    for _ in range(3):
        users.keyboard.press("Escape")
    cancel.click(force=True)
    expect(dialog).to_be_visible()

    dialog.evaluate("(dialog) => dialog.close()")  # as a browser may, whatever the page says
    expect(dialog).to_have_count(0)
    held.pop().continue_()

    shown = users.get_by_role("dialog", name=f"The service {username} is there")
    secret = shown.get_by_label("Client secret", exact=True).input_value()
    shown.get_by_role("button", name="I have kept it").click()
    assert status_of_service_sign_in(service, username, secret) == 200
    expect(row(users, username)).to_contain_text("Service")


def test_an_account_is_deleted_after_asking(
    users: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    username = new_account(service)
    users.reload()
    delete = row(users, username).get_by_role("button", name=f"Delete {username}")
    delete.click()
    asked = users.get_by_role("dialog", name=f"Delete {username}?")
    expect(asked).to_contain_text("photos and webhooks go with it")
    assert violations_of(users) == []
    asked.get_by_role("button", name="Cancel").click()
    expect(delete).to_be_focused()
    assert account_of(service, username) is not None

    delete.click()
    asked.get_by_role("button", name="Delete", exact=True).click()
    expect(asked).to_have_count(0)
    expect(users.get_by_role("rowheader", name=username, exact=True)).to_have_count(0)
    expect(users.get_by_role("button", name=re.compile("^Change ")).and_(users.locator(":focus"))).to_have_count(1)
    assert account_of(service, username) is None


def test_the_list_is_for_everybody_also_on_a_phone_and_in_french(
    users: Page,
    phone: Page,
    french_page: Page,
    service: Service,
    troubles: Troubles,
    violations_of: Callable[[Page], list[str]],
) -> None:
    troubles.allow(GIVEN_UP)
    add_account(service, f"{'a-name-as-long-as-it-may-be.' * 2}{secrets.token_hex(3)}", "user")
    users.reload()
    expect(users.get_by_role("table", name="Accounts")).to_be_visible()
    for scheme in ("light", "dark"):
        users.emulate_media(color_scheme=scheme)
        assert violations_of(users) == []

    sign_in(phone, service, ADMIN, place=USERS)
    expect(phone.get_by_role("table", name="Accounts")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations_of(phone) == []
    phone.get_by_role("button", name="Add a person").tap()
    expect(phone.get_by_role("dialog")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")

    sign_in(french_page, service, ADMIN, place=USERS, language="fr")
    expect(french_page.get_by_role("heading", name="Utilisateurs")).to_be_focused()
    french_page.get_by_role("button", name="Ajouter une personne").click()
    french_page.get_by_label("Nom d’utilisateur").fill(ADMIN)
    french_page.get_by_label("Mot de passe", exact=True).fill(NEW_PASSWORD)
    troubles.expect("status of 409 .*/api/users>$")
    french_page.get_by_role("button", name="Ajouter", exact=True).click()
    expect(french_page.get_by_text("Le nom « admin » est déjà pris. Choisissez un autre nom.")).to_be_visible()
    assert violations_of(french_page) == []
