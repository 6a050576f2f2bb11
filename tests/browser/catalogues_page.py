"""The catalogues page as tests use it: its place, its parts, and what holds for each of its states."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page

from tests.browser.catalogue_files import payload

PLACE = "#/catalogues"
A_CATALOGUE = re.compile(r"#/catalogues/[0-9a-f-]{36}$")


def choose(page: Page, name: str, content: bytes) -> None:
    page.get_by_label("Drop a file here, or choose one").set_input_files(payload(name, content))


def listed(page: Page) -> Locator:
    """The jobs in the list."""
    return page.get_by_role("region", name="Your catalogues").get_by_role("listitem")


def heads(page: Page) -> Locator:
    """The columns of the preview."""
    return page.get_by_role("columnheader")


def send_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Send the catalogue")


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def assert_readable(page: Page, violations_of: Callable[[Page], list[str]]) -> None:
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert violations_of(page) == []
