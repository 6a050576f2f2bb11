"""What is still to be sent to a store that may be out of reach: kept in order, bounded, tried again now and then."""

import time
from collections import deque
from collections.abc import Callable

from training.tracking.errors import in_short

Action = Callable[[], None]


class Outbox:
    """Sends at once while the store answers; while it does not, keeps what is to be sent and never raises.

    After a failure nothing is tried for `pause_seconds`, or ten times as long as the failed attempt took if that is
    more: a server that lets every connection time out may cost a training run a tenth of its time, not all of it.
    `away` tells an error of a store out of reach, which is tried again, from a refusal, which would only come again:
    what was refused is given up. The first trouble of each kind is told through `warn`, in a sentence.
    """

    def __init__(
        self,
        away: Callable[[Exception], bool],
        warn: Callable[[str], None],
        *,
        most: int = 2_000,
        pause_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._away, self._warn, self._most, self._pause_seconds = away, warn, most, pause_seconds
        self._clock = clock
        self._waiting: deque[Action] = deque()
        self._not_before = clock()
        self._told: set[str] = set()
        self.lost = 0

    def send(self, action: Action, *, dispensable: bool = False) -> None:
        """Do it now if the store answers, else later. What is `dispensable` is given up when too much waits."""
        if dispensable and len(self._waiting) >= self._most:
            self.lost += 1
            return
        self._waiting.append(action)
        if self._clock() >= self._not_before:
            self._send_waiting()

    def close(self) -> None:
        """Try once more, whenever the last attempt was, and give up what still cannot be sent; `lost` counts it."""
        self._send_waiting()
        self.lost += len(self._waiting)
        self._waiting.clear()

    def _send_waiting(self) -> None:
        while self._waiting:
            begun = self._clock()
            try:
                self._waiting[0]()
            except Exception as error:
                if self._away(error):
                    now = self._clock()
                    self._not_before = now + max(self._pause_seconds, 10 * (now - begun))
                    self._tell("The tracking store does not answer; training goes on, and what is to be tracked waits.")
                    return
                self.lost += 1
                self._tell(f"The tracking store refused what it was sent: {in_short(error)}")
            self._waiting.popleft()

    def _tell(self, sentence: str) -> None:
        kind = sentence.partition(":")[0]
        if kind not in self._told:
            self._told.add(kind)
            self._warn(sentence)
