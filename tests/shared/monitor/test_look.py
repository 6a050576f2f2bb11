"""One look at everything, on both databases."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, update

from shared.bundles import add_bundle
from shared.database import Database
from shared.identifiers import new_id, now
from shared.lanes import Lane
from shared.lifecycle import DeliveryState
from shared.monitor.lanes import LaneWork
from shared.monitor.look import Monitor, look
from shared.releases import publish
from shared.settings import Settings, load_settings
from shared.statistics.counts import Counts, Slot
from shared.statistics.records import MINUTE, record, start_of
from shared.store import ObjectStore
from shared.tables import Batch, WorkerRow
from shared.workers import Worker, seen
from tests.conftest import only_on_sqlite
from tests.support import webhooks
from tests.support.bundles import fake_bundle
from tests.support.ledger import TITLE, accept, accept_catalogue, finish_all, take


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    data_dir = tmp_path / "data"
    data_dir.mkdir(exist_ok=True)
    return load_settings(data_dir=data_dir, disk_reserve_bytes=12)


def lane(monitor: Monitor, name: Lane) -> LaneWork:
    return next(each for each in monitor.lanes if each.lane == name)


def test_an_empty_database_is_a_quiet_service(database: Database, settings: Settings) -> None:
    monitor = look(database, settings)

    assert (monitor.bundle, monitor.workers, monitor.drift) == (None, [], None)
    assert {(each.queued_rows, each.running_rows, each.workers) for each in monitor.lanes} == {(0, 0, 0)}
    assert monitor.recent.latency.p50_seconds is None
    assert monitor.accuracy.all.share is None
    assert (monitor.webhooks.pending, monitor.webhooks.oldest_due_seconds) == (0, None)
    assert monitor.disk.free_bytes > 0
    assert monitor.disk.reserve_bytes == 12
    assert monitor.disk.database_bytes > 0


def test_what_waits_and_what_is_worked_is_counted_by_lane(database: Database, settings: Settings, owner: str) -> None:
    accept(database, owner, TITLE)
    taken = take(database)
    accept(database, owner, TITLE, TITLE)
    accept_catalogue(database, owner, *["title"] * 40)
    with database.begin() as connection:
        hour = now() - timedelta(hours=1)
        connection.execute(update(Batch).where(Batch.lane == Lane.BULK).values(queued_at=hour))

    monitor = look(database, settings)

    interactive, bulk = lane(monitor, Lane.INTERACTIVE), lane(monitor, Lane.BULK)
    assert (interactive.queued_batches, interactive.queued_rows, interactive.running_rows) == (2, 2, 1)
    assert (bulk.queued_batches, bulk.queued_rows, bulk.running_rows) == (1, 40, 0)
    assert 0 <= (interactive.oldest_queued_seconds or 0) < 1_800 < (bulk.oldest_queued_seconds or 0)
    assert not bulk.at_least
    finish_all(database, taken)
    assert lane(look(database, settings), Lane.INTERACTIVE).running_batches == 0


def test_workers_that_are_late_serve_nothing(database: Database, settings: Settings) -> None:
    with database.begin() as connection:
        for kind, bundle in (("io", None), ("model", "v1"), ("model", None)):
            seen(connection, Worker(new_id(), kind, "host", 1, started_at=now(), bundle=bundle))
    before = look(database, settings)
    with database.begin() as connection:
        late = now() - timedelta(seconds=settings.lease_seconds + 1)
        connection.execute(update(WorkerRow).where(WorkerRow.bundle == "v1").values(last_seen_at=late))

    after = look(database, settings)

    assert [each.workers for each in before.lanes] == [1, 1, 1]
    assert [(each.lane, each.workers) for each in after.lanes] == [("interactive", 0), ("bulk", 0), ("io", 1)]
    assert Counter(worker.state for worker in after.workers) == {"alive": 2, "late": 1}


def test_throughput_and_latency_are_of_the_last_minutes(database: Database, settings: Settings) -> None:
    moment = now()
    for minutes, answered in ((0, 30), (3, 30), (10, 1_000)):
        slot = Slot(start_of(MINUTE, moment - timedelta(minutes=minutes)), MINUTE, "v1", Lane.INTERACTIVE)
        counts = Counts(
            answered=answered, latency=Counter({40: answered}), jobs=Counter({"product succeeded": answered})
        )
        with database.begin() as connection:
            record(connection, "worker", {slot: counts})

    recent = look(database, settings).recent

    interactive = recent.lanes[0]
    assert (interactive.lane, interactive.answered) == ("interactive", 60)
    assert interactive.rows_per_second == pytest.approx(60 / recent.seconds)
    assert 300 <= recent.seconds < 420
    assert (recent.latency.products, recent.latency.p99_seconds) == (60, pytest.approx(0.1, rel=0.12))
    assert [(each.kind, each.status, each.count) for each in recent.jobs] == [("product", "succeeded", 60)]


def test_webhooks_that_wait_arrive_fail_and_die(database: Database, settings: Settings, owner: str) -> None:
    webhooks.listen(database, owner)
    for _ in range(4):
        accept(database, owner, TITLE)
        finish_all(database, take(database))
    first, second, third, _held = webhooks.take(database)
    assert webhooks.book(database, first, webhooks.answered(204)) == DeliveryState.DELIVERED
    assert webhooks.book(database, second, webhooks.answered(500)) == DeliveryState.PENDING
    assert webhooks.book(database, third, webhooks.answered(410)) == DeliveryState.DEAD

    found = look(database, settings).webhooks

    assert (found.delivered, found.failed, found.dead) == (1, 2, 1)
    assert found.disabled_endpoints == 1


def test_a_delivery_that_nobody_takes_is_due(database: Database, settings: Settings, owner: str) -> None:
    webhooks.listen(database, owner)
    accept(database, owner, TITLE)
    finish_all(database, take(database))

    found = look(database, settings).webhooks

    assert (found.pending, found.due) == (1, 1)
    assert found.oldest_due_seconds is not None


def test_the_active_bundle_is_shown_with_its_figures(
    database: Database, settings: Settings, store: ObjectStore, tmp_path: Path
) -> None:
    publish(database, store, fake_bundle(tmp_path / "one", "v1"), activated=True)
    with database.begin() as connection:
        add_bundle(connection, fake_bundle(tmp_path / "two", "v2").manifest)

    monitor = look(database, settings)

    assert monitor.bundle is not None
    assert monitor.bundle.manifest.version == "v1"
    assert monitor.drift is not None
    assert {each.state for each in monitor.drift.features} >= {"not_known"}


@only_on_sqlite
def test_no_query_of_it_reads_all_batches_jobs_or_predictions(database: Database, settings: Settings) -> None:
    statements: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    look(database, settings)
    event.remove(database.engine, "before_cursor_execute", note)

    with database.read() as connection:
        plans = [
            str(row[3])
            for statement, parameters in statements
            if statement.lstrip().startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert len(plans) > 10
    tables = ("batches", "jobs", "predictions", "corrections", "work_counts", "webhook_attempts", "webhook_deliveries")
    assert [plan for plan in plans if plan in {f"SCAN {table}" for table in tables}] == []
