"""One sweep, by a sweeper that reaches no Redis."""

from pathlib import Path

from shared.broker import make_celery
from shared.database import Database
from shared.ringer import Ringer
from shared.settings import load_settings
from worker.metrics import WorkerMetrics
from worker.sweeper import Sweeper


def sweep(database: Database, data_dir: Path) -> None:
    """Do every step of a sweep once."""
    ringer = Ringer(make_celery("redis+socket:///nowhere"))
    Sweeper(load_settings(data_dir=data_dir), database, ringer, lambda: True, WorkerMetrics()).sweep()
