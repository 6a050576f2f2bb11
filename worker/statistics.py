"""What this worker counts of its work, in memory, until its heartbeat writes it down.

Whoever works only adds to it. A worker that is killed takes along what it has counted since its last beat: that is
missing in the statistics, and never in the ledger.
"""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from sqlalchemy.exc import SQLAlchemyError

from shared.database import Database
from shared.identifiers import now
from shared.lanes import Lane
from shared.ledger.claim import ClaimedRow
from shared.ledger.finish import Outcome
from shared.ledger.settle import Ended
from shared.logs import get_logger
from shared.statistics.counts import Counts, Slot
from shared.statistics.records import MINUTE, PERIODS, record, start_of

_Minute: TypeAlias = tuple[int, Lane, str]  # minutes since 1970, and whose counts they are
MOST_SLOTS = 1_000  # that wait for a database which is away: some four hours of two lanes


class Statistics:
    """Counts by minute and by hour, for each lane and bundle. Any thread may add; one at a time writes."""

    def __init__(self, worker_id: str) -> None:
        self._worker_id = worker_id
        self._adding = threading.Lock()
        self._added: dict[_Minute, Counts] = {}  # since it was last written down
        self._writing = threading.Lock()
        self._totals: dict[Slot, Counts] = {}  # of the periods that still last, or are still to be written
        self._unwritten: set[Slot] = set()

    def called(self, lane: Lane, model_version: str, rows: int, seconds: float) -> None:
        """Count a call of the models."""
        with self._adding:
            self._present(lane, model_version, time.time()).note_call(rows, seconds)

    def stored(
        self, lane: Lane, model_version: str, outcomes: Sequence[tuple[ClaimedRow, Outcome]], ended: Ended
    ) -> None:
        """Count what a committed transaction has stored of these outcomes, and the jobs that ended by it."""
        written, moment = [outcome for row, outcome in outcomes if row.batch_id in ended.batches], time.time()
        with self._adding:
            self._present(lane, model_version, moment).note_stored(written, ended, moment)

    def write(self, database: Database) -> None:
        """Write down all that has been counted; what the database does not take now is written the next time."""
        with self._writing:
            self._gather()
            if not self._unwritten:
                return
            try:
                with database.begin() as connection:
                    record(connection, self._worker_id, {slot: self._totals[slot] for slot in self._unwritten})
            except SQLAlchemyError:
                get_logger().warning("statistics.not_written", exc_info=True)
                return
            self._unwritten.clear()
            moment = now()
            for slot in [slot for slot in self._totals if slot.starts_at < start_of(slot.seconds, moment)]:
                del self._totals[slot]

    def _present(self, lane: Lane, model_version: str, moment: float) -> Counts:
        """The counts to add to now: of the minute alone, which whoever writes adds to its hour, too."""
        key = (int(moment) // MINUTE, lane, model_version)
        counts = self._added.get(key)
        if counts is None:
            counts = self._added[key] = Counts()
        return counts

    def _gather(self) -> None:
        with self._adding:
            added, self._added = self._added, {}
        for (minute, lane, model_version), counts in added.items():
            moment = datetime.fromtimestamp(minute * MINUTE, UTC)
            for period in PERIODS:
                slot = Slot(start_of(period, moment), period, model_version, lane)
                self._totals.setdefault(slot, Counts()).add(counts)
                self._unwritten.add(slot)
        for slot in sorted(self._totals)[:-MOST_SLOTS]:
            del self._totals[slot]
            self._unwritten.discard(slot)
