"""A webhook that a submission names by its URL."""

from shared.outgoing.urls import check_url
from shared.settings import Settings


def named_webhook(url: str | None, settings: Settings, where: str) -> str | None:
    """The URL in the form in which webhooks are registered; None stays None. Raises InvalidInput for what has none."""
    return None if url is None else check_url(url, settings.outgoing_rules, where=where, code="UNKNOWN_WEBHOOK")
