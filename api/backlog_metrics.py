"""Metrics that are read when somebody asks for them: what waits in the database, and how full the disk is.

A database that does not answer costs a scrape WAIT_SECONDS and these metrics, and no more: a metric says that it was
so. Whoever asks while a read is still under way shares it, so there is never more than one.
"""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.backlog import COUNTED, Backlog, read_backlog
from shared.database import Database
from shared.identifiers import now
from shared.logs import get_logger
from shared.settings import Settings
from shared.workers import ALIVE_LEASES

WAIT_SECONDS = 3.0
_UP_TO = f"counted up to {COUNTED}"


class BacklogMetrics(Collector):
    """Collects what this service's database and disk hold now."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._alive_within = ALIVE_LEASES * timedelta(seconds=settings.lease_seconds)
        self._reading: Future[Backlog] | None = None
        self._starting = threading.Lock()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every metric that can be had now."""
        yield from self._disk()
        backlog = self._backlog()
        yield GaugeMetricFamily(
            "shelfwise_database_up", "Whether the database has answered this scrape.", float(backlog is not None)
        )
        if backlog is not None:
            yield from _families(backlog, now())

    def _disk(self) -> Iterator[GaugeMetricFamily]:
        try:
            free = shutil.disk_usage(self._settings.data_dir).free
        except OSError:
            get_logger().warning("metrics.no_disk", exc_info=True)
        else:
            yield GaugeMetricFamily("shelfwise_disk_free_bytes", "Free where the data folder lies.", free)
        reserve = self._settings.disk_reserve_bytes
        yield GaugeMetricFamily("shelfwise_disk_reserve_bytes", "With no more than this, nothing is accepted.", reserve)

    def _backlog(self) -> Backlog | None:
        with self._starting:
            if self._reading is None or self._reading.done():
                self._reading = Future()
                # Not of a pool: whoever ends the process need not wait for a database that hangs.
                threading.Thread(target=self._read, args=(self._reading,), name="backlog", daemon=True).start()
            reading = self._reading
        try:
            return reading.result(WAIT_SECONDS)
        except Exception as error:  # whatever the driver raises, and the end of our patience
            get_logger().warning("metrics.no_database", reason=type(error).__name__)
            return None

    def _read(self, reading: Future[Backlog]) -> None:
        try:
            with self._database.read() as connection:
                reading.set_result(read_backlog(connection, self._alive_within))
        except Exception as error:
            reading.set_exception(error)


def _families(backlog: Backlog, moment: datetime) -> Iterator[GaugeMetricFamily]:
    batches = GaugeMetricFamily("shelfwise_queue_batches", f"Batches that wait, {_UP_TO} a lane.", labels=["lane"])
    rows = GaugeMetricFamily("shelfwise_queue_rows", "Rows of these batches.", labels=["lane"])
    ages = GaugeMetricFamily(
        "shelfwise_queue_oldest_age_seconds", "How long the oldest of these batches has waited.", labels=["lane"]
    )
    for lane, waiting in backlog.batches.items():
        batches.add_metric([lane], waiting.batches)
        rows.add_metric([lane], waiting.rows)
        ages.add_metric([lane], _age(waiting.oldest, moment))
    yield from (batches, rows, ages)
    jobs = GaugeMetricFamily("shelfwise_jobs_open", f"Jobs that have not ended, {_UP_TO}.", labels=["status"])
    for status, number in backlog.open_jobs.items():
        jobs.add_metric([status], number)
    yield jobs
    workers = GaugeMetricFamily("shelfwise_workers_alive", "Workers with a fresh heartbeat.", labels=["kind"])
    for kind, number in backlog.workers.items():
        workers.add_metric([kind], number)
    yield workers
    due = backlog.deliveries
    yield GaugeMetricFamily(
        "shelfwise_webhook_deliveries_due", f"Deliveries that nobody has taken yet, {_UP_TO}.", due.deliveries
    )
    yield GaugeMetricFamily(
        "shelfwise_webhook_oldest_due_age_seconds",
        "How long the oldest of these deliveries has been due.",
        _age(due.oldest, moment),
    )
    yield GaugeMetricFamily("shelfwise_database_size_bytes", "The size of the database.", backlog.database_bytes)


def _age(oldest: datetime | None, moment: datetime) -> float:
    """For how many seconds the oldest has waited; 0 where nothing waits."""
    return 0.0 if oldest is None else max(0.0, (moment - oldest).total_seconds())
