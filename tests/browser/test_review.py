"""The review: what waits is accepted or corrected, by mouse, finger or key, one product after the other."""

import re
import time
from collections.abc import Callable
from itertools import cycle, pairwise
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.accounts import REVIEWER, USER
from tests.browser.review_queue import Queue, assert_stored, code_of, send_catalogue
from tests.browser.review_screen import QUESTION, choice, expect_product, figure, open_review
from tests.browser.signing_in import sign_in
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.support.service import Service

GROCERIES = 1940
KEYS = ("1", "2", "A", "3", "Enter", "4", "/", "5")


def test_what_waits_is_judged_by_mouse_and_what_was_skipped_comes_back(
    page: Page, service: Service, tmp_path: Path, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    troubles.allow(GIVEN_UP)  # by the reload
    queue = send_catalogue(service, tmp_path)
    first, second, third, *rest = queue.items
    with service.client() as client:
        english = {each["code"]: each["name_en"] for each in client.get("/api/taxonomy").json()["items"]}
    open_review(page, service, queue)
    expect_product(page, first)
    expect(page.get_by_role("img", name=f"Photo: {first['designation']}")).to_have_attribute(
        "src", re.compile("^blob:")
    )
    expect(page.get_by_text(first["description"])).to_be_visible()
    expect(page.locator(".choice-name")).to_have_text([english[score["code"]] for score in first["top"]])
    for tone, model in (("text", first["text"]), ("photo-model", first["image"])):
        names = page.locator(f".bars.{tone} .bar-name")
        expect(names).to_have_text([english[score["code"]] for score in model["top"][:3]])
    expect(figure(page, "Waiting")).to_have_text(str(len(queue.items)))
    assert violations_of(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations_of(page) == []

    choice(page, 1).dblclick()  # the second press is not meant for the next product
    expect_product(page, second)
    choice(page, 3).click()
    expect_product(page, third)
    page.get_by_role("button", name="Undo").click()
    expect_product(page, second)
    expect(page.get_by_text(f"Your verdict was: {english[code_of(second, 3)]}.")).to_be_visible()
    assert violations_of(page) == []
    choice(page, 2).click()
    expect_product(page, third)
    page.get_by_role("button", name="Skip").click()
    for item in rest:
        expect_product(page, item)
        page.get_by_role("button", name="Another category").click()
        page.get_by_role("combobox", name=QUESTION).fill("groceries")
        page.get_by_role("listbox").get_by_role("option", name="Groceries").click()

    expect(page.get_by_role("heading", name="Only what you skipped is left")).to_be_focused()
    assert violations_of(page) == []
    said = {first["id"]: code_of(first, 1), second["id"]: code_of(second, 2)} | {each["id"]: GROCERIES for each in rest}
    assert_stored(service, queue, said)
    expect(figure(page, "Waiting")).to_have_text("1")
    expect(figure(page, "You judged")).to_have_text(str(len(said)))
    accepted = sum(code == code_of(item, 1) for item in queue.items for code in [said.get(item["id"])])
    expect(figure(page, "You accepted")).to_have_text(f"{accepted / len(said):.0%}")

    page.get_by_role("button", name="Look at it again").click()
    expect_product(page, third)
    choice(page, 1).click()
    nothing = page.get_by_role("heading", name=f"Nothing waits any more. You judged {len(queue.items)}.")
    expect(nothing).to_be_focused()
    assert_stored(service, queue, said | {third["id"]: code_of(third, 1)})
    page.reload()
    expect(figure(page, "Agreement, 30 days")).to_have_text(re.compile(r"^\d+%$"))
    expect(page.get_by_role("heading", name="Nothing waits for review")).to_be_visible()


def test_thirty_predictions_are_reviewed_by_keyboard_alone_in_under_a_minute(
    page: Page, service: Service, tmp_path: Path
) -> None:
    queue = send_catalogue(service, tmp_path, 81)
    items = queue.items[:31]
    assert len(items) == 31
    open_review(page, service, queue)
    expect_product(page, items[0])
    said = {}

    begin = time.monotonic()
    for key, (item, following) in zip(cycle(KEYS), pairwise(items), strict=False):
        page.keyboard.press(key)
        if key == "/":
            page.keyboard.type("epicerie")
            page.keyboard.press("Enter")
        said[item["id"]] = GROCERIES if key == "/" else code_of(item, int(key) if key.isdigit() else 1)
        expect_product(page, following)
    seconds = time.monotonic() - begin

    assert len(said) == 30
    assert_stored(service, queue, said)
    assert seconds < 60


def test_after_a_verdict_the_next_product_is_announced_and_the_focus_is_on_the_choices(
    page: Page, service: Service, tmp_path: Path
) -> None:
    queue = send_catalogue(service, tmp_path)
    with page.expect_request(lambda request: queue.items[2]["photo"] in request.url):  # before its turn comes
        open_review(page, service, queue)
    expect(page.get_by_role("heading", name="Review")).to_be_focused()

    for item, following in pairwise(queue.items[:4]):
        expect_product(page, item)
        page.keyboard.press("Enter")
        expect_product(page, following)
        expect(choice(page, 1)).to_be_focused()
        heard = rf"^{re.escape(following['designation'])}\. Predicted: .+, {following['confidence']:.0%} sure\.$"
        expect(page.get_by_role("status")).to_have_text(re.compile(heard))
    page.keyboard.press("c")
    expect(page.get_by_role("combobox", name=QUESTION)).to_be_focused()
    page.keyboard.press("Escape")
    expect(choice(page, 1)).to_be_focused()


def test_the_search_goes_through_both_languages_and_codes_without_accents(
    page: Page, service: Service, tmp_path: Path, violations_of: Callable[[Page], list[str]]
) -> None:
    queue = send_catalogue(service, tmp_path)
    open_review(page, service, queue)
    expect_product(page, queue.items[0])
    page.keyboard.press("/")
    search = page.get_by_role("combobox", name=QUESTION)
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options).to_have_count(27)
    assert violations_of(page) == []
    for typed in ("EPICERIE", "grocer", "1940", "Épi"):
        search.fill(typed)
        expect(options.first).to_have_text(re.compile("^Groceries.*1940$"))
        expect(options.first).to_have_attribute("aria-selected", "true")
    search.fill("no such shelf")
    expect(page.locator("main").get_by_text("No category is called that.")).to_be_visible()
    expect(search).to_have_attribute("aria-expanded", "false")
    assert violations_of(page) == []

    search.fill("jeux de")
    for place in range(3):  # those that begin so come before those that have both words somewhere
        expect(options.nth(place)).to_contain_text("Jeux de")
    wanted = options.nth(1).inner_text()
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(search).to_have_attribute("aria-activedescendant", options.nth(1).get_attribute("id") or "")
    for key in ("ArrowUp", "ArrowUp", "ArrowDown", "ArrowDown"):  # round the end, and back
        page.keyboard.press(key)
    page.keyboard.press("Alt+ArrowUp")
    expect(search).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")  # opens it again, at the first
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect_product(page, queue.items[1])
    assert_stored(service, queue, {queue.items[0]["id"]: int(wanted.split("·")[1])})


def test_a_step_back_goes_to_what_was_skipped_or_judged_and_the_new_verdict_counts(
    page: Page, service: Service, tmp_path: Path
) -> None:
    queue = send_catalogue(service, tmp_path)
    first, second, third, *_ = queue.items
    open_review(page, service, queue)
    expect_product(page, first)
    page.keyboard.press("2")
    expect_product(page, second)
    page.keyboard.press("s")
    expect_product(page, third)

    page.keyboard.press("u")
    expect_product(page, second)
    page.keyboard.press("u")
    expect_product(page, first)
    expect(page.get_by_text("It counts until you choose again.")).to_be_visible()
    page.keyboard.press("3")
    expect_product(page, second)
    page.keyboard.press("1")
    expect_product(page, third)

    assert_stored(service, queue, {first["id"]: code_of(first, 3), second["id"]: code_of(second, 1)})
    expect(figure(page, "You judged")).to_have_text("2")


def test_one_predicted_category_alone_can_be_reviewed(
    page: Page, service: Service, tmp_path: Path, troubles: Troubles
) -> None:
    troubles.allow(GIVEN_UP)  # by the reload
    queue = send_catalogue(service, tmp_path)
    code = code_of(queue.items[-1], 1)
    chosen = [item for item in queue.items if code_of(item, 1) == code]
    open_review(page, service, queue)
    expect_product(page, queue.items[0])

    choose = page.get_by_label("Predicted category")
    choose.focus()
    choose.select_option(str(code))

    expect_product(page, chosen[0])
    expect(figure(page, "Waiting")).to_have_text(str(len(chosen)))
    expect(choose).to_be_focused()
    page.reload()
    for item in chosen:
        expect_product(page, item)
        page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Nothing waits any more.")).to_be_focused()
    expect(page.get_by_text("Nothing else waits with this choice of products.")).to_be_visible()
    assert_stored(service, queue, {item["id"]: code for item in chosen})
    page.locator(".review-end").get_by_role("link", name="Show all").click()
    expect(choose).to_have_value("")


def test_where_nothing_waits_it_is_said_what_to_do(
    page: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    open_review(page, service, Queue(str(uuid4()), []))
    nothing = page.get_by_role("heading", name="Nothing waits for review")

    expect(nothing).to_be_visible()
    expect(page.get_by_role("link", name="Catalogues and results")).to_be_visible()
    page.get_by_role("button", name="Look for new ones").click()
    expect(nothing).to_be_focused()
    assert violations_of(page) == []


def test_users_are_told_that_it_is_not_for_their_role(page: Page, service: Service) -> None:
    sign_in(page, service, USER, place="#/review")

    expect(page.get_by_role("heading", name="This page is not for your role")).to_be_focused()
    expect(page.get_by_role("link", name="Review")).to_have_count(0)


def test_on_a_phone_the_photo_and_all_choices_are_on_one_screen(
    phone: Page, service: Service, tmp_path: Path, violations_of: Callable[[Page], list[str]]
) -> None:
    queue = send_catalogue(service, tmp_path)
    first, second, third, *_ = queue.items
    open_review(phone, service, queue)
    expect_product(phone, first)
    photo = phone.get_by_role("img", name="Photo:")
    expect(photo).to_be_in_viewport(ratio=1)
    for number in range(1, 7):
        expect(choice(phone, number)).to_be_in_viewport(ratio=1)
        box = choice(phone, number).bounding_box()
        assert box is not None
        assert box["height"] >= 40
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations_of(phone) == []

    choice(phone, 2).tap()
    expect_product(phone, second)
    phone.get_by_role("button", name="Another category").tap()
    phone.get_by_role("combobox", name=QUESTION).fill("groc")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations_of(phone) == []
    phone.get_by_role("listbox").get_by_role("option", name="Groceries").tap()
    expect_product(phone, third)
    expect(photo).to_be_in_viewport(ratio=1)
    assert_stored(service, queue, {first["id"]: code_of(first, 2), second["id"]: GROCERIES})


def test_in_french(
    french_page: Page, service: Service, tmp_path: Path, violations_of: Callable[[Page], list[str]]
) -> None:
    queue = send_catalogue(service, tmp_path)
    first, second, third, *_ = queue.items
    open_review(french_page, service, queue, REVIEWER, language="fr")
    expect(french_page.get_by_role("heading", name="Relecture")).to_be_focused()
    expect_product(french_page, first, "Produit")
    expect(french_page.locator(".choice-name")).to_have_text([score["name"] for score in first["top"]])
    assert violations_of(french_page) == []

    french_page.keyboard.press("Shift+Digit2")  # as a 2 is typed on a French keyboard
    expect_product(french_page, second, "Produit")
    french_page.get_by_role("button", name="Une autre catégorie").click()
    french_page.get_by_role("combobox", name="Quelle est sa catégorie").fill("grocer")
    french_page.get_by_role("listbox").get_by_role("option", name="Épicerie").click()
    expect_product(french_page, third, "Produit")
    assert_stored(service, queue, {first["id"]: code_of(first, 2), second["id"]: GROCERIES})
