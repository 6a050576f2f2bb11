"""The sweep: a thread of every io worker that notices what nobody else is left to notice.

It needs the database only. Rings go to the background ringer, so a Redis that is away holds nothing up.
"""

import threading
from datetime import timedelta
from types import TracebackType
from typing import Self

from shared.database import Database
from shared.lanes import MODEL_LANES
from shared.ledger.sweep import expire_overdue, release_expired, stale_lanes
from shared.logs import get_logger
from shared.ringer import Ringer
from shared.settings import Settings
from shared.workers import ALIVE_LEASES, alive, forget_dead


class Sweeper:
    """Sweeps every `sweep_seconds` from a thread of its own."""

    def __init__(self, settings: Settings, database: Database, ringer: Ringer) -> None:
        self._database = database
        self._ringer = ringer
        self._pause = settings.sweep_seconds
        self._dead_after = ALIVE_LEASES * timedelta(seconds=settings.lease_seconds)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)
        self._log = get_logger()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def sweep(self) -> None:
        """Do every step once."""
        with self._database.begin() as connection:
            released = release_expired(connection)
        with self._database.begin() as connection:
            expired = expire_overdue(connection)
        with self._database.begin() as connection:
            forget_dead(connection, self._dead_after)
        if released or expired:
            self._log.warning("sweep.found", leases_expired=released, jobs_expired=len(expired))
        self._ring_stale_lanes()

    def _ring_stale_lanes(self) -> None:
        with self._database.read() as connection:
            stale = stale_lanes(connection, timedelta(seconds=self._pause))
            workers = alive(connection, "model", self._dead_after)
        for lane, batches in stale.items():
            if lane in MODEL_LANES and workers:
                self._ringer.ring(lane, times=min(batches, workers))

    def _run(self) -> None:
        while not self._ended.wait(self._pause):
            try:
                self.sweep()
            except Exception:  # the next sweep tries again
                self._log.exception("sweep.failed")
