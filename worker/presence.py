"""The heartbeat: a thread that keeps this worker's row fresh, and the leases of the loops that get somewhere."""

import threading
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Protocol, Self

from shared.database import Database
from shared.identifiers import now
from shared.ledger.claim import renew
from shared.workers import Worker, forget, seen
from worker.leases import HeldLeases
from worker.model_loop import ModelLoop
from worker.repeating import Repeating
from worker.stall import StallGuard

BEATS_PER_LEASE = 3


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

    def __enter__(self) -> Self:
        self.beat()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        with self._database.begin() as connection:
            forget(connection, self._worker.id)

    def beat(self) -> None:
        """Write the row once, and renew the leases of each loop that has advanced since the last time."""
        with self._turn:
            self._beat()

    def _beat(self) -> None:
        advances = [loop.guard.advances for loop in self._loops]
        advanced = [loop for loop, new, old in zip(self._loops, advances, self._advances, strict=True) if new != old]
        for loop in self._loops:
            if isinstance(loop, ModelLoop):
                self._worker = replace(self._worker, bundle=loop.bundle.version, device=loop.bundle.device)
        if advanced:
            self._worker = replace(self._worker, last_progress_at=now())
        with self._database.begin() as connection:
            seen(connection, self._worker)
            for loop in advanced:
                renew(connection, loop.leases.held(), self._lease)
        self._advances = advances  # not before: a heartbeat that failed must not use the progress up
