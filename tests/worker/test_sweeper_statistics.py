from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from shared.database import Database
from shared.identifiers import now
from shared.lanes import Lane
from shared.statistics.counts import Counts, Slot
from shared.statistics.records import KEPT, MINUTE, record, start_of
from shared.tables import WorkCount
from tests.worker.sweeping import sweep


def test_a_sweep_forgets_minutes_that_are_over_for_long(database: Database, tmp_path: Path) -> None:
    kept, old = (start_of(MINUTE, now() - age) for age in (timedelta(hours=1), KEPT[MINUTE] + timedelta(hours=1)))
    slots = [Slot(moment, MINUTE, "v1", Lane.BULK) for moment in (kept, old)]
    with database.begin() as connection:
        record(connection, "worker", dict.fromkeys(slots, Counts(answered=1)))

    sweep(database, tmp_path)

    with database.read() as connection:
        assert connection.scalars(select(WorkCount.starts_at)).all() == [kept]
