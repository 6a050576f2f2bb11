"""Try a product: what a person fills in comes back as an answer, which is the API's own."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accounts import PASSWORD, new_account
from tests.browser.product_photos import photo_file, products
from tests.browser.signing_in import sign_in
from tests.browser.troubles import Troubles
from tests.support.service import Service

PLACE = "#/try"
TITLE = "Piscine gonflable ronde 3 m"


def answer(page: Page) -> Locator:
    """Where the answer comes."""
    return page.locator("section.answer")


def last_job(service: Service, username: str) -> dict[str, object]:
    with service.client(username, PASSWORD) as client:
        job: dict[str, object] = client.get("/api/jobs", params={"limit": 1}).json()["items"][0]
        return job


def test_text_and_photo_are_answered_with_what_each_model_says(
    page: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    username, product = new_account(service), products()[0]
    sign_in(page, service, username, place=PLACE)
    expect(page.get_by_text("Nothing tried so far.")).to_be_visible()
    assert violations_of(page) == []

    page.get_by_label("Drop a photo here").set_input_files(photo_file(product))
    expect(page.get_by_role("img", name="The photo that you chose")).to_be_visible()
    page.get_by_label("Title").fill(str(product.designation))
    page.get_by_label("Description").fill("En très bon état.")
    page.get_by_role("button", name="Classify").click()

    expect(answer(page)).to_contain_text("Both together")
    with service.client(username) as client:
        prediction = client.get("/api/jobs", params={"limit": 1}).json()["items"][0]["prediction"]
        names = {each["code"]: each["name_en"] for each in client.get("/api/taxonomy").json()["items"]}
    assert prediction["modality"] == "text+image"
    expect(answer(page).locator("#answer-title")).to_have_text(names[prediction["category"]["code"]])
    expect(answer(page)).to_contain_text(f"{prediction['confidence']:.1%} sure")
    for position, said in enumerate((prediction["top"], prediction["text"]["top"], prediction["image"]["top"])):
        bars = answer(page).get_by_role("list").nth(position).get_by_role("listitem")
        expect(bars).to_have_text([f"{names[each['code']]}{each['score']:.1%}" for each in said])
    expect(answer(page)).to_contain_text("Time taken")
    expect(page.locator(".tries li")).to_have_count(1)
    assert violations_of(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations_of(page) == []


def test_an_answer_and_the_tries_are_there_after_a_reload(page: Page, service: Service) -> None:
    username = new_account(service)
    sign_in(page, service, username, place=PLACE)
    for title in (TITLE, "Un livre"):
        page.get_by_label("Title").fill(title)
        page.get_by_role("button", name="Classify").click()
        expect(answer(page)).to_contain_text(title)
    page.locator(".tries").get_by_role("button", name=TITLE).click()
    expect(answer(page)).to_contain_text(TITLE)

    page.reload()

    expect(answer(page)).to_contain_text(TITLE)
    expect(answer(page)).to_contain_text("No photo was given.")
    expect(page.locator(".tries li")).to_have_count(2)


def test_all_of_it_works_by_keyboard(page: Page, service: Service) -> None:
    sign_in(page, service, new_account(service), place=PLACE)
    expect(page.get_by_role("heading", name="Try a product")).to_be_focused()

    page.keyboard.press("Tab")  # the photo
    expect(page.get_by_label("Drop a photo here")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type(TITLE)
    page.keyboard.press("Enter")
    expect(answer(page)).to_contain_text("Both together")
    expect(page.get_by_role("button", name="Classify")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator(".tries li")).to_have_count(1)
    for _ in range(4):  # description, Classify, Clear, the first try
        page.keyboard.press("Tab")
    expect(page.locator(".tries button").first).to_be_focused()
    page.keyboard.press("Enter")

    expect(answer(page)).to_contain_text(TITLE)


@pytest.mark.parametrize(
    ("name", "mime", "content", "said"),
    [
        ("notes.txt", "text/plain", b"no photo", "notes.txt is not a JPEG, PNG, WebP or GIF."),
        ("empty.jpg", "image/jpeg", b"", "This file is empty."),
    ],
    ids=["text", "empty"],
)
def test_a_file_that_is_no_photo_is_said_before_it_is_sent(
    page: Page, service: Service, name: str, mime: str, content: bytes, said: str
) -> None:
    sign_in(page, service, new_account(service), place=PLACE)
    page.get_by_label("Drop a photo here").set_input_files({"name": name, "mimeType": mime, "buffer": content})
    expect(page.get_by_text(said)).to_be_visible()

    page.get_by_role("button", name="Classify").click()

    expect(page.get_by_text("Give it a title, a description or a photo.")).to_be_visible()
    expect(page.get_by_label("Title")).to_be_focused()


def test_what_the_service_refuses_says_what_to_do_and_keeps_what_was_typed(
    page: Page, service: Service, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    troubles.expect(r"status of 422 .*/api/predict")
    sign_in(page, service, new_account(service), place=PLACE)
    page.get_by_label("Title").fill(TITLE)
    broken = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff and no more"}
    page.get_by_label("Drop a photo here").set_input_files(broken)  # type: ignore[arg-type]  # a dict of the right keys

    page.get_by_role("button", name="Classify").click()

    expect(page.get_by_role("alert")).to_contain_text("The photo cannot be read")
    expect(page.get_by_label("Title")).to_have_value(TITLE)
    assert violations_of(page) == []
    page.get_by_role("button", name="Remove the photo").click()
    page.get_by_role("button", name="Classify").click()
    expect(answer(page)).to_contain_text("Both together")


def test_a_service_that_does_not_answer_makes_no_second_job_when_tried_again(
    page: Page, service: Service, troubles: Troubles
) -> None:
    username = new_account(service)
    sign_in(page, service, username, place=PLACE)
    page.get_by_label("Title").fill(TITLE)
    troubles.expect(r"(failed|ERR_)")

    def lost_on_the_way_back(route: object) -> None:
        route.fetch()  # type: ignore[attr-defined]  # it arrives, and its answer does not
        route.abort("connectionreset")  # type: ignore[attr-defined]

    page.route("**/api/predict", lost_on_the_way_back, times=1)
    page.get_by_role("button", name="Classify").click()
    expect(page.get_by_role("alert")).to_contain_text("connection")
    page.get_by_role("button", name="Classify").click()
    expect(answer(page)).to_contain_text("Both together")

    with service.client(username) as client:
        assert len(client.get("/api/jobs").json()["items"]) == 1


def test_a_product_that_waits_says_so_and_is_answered_in_the_end(page: Page, service: Service) -> None:
    sign_in(page, service, new_account(service), place=PLACE)
    page.get_by_label("Title").fill(TITLE)
    with service.paused("worker-model"):
        page.get_by_role("button", name="Classify").click()
        expect(answer(page)).to_contain_text("Under way")
        expect(page.get_by_role("status")).to_have_text("The models are looking at it.")
        expect(page.get_by_role("button", name="Classify")).to_have_attribute("aria-busy", "true")

    expect(answer(page)).to_contain_text("Both together")


def test_on_a_phone_nothing_is_wider_than_the_screen(
    phone: Page, service: Service, violations_of: Callable[[Page], list[str]]
) -> None:
    product = products()[1]
    sign_in(phone, service, new_account(service), place=PLACE)
    phone.get_by_label("Drop a photo here").set_input_files(photo_file(product, f"{'a_long_name_' * 10}.jpg"))
    phone.get_by_label("Title").fill("Donaudampfschifffahrtsgesellschaft" * 6)
    phone.get_by_role("button", name="Classify").tap()
    expect(answer(phone)).to_contain_text("Both together")

    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations_of(phone) == []


def test_it_speaks_french(french_page: Page, service: Service) -> None:
    username = new_account(service)
    sign_in(french_page, service, username, place=PLACE, language="fr")
    french_page.get_by_label("Titre").fill(TITLE)
    french_page.get_by_role("button", name="Classer").click()

    expect(answer(french_page)).to_contain_text("Les deux ensemble")
    said = last_job(service, username)["prediction"]
    expect(answer(french_page).locator("#answer-title")).to_have_text(said["category"]["name"])  # type: ignore[index]
