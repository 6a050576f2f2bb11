"""One Celery message per row, on a Redis of its own: what the same model reaches when rows are queued singly."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.bundle import CACHE
from benchmarks.catalogue_files import titles
from benchmarks.row_worker import ROW_TASK, ROWS, row_celery
from shared.database import Database
from shared.redis_server import broker_url, redis_command, short_folder, wait_until_up

CORES = os.cpu_count() or 1
WAYS = {"threads": 1, "prefork": CORES}  # Celery's pools, and how many of them run
WARM_UP_SHARE = 0.2
PATIENCE_SECONDS = 180
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class PerRowFigures:
    """Rows per second of one pool: of sending the messages, and of a worker that finds them all there."""

    pool: str
    concurrency: int
    rows: int
    sent_per_second: float
    rows_per_second: float


def measure_per_row(folder: Path, rows: int) -> list[PerRowFigures]:
    """Send so many rows, then have a worker predict and store them; once with each of Celery's usual pools."""
    return [_measure(folder, rows, pool, concurrency) for pool, concurrency in WAYS.items()]


def _measure(folder: Path, rows: int, pool: str, concurrency: int) -> PerRowFigures:
    with _own_redis() as broker, tempfile.TemporaryDirectory(prefix="rows-", dir=CACHE) as data:
        url = f"sqlite:///{data}/rows.db"
        database = Database(url)
        with database.begin() as connection:
            ROWS.metadata.create_all(connection)
        started = time.perf_counter()
        app = row_celery(broker)
        with app.connection_for_write() as connection, app.amqp.Producer(connection) as producer:
            for product_id, title in enumerate(titles(rows)):
                app.send_task(ROW_TASK, (product_id, title), producer=producer)
        sent = rows / (time.perf_counter() - started)
        arguments = [broker, str(folder), url, pool, str(concurrency)]
        command, log = [sys.executable, "-m", "benchmarks.row_worker", *arguments], Path(data) / "log"
        with log.open("wb") as output:
            environment = os.environ | {"TF_NUM_INTRAOP_THREADS": str(CORES // concurrency)}  # so that all fit
            worker = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            rate = _drained(database, rows, worker, log)
        finally:
            worker.terminate()
            worker.wait()
            database.close()
    return PerRowFigures(pool, concurrency, rows, round(sent, 1), round(rate, 1))


def _drained(database: Database, rows: int, worker: subprocess.Popen[bytes], log: Path) -> float:
    """Rows per second once the worker has warmed up, when all rows are there."""
    end = time.monotonic() + PATIENCE_SECONDS
    while _stored(database) < rows:
        if worker.poll() is not None or time.monotonic() > end:
            sys.exit(f"The worker with a message per row did not store them all:\n{log.read_text()[-3000:]}")
        time.sleep(LOOK_SECONDS)
    with database.read() as connection:
        times = [
            float(moment) for moment in connection.scalars(select(ROWS.c.finished_at).order_by(ROWS.c.finished_at))
        ]
    warm = times[int(rows * WARM_UP_SHARE) :]
    return (len(warm) - 1) / (warm[-1] - warm[0])


def _stored(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(ROWS)).scalar_one()


@contextmanager
def _own_redis() -> Iterator[str]:
    folder = short_folder()
    process = subprocess.Popen(redis_command(folder), stdout=subprocess.DEVNULL)
    try:
        wait_until_up(folder, process)
        yield broker_url(folder)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
