"""A worker process from start to end: what both kinds share, then what each kind runs inside it."""

import os
import socket
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import partial

from celery import Celery
from celery.signals import setup_logging

from shared.broker import make_celery
from shared.database import Database
from shared.identifiers import new_id, now
from shared.lanes import IO_QUEUES, MODEL_LANES, WEBHOOKS, Lane
from shared.logs import configure_logging, get_logger
from shared.outgoing.client import Outgoing
from shared.preparation import return_photo_memory
from shared.processes import keep_what_is_loaded, share_evenly
from shared.ringer import Ringer
from shared.schema import require_usable
from shared.settings import Settings, load_settings
from shared.store import ObjectStore
from shared.usage import Quotas
from shared.workers import Worker
from worker.active_bundle import LOOK_SECONDS, ActiveBundle
from worker.delivery_book import DeliveryBook
from worker.delivery_loop import PLACES, DeliveryLoop
from worker.eraser import Eraser
from worker.fetch_loop import FetchLoop
from worker.intake_loop import IntakeLoop
from worker.metrics import WorkerMetrics
from worker.metrics_server import MetricsServer
from worker.model_loop import ModelLoop
from worker.photo_fetch import PhotoFetcher
from worker.presence import BEATS_PER_LEASE, Presence
from worker.repeating import Repeating
from worker.stall import StallGuard
from worker.statistics import StatisticsWriter
from worker.sweeper import Sweeper
from worker.wakeups import work_when_woken

# Texts are tokenised beside the model, which uses every core: on few of them, more threads only take turns with it.
FEW_CORES = 4


def run_io() -> None:
    """Be an io worker until told to stop.

    It reads catalogues, fetches photos that rows name by URL, tells webhooks, sweeps, and erases.
    """
    settings = _begin("io")
    celery, database = make_celery(settings.broker), _database(settings)
    return_photo_memory()
    metrics = WorkerMetrics()
    worker, ringer, store = _this_worker("io"), Ringer(celery, metrics.ring_failed), ObjectStore(settings.store)
    fetches = _fetch_loop(settings, worker, database, store, ringer, metrics)
    intakes = _intake_loop(settings, worker, database, store, ringer, metrics)
    deliveries = _delivery_loop(settings, database, metrics)
    with ExitStack() as stack:
        stack.callback(database.close)
        presence = stack.enter_context(Presence(worker, database, _lease(settings), fetches, intakes))
        stack.callback(fetches.close)
        stack.callback(intakes.close)
        stack.enter_context(ringer)
        stack.enter_context(MetricsServer(settings, metrics.registry))
        stack.enter_context(Sweeper(settings, database, ringer, presence.is_regular, metrics))
        stack.enter_context(Eraser(settings, database, store))
        keep_what_is_loaded()
        work_when_woken(celery, ringer, [Lane.IO], intakes, fetches)
        work_when_woken(celery, ringer, [WEBHOOKS], deliveries, look=deliveries.look)
        # One for each loop, however long it works, and one that hears a ring meanwhile.
        _consume(celery, "io", IO_QUEUES, threads=4)


def run_model() -> None:
    """Be a model worker until told to stop: it loads the active bundle and works the model lanes."""
    settings = _begin("model")
    if (os.cpu_count() or 1) <= FEW_CORES:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    celery, database = make_celery(settings.broker), _database(settings)
    return_photo_memory()
    share_evenly()
    metrics = WorkerMetrics()
    worker, ringer, lease = _this_worker("model"), Ringer(celery, metrics.ring_failed), _lease(settings)
    bundle = ActiveBundle(settings, database, ObjectStore(settings.store))
    guard, tell = StallGuard(settings.stall_seconds), partial(ringer.ring, WEBHOOKS)
    loop = ModelLoop(worker.id, database, bundle, lease, guard, tell, metrics)
    with ExitStack() as stack:
        stack.callback(database.close)
        presence = stack.enter_context(Presence(worker, database, lease, loop))
        stack.enter_context(StatisticsWriter(loop.statistics, database, lease.total_seconds() / BEATS_PER_LEASE))
        stack.enter_context(ringer)
        stack.enter_context(MetricsServer(settings, metrics.registry))
        stack.callback(loop.close)
        bundle.refresh()
        keep_what_is_loaded()
        presence.beat()
        work_when_woken(celery, ringer, MODEL_LANES, loop)
        stack.enter_context(Repeating("bundle", LOOK_SECONDS, _keep_up(bundle, presence, ringer)))
        # One thread works, so that nothing takes the model from its loop.
        _consume(celery, "model", [str(lane) for lane in MODEL_LANES], threads=1)


def _keep_up(bundle: ActiveBundle, presence: Presence, ringer: Ringer) -> Callable[[], None]:
    """What changes over to another active bundle: it is loaded, said to be served, and rung for what has waited."""

    def look() -> None:
        before = bundle.version
        bundle.refresh()
        if bundle.version != before:
            keep_what_is_loaded()
            presence.beat()
            ringer.ring(MODEL_LANES[0])

    return look


def _fetch_loop(
    settings: Settings, worker: Worker, database: Database, store: ObjectStore, ringer: Ringer, metrics: WorkerMetrics
) -> FetchLoop:
    stopping = threading.Event()
    fetcher = PhotoFetcher(settings, Outgoing(settings.outgoing_rules), store, stopping)
    guard = StallGuard(settings.stall_seconds)
    quotas, lease = Quotas.of(settings), _lease(settings)
    return FetchLoop(worker.id, database, store, fetcher.fetch, ringer, quotas, lease, guard, stopping, metrics)


def _intake_loop(
    settings: Settings, worker: Worker, database: Database, store: ObjectStore, ringer: Ringer, metrics: WorkerMetrics
) -> IntakeLoop:
    guard = StallGuard(settings.stall_seconds)
    return IntakeLoop(worker.id, database, store, ringer, settings, guard, threading.Event(), metrics)


def _delivery_loop(settings: Settings, database: Database, metrics: WorkerMetrics) -> DeliveryLoop:
    lease = timedelta(seconds=settings.webhook_timeout_seconds + settings.lease_seconds)
    book = DeliveryBook(database, settings.webhook_schedule, lease, metrics)
    # A resolver may take longer over a name that hangs than a place waits for it.
    outgoing = Outgoing(settings.outgoing_rules, settings.webhook_timeout_seconds, names=4 * PLACES)
    return DeliveryLoop(book, outgoing, StallGuard(settings.stall_seconds))


def _begin(kind: str) -> Settings:
    settings = load_settings()
    # What is unpacked waits on the disk whose reserve is watched, and not in a /tmp that may be memory.
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(settings.data_dir.resolve())
    configure_logging(f"worker-{kind}", settings.log_level)
    setup_logging.connect(lambda **_: None, weak=False)  # a receiver is how Celery is told to leave logging alone
    return settings


def _database(settings: Settings) -> Database:
    database = Database(settings.database)
    require_usable(database)
    return database


def _this_worker(kind: str) -> Worker:
    return Worker(new_id(), kind, socket.gethostname(), os.getpid(), started_at=now())


def _lease(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.lease_seconds)


def _consume(celery: Celery, kind: str, queues: Sequence[str], threads: int) -> None:
    """Hand the main thread to Celery, with so many threads for its tasks."""
    get_logger().info("worker.starts", kind=kind, queues=list(queues))
    # Celery is called as its own command would: `worker_main` has no way to leave out the banner.
    celery.start(
        [
            "--quiet",
            "worker",
            "--pool=threads",
            f"--concurrency={threads}",
            f"--queues={','.join(queues)}",
            f"--hostname={kind}-{os.getpid()}@%h",
            "--without-gossip",
            "--without-mingle",
        ]
    )
