"""Who works: the rows that heartbeats keep fresh."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from sqlalchemy import Connection

from shared.lanes import Lane
from shared.workers import Worker, known_workers

WorkerState: TypeAlias = Literal["alive", "late"]


@dataclass(frozen=True, slots=True)
class SeenWorker:
    """A worker process, when its heart beat last, and whether that was less than a lease ago."""

    worker: Worker
    last_seen_at: datetime
    state: WorkerState

    def serves(self, lane: Lane) -> bool:
        """Whether it takes work of this lane now."""
        if self.state != "alive":
            return False
        return self.worker.kind == "io" if lane is Lane.IO else self.worker.bundle is not None


def seen_workers(connection: Connection, moment: datetime, lease: timedelta) -> list[SeenWorker]:
    """Every worker that the sweep has not taken off the list, by kind."""
    return [
        SeenWorker(worker, last_seen_at, "alive" if moment - last_seen_at <= lease else "late")
        for worker, last_seen_at in known_workers(connection)
    ]
