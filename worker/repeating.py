"""Something that a thread of its own does again and again while the process works."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from shared.logs import get_logger


class Repeating:
    """Calls `action` every so many seconds for the time of a `with` block.

    An action that fails is logged as `{name}.failed`; the next one makes up for it.
    """

    def __init__(self, name: str, seconds: float, action: Callable[[], None]) -> None:
        self._name = name
        self._seconds = seconds
        self._action = action
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            try:
                self._action()
            except Exception:
                get_logger().exception(f"{self._name}.failed")
