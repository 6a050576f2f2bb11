"""Something that costs a little to find out, found out once for all who ask for it in the same moment."""

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """What `find_out` returns, which is called at most every so many `seconds`, by one thread at a time.

    However many watch, and however often they ask: that is all it costs. What `find_out` raises is raised to all who
    wait for it, and is not remembered.
    """

    def __init__(self, seconds: float, find_out: Callable[[], Value]) -> None:
        self._seconds = seconds
        self._find_out = find_out
        self._turn = threading.Lock()
        self._found: Future[Value] | None = None
        self._good_until = -math.inf

    def latest(self) -> Value:
        """The value as it was found out last, or is found out now."""
        with self._turn:
            found, ours = self._found, False
            if found is None or (found.done() and time.monotonic() >= self._good_until):
                found, ours = Future(), True
                self._found = found
        if ours:
            self._ask(found)
        return found.result()

    def _ask(self, found: Future[Value]) -> None:
        try:
            value = self._find_out()
        except BaseException as error:  # also to those who wait, who would each ask for it again
            self._good_until = -math.inf
            found.set_exception(error)
        else:
            self._good_until = time.monotonic() + self._seconds
            found.set_result(value)
