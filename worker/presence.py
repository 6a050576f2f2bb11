"""The heartbeat: a thread that keeps this worker's row fresh, and the leases of a loop that gets somewhere."""

from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Self

from shared.database import Database
from shared.identifiers import now
from shared.ledger.claim import Claim, renew
from shared.workers import Worker, forget, seen
from worker.model_loop import ModelLoop
from worker.repeating import Repeating

BEATS_PER_LEASE = 3


class Presence(Repeating):
    """Beats three times a lease while the process runs; the row goes when the process stops in order."""

    def __init__(self, worker: Worker, database: Database, lease: timedelta, loop: ModelLoop | None = None) -> None:
        super().__init__("heartbeat", lease.total_seconds() / BEATS_PER_LEASE, self.beat)
        self._worker = worker
        self._database = database
        self._lease = lease
        self._loop = loop
        self._advances = 0

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
        """Write the row once, and renew the leases if the loop has advanced since the last time."""
        to_renew = self._look_at(self._loop) if self._loop else []
        with self._database.begin() as connection:
            seen(connection, self._worker)
            if to_renew:
                renew(connection, to_renew, self._lease)

    def _look_at(self, loop: ModelLoop) -> list[Claim]:
        """Bring what the row says of the loop up to date; returns the claims that its progress has earned."""
        self._worker = replace(self._worker, bundle=loop.bundle.version, device=loop.bundle.device)
        if loop.guard.advances == self._advances:
            return []
        self._advances = loop.guard.advances
        self._worker = replace(self._worker, last_progress_at=now())
        return loop.leases.held()
