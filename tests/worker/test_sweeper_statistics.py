from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from shared.broker import make_celery
from shared.database import Database
from shared.identifiers import now
from shared.lanes import Lane
from shared.ringer import Ringer
from shared.settings import load_settings
from shared.statistics.counts import Counts, Slot
from shared.statistics.records import KEPT, MINUTE, record, start_of
from shared.tables import WorkCount
from worker.metrics import WorkerMetrics
from worker.sweeper import Sweeper


def test_a_sweep_forgets_minutes_that_are_over_for_long(database: Database, tmp_path: Path) -> None:
    kept, old = (start_of(MINUTE, now() - age) for age in (timedelta(hours=1), KEPT[MINUTE] + timedelta(hours=1)))
    slots = [Slot(moment, MINUTE, "v1", Lane.BULK) for moment in (kept, old)]
    with database.begin() as connection:
        record(connection, "worker", dict.fromkeys(slots, Counts(answered=1)))

    Sweeper(
        load_settings(data_dir=tmp_path),
        database,
        Ringer(make_celery("redis+socket:///nowhere")),
        lambda: True,
        WorkerMetrics(),
    ).sweep()

    with database.read() as connection:
        assert connection.scalars(select(WorkCount.starts_at)).all() == [kept]
