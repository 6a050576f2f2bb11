"""A lock that goes to whoever has waited longest."""

import threading
from collections import deque
from types import TracebackType


class FairLock:
    """`threading.Lock` for a `with` block, first come, first served.

    Python's own lock goes to whichever thread asks at the right moment, which is often the one that has just let
    it go: under load the others wait without end.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()  # until the one before hands the lock over

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False
