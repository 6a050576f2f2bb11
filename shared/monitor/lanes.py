"""What waits on each lane, what is being worked, and how many workers serve it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from shared.backlog import COUNTED, Backlog
from shared.lanes import Lane
from shared.lifecycle import BatchState, in_states
from shared.monitor.workers import SeenWorker
from shared.tables import Batch


@dataclass(frozen=True, slots=True)
class LaneWork:
    """A lane: batches and rows that wait and that workers hold, the age of what has waited longest, and its workers.

    With `at_least` there is more than was counted.
    """

    lane: Lane
    queued_batches: int
    queued_rows: int
    oldest_queued_seconds: float | None
    running_batches: int
    running_rows: int
    at_least: bool
    workers: int


def lanes_now(
    connection: Connection, backlog: Backlog, workers: Sequence[SeenWorker], moment: datetime
) -> list[LaneWork]:
    """Every lane, the one with people waiting first."""
    running = {lane: (batches, rows) for lane, batches, rows in connection.execute(_RUNNING)}
    found = []
    for lane in Lane:
        waiting, (batches, rows) = backlog.batches[lane], running.get(lane, (0, 0))
        found.append(
            LaneWork(
                lane=lane,
                queued_batches=waiting.batches,
                queued_rows=waiting.rows,
                oldest_queued_seconds=None if waiting.oldest is None else age(moment, waiting.oldest),
                running_batches=batches,
                running_rows=rows,
                at_least=max(waiting.batches, batches) >= COUNTED,
                workers=sum(worker.serves(lane) for worker in workers),
            )
        )
    return found


def age(moment: datetime, since: datetime) -> float:
    """How many seconds ago something was; 0 for what another machine's clock puts into the future."""
    return max(0.0, (moment - since).total_seconds())


# A running batch has a lease: its index is the one of leases, and holds nothing else.
_HELD = (
    select(Batch.lane, Batch.rows)
    .where(in_states(Batch.state, BatchState.RUNNING), Batch.lease_until.is_not(None))
    .limit(COUNTED)
    .subquery()
)
_RUNNING = select(_HELD.c.lane, func.count(), func.sum(_HELD.c.rows)).group_by(_HELD.c.lane)
