"""Sending: one try to tell a receiver something, and what it came to, whatever that is."""

import time
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime

from shared.errors import FetchFailed, UrlRefused
from shared.identifiers import now
from shared.outgoing.client import Outgoing
from shared.webhooks.outcomes import Came
from shared.webhooks.signing import signed_headers

RESPONSE_BYTES = 1024  # of an answer that are kept


def send(outgoing: Outgoing, url: str, message_id: str, body: str, keys: Sequence[str]) -> Came:
    """Send a body that is signed with each of these secrets, and say what came back."""
    started_at, start = now(), time.monotonic()
    headers = [("Content-Type", "application/json"), *signed_headers(message_id, started_at, body, keys)]
    try:
        replied = outgoing.post(url, body.encode(), headers, RESPONSE_BYTES)
    except (UrlRefused, FetchFailed) as error:
        return Came(started_at, time.monotonic() - start, error=error.message)
    return Came(
        started_at,
        time.monotonic() - start,
        status=replied.status,
        response=_text(replied.start),
        retry_after=seconds_of(replied.retry_after),
    )


def seconds_of(retry_after: str | None) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or as a date; None for what is neither."""
    if retry_after is None:
        return None
    written = retry_after.strip()
    if written.isascii() and written.isdecimal():
        return float(written[:9])
    try:
        moment = parsedate_to_datetime(written)
        return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now()).total_seconds())
    except (ValueError, OverflowError):
        return None


def _text(answer: bytes) -> str:
    """The start of an answer as a text that every database keeps and every terminal shows."""
    said = answer.decode("utf-8", "replace")
    return "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in said)
