"""The watch over a page sees what goes wrong in it, and axe-core runs, under the strictest content security policy."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import FOLDER
from tests.browser.troubles import GIVEN_UP, Troubles
from tests.support.ports import free_port
from tests.support.web import hold, reply, site

POLICY = (
    "default-src 'none'; connect-src http://127.0.0.1:*; script-src 'self'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
MARKUP = b'<!doctype html><html lang="en"><title>Shelf</title><main><h1>Shelf</h1><p id="text"></p></main></html>'


@pytest.fixture
def strict_page(page: Page) -> Iterator[Page]:
    """A page that no rule of axe-core has anything against."""
    with site(reply(MARKUP, "200 OK", "Content-Type: text/html", f"Content-Security-Policy: {POLICY}")) as served:
        page.goto(f"http://127.0.0.1:{served.port}/")
        yield page


def test_a_page_without_troubles_has_none(strict_page: Page, troubles: Troubles) -> None:
    strict_page.get_by_role("heading", name="Shelf").wait_for()

    assert troubles.seen == []


@pytest.mark.parametrize(
    ("event", "script", "trouble"),
    [
        ("console", "console.error('broken')", r"^console error: broken <"),
        ("console", "console.warn('worn')", r"^console warning: worn <"),
        ("pageerror", "setTimeout(() => { throw new Error('unforeseen') })", r"^exception: unforeseen"),
        ("pageerror", "setTimeout(() => { Promise.reject(new Error('unkept')) })", r"^exception: unkept"),
    ],
)
def test_what_goes_wrong_is_seen(strict_page: Page, troubles: Troubles, event: Any, script: str, trouble: str) -> None:
    with strict_page.expect_event(event):
        strict_page.evaluate(script)

    assert len(troubles.unexpected()) == 1
    troubles.expect(trouble)
    assert troubles.unexpected() == []


def test_a_request_that_nobody_answers_is_seen(strict_page: Page, troubles: Troubles) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/"

    with strict_page.expect_event("requestfailed"):
        strict_page.evaluate("(url) => fetch(url).catch(() => null)", nobody)

    troubles.expect(f"^request failed: GET {nobody} net::ERR_CONNECTION_REFUSED$")
    troubles.expect(f"^console error: Failed to load resource: .* <{nobody}>$")


def test_a_request_that_the_page_gives_up_is_seen(strict_page: Page, troubles: Troubles) -> None:
    never = threading.Event()
    with site(hold(never, reply())) as silent:
        asked = f"http://127.0.0.1:{silent.port}/"
        with strict_page.expect_request(asked):
            strict_page.evaluate(
                "(url) => { window.giving = new AbortController();"
                " fetch(url, { signal: giving.signal }).catch(() => null); }",
                asked,
            )
        with strict_page.expect_event("requestfailed"):
            strict_page.evaluate("giving.abort()")
        never.set()

    troubles.expect(GIVEN_UP)


@pytest.mark.parametrize(
    ("script", "directive"),
    [
        ("fetch('http://127.0.0.2/').catch(() => null)", "connect-src"),
        (
            "document.body.append(Object.assign(document.createElement('style'), { textContent: 'p {}' }))",
            "style-src-elem",
        ),
        ("setTimeout(() => { text.innerHTML = '<b>bold</b>' })", "require-trusted-types-for"),
    ],
)
def test_a_breach_of_the_policy_is_seen(strict_page: Page, troubles: Troubles, script: str, directive: str) -> None:
    breach = f"breach of {directive} "

    with strict_page.expect_console_message(lambda message: breach in message.text):
        strict_page.evaluate(script)

    troubles.expect(f"^console error: {breach}")
    troubles.allow("Content Security Policy|TrustedHTML|^request failed: .* csp$")  # Chromium says so, too


def test_what_is_expected_must_come() -> None:
    troubles = Troubles()

    troubles.expect("^console error: broken")
    troubles.allow(GIVEN_UP)

    assert troubles.missing() == ["^console error: broken"]


def test_axe_finds_nothing_wrong_with_a_page_that_is_right(
    strict_page: Page, violations_of: Callable[[Page], list[str]]
) -> None:
    assert violations_of(strict_page) == []


def test_axe_finds_what_is_wrong(strict_page: Page, violations_of: Callable[[Page], list[str]]) -> None:
    strict_page.evaluate("text.append(document.createElement('button'))")

    assert [re.sub(r" .*", "", line) for line in violations_of(strict_page)] == ["button-name"]


def test_the_lock_of_axe_names_no_address() -> None:
    assert "http" not in (FOLDER / "package-lock.json").read_text()
