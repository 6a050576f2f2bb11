"""What this worker counts of its work, in memory, until a thread of its own writes it down.

Whoever works only adds to it. A worker that is killed takes along what it has counted since it last wrote: that is
missing in the statistics, and never in the ledger.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TypeAlias

from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.lanes import Lane
from shared.ledger.claim import ClaimedRow
from shared.ledger.finish import Outcome
from shared.ledger.settle import Ended
from shared.logs import get_logger
from shared.statistics.counts import Counts, Slot
from shared.statistics.records import MINUTE, PERIODS, record, start_of
from worker.repeating import Repeating

_Minute: TypeAlias = tuple[int, Lane, str]  # minutes since 1970, and whose counts they are
LATE = timedelta(minutes=1)  # for which a period is added to after its end: a clock may be set back a little
MOST_SLOTS = 1_000  # that wait for a database which is away: some four hours of two lanes


class Statistics:
    """Counts by minute and by hour, for each lane and bundle. Any thread may add; one at a time writes.

    `clock` says how many seconds have passed since 1970.
    """

    def __init__(self, worker_id: str, clock: Callable[[], float] = time.time) -> None:
        self._worker_id = worker_id
        self._clock = clock
        self._adding = threading.Lock()
        self._added: dict[_Minute, Counts] = {}  # since it was last written down
        self._writing = threading.Lock()
        self._totals: dict[Slot, Counts] = {}  # of the periods that still last, or are still to be written
        self._unwritten: set[Slot] = set()

    def called(self, lane: Lane, model_version: str, rows: int, seconds: float) -> None:
        """Count a call of the models."""
        with self._adding:
            self._present(lane, model_version, self._clock()).note_call(rows, seconds)

    def stored(
        self, lane: Lane, model_version: str, outcomes: Sequence[tuple[ClaimedRow, Outcome]], ended: Ended
    ) -> None:
        """Count what a committed transaction has stored of these outcomes, and the jobs that ended by it."""
        written = [outcome for row, outcome in outcomes if row.batch_id in ended.batches]
        with self._adding:
            moment = self._clock()
            self._present(lane, model_version, moment).note_stored(written, ended, moment)

    def write(self, database: Database) -> None:
        """Write down all that has been counted; what the database does not take now is written the next time."""
        with self._writing:
            gathered_at = self._gather()
            if not self._unwritten:
                return
            try:
                with database.begin() as connection:
                    record(connection, self._worker_id, {slot: self._totals[slot] for slot in self._unwritten})
            except SQLAlchemyError:
                get_logger().warning("statistics.not_written", exc_info=True)
                return
            self._unwritten.clear()
            # By the time before the write: what was counted during it may belong to a period that has ended since, and
            # to begin that one anew would write over all of it.
            for slot in [slot for slot in self._totals if slot.ends_at + LATE < gathered_at]:
                del self._totals[slot]

    def _present(self, lane: Lane, model_version: str, moment: float) -> Counts:
        """The counts to add to now: of the minute alone, which whoever writes adds to its hour, too."""
        key = (int(moment) // MINUTE, lane, model_version)
        counts = self._added.get(key)
        if counts is None:
            counts = self._added[key] = Counts()
        return counts

    def _gather(self) -> datetime:
        """Add what has come to the totals; the time by which it came."""
        with self._adding:
            added, self._added = self._added, {}
            gathered_at = datetime.fromtimestamp(self._clock(), UTC)
        for (minute, lane, model_version), counts in added.items():
            moment = datetime.fromtimestamp(minute * MINUTE, UTC)
            for period in PERIODS:
                slot = Slot(start_of(period, moment), period, model_version, lane)
                self._totals.setdefault(slot, Counts()).add(counts)
                self._unwritten.add(slot)
        for slot in sorted(self._totals)[:-MOST_SLOTS]:
            del self._totals[slot]
            self._unwritten.discard(slot)
        return gathered_at


class StatisticsWriter(Repeating):
    """Writes every so many `seconds` for the time of a `with` block, and what is left at its end.

    Not the heartbeat does it: the database may let a writer wait, and no lease must run out by that.
    """

    def __init__(self, statistics: Statistics, database: Database, seconds: float) -> None:
        super().__init__("statistics", seconds, self.write)
        self._statistics = statistics
        self._database = database

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.write()

    def write(self) -> None:
        """Write down what has been counted."""
        self._statistics.write(self._database)
