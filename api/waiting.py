"""How long a caller is willing to wait: `Prefer: wait=N` (RFC 7240), and how many may wait at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Header

LONGEST_WAIT_SECONDS = 30
PLACES = 5_000  # each holds a connection and a few kilobytes
PLACES_OF_ONE = 1_000


async def preferred_wait(
    prefer: Annotated[
        list[str] | None,
        Header(
            description=f"`wait=N` (RFC 7240): answer when the job has ended, within N seconds "
            f"(at most {LONGEST_WAIT_SECONDS}).",
            json_schema_extra={"example": ["wait=10"]},
        ),
    ] = None,
) -> int:
    """The seconds that the caller prefers to wait, 0 to LONGEST_WAIT_SECONDS. What cannot be read is no preference."""
    for preference in ",".join(prefer or ()).split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        value = value.strip().strip('"')
        if name.strip().lower() == "wait" and value.isascii() and value.isdecimal():
            return min(int(value[:9]), LONGEST_WAIT_SECONDS)
    return 0


class Places:
    """Room for so many who wait at once, and for so many of one account."""

    def __init__(self, most: int = PLACES, most_of_one: int = PLACES_OF_ONE) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, account_id: str) -> Iterator[bool]:
        """Whether there is a place; it is held for the time of the block."""
        if self._taken[account_id] >= self._most_of_one or self._taken.total() >= self._most:
            yield False
            return
        self._taken[account_id] += 1
        try:
            yield True
        finally:
            self._taken[account_id] -= 1
            if not self._taken[account_id]:
                del self._taken[account_id]
