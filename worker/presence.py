"""The heartbeat: a thread that keeps this worker's row fresh, and the leases of a loop that gets somewhere."""

import threading
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Self

from shared.database import Database
from shared.identifiers import now
from shared.ledger.claim import renew
from shared.workers import Worker, forget, seen
from worker.fetch_loop import FetchLoop
from worker.model_loop import ModelLoop
from worker.repeating import Repeating

BEATS_PER_LEASE = 3


class Presence(Repeating):
    """Beats three times a lease while the process runs; the row goes when the process stops in order."""

    def __init__(
        self, worker: Worker, database: Database, lease: timedelta, loop: ModelLoop | FetchLoop | None = None
    ) -> None:
        super().__init__("heartbeat", lease.total_seconds() / BEATS_PER_LEASE, self.beat)
        self._worker = worker
        self._database = database
        self._lease = lease
        self._loop = loop
        self._advances = 0
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
        """Write the row once, and renew the leases if the loop has advanced since the last time."""
        with self._turn:
            self._beat()

    def _beat(self) -> None:
        advances = self._loop.guard.advances if self._loop else 0
        advanced = advances != self._advances
        if isinstance(self._loop, ModelLoop):
            self._worker = replace(self._worker, bundle=self._loop.bundle.version, device=self._loop.bundle.device)
        if advanced:
            self._worker = replace(self._worker, last_progress_at=now())
        with self._database.begin() as connection:
            seen(connection, self._worker)
            if self._loop and advanced:
                renew(connection, self._loop.leases.held(), self._lease)
        self._advances = advances  # not before: a heartbeat that failed must not use the progress up
