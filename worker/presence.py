"""The heartbeat: a thread that keeps this worker's row fresh, and the leases of the loops that get somewhere.

It also gives back what a loop could not give back itself, because the database took nothing just then.
"""

import math
import threading
import time
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Protocol, Self

from shared.database import Database
from shared.identifiers import now
from shared.ledger.claim import renew
from shared.ledger.failure import give_back
from shared.workers import Worker, forget, seen, take_place
from worker.leases import HeldLeases
from worker.model_loop import ModelLoop
from worker.repeating import Repeating
from worker.stall import StallGuard

BEATS_PER_LEASE = 3
REGULAR_LEASES = 2  # after a missed beat: everybody's beats come at once then, and some come late


class Loop(Protocol):
    """What works on claims: the ones it holds, and whether it gets anywhere."""

    guard: StallGuard
    leases: HeldLeases


class Presence(Repeating):
    """Beats three times a lease while the process runs; the row goes when the process stops in order."""

    def __init__(self, worker: Worker, database: Database, lease: timedelta, *loops: Loop) -> None:
        super().__init__("heartbeat", lease.total_seconds() / BEATS_PER_LEASE, self.beat)
        self._worker = worker
        self._database = database
        self._lease = lease
        self._loops = loops
        self._advances = [0] * len(loops)
        self._turn = threading.Lock()  # whoever comes late must not write what was true before
        self._beaten_at = self._regular_since = -math.inf

    def __enter__(self) -> Self:
        with self._database.begin() as connection:
            take_place(connection, self._worker)
        self.beat()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        with self._database.begin() as connection:
            for claims in filter(None, [loop.leases.owed() for loop in self._loops]):
                give_back(connection, claims)
            forget(connection, self._worker.id)

    def beat(self) -> None:
        """Write the row once, and renew the leases of each loop that has advanced since the last time."""
        with self._turn:
            self._beat()
            self._note_beat()

    def is_regular(self) -> bool:
        """Whether no beat has been missed for two leases: then the database would have taken everybody else's, too."""
        moment = time.monotonic()
        regular_for = moment - self._regular_since
        return moment - self._beaten_at <= self._late and regular_for >= REGULAR_LEASES * self._lease.total_seconds()

    def _beat(self) -> None:
        advances = [loop.guard.advances for loop in self._loops]
        advanced = [loop for loop, new, old in zip(self._loops, advances, self._advances, strict=True) if new != old]
        for loop in self._loops:
            if isinstance(loop, ModelLoop):
                self._worker = replace(self._worker, bundle=loop.bundle.version, device=loop.bundle.device)
        if advanced:
            self._worker = replace(self._worker, last_progress_at=now())
        owed = [loop.leases.owed() for loop in self._loops]
        with self._database.begin() as connection:
            seen(connection, self._worker)
            for loop in advanced:
                renew(connection, loop.leases.held(), self._lease)
            for claims in filter(None, owed):
                give_back(connection, claims)
        for loop, claims in zip(self._loops, owed, strict=True):
            loop.leases.paid(claims)
        self._advances = advances  # not before: a heartbeat that failed must not use the progress up

    def _note_beat(self) -> None:
        moment = time.monotonic()
        if math.isfinite(self._beaten_at) and moment - self._beaten_at > self._late:
            self._regular_since = moment
        self._beaten_at = moment

    @property
    def _late(self) -> float:
        """The seconds between two beats from which on one was missed between them."""
        return 2 * self._lease.total_seconds() / BEATS_PER_LEASE
