"""The page of one catalogue, as its tests see it."""

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.catalogue_jobs import Row
from tests.browser.signing_in import sign_in
from tests.support.service import Service

PAGE_ROWS = 50
BAD = 3


def open_catalogue(
    page: Page, service: Service, username: str, job: Row, query: str = "", language: str = "en"
) -> None:
    """Sign in and open the page of a job."""
    sign_in(page, service, username, place=f"#/catalogues/{job['id']}{query}", language=language)
    expect(page.get_by_role("heading", level=1, name=str(job["name"]))).to_be_focused()


def shown(page: Page) -> Locator:
    """The product ids of the rows on the screen."""
    return page.get_by_role("table", name="Results").locator(".cell-product .fine")


def counted(page: Page) -> Locator:
    """What is said of how many rows there are."""
    return page.locator(".rows-counted")


def action(page: Page, name: str) -> Locator:
    """A button by all of its name."""
    return page.get_by_role("button", name=name, exact=True)


def downloaded(page: Page, button: str, form: str, name: str) -> Path:
    """Choose a format, press the button, and return the file, which has this name."""
    page.get_by_role("tabpanel").get_by_label("Format of the file").select_option(form)
    with page.expect_download() as started:
        action(page, button).click()
    assert started.value.suggested_filename == name
    expect(page.get_by_role("status").filter(has_text=f"{name} was downloaded.")).to_be_attached()
    return Path(started.value.path())
