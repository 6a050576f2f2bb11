"""When a delivery is tried: at once, and then each delay counts from the try before."""

import random
from collections.abc import Sequence

# 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: ten tries in a little more than three days.
DELAYS = (0.0, 5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
JITTER = 0.1  # of each delay, so that what failed together does not come back together
LONGEST_RETRY_AFTER = 86_400.0


def next_delay(delays: Sequence[float], tries: int, retry_after: float | None = None) -> float | None:
    """Seconds until the next try after so many that failed; None when there is none.

    A receiver that asked for more time (Retry-After, in seconds) gets it, up to a day.
    """
    if tries >= len(delays):
        return None
    delay = delays[tries] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # nothing secret about it
    return max(delay, min(retry_after or 0.0, LONGEST_RETRY_AFTER))


def delays_in(text: str) -> tuple[float, ...]:
    """The delays in a list with commas, in seconds. Raises ValueError."""
    try:
        delays = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ValueError("it must be numbers of seconds with commas between, like 0,5,300") from None
    if not (1 <= len(delays) <= 50 and delays[0] == 0 and all(0 <= delay <= 7 * 86_400 for delay in delays)):
        raise ValueError("it must be 1 to 50 delays of at most a week each, of which the first is 0")
    return delays
