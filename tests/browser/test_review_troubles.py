"""The review when something comes between: others judge or delete, the network fails, keys are meant for others."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Dialog, Page, expect

from tests.browser.accounts import PASSWORD, new_account
from tests.browser.review_queue import assert_stored, code_of, send_catalogue
from tests.browser.review_screen import choice, expect_product, figure, open_review
from tests.browser.signing_in import sign_in
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.support.service import Service

ANOTHER_PASSWORD = "quite another long phrase"
JUDGED_TWICE = """
async () => {
    const { noteVerdict, tally, withdraw } = await import("/ui/pages/review/sitting.js");
    const item = { id: "one", category: { code: 10 } };
    const back = () => withdraw(item);
    const steps = [() => noteVerdict(item, 10), () => noteVerdict(item, 40), back, back];
    return steps.map((step) => {
        step();
        return tally();
    });
}
"""


def change_account(service: Service, username: str, change: dict[str, str]) -> None:
    """Have an administrator change an account, which ends its sessions."""
    with service.client() as client:
        accounts = client.get("/api/users", params={"limit": 200}).json()["items"]
        (user_id,) = [account["id"] for account in accounts if account["username"] == username]
        client.patch(f"/api/users/{user_id}", json=change).raise_for_status()


def sign_in_again(page: Page, password: str) -> None:
    """Fill in the dialog that comes over the page once the session has ended."""
    dialog = page.get_by_role("dialog", name="Please sign in again")
    dialog.get_by_label("Password").fill(password)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_have_count(0)


def test_verdicts_on_a_catalogue_that_was_deleted_come_back_and_the_review_goes_on(
    page: Page, service: Service, tmp_path: Path, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    troubles.expect(r"status of 404 .*/correction>$")
    troubles.allow(r"status of 404 .*/api/images/")  # photos of products that were still to come
    queue = send_catalogue(service, tmp_path)
    first = queue.items[0]
    open_review(page, service, queue)
    expect_product(page, first)
    with service.client() as client:
        client.delete(f"/api/jobs/{queue.job_id}").raise_for_status()

    page.keyboard.press("1")

    lost = page.get_by_role("alert")
    expect(lost).to_contain_text(f"Not stored: “{first['designation']}”")
    expect(lost).to_contain_text("its catalogue was deleted meanwhile")
    expect(figure(page, "You judged")).to_have_text("0")
    expect(page.locator("main").get_by_text("This product no longer waits")).to_be_visible()
    assert violations_of(page) == []
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Only what you skipped is left")).to_be_focused()
    lost.get_by_role("button", name="Close").click()
    expect(lost).to_have_count(0)
    expect(page.get_by_role("heading", level=2)).to_be_focused()
    page.get_by_role("button", name="Look at it again").click()
    expect(page.get_by_role("heading", name="Nothing waits for review")).to_be_focused()


def test_verdicts_wait_while_the_service_cannot_be_reached_and_are_stored_from_another_page(
    page: Page, service: Service, tmp_path: Path, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    troubles.expect(r"^request failed: POST \S+/correction net::ERR_INTERNET_DISCONNECTED")
    troubles.allow(r"ERR_INTERNET_DISCONNECTED")
    queue = send_catalogue(service, tmp_path)
    first, second, third, *_ = queue.items
    sign_in(page, service, new_account(service, "reviewer"), place="#/account")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.goto(f"/#/review?job={queue.job_id}")
    expect_product(page, first)
    expect(figure(page, "Waiting")).to_have_text(str(len(queue.items)))
    page.context.set_offline(True)

    page.keyboard.press("1")
    expect_product(page, second)
    page.keyboard.press("2")
    expect_product(page, third)
    expect(page.get_by_role("alert")).to_contain_text("2 verdicts are not stored yet.")
    assert violations_of(page) == []
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    leaving: Dialog = asked.value
    assert leaving.type == "beforeunload"
    leaving.dismiss()
    expect_product(page, third)

    page.goto("/#/account")
    expect(page.get_by_role("heading", name="Your account")).to_be_focused()
    page.context.set_offline(False)
    assert_stored(service, queue, {first["id"]: code_of(first, 1), second["id"]: code_of(second, 2)})
    page.goto(f"/#/review?job={queue.job_id}")
    expect_product(page, third)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(figure(page, "You judged")).to_have_text("2")


def test_a_verdict_is_stored_once_somebody_whose_session_has_ended_signs_in_again(
    page: Page, service: Service, tmp_path: Path, troubles: Troubles
) -> None:
    troubles.expect(r"status of 401 .*/correction>$")
    troubles.expect(r"status of 401 .*/api/auth/session>$")
    troubles.allow(r"status of 401 ")
    queue = send_catalogue(service, tmp_path)
    first, second, *_ = queue.items
    username = new_account(service, "reviewer")
    open_review(page, service, queue, username)
    expect_product(page, first)
    change_account(service, username, {"password": ANOTHER_PASSWORD})

    page.keyboard.press("3")
    sign_in_again(page, ANOTHER_PASSWORD)

    expect_product(page, second)
    assert_stored(service, queue, {first["id"]: code_of(first, 3)})


def test_a_verdict_that_is_refused_comes_back_with_its_product(
    page: Page, service: Service, tmp_path: Path, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    troubles.expect(r"status of 403 .*/correction>$")
    troubles.allow(r"status of 401 ")
    troubles.allow(r"status of 404 .*/api/images/")  # a user sees no photos of others
    queue = send_catalogue(service, tmp_path)
    first, second, *_ = queue.items
    username = new_account(service, "reviewer")
    open_review(page, service, queue, username)
    expect_product(page, first)
    change_account(service, username, {"role": "user"})

    page.keyboard.press("2")
    sign_in_again(page, PASSWORD)

    expect_product(page, second)
    refused = page.get_by_role("alert")
    expect(refused).to_contain_text(f"Not stored: “{first['designation']}”")
    expect(refused).to_contain_text("Ask an administrator")
    assert violations_of(page) == []
    refused.get_by_role("button", name="Look at it again").click()
    expect(refused).to_have_count(0)
    expect_product(page, first)
    expect(choice(page, 1)).to_be_focused()
    expect(figure(page, "You judged")).to_have_text("0")
    assert_stored(service, queue, {})


def test_a_verdict_that_failed_leaves_the_one_before_it_in_the_figures(page: Page, service: Service) -> None:
    page.goto(service.url)

    assert page.evaluate(JUDGED_TWICE) == [
        {"judged": 1, "accepted": 1},
        {"judged": 1, "accepted": 0},
        {"judged": 1, "accepted": 1},
        {"judged": 0, "accepted": 0},
    ]


def test_two_reviewers_at_once_do_not_disturb_each_other(
    new_page: Callable[..., Page], service: Service, tmp_path: Path, troubles: Troubles
) -> None:
    troubles.allow(GIVEN_UP)  # by the reload
    queue = send_catalogue(service, tmp_path)
    first, second, *_ = queue.items
    one, other = new_page(), new_page()
    open_review(one, service, queue)
    open_review(other, service, queue, new_account(service, "reviewer"))
    expect_product(one, first)
    expect_product(other, first)

    one.keyboard.press("2")
    expect_product(one, second)
    assert_stored(service, queue, {first["id"]: code_of(first, 2)})
    other.keyboard.press("3")
    expect_product(other, second)

    assert_stored(service, queue, {first["id"]: code_of(first, 3)})
    expect(one.get_by_role("alert")).to_have_count(0)
    expect(other.get_by_role("alert")).to_have_count(0)
    one.reload()
    expect_product(one, second)


def test_keys_are_nobody_elses_and_can_be_switched_off(
    page: Page, service: Service, tmp_path: Path, troubles: Troubles, violations_of: Callable[[Page], list[str]]
) -> None:
    troubles.allow(GIVEN_UP)  # by the reload
    queue = send_catalogue(service, tmp_path)
    first, second, *_ = queue.items
    open_review(page, service, queue)
    expect_product(page, first)
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
    expect_product(page, first)

    switch = page.get_by_role("checkbox", name="One-key shortcuts")
    switch.uncheck()
    expect(choice(page, 1).locator("kbd")).to_be_hidden()
    page.reload()
    expect_product(page, first)
    expect(switch).not_to_be_checked()
    for key in ("1", "a", "s"):
        page.keyboard.press(key)
    switch.check()
    expect_product(page, first)
    page.keyboard.press("2")
    expect_product(page, second)
    assert_stored(service, queue, {first["id"]: code_of(first, 2)})
