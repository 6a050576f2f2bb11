"""One's own account: its password, what it has used, and how the page looks in this browser."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.accounts import PASSWORD, REVIEWER, new_account
from tests.browser.signing_in import fill_in, sign_in
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.support.service import Service, ended, submit

NEW_PASSWORD = "seven teapots on a ladder"
ACCOUNT = "#/account"
LIGHT, DARK = "rgb(246, 244, 239)", "rgb(19, 22, 26)"  # --paper of tokens.css


@pytest.fixture
def username(service: Service) -> str:
    return new_account(service)


@pytest.fixture
def account(page: Page, service: Service, username: str) -> Page:
    """The page, opened by somebody new."""
    sign_in(page, service, username, place=ACCOUNT)
    expect(page.get_by_role("heading", name="Your account")).to_be_focused()
    return page


def status_of_sign_in(service: Service, username: str, password: str) -> int:
    form = {"username": username, "password": password}
    return httpx.post(f"{service.url}/api/auth", data=form, timeout=30, trust_env=False).status_code


def test_who_changes_the_password_stays_and_others_are_asked_again(
    account: Page, new_page: Callable[..., Page], service: Service, username: str, troubles: Troubles
) -> None:
    elsewhere = new_page()
    sign_in(elsewhere, service, username, place="#/webhooks")
    expect(elsewhere.get_by_role("heading", name="Webhooks")).to_be_focused()

    account.get_by_label("Current password").fill(PASSWORD)
    account.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    account.keyboard.press("Enter")

    expect(account.get_by_text("Your password is changed.").first).to_be_attached()
    expect(account.get_by_label("New password", exact=True)).to_have_value("")
    assert status_of_sign_in(service, username, PASSWORD) == 401
    assert status_of_sign_in(service, username, NEW_PASSWORD) == 200
    account.get_by_role("link", name="Webhooks").click()
    expect(account.get_by_text("No webhook so far.")).to_be_visible()
    account.reload()
    expect(account.get_by_text("No webhook so far.")).to_be_visible()

    troubles.expect("status of 401 .*/api/")
    elsewhere.goto("/#/account")
    expect(elsewhere.get_by_role("dialog", name="Please sign in again")).to_be_visible()


def test_a_password_that_is_changed_is_not_said_to_be_the_old_one_where_signing_in_fails(
    account: Page, service: Service, username: str, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    troubles.expect("^request failed: POST .*/api/auth/session")
    troubles.allow("ERR_FAILED")
    account.route("**/api/auth/session", lambda route: route.abort(), times=1)
    account.get_by_label("Current password").fill(PASSWORD)
    account.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    account.keyboard.press("Enter")

    told = account.get_by_role("alert")
    expect(told).to_contain_text("Your password is changed, but signing in with it failed: The service did not answer.")
    assert violations_of(account) == []
    assert status_of_sign_in(service, username, NEW_PASSWORD) == 200
    troubles.expect("status of 401 .*/api/auth/session>$")
    told.get_by_role("button", name="Sign in").click()
    fill_in(account, username, NEW_PASSWORD)
    expect(account.get_by_role("heading", name="Your account")).to_be_focused()


def test_what_is_wrong_with_a_password_stands_next_to_its_field(
    account: Page, service: Service, username: str, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    current, renewed = account.get_by_label("Current password"), account.get_by_label("New password", exact=True)
    change = account.get_by_role("button", name="Change the password")
    change.click()
    expect(account.get_by_text("Type the password that you have now.")).to_be_visible()
    expect(current).to_be_focused()

    current.fill("not the password")
    renewed.fill("short")
    change.click()
    expect(account.get_by_text("This has 5 characters; it takes 8 to 128.")).to_be_visible()
    expect(renewed).to_be_focused()

    troubles.expect("status of 403 .*/api/users/me/password>$")
    renewed.fill(NEW_PASSWORD)
    change.click()
    expect(
        account.get_by_text("The current password is wrong. Type the password that you sign in with")
    ).to_be_visible()
    expect(current).to_be_focused()

    troubles.expect("status of 422 .*/api/users/me/password>$")
    current.fill(PASSWORD)
    renewed.fill("password123")
    change.click()
    expect(account.get_by_text("This password is too easy to guess")).to_be_visible()
    expect(renewed).to_be_focused()
    for scheme in ("light", "dark"):
        account.emulate_media(color_scheme=scheme)
        assert violations_of(account) == []
    assert status_of_sign_in(service, username, PASSWORD) == 200


def test_it_says_who_one_is_and_what_one_has_used(page: Page, service: Service, username: str) -> None:
    with service.client(username) as client:
        ended(client, submit(client, "Chaise longue", "Table de jardin"))
    sign_in(page, service, username, place=ACCOUNT)

    expect(page.get_by_role("definition").filter(has_text=username)).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="User")).to_contain_text("sees what is their own")
    used = page.get_by_role("progressbar", name="Products today")
    expect(used).to_have_attribute("aria-valuetext", "2 of 5,000,000")
    expect(page.get_by_text("2 of 5,000,000")).to_be_visible()
    expect(page.get_by_role("progressbar", name="Photos and files")).to_be_visible()


def test_light_or_dark_is_chosen_and_remembered(account: Page) -> None:
    ground = account.locator("html")
    expect(account.get_by_role("radio", name="As the system")).to_be_checked()
    account.emulate_media(color_scheme="light")
    expect(ground).to_have_css("background-color", LIGHT)
    account.emulate_media(color_scheme="dark")
    expect(ground).to_have_css("background-color", DARK)

    account.get_by_role("radio", name="Light").check()
    expect(ground).to_have_css("background-color", LIGHT)
    account.reload()
    expect(account.get_by_role("radio", name="Light")).to_be_checked()
    expect(ground).to_have_css("background-color", LIGHT)

    account.emulate_media(color_scheme="light")
    account.get_by_role("radio", name="Dark").check()
    expect(ground).to_have_css("background-color", DARK)
    account.get_by_role("radio", name="As the system").check()
    expect(ground).to_have_css("background-color", LIGHT)
    account.reload()
    expect(account.get_by_role("radio", name="As the system")).to_be_checked()
    expect(ground).to_have_css("background-color", LIGHT)


def test_another_language_is_spoken_at_once_and_remembered(
    account: Page, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    troubles.allow(GIVEN_UP)
    account.get_by_label("Language of the pages").select_option("Français")
    expect(account.get_by_role("heading", name="Votre compte")).to_be_focused()
    expect(account.get_by_role("link", name="Vue d’ensemble")).to_be_visible()
    assert account.evaluate("document.documentElement.lang") == "fr"
    assert violations_of(account) == []
    account.reload()
    expect(account.get_by_role("heading", name="Votre compte")).to_be_visible()
    expect(account.get_by_text("sur 5 000 000")).to_be_visible()

    account.get_by_label("Langue des pages").select_option("English")
    expect(account.get_by_role("heading", name="Your account")).to_be_focused()


def test_it_fits_a_phone(phone: Page, service: Service, violations_of: Callable[[Page], list[str]]) -> None:
    sign_in(phone, service, REVIEWER, place=ACCOUNT)
    expect(phone.get_by_role("heading", name="Your account")).to_be_focused()

    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations_of(phone) == []
