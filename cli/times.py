"""Points in time, as people type them."""

from datetime import UTC, datetime

from shared.errors import InvalidInput


def time_of(written: str, option: str) -> datetime:
    """A time like 2026-11-20T09:30:00Z or 2026-11-20; without an offset it is UTC. Raises InvalidInput."""
    try:
        time = datetime.fromisoformat(written)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{option} must be a date or a time like 2026-11-20T09:30:00Z."
        raise InvalidInput(message, where=option.strip("-")) from None
