from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import select, text, update
from structlog.testing import capture_logs

from shared.broker import make_celery
from shared.database import Database
from shared.identifiers import new_id, now
from shared.lanes import WEBHOOKS, Lane
from shared.ledger.submission import ProductInput
from shared.lifecycle import DeliveryState
from shared.ringer import Ringer
from shared.settings import Settings, load_settings
from shared.tables import Batch, Job, WorkerRow
from shared.webhooks.endpoints import EndpointChanges, change_endpoint
from shared.workers import Worker, seen
from tests.conftest import RedisServer
from tests.support.ledger import TITLE, accept, accept_catalogue, job_row, take
from tests.support.waiting import wait_for
from tests.support.webhooks import deliveries, listen
from tests.support.work import do_work
from worker.metrics import WorkerMetrics
from worker.sweeper import Sweeper


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path / "data", sweep_seconds=0.1, lease_seconds=1)


@pytest.fixture
def queues(redis_server: RedisServer) -> Iterator["redis.Redis"]:
    with redis.Redis(unix_socket_path=str(redis_server.folder / "redis.sock")) as client:
        yield client


@pytest.fixture
def ringer(redis_server: RedisServer) -> Iterator[Ringer]:
    with Ringer(make_celery(redis_server.broker_url)) as ringing:
        yield ringing


@pytest.fixture
def sweeper(settings: Settings, database: Database) -> Sweeper:
    """Sweeps when a test says so, without Redis: its bell has nobody who rings it."""
    return Sweeper(
        settings, database, Ringer(make_celery("redis+socket:///nowhere/redis.sock")), always, WorkerMetrics()
    )


def always() -> bool:
    return True


def enter_model_workers(database: Database, number: int, ago: float = 0) -> None:
    with database.begin() as connection:
        for _ in range(number):
            seen(connection, Worker(new_id(), "model", "host", 1, started_at=now()))
        connection.execute(update(WorkerRow).values(last_seen_at=now() - timedelta(seconds=ago)))


def let_work_wait(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(update(Batch).values(queued_at=now() - timedelta(seconds=10)))


def test_a_lane_whose_ring_was_lost_is_rung_again(
    settings: Settings, database: Database, owner: str, ringer: Ringer, queues: "redis.Redis"
) -> None:
    enter_model_workers(database, 1)
    accept_catalogue(database, owner, "one")

    with Sweeper(settings, database, ringer, always, WorkerMetrics()):
        wait_for(lambda: queues.llen(Lane.BULK), 10, "a ring")

    assert queues.llen(Lane.INTERACTIVE) == 0


def test_a_lane_is_rung_once_per_living_worker_at_most(
    settings: Settings, database: Database, owner: str, ringer: Ringer, queues: "redis.Redis"
) -> None:
    enter_model_workers(database, 3)
    accept(database, owner, *[TITLE] * 10)
    accept_catalogue(database, owner, "one")
    let_work_wait(database)

    Sweeper(settings, database, ringer, always, WorkerMetrics()).sweep()

    ringer.ring(Lane.IO)
    wait_for(lambda: queues.llen(Lane.IO), 10, "the ring after them")
    assert (queues.llen(Lane.INTERACTIVE), queues.llen(Lane.BULK)) == (3, 1)


def test_with_no_living_worker_nobody_is_rung(
    settings: Settings, database: Database, owner: str, ringer: Ringer, queues: "redis.Redis"
) -> None:
    enter_model_workers(database, 1, ago=60)
    accept(database, owner, TITLE)
    let_work_wait(database)

    Sweeper(settings, database, ringer, always, WorkerMetrics()).sweep()
    ringer.ring(Lane.IO)

    wait_for(lambda: queues.llen(Lane.IO), 10, "the ring after it")
    assert queues.llen(Lane.INTERACTIVE) == 0


def test_the_lane_of_io_workers_is_rung_for_them(
    settings: Settings, database: Database, owner: str, ringer: Ringer, queues: "redis.Redis"
) -> None:
    with database.begin() as connection:
        seen(connection, Worker(new_id(), "io", "host", 1, started_at=now()))
    accept(database, owner, ProductInput(image_url="https://shop.example/1.jpg"), TITLE)
    let_work_wait(database)

    Sweeper(settings, database, ringer, always, WorkerMetrics()).sweep()

    wait_for(lambda: queues.llen(Lane.IO), 10, "a ring")
    assert queues.llen(Lane.INTERACTIVE) == 0


def test_deliveries_that_are_due_are_rung_for(
    settings: Settings, database: Database, owner: str, ringer: Ringer, queues: "redis.Redis"
) -> None:
    listen(database, owner)
    accept(database, owner, TITLE)
    do_work(database)

    Sweeper(settings, database, ringer, always, WorkerMetrics()).sweep()

    wait_for(lambda: queues.llen(WEBHOOKS), 10, "a ring")


def test_what_waits_for_an_endpoint_that_is_not_active_is_buried(
    sweeper: Sweeper, database: Database, owner: str
) -> None:
    paused = listen(database, owner)
    accept(database, owner, TITLE)
    do_work(database)
    with database.begin() as connection:
        change_endpoint(connection, paused, EndpointChanges(active=False))

    sweeper.sweep()

    assert [delivery.state for delivery in deliveries(database, paused)] == [DeliveryState.DEAD]


def test_an_expired_lease_is_released(sweeper: Sweeper, database: Database, owner: str) -> None:
    accept(database, owner, TITLE)
    take(database)
    with database.begin() as connection:
        connection.execute(update(Batch).values(lease_until=now() - timedelta(seconds=1)))

    sweeper.sweep()

    with database.read() as connection:
        assert tuple(connection.execute(select(Batch.state, Batch.failures)).one()) == ("queued", 1)


def test_a_lease_that_nobody_could_have_renewed_is_left_to_its_worker(
    settings: Settings, database: Database, owner: str, ringer: Ringer
) -> None:
    accept(database, owner, TITLE)
    take(database)
    with database.begin() as connection:
        connection.execute(update(Batch).values(lease_until=now() - timedelta(seconds=1)))

    Sweeper(settings, database, ringer, lambda: False, WorkerMetrics()).sweep()

    with database.read() as connection:
        assert tuple(connection.execute(select(Batch.state, Batch.failures)).one()) == ("running", 0)


def test_an_overdue_job_expires(sweeper: Sweeper, database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)
    with database.begin() as connection:
        connection.execute(update(Job).values(deadline=now() - timedelta(seconds=1)))

    sweeper.sweep()

    assert job_row(database, job_id).status == "expired"


def test_dead_workers_are_taken_off_the_list(sweeper: Sweeper, database: Database) -> None:
    enter_model_workers(database, 2, ago=3.5)
    with database.begin() as connection:
        seen(connection, Worker("living", "io", "host", 1, started_at=now()))

    sweeper.sweep()

    with database.read() as connection:
        assert connection.scalars(select(WorkerRow.id)).all() == ["living"]


def test_it_goes_on_sweeping_after_an_error(sweeper: Sweeper, database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)
    with database.begin() as connection:
        connection.execute(update(Job).values(deadline=now() - timedelta(seconds=1)))
        connection.execute(text("ALTER TABLE batches RENAME TO away"))

    with capture_logs() as logs, sweeper:
        wait_for(lambda: "sweep.failed" in [line["event"] for line in logs], 10, "a sweep that failed")
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO batches"))

        wait_for(lambda: job_row(database, job_id).status == "expired", 10, "a sweep")
