"""The stall guard: a process whose loop no longer gets anywhere ends itself, and is started again by its keeper."""

import faulthandler
import time
from types import TracebackType
from typing import Self

REARM_SECONDS = 1.0


class StallGuard:
    """Armed while the loop works (`with guard:`); every `advance()` is a sign of life.

    The clock is faulthandler's own C thread, so it also ends a process whose Python threads are all stuck
    behind one native call that holds the interpreter's lock. It leaves every thread's stack on standard error.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._armed_at = 0.0
        self.advances = 0

    def __enter__(self) -> Self:
        self._arm()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        faulthandler.cancel_dump_traceback_later()

    def advance(self) -> None:
        """Say that the loop got somewhere."""
        self.advances += 1
        if time.monotonic() - self._armed_at > min(REARM_SECONDS, self._seconds / 4):
            self._arm()

    def _arm(self) -> None:
        self._armed_at = time.monotonic()
        faulthandler.dump_traceback_later(self._seconds, exit=True, file=2)
