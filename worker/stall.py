"""The stall guard: a process with a loop that gets nowhere any more ends itself; its keeper starts it again."""

import faulthandler
import threading
import time
from types import TracebackType
from typing import Self

REARM_SECONDS = 1.0
ALREADY_OVER = 0.001  # seconds that faulthandler takes for "now"


class StallGuard:
    """Armed while the loop works (`with guard:`); every `advance()` within is a sign of life.

    The clock is faulthandler's own C thread, so it also ends a process whose Python threads are all stuck
    behind one native call that holds the interpreter's lock. It leaves every thread's stack on standard error.
    A process may have several loops, each with its guard: one that hangs is enough to end it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._armed_at: float | None = None
        self.advances = 0

    def __enter__(self) -> Self:
        self._arm()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._armed_at = None
        _CLOCK.drop(self)

    def advance(self) -> None:
        """Say that the loop got somewhere."""
        self.advances += 1
        if self._armed_at is not None and time.monotonic() - self._armed_at > min(REARM_SECONDS, self._seconds / 4):
            self._arm()

    def _arm(self) -> None:
        self._armed_at = time.monotonic()
        _CLOCK.set(self, self._armed_at + self._seconds)


class _Clock:
    """The process's one timer, which is always set for the armed guard whose time is up first."""

    def __init__(self) -> None:
        self._ends: dict[StallGuard, float] = {}
        self._lock = threading.Lock()

    def set(self, guard: StallGuard, end: float) -> None:
        with self._lock:
            self._ends[guard] = end
            self._start()

    def drop(self, guard: StallGuard) -> None:
        with self._lock:
            self._ends.pop(guard, None)
            self._start()

    def _start(self) -> None:
        """Start the timer anew; what it was set for before no longer counts."""
        if self._ends:
            left = min(self._ends.values()) - time.monotonic()
            faulthandler.dump_traceback_later(max(left, ALREADY_OVER), exit=True, file=2)
        else:
            faulthandler.cancel_dump_traceback_later()


_CLOCK = _Clock()
