"""Signing in, staying signed in, being asked again without losing what was typed, signing out."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.accounts import PASSWORD, REVIEWER, USER, new_account
from tests.browser.product_photos import photo_file, products
from tests.browser.signing_in import fill_in, sign_in
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.support.service import Service

REFUSED = r"status of 401 .*/api/"
ANOTHER_PASSWORD = "quite another long phrase"


def other_password(service: Service, username: str) -> None:
    """Have an administrator give an account another password, which ends its sessions."""
    with service.client() as client:
        accounts = client.get("/api/users", params={"limit": 200}).json()["items"]
        (user_id,) = [account["id"] for account in accounts if account["username"] == username]
        client.patch(f"/api/users/{user_id}", json={"password": ANOTHER_PASSWORD}).raise_for_status()


def test_a_wrong_password_is_said_and_the_right_one_opens_the_page(
    page: Page, service: Service, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    troubles.expect(REFUSED)
    page.goto("/")
    fill_in(page, USER, "not the password")
    expect(page.get_by_role("alert")).to_contain_text("The name or the password is wrong.")
    assert violations_of(page) == []

    page.keyboard.type(PASSWORD)  # what was wrong is selected
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Try a product")).to_be_focused()


def test_a_reload_and_another_tab_go_on_without_signing_in(page: Page, service: Service) -> None:
    sign_in(page, service, USER, place="#/account")
    expect(page.get_by_role("heading", name="Your account")).to_be_focused()
    page.reload()
    expect(page.get_by_role("heading", name="Your account")).to_be_focused()
    assert page.url.endswith("#/account")

    other = page.context.new_page()
    other.goto("/#/try")

    expect(other.get_by_role("link", name=USER)).to_be_visible()
    cookie = next(each for each in page.context.cookies() if each["name"] == "shelfwise_refresh")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert "eyJ" not in kept, "a token"


def test_after_signing_out_nothing_of_the_account_is_left(page: Page, service: Service, troubles: Troubles) -> None:
    troubles.allow(GIVEN_UP)
    sign_in(page, service, USER)
    expect(page.get_by_role("heading", name="Try a product")).to_be_focused()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("User name")).to_be_focused()
    assert page.context.cookies() == []
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_expired_session_is_taken_up_again_without_losing_what_was_typed(
    page: Page, service: Service, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    username = new_account(service)
    sign_in(page, service, username, place="#/try")
    page.get_by_label("Title").fill("Chaise longue pliante")
    other_password(service, username)
    troubles.expect(REFUSED)

    page.get_by_role("button", name="Classify").click()
    dialog = page.get_by_role("dialog", name="Please sign in again")
    expect(dialog.get_by_label("Password")).to_be_focused()
    assert violations_of(page) == []
    page.keyboard.press("Escape")  # not now: what was asked for fails, and says so
    expect(page.get_by_role("alert")).to_contain_text("You are not signed in any more.")
    expect(page.get_by_label("Title")).to_have_value("Chaise longue pliante")

    page.get_by_role("button", name="Classify").click()
    dialog.get_by_label("Password").fill(ANOTHER_PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("region").filter(has_text="Both together")).to_contain_text("Chaise longue pliante")
    expect(page.get_by_label("Title")).to_have_value("Chaise longue pliante")


def test_what_a_role_may_not_see_is_not_offered_and_says_so(page: Page, service: Service) -> None:
    sign_in(page, service, USER)
    places = page.get_by_role("navigation").get_by_role("link")
    expect(places).to_have_text(["Try a product", "Catalogues", "Overview", "Webhooks", USER])

    page.goto("/#/users")
    expect(page.get_by_role("heading", name="This page is not for your role")).to_be_visible()
    page.goto("/#/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_the_frame_works_by_keyboard_and_on_a_phone(
    page: Page, phone: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    sign_in(page, service, REVIEWER, place="#/try")
    expect(page.get_by_role("heading", name="Try a product")).to_be_focused()
    page.keyboard.press("Shift+Tab")  # from the heading back over the places at the side
    for _ in range(12):
        if page.evaluate("document.activeElement.className") == "skip":
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()

    sign_in(phone, service, REVIEWER, place="#/try")
    expect(phone.get_by_role("heading", name="Try a product")).to_be_focused()
    menu = phone.get_by_role("button", name="Menu")
    expect(phone.get_by_role("navigation")).to_be_hidden()
    menu.tap()
    expect(menu).to_have_attribute("aria-expanded", "true")
    assert violations_of(phone) == []
    phone.keyboard.press("Tab")
    phone.keyboard.press("Escape")
    expect(phone.get_by_role("navigation")).to_be_hidden()
    expect(menu).to_be_focused()


def test_another_language_and_another_page_keep_what_was_filled_in(page: Page, service: Service) -> None:
    sign_in(page, service, USER, place="#/try")
    page.get_by_label("Title").fill("Chaise longue")
    page.get_by_label("Drop a photo here").set_input_files(photo_file(products()[0]))

    page.get_by_label("Language").select_option("fr")

    expect(page.get_by_role("heading", name="Essayer un produit")).to_be_visible()
    expect(page.get_by_label("Titre")).to_have_value("Chaise longue")
    expect(page.get_by_role("img", name="La photo que vous avez choisie")).to_be_visible()
    page.get_by_label("Langue").select_option("en")
    expect(page.get_by_role("heading", name="Try a product")).to_be_visible()
    page.get_by_role("link", name=USER).click()
    expect(page.get_by_role("heading", name="Your account")).to_be_focused()
    page.go_back()
    expect(page.get_by_label("Title")).to_have_value("Chaise longue")
    expect(page.get_by_role("img", name="The photo that you chose")).to_be_visible()


def test_a_language_whose_texts_do_not_come_leaves_the_page_as_it_is(
    page: Page, service: Service, troubles: Troubles
) -> None:
    sign_in(page, service, USER, place="#/try")
    expect(page.get_by_role("heading", name="Try a product")).to_be_focused()
    troubles.expect(r"request failed: GET .*/words/fr/")
    troubles.allow(r"ERR_FAILED|Failed to fetch")
    page.route("**/words/fr/try.js", lambda route: route.abort(), times=1)

    page.get_by_label("Language").select_option("fr")

    expect(page.get_by_role("status")).to_contain_text("The texts of this language did not come.")
    expect(page.get_by_label("Language")).to_have_value("en")
    page.get_by_role("button", name="Classify").click()
    expect(page.get_by_text("Give it a title, a description or a photo.")).to_be_visible()


def test_back_leaves_the_page(page: Page, service: Service) -> None:
    page.goto("about:blank")
    sign_in(page, service, USER)
    expect(page.get_by_role("heading", name="Try a product")).to_be_focused()
    page.get_by_role("link", name=USER).click()
    expect(page.get_by_role("heading", name="Your account")).to_be_focused()

    page.go_back()
    expect(page.get_by_role("heading", name="Try a product")).to_be_focused()
    page.go_back()

    assert page.url == "about:blank"


def test_a_tab_does_not_go_on_as_the_account_of_another_tab(page: Page, service: Service, troubles: Troubles) -> None:
    troubles.allow(GIVEN_UP)  # by the reload
    first, second = new_account(service), new_account(service)
    page.clock.install()
    sign_in(page, service, first, place="#/account")
    expect(page.get_by_role("heading", name="Your account")).to_be_focused()
    other = page.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Sign out").click()
    fill_in(other, second, PASSWORD)
    expect(other.get_by_role("link", name=second)).to_be_visible()

    page.clock.fast_forward("20:00")  # the token of the first tab has ended
    page.get_by_role("link", name="Webhooks").click()

    expect(page.get_by_role("link", name=second)).to_be_visible()


def test_an_answer_that_breaks_off_is_said(page: Page, service: Service, troubles: Troubles) -> None:
    sign_in(page, service, USER, place="#/account")
    expect(page.get_by_role("heading", name="Your account")).to_be_focused()
    page.route("**/api/webhooks?*", lambda route: route.fulfill(body='{"items": [', content_type="application/json"))

    page.get_by_role("link", name="Webhooks").click()

    expect(page.get_by_role("alert")).to_contain_text("connection")
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_text("No webhook")).to_be_visible()


def test_who_cannot_be_signed_out_is_told(page: Page, service: Service, troubles: Troubles) -> None:
    sign_in(page, service, USER, place="#/try")
    expect(page.get_by_role("heading", name="Try a product")).to_be_focused()
    troubles.expect(r"request failed: DELETE .*/api/auth/session")
    troubles.allow(r"ERR_FAILED")
    page.route("**/api/auth/session", lambda route: route.abort())

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("status")).to_contain_text("You are still signed in.")
    expect(page.get_by_role("link", name=USER)).to_be_visible()


def test_an_address_that_is_none_says_so(page: Page, service: Service) -> None:
    sign_in(page, service, USER, place="#/catalogues/%E0%A4%A")

    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_a_page_whose_files_do_not_come_says_so_and_comes_when_it_is_tried_again(
    page: Page, service: Service, troubles: Troubles
) -> None:
    sign_in(page, service, USER, place="#/try")
    expect(page.get_by_role("heading", name="Try a product")).to_be_focused()
    troubles.expect(r"request failed: GET .*/styles/pages/settings.css")
    troubles.allow(r"ERR_FAILED|could not be loaded")
    page.route("**/settings.css", lambda route: route.abort(), times=1)

    page.get_by_role("link", name=USER).click()
    expect(page.get_by_role("alert")).to_contain_text("connection")
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("heading", name="Your account")).to_be_focused()


def test_the_styles_of_a_page_hold_no_longer_than_it_is_shown(page: Page, service: Service) -> None:
    sign_in(page, service, USER, place="#/try")
    expect(page.get_by_role("heading", name="Try a product")).to_be_focused()
    page.get_by_role("link", name=USER).click()
    expect(page.get_by_role("heading", name="Your account")).to_be_focused()
    page.get_by_role("link", name="Try a product").click()
    expect(page.get_by_role("heading", name="Try a product")).to_be_focused()

    holding = page.evaluate(
        "[...document.styleSheets].filter((each) => !each.disabled).map((each) => each.href.split('/').at(-1))"
    )
    assert "try.css" in holding
    assert "settings.css" not in holding
