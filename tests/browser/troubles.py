"""What goes wrong in a page beside what its test looks at.

Errors and warnings in the console, exceptions that nobody catches, requests that fail, breaches of the content security
policy, a page that crashes: each is a line here, and a test fails over any that it has not named.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError

GIVEN_UP = r"^request failed: \w+ \S+ net::ERR_ABORTED$"  # by the page itself, or because another page was opened
ICON = "/ui/icon.svg"
_BREACHES = """
document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample }) => {
    console.error("breach of", effectiveDirective, "by", blockedURI, sample);
});
"""


class Troubles:
    """The troubles of a test's pages, and which of them the test has named."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._expected: list[str] = []
        self._allowed: list[str] = []

    def expect(self, pattern: str) -> None:
        """Name troubles that belong to the test, by a regular expression. They must come."""
        self._expected.append(pattern)

    def allow(self, pattern: str) -> None:
        """Name troubles that may come or not, such as a request that is given up if it is still under way."""
        self._allowed.append(pattern)

    def unexpected(self) -> list[str]:
        """What was seen and not named."""
        named = self._expected + self._allowed
        return [trouble for trouble in self.seen if not any(re.search(pattern, trouble) for pattern in named)]

    def missing(self) -> list[str]:
        """What was expected and not seen."""
        return [pattern for pattern in self._expected if not any(re.search(pattern, each) for each in self.seen)]

    @contextmanager
    def watching(self, context: BrowserContext) -> Iterator[None]:
        """Note the troubles of every page of a browser context."""
        context.add_init_script(_BREACHES)
        listeners = {
            "console": self._console,
            "weberror": self._exception,
            "requestfailed": self._failed_request,
            "page": self._page,
        }
        for event, listener in listeners.items():
            context.on(event, listener)  # type: ignore[call-overload]
        try:
            yield
        finally:
            for page in context.pages:
                page.locator("html").wait_for(state="attached")  # what the page has said until now comes before this
            for event, listener in listeners.items():
                context.remove_listener(event, listener)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.seen.append(f"console {message.type}: {message.text} <{message.location['url']}>")

    def _exception(self, thrown: WebError) -> None:
        self.seen.append(f"exception: {thrown.error}")

    def _failed_request(self, request: Request) -> None:
        if request.url.endswith(ICON) and request.failure == "net::ERR_ABORTED":
            return  # the browser fetches it by itself, and gives it up when the page is loaded anew
        self.seen.append(f"request failed: {request.method} {request.url} {request.failure}")

    def _page(self, page: Page) -> None:
        page.on("crash", lambda crashed: self.seen.append(f"crash: {crashed.url}"))
