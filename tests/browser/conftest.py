"""One running service, and Chromium: each test has pages of its own, in which nothing may go wrong unnoticed."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from shared.bundle import Bundle
from tests.browser.accounts import REVIEWER, USER, add_account
from tests.browser.axe import violations
from tests.browser.troubles import Troubles
from tests.support.npm import installed
from tests.support.ports import free_port
from tests.support.service import Service, prepare_data, running_service

FOLDER = Path(__file__).parent
# Google's Chrome first: where both are, as on GitHub, it is the one that its machine's owner keeps up to date.
NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser")
DESK: dict[str, Any] = {
    "locale": "en-GB",
    "timezone_id": "Europe/Paris",
    "viewport": {"width": 1280, "height": 800},
    "reduced_motion": "reduce",
}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LAUNCH_MILLISECONDS = 60_000
NAVIGATION_MILLISECONDS = 30_000
WAIT_MILLISECONDS = 15_000
TRIES = "0,1"  # of a webhook's delivery: at once, and a second later


@pytest.fixture(scope="session")
def receiver_port() -> int:
    """Where on this machine the service may send webhooks to."""
    return free_port()


@pytest.fixture(scope="session")
def service(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, tiny_bundle: Bundle, receiver_port: int
) -> Iterator[Service]:
    """A service with a real, small bundle, an administrator, a reviewer and a user, for all tests of this folder."""
    data_dir = tmp_path_factory.mktemp("browser") / "data"
    prepare_data(data_dir, migrated_sqlite, tiny_bundle)
    settings = {
        "allow_http": True,
        "allowed_networks": "127.0.0.0/8",
        "allowed_ports": f"443,{receiver_port}",
        "webhook_delays": TRIES,
    }
    with running_service(data_dir, **settings) as started:
        started.wait_until_ready()
        add_account(started, REVIEWER, "reviewer")
        add_account(started, USER, "user")
        yield started


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a browser of this machine; Playwright's own are not used."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium is installed: the web page's tests need one")
    return found


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """A running browser.

    For this folder only, and not for the session: as long as Playwright runs, so does its event loop, and no other
    test of the same process could run one.
    """
    expect.set_options(timeout=WAIT_MILLISECONDS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, timeout=LAUNCH_MILLISECONDS)
        yield launched
        launched.close()


@pytest.fixture
def troubles() -> Iterator[Troubles]:
    """What goes wrong in this test's pages: the test names what it expects, and nothing else may have come."""
    noted = Troubles()
    yield noted
    unexpected, missing = noted.unexpected(), noted.missing()
    assert not unexpected, "\n".join(["in the page:", *unexpected])
    assert not missing, f"expected and not seen: {missing}"


@pytest.fixture
def new_page(browser: Browser, service: Service, troubles: Troubles) -> Iterator[Callable[..., Page]]:
    """Open another page as on another computer; what is given stands in place of DESK's options of the context."""
    with ExitStack() as stack:

        def opened(**options: Any) -> Page:
            context = browser.new_context(base_url=service.url, **(DESK | options))
            stack.callback(context.close)
            context.set_default_timeout(WAIT_MILLISECONDS)
            context.set_default_navigation_timeout(NAVIGATION_MILLISECONDS)
            stack.enter_context(troubles.watching(context))
            return context.new_page()

        yield opened


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page on a desk, in English."""
    return new_page()


@pytest.fixture
def french_page(new_page: Callable[..., Page]) -> Page:
    """A page on a desk, in French."""
    return new_page(locale="fr-FR")


@pytest.fixture
def phone(new_page: Callable[..., Page]) -> Page:
    """A page on a phone, in English."""
    return new_page(**PHONE)


@pytest.fixture(scope="session")
def violations_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Page], list[str]]:
    """What axe-core finds wrong with a page."""
    folder = installed(FOLDER, tmp_path_factory.mktemp("axe"))
    return partial(violations, (folder / "node_modules/axe-core/axe.min.js").read_text())
