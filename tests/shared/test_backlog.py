"""What waits, as whoever watches sees it: from the open rows only, and no further than is worth counting."""

from datetime import timedelta

from sqlalchemy import event, insert, select, update

from shared.backlog import COUNTED, Backlog, read_backlog
from shared.database import Database
from shared.identifiers import new_id, now
from shared.lanes import Lane
from shared.lifecycle import JobStatus
from shared.tables import Batch, WebhookDelivery
from shared.workers import Worker, seen
from tests.conftest import only_on_sqlite
from tests.support.ledger import TITLE, accept, accept_catalogue, finish_all, take
from tests.support.webhooks import listen

WITHIN = timedelta(minutes=1)


def read(database: Database) -> Backlog:
    with database.read() as connection:
        return read_backlog(connection, WITHIN)


def test_of_an_empty_service_everything_is_there_and_nothing_waits(database: Database) -> None:
    found = read(database)

    assert {lane: (each.batches, each.rows, each.oldest) for lane, each in found.batches.items()} == dict.fromkeys(
        Lane, (0, 0, None)
    )
    assert found.open_jobs == {JobStatus.QUEUED: 0, JobStatus.RUNNING: 0}
    assert found.workers == {"io": 0, "model": 0}
    assert (found.deliveries.deliveries, found.deliveries.oldest) == (0, None)
    assert found.database_bytes > 0


def test_what_waits_is_counted_by_lane_and_what_is_in_hand_is_not(database: Database, owner: str) -> None:
    accept(database, owner, TITLE, TITLE)
    accept_catalogue(database, owner, "one", "two", "three")
    first_queued = now() - timedelta(minutes=5)
    with database.begin() as connection:
        connection.execute(update(Batch).where(Batch.lane == Lane.BULK).values(queued_at=first_queued))
    take(database)  # the single products

    found = read(database)

    assert (found.batches[Lane.INTERACTIVE].batches, found.batches[Lane.INTERACTIVE].rows) == (0, 0)
    assert (found.batches[Lane.BULK].batches, found.batches[Lane.BULK].rows) == (1, 3)
    assert found.batches[Lane.BULK].oldest == first_queued
    assert found.open_jobs == {JobStatus.QUEUED: 1, JobStatus.RUNNING: 2}


def test_workers_count_while_their_heartbeat_is_fresh(database: Database) -> None:
    with database.begin() as connection:
        for kind in ("io", "model", "model"):
            seen(connection, Worker(new_id(), kind, "here", 1, started_at=now()))

    assert read(database).workers == {"io": 1, "model": 2}


def test_deliveries_are_due_once_their_time_has_come(database: Database, owner: str) -> None:
    listen(database, owner)
    jobs = accept(database, owner, TITLE, TITLE)
    finish_all(database, take(database))
    later, earlier = now() + timedelta(hours=1), now() - timedelta(minutes=3)
    with database.begin() as connection:
        first, second = connection.scalars(select(WebhookDelivery.id).order_by(WebhookDelivery.id)).all()
        for delivery, moment in ((first, earlier), (second, later)):
            connection.execute(
                update(WebhookDelivery).where(WebhookDelivery.id == delivery).values(next_attempt_at=moment)
            )

    found = read(database).deliveries

    assert len(jobs) == 2
    assert (found.deliveries, found.oldest) == (1, earlier)


def test_nobody_counts_further_than_is_worth_it(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)
    batch = {"job_id": job_id, "owner_id": owner, "kind": "predict", "lane": Lane.BULK, "rows": 2}
    with database.begin() as connection:
        connection.execute(insert(Batch), [{**batch, "turn": turn} for turn in range(COUNTED + 500)])

    found = read(database).batches[Lane.BULK]

    assert (found.batches, found.rows) == (COUNTED, 2 * COUNTED)


@only_on_sqlite
def test_no_table_is_read_from_end_to_end(database: Database) -> None:
    statements: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    read(database)
    event.remove(database.engine, "before_cursor_execute", note)
    with database.read() as connection:
        plans = [
            str(row[3])
            for statement, parameters in statements
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]

    assert plans
    large = ("batches", "jobs", "webhook_deliveries")
    assert [plan for plan in plans if plan in {f"SCAN {table}" for table in large}] == []
