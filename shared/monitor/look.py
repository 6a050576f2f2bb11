"""One look at everything, from one state of the database."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.backlog import bound_reads, read_backlog
from shared.bundles import Release, active_version, release_of
from shared.database import Database
from shared.identifiers import now
from shared.monitor.accuracy import Accuracy, accuracy_from_corrections
from shared.monitor.drift import Drift, drift_of
from shared.monitor.lanes import LaneWork, lanes_now
from shared.monitor.webhooks import WebhookWork, webhooks_now
from shared.monitor.work import RecentWork, recent_work
from shared.monitor.workers import SeenWorker, seen_workers
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes that are free where the data folder lies, that are kept in reserve, and that the database takes."""

    free_bytes: int
    reserve_bytes: int
    database_bytes: int


@dataclass(frozen=True, slots=True)
class Monitor:
    """How the service does at a moment; without an active bundle, there is nothing that could drift."""

    at: datetime
    bundle: Release | None
    workers: list[SeenWorker]
    lanes: list[LaneWork]
    recent: RecentWork
    accuracy: Accuracy
    drift: Drift | None
    webhooks: WebhookWork
    disk: Disk


def look(database: Database, settings: Settings) -> Monitor:
    """Measure everything once."""
    moment, lease = now(), timedelta(seconds=settings.lease_seconds)
    with database.read() as connection:
        bound_reads(connection)
        version = active_version(connection)
        bundle = None if version is None else release_of(connection, version)
        workers = seen_workers(connection, moment, lease)
        backlog = read_backlog(connection, lease)
        return Monitor(
            at=moment,
            bundle=bundle,
            workers=workers,
            lanes=lanes_now(connection, backlog, workers, moment),
            recent=recent_work(connection, moment),
            accuracy=accuracy_from_corrections(connection, moment, version),
            drift=None if bundle is None else drift_of(connection, bundle, moment),
            webhooks=webhooks_now(connection, backlog.deliveries, moment),
            disk=Disk(
                free_bytes=shutil.disk_usage(settings.data_dir).free,
                reserve_bytes=settings.disk_reserve_bytes,
                database_bytes=backlog.database_bytes,
            ),
        )
