"""What the API itself asks of receivers of webhooks: where a URL leads, and how a test is answered.

A few at a time, in threads of their own: a receiver that hangs holds up nobody but those who ask for it.
"""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from api.waiting import Places
from shared.errors import FetchFailed, TooManyRequests, UrlRefused
from shared.outgoing.client import Outgoing
from shared.outgoing.rules import OutgoingRules
from shared.outgoing.urls import check_url

CALLS, CALLS_OF_ONE = 16, 4  # that one process makes at once, in all and for one account
NAMES = 4 * CALLS  # looked up at once: one that hangs outlives the call that it belongs to
RETRY_SECONDS = 5
WHERE = "body.url"
Answer = TypeVar("Answer")


class Receivers:
    """Room for the requests to receivers that a process makes, and the client that makes them."""

    def __init__(self, outgoing: Outgoing, rules: OutgoingRules) -> None:
        self._outgoing = outgoing
        self._rules = rules
        self._places = Places(CALLS, CALLS_OF_ONE)
        self._threads = CapacityLimiter(CALLS)

    async def plain_url(self, account_id: str, url: str) -> str:
        """A URL in plain ASCII, whose host leads to public addresses at this moment.

        Raises UrlRefused, and TooManyRequests. Every later connection is checked as well.
        """
        plain = check_url(url, self._rules, where=WHERE, code="WEBHOOK_URL_REFUSED")
        try:
            await self.ask(account_id, lambda outgoing: outgoing.look_up(plain))
        except UrlRefused as refusal:
            raise _refused(refusal.message) from None
        except FetchFailed:
            raise _refused("The URL's host cannot be found: its name could not be looked up just now.") from None
        return plain

    async def ask(self, account_id: str, question: Callable[[Outgoing], Answer]) -> Answer:
        """What comes of a question. Raises TooManyRequests where too many are being asked, and what it raises."""
        with self._places.taken(account_id) as placed:
            if not placed:
                raise TooManyRequests(
                    "Too many webhooks are being looked up or tested at once.",
                    retry_after=RETRY_SECONDS,
                    code="TOO_MANY_WEBHOOK_CALLS",
                )
            return await to_thread.run_sync(question, self._outgoing, limiter=self._threads)


def _refused(message: str) -> UrlRefused:
    return UrlRefused(message, where=WHERE, code="WEBHOOK_URL_REFUSED")
