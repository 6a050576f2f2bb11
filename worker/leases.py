"""The claims that this process holds, as its loop and its heartbeat both see them."""

import threading
from collections.abc import Sequence

from shared.ledger.claim import Claim


class HeldLeases:
    """Claims that threads share: those that are worked on, and those that are still to be given back."""

    def __init__(self) -> None:
        self._claims: set[Claim] = set()
        self._owed: set[Claim] = set()
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

    def owe(self, claims: Sequence[Claim]) -> None:
        """Have these given back as soon as the database takes anything again, as it does not now."""
        with self._lock:
            self._claims.difference_update(claims)
            self._owed.update(claims)

    def owed(self) -> list[Claim]:
        """The claims to be given back."""
        with self._lock:
            return list(self._owed)

    def paid(self, claims: Sequence[Claim]) -> None:
        """Note that these were given back."""
        with self._lock:
            self._owed.difference_update(claims)
