"""The review: what waits is accepted or corrected, by mouse, finger or key, and no verdict is lost without a word."""

import re
import time
from collections.abc import Callable
from itertools import cycle, pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accounts import REVIEWER, USER, new_account
from tests.browser.review_queue import Item, send_catalogue, verdicts, waiting
from tests.browser.signing_in import sign_in
from tests.browser.troubles import Troubles
from tests.support.service import Service
from tests.support.waiting import wait_for

ROWS = 24
SECONDS_TO_STORE = 20
QUESTION = "Which category is it?"
ANOTHER = {"code": 1940, "name": "Épicerie", "name_en": "Groceries"}


@pytest.fixture
def job_id(service: Service, tmp_path: Path) -> str:
    """A catalogue of which several products wait for a review."""
    return send_catalogue(service, tmp_path, ROWS)


@pytest.fixture
def queue(service: Service, job_id: str) -> list[Item]:
    """Its products that wait, in the order of the queue."""
    with service.client() as client:
        found = waiting(client, job_id)
    assert len(found) >= 6
    return found


def open_review(page: Page, service: Service, job_id: str, username: str = REVIEWER, language: str = "en") -> None:
    sign_in(page, service, username, place=f"#/review?job={job_id}", language=language)


def expect_product(page: Page, item: Item, word: str = "Product") -> None:
    """This product is shown, and nothing else."""
    expect(page.locator(".review-texts")).to_contain_text(f"{word} {item['product_id']}")
    expect(page.get_by_role("heading", level=2)).to_have_text(item["designation"])


def choice(page: Page, number: int) -> Locator:
    return page.get_by_role("group", name=QUESTION).get_by_role("button").nth(number - 1)


def figure(page: Page, name: str) -> Locator:
    return page.locator(".review-progress > div").filter(has_text=name).get_by_role("definition")


def stored(service: Service, job_id: str, expected: dict[int, int]) -> bool:
    """Wait until exactly these verdicts are there."""

    def look() -> bool:
        with service.client() as client:
            return verdicts(client, job_id) == expected

    return wait_for(look, SECONDS_TO_STORE, f"the verdicts {expected}")


def test_what_waits_is_judged_by_mouse_and_what_was_skipped_comes_back(
    page: Page, service: Service, job_id: str, queue: list[Item], violations_of: Callable[[Page], list[str]]
) -> None:
    open_review(page, service, job_id)
    first, second, third, *rest = queue
    expect_product(page, first)
    expect(page.get_by_role("img", name=f"Photo: {first['designation']}")).to_have_js_property("complete", True)
    expect(page.locator(".review-description")).to_have_text(first["description"])
    names = page.locator(".choice-name").all_inner_texts()
    with service.client() as client:
        english = {each["code"]: each["name_en"] for each in client.get("/api/taxonomy").json()["items"]}
    assert names == [english[score["code"]] for score in first["top"]]
    expect(page.get_by_role("region", name="The text alone").or_(page.locator(".bars.text"))).to_contain_text(
        english[first["text"]["top"][0]["code"]]
    )
    expect(figure(page, "Waiting")).to_have_text(str(len(queue)))
    assert violations_of(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations_of(page) == []

    choice(page, 1).click()
    expect_product(page, second)
    choice(page, 3).click()
    expect_product(page, third)
    page.get_by_role("button", name="Undo").click()
    expect_product(page, second)
    expect(page.get_by_text(f"Your verdict was: {english[second['top'][2]['code']]}.")).to_be_visible()
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
    said = {first["id"]: first["category"]["code"], second["id"]: second["top"][1]["code"]}
    said |= {item["id"]: ANOTHER["code"] for item in rest}
    assert stored(service, job_id, said)
    expect(figure(page, "Waiting")).to_have_text("1")
    expect(figure(page, "You judged")).to_have_text(str(len(queue) - 1))
    accepted = sum(said[item["id"]] == item["category"]["code"] for item in queue if item["id"] in said)
    expect(figure(page, "You accepted")).to_have_text(f"{accepted / (len(queue) - 1):.0%}")

    page.get_by_role("button", name="Look at it again").click()
    expect_product(page, third)
    choice(page, 1).click()
    expect(page.get_by_role("heading", name=f"Nothing waits any more. You judged {len(queue)}.")).to_be_focused()
    assert stored(service, job_id, said | {third["id"]: third["category"]["code"]})


def test_thirty_predictions_are_reviewed_by_keyboard_alone_in_under_a_minute(
    page: Page, service: Service, tmp_path: Path
) -> None:
    job_id = send_catalogue(service, tmp_path, 81)
    with service.client() as client:
        items = waiting(client, job_id)[:31]
    assert len(items) == 31
    open_review(page, service, job_id)
    expect_product(page, items[0])
    said = {}

    begin = time.monotonic()
    for key, (item, following) in zip(
        cycle(["1", "2", "A", "3", "Enter", "4", "/", "5"]), pairwise(items), strict=False
    ):
        page.keyboard.press(key)
        if key == "/":
            page.keyboard.type("epicerie")
            page.keyboard.press("Enter")
        place = int(key) - 1 if key.isdigit() else 0
        said[item["id"]] = ANOTHER["code"] if key == "/" else item["top"][place]["code"]
        expect_product(page, following)
    seconds = time.monotonic() - begin

    assert len(said) == 30
    assert stored(service, job_id, said)
    assert seconds < 60


def test_after_a_verdict_the_next_product_is_announced_and_the_focus_is_on_the_choices(
    page: Page, service: Service, job_id: str, queue: list[Item]
) -> None:
    open_review(page, service, job_id)
    expect(page.get_by_role("heading", name="Review")).to_be_focused()

    for item, following in pairwise(queue[:4]):
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
    page: Page, service: Service, job_id: str, queue: list[Item], violations_of: Callable[[Page], list[str]]
) -> None:
    open_review(page, service, job_id)
    expect_product(page, queue[0])
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
    expect(page.get_by_text("No category is called that.").first).to_be_visible()
    expect(search).to_have_attribute("aria-expanded", "false")
    assert violations_of(page) == []

    search.fill("jeux de")
    for place in range(3):  # those that begin so come before those that have both words somewhere
        expect(options.nth(place)).to_contain_text("Jeux de")
    wanted = options.nth(1).inner_text()
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(search).to_have_attribute("aria-activedescendant", options.nth(1).get_attribute("id") or "")
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp"):  # round the end, and back
        page.keyboard.press(key)
    page.keyboard.press("Enter")

    expect_product(page, queue[1])
    assert stored(service, job_id, {queue[0]["id"]: int(wanted.split("·")[1])})


def test_a_step_back_goes_to_what_was_skipped_or_judged_and_its_new_verdict_counts(
    page: Page, service: Service, job_id: str, queue: list[Item]
) -> None:
    open_review(page, service, job_id)
    expect_product(page, queue[0])
    page.keyboard.press("2")
    expect_product(page, queue[1])
    page.keyboard.press("s")
    expect_product(page, queue[2])

    page.keyboard.press("u")
    expect_product(page, queue[1])
    page.keyboard.press("u")
    expect_product(page, queue[0])
    expect(page.get_by_text("It counts until you choose again.")).to_be_visible()
    page.keyboard.press("3")
    expect_product(page, queue[1])
    page.keyboard.press("1")
    expect_product(page, queue[2])

    assert stored(
        service, job_id, {queue[0]["id"]: queue[0]["top"][2]["code"], queue[1]["id"]: queue[1]["top"][0]["code"]}
    )
    expect(figure(page, "You judged")).to_have_text("2")


def test_verdicts_on_a_catalogue_that_was_deleted_come_back_and_the_review_goes_on(
    page: Page,
    service: Service,
    job_id: str,
    queue: list[Item],
    troubles: Troubles,
    violations_of: Callable[[Page], list[str]],
) -> None:
    troubles.expect(r"status of 404 .*/correction>$")
    troubles.allow(r"status of 404 .*/api/images/")  # of products that were still to come
    open_review(page, service, job_id)
    expect_product(page, queue[0])
    with service.client() as client:
        client.delete(f"/api/jobs/{job_id}").raise_for_status()

    page.keyboard.press("1")

    lost = page.get_by_role("alert")
    expect(lost).to_contain_text(f"Not stored: “{queue[0]['designation']}”")
    expect(lost).to_contain_text("its catalogue was deleted meanwhile")
    expect(figure(page, "You judged")).to_have_text("0")
    expect(page.get_by_text("This product no longer waits").first).to_be_visible()
    assert violations_of(page) == []
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Only what you skipped is left")).to_be_focused()
    lost.get_by_role("button", name="Close").click()
    expect(lost).to_have_count(0)
    expect(page.get_by_role("heading", level=2)).to_be_focused()
    page.get_by_role("button", name="Look at it again").click()
    expect(page.get_by_role("heading", name="Nothing waits for review")).to_be_focused()


def test_verdicts_wait_while_the_service_cannot_be_reached_and_are_stored_then(
    page: Page,
    service: Service,
    job_id: str,
    queue: list[Item],
    troubles: Troubles,
    violations_of: Callable[[Page], list[str]],
) -> None:
    troubles.expect(r"^request failed: POST \S+/correction net::ERR_INTERNET_DISCONNECTED")
    troubles.allow(r"ERR_INTERNET_DISCONNECTED")
    open_review(page, service, job_id)
    expect_product(page, queue[0])
    expect(figure(page, "Waiting")).to_have_text(str(len(queue)))
    page.context.set_offline(True)

    page.keyboard.press("1")
    expect_product(page, queue[1])
    page.keyboard.press("2")
    expect_product(page, queue[2])
    expect(page.get_by_role("alert")).to_contain_text("2 verdicts are not stored yet.")
    assert violations_of(page) == []
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.close(run_before_unload=True)
    wait_for(
        lambda: page.evaluate("1") and asked == ["beforeunload"], SECONDS_TO_STORE, "the question whether to leave"
    )
    expect_product(page, queue[2])

    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert stored(
        service, job_id, {queue[0]["id"]: queue[0]["top"][0]["code"], queue[1]["id"]: queue[1]["top"][1]["code"]}
    )


def test_two_reviewers_at_once_do_not_disturb_each_other(
    new_page: Callable[..., Page], service: Service, job_id: str, queue: list[Item]
) -> None:
    one, other = new_page(), new_page()
    open_review(one, service, job_id)
    open_review(other, service, job_id, new_account(service, "reviewer"))
    expect_product(one, queue[0])
    expect_product(other, queue[0])

    one.keyboard.press("2")
    expect_product(one, queue[1])
    assert stored(service, job_id, {queue[0]["id"]: queue[0]["top"][1]["code"]})
    other.keyboard.press("3")
    expect_product(other, queue[1])

    assert stored(service, job_id, {queue[0]["id"]: queue[0]["top"][2]["code"]})
    expect(one.get_by_role("alert")).to_have_count(0)
    expect(other.get_by_role("alert")).to_have_count(0)
    one.reload()
    expect_product(one, queue[1])


def test_keys_are_nobody_elses_and_can_be_switched_off(
    page: Page, service: Service, job_id: str, queue: list[Item], violations_of: Callable[[Page], list[str]]
) -> None:
    open_review(page, service, job_id)
    expect_product(page, queue[0])
    page.keyboard.press("Shift+?")
    keys = page.get_by_role("dialog", name="Keys of the review")
    expect(keys).to_contain_text("Accept the predicted category")
    assert violations_of(page) == []
    page.keyboard.press("2")  # in a dialog it means nothing
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    for key in ("Control+1", "Alt+1", "Meta+s"):
        page.keyboard.press(key)
    page.get_by_label("Predicted category").focus()
    page.keyboard.press("s")
    page.get_by_label("Predicted category").select_option("")
    expect_product(page, queue[0])

    switch = page.get_by_role("checkbox", name="One-key shortcuts")
    switch.uncheck()
    expect(choice(page, 1).locator("kbd")).to_be_hidden()
    page.reload()
    expect_product(page, queue[0])
    expect(switch).not_to_be_checked()
    for key in ("1", "a", "s"):
        page.keyboard.press(key)
    assert stored(service, job_id, {})
    expect_product(page, queue[0])
    switch.check()
    page.keyboard.press("2")
    expect_product(page, queue[1])
    assert stored(service, job_id, {queue[0]["id"]: queue[0]["top"][1]["code"]})


def test_one_predicted_category_alone_can_be_reviewed(
    page: Page, service: Service, job_id: str, queue: list[Item], violations_of: Callable[[Page], list[str]]
) -> None:
    code = queue[-1]["category"]["code"]
    chosen = [item for item in queue if item["category"]["code"] == code]
    open_review(page, service, job_id)
    expect_product(page, queue[0])

    page.get_by_label("Predicted category").focus()
    page.get_by_label("Predicted category").select_option(str(code))

    expect_product(page, chosen[0])
    expect(figure(page, "Waiting")).to_have_text(str(len(chosen)))
    expect(page.get_by_label("Predicted category")).to_be_focused()
    page.reload()
    expect_product(page, chosen[0])
    for _ in chosen:
        page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Nothing waits any more.")).to_be_focused()
    expect(page.get_by_text("Nothing else waits with this choice of products.")).to_be_visible()
    assert stored(service, job_id, {item["id"]: code for item in chosen})
    page.get_by_role("link", name="Show all").last.click()
    expect(page.get_by_label("Predicted category")).to_have_value("")


def test_where_nothing_waits_it_is_said_what_to_do(
    page: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    open_review(page, service, str(uuid4()))

    expect(page.get_by_role("heading", name="Nothing waits for review")).to_be_visible()
    expect(page.get_by_role("link", name="Catalogues and results")).to_be_visible()
    page.get_by_role("button", name="Look for new ones").click()
    expect(page.get_by_role("heading", name="Nothing waits for review")).to_be_focused()
    assert violations_of(page) == []


def test_users_are_told_that_it_is_not_for_their_role(page: Page, service: Service) -> None:
    sign_in(page, service, USER, place="#/review")

    expect(page.get_by_role("heading", name="This page is not for your role")).to_be_focused()
    expect(page.get_by_role("link", name="Review")).to_have_count(0)


def test_on_a_phone_the_photo_and_all_choices_are_on_one_screen(
    phone: Page, service: Service, job_id: str, queue: list[Item], violations_of: Callable[[Page], list[str]]
) -> None:
    open_review(phone, service, job_id)
    expect_product(phone, queue[0])
    expect(phone.get_by_role("img", name="Photo:")).to_be_in_viewport(ratio=1)
    for number in range(1, 7):
        expect(choice(phone, number)).to_be_in_viewport(ratio=1)
        box = choice(phone, number).bounding_box()
        assert box is not None
        assert box["height"] >= 40
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations_of(phone) == []

    choice(phone, 2).tap()
    expect_product(phone, queue[1])
    phone.get_by_role("button", name="Another category").tap()
    phone.get_by_role("combobox", name=QUESTION).fill("groc")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations_of(phone) == []
    phone.get_by_role("listbox").get_by_role("option", name="Groceries").tap()
    expect_product(phone, queue[2])
    expect(phone.get_by_role("img", name="Photo:")).to_be_in_viewport(ratio=1)
    assert stored(service, job_id, {queue[0]["id"]: queue[0]["top"][1]["code"], queue[1]["id"]: ANOTHER["code"]})


def test_in_french(
    french_page: Page, service: Service, job_id: str, queue: list[Item], violations_of: Callable[[Page], list[str]]
) -> None:
    open_review(french_page, service, job_id, language="fr")
    expect(french_page.get_by_role("heading", name="Relecture")).to_be_focused()
    expect_product(french_page, queue[0], "Produit")
    names = french_page.locator(".choice-name").all_inner_texts()
    assert names == [score["name"] for score in queue[0]["top"]]
    assert violations_of(french_page) == []

    french_page.keyboard.press("Shift+Digit2")  # as a 2 is typed on a French keyboard
    expect_product(french_page, queue[1], "Produit")
    french_page.get_by_role("button", name="Une autre catégorie").click()
    french_page.get_by_role("combobox", name="Quelle est sa catégorie").fill("grocer")
    french_page.get_by_role("listbox").get_by_role("option", name="Épicerie").click()
    expect_product(french_page, queue[2], "Produit")
    assert stored(service, job_id, {queue[0]["id"]: queue[0]["top"][1]["code"], queue[1]["id"]: ANOTHER["code"]})
