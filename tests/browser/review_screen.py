"""The screen of the review, as a person finds their way on it."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.accounts import REVIEWER
from tests.browser.review_queue import Item, Queue
from tests.browser.signing_in import sign_in
from tests.support.service import Service

QUESTION = "Which category is it?"


def open_review(page: Page, service: Service, queue: Queue, username: str = REVIEWER, language: str = "en") -> None:
    """Sign in, and review one catalogue alone."""
    sign_in(page, service, username, place=f"#/review?job={queue.job_id}", language=language)


def expect_product(page: Page, item: Item, word: str = "Product") -> None:
    """This product is shown, and nothing else."""
    expect(page.locator(".review-texts")).to_contain_text(f"{word} {item['product_id']}")
    expect(page.get_by_role("heading", level=2)).to_have_text(item["designation"])


def choice(page: Page, number: int) -> Locator:
    """The button of a choice; the sixth is the search."""
    return page.get_by_role("group", name=QUESTION).get_by_role("button").nth(number - 1)


def figure(page: Page, name: str) -> Locator:
    """One of the figures above."""
    return page.locator(".review-progress > div").filter(has_text=name).get_by_role("definition")
