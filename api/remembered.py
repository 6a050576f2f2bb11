"""Something that costs a little to find out, found out once for all who ask for it in the same moment."""

import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """What `find_out` returns, which is called at most every so many `seconds`, by one thread at a time.

    However many watch, and however often they ask: that is all it costs. What `find_out` raises is not remembered.
    """

    def __init__(self, seconds: float, find_out: Callable[[], Value]) -> None:
        self._seconds = seconds
        self._find_out = find_out
        self._turn = threading.Lock()
        self._at = -math.inf
        self._value: Value

    def latest(self) -> Value:
        """The value as it was found out last, or is found out now."""
        with self._turn:
            if time.monotonic() - self._at >= self._seconds:
                self._value = self._find_out()
                self._at = time.monotonic()
            return self._value
