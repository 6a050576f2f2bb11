"""The first visit: small, quiet, and readable by everybody."""

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.accounts import ADMIN
from tests.browser.signing_in import fill_in
from tests.support.service import Service

FIRST_LOAD_BYTES = 150_000


class Weighed:
    """Sums up what a page loads: as it came over the line, and unpacked."""

    def __init__(self, session: CDPSession) -> None:
        self.line = self.unpacked = 0
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._finished)
        session.on("Network.dataReceived", self._received)

    def _finished(self, event: dict[str, int]) -> None:
        self.line += event["encodedDataLength"]

    def _received(self, event: dict[str, int]) -> None:
        self.unpacked += event["dataLength"]


def test_all_of_the_first_load_is_below_150_kilobytes(page: Page, service: Service) -> None:
    loaded = Weighed(page.context.new_cdp_session(page))

    page.goto(service.url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.wait_for_load_state("networkidle")
    signing_in = loaded.unpacked
    fill_in(page, ADMIN, "a long administrator's phrase")
    expect(page.get_by_role("heading", name="Try a product")).to_be_visible()
    page.wait_for_load_state("networkidle")

    assert 10_000 < signing_in < FIRST_LOAD_BYTES
    assert loaded.unpacked < FIRST_LOAD_BYTES, "with the first page behind the sign-in, unpacked"
    assert 0 < loaded.line < loaded.unpacked


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_first_page_is_readable_by_everybody(
    new_page: Callable[..., Page], violations_of: Callable[[Page], list[str]], width: int, scheme: str
) -> None:
    page = new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()

    assert violations_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_page_speaks_the_language_of_the_browser_until_another_is_chosen(french_page: Page) -> None:
    french_page.goto("/")
    expect(french_page.get_by_role("heading", name="Connexion")).to_be_visible()
    assert french_page.locator("html").get_attribute("lang") == "fr"

    french_page.get_by_label("Langue").select_option("en")
    expect(french_page.get_by_role("heading", name="Sign in")).to_be_visible()
    french_page.reload()

    expect(french_page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert french_page.locator("html").get_attribute("lang") == "en"
