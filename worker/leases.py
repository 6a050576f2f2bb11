"""The claims that this process holds, as its loop and its heartbeat both see them."""

import threading
from collections.abc import Sequence

from shared.ledger.claim import Claim


class HeldLeases:
    """A set of claims that threads share."""

    def __init__(self) -> None:
        self._claims: set[Claim] = set()
        self._lock = threading.Lock()

    def hold(self, claims: Sequence[Claim]) -> None:
        """Have these renewed from now on."""
        with self._lock:
            self._claims.update(claims)

    def release(self, claims: Sequence[Claim]) -> None:
        """Have these renewed no longer."""
        with self._lock:
            self._claims.difference_update(claims)

    def held(self) -> list[Claim]:
        """The claims held now."""
        with self._lock:
            return list(self._claims)
