"""Requests per minute and account, counted in this process."""

import math
import threading
import time

from shared.errors import TooManyRequests

SECONDS = 60.0
FIRST_CLEARING = 1024


class RequestQuota:
    """A minute's worth of requests at once, and then as many as a minute gives back (GCRA).

    All that is kept of an account is one number, the time at which its requests will be paid off: what lies in
    the past is as good as nothing and is cleared away, so that the memory is that of the last minute's accounts.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._interval = SECONDS / per_minute
        self._paid_off: dict[str, float] = {}
        self._clear_at = FIRST_CLEARING
        self._lock = threading.Lock()

    def take(self, account_id: str, moment: float | None = None) -> None:
        """Count one request at this moment (of the monotonic clock). Raises TooManyRequests when none is left."""
        at = time.monotonic() if moment is None else moment
        with self._lock:
            paid_off = max(self._paid_off.get(account_id, at), at) + self._interval
            too_early = paid_off - SECONDS - at
            if too_early <= self._interval / 2:  # sums of floating-point numbers are a little off
                self._paid_off[account_id] = paid_off
                if len(self._paid_off) >= self._clear_at:
                    self._clear(at)
                return
        raise TooManyRequests(
            f"An account has {self._per_minute} requests a minute; slow down.",
            retry_after=math.ceil(too_early),
            code="QUOTA_REQUESTS",
        )

    def __len__(self) -> int:
        """How many accounts are remembered."""
        return len(self._paid_off)

    def _clear(self, at: float) -> None:
        self._paid_off = {account: paid_off for account, paid_off in self._paid_off.items() if paid_off > at}
        self._clear_at = max(FIRST_CLEARING, 2 * len(self._paid_off))
