from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from shared.database import Database
from shared.identifiers import new_id, now
from shared.tables import WorkerRow
from shared.workers import Worker, alive, answering, can_work, forget, forget_dead, seen

RECENTLY = timedelta(seconds=30)


def enter(database: Database, kind: str, bundle: str | None = None, ago: float = 0) -> Worker:
    """A worker that was seen so many seconds ago."""
    worker = Worker(new_id(), kind, "host", 123, started_at=now(), bundle=bundle)
    with database.begin() as connection:
        seen(connection, worker)
        last = now() - timedelta(seconds=ago)
        connection.execute(update(WorkerRow).where(WorkerRow.id == worker.id).values(last_seen_at=last))
    return worker


def ids(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.scalars(select(WorkerRow.id)))


@pytest.fixture
def three_of_a_kind(database: Database) -> Database:
    enter(database, "model", bundle="fake-1")
    enter(database, "model")
    enter(database, "model", bundle="fake-1", ago=31)
    enter(database, "io")
    return database


def test_the_living_are_counted_by_kind(three_of_a_kind: Database) -> None:
    with three_of_a_kind.read() as connection:
        counts = [alive(connection, kind, RECENTLY) for kind in ("model", "io", "other")]

    assert counts == [2, 1, 0]


def test_a_worker_answers_if_it_lives_and_has_a_bundle(three_of_a_kind: Database) -> None:
    with three_of_a_kind.read() as connection:
        assert answering(connection, RECENTLY) == 1


def test_a_worker_seen_again_is_the_same_row_with_its_news(database: Database) -> None:
    worker = enter(database, "model", ago=100)

    with database.begin() as connection:
        seen(connection, replace(worker, bundle="fake-2", device="cpu"))

    with database.read() as connection:
        (row,) = connection.execute(select(WorkerRow.bundle, WorkerRow.device, WorkerRow.last_seen_at)).all()
    assert (row.bundle, row.device) == ("fake-2", "cpu")
    assert now() - row.last_seen_at < RECENTLY


def test_a_worker_that_stops_is_forgotten_and_no_other(database: Database) -> None:
    stopping, staying = enter(database, "model"), enter(database, "model")

    with database.begin() as connection:
        forget(connection, stopping.id)

    assert ids(database) == {staying.id}


def test_workers_that_were_not_seen_for_long_are_forgotten(database: Database) -> None:
    enter(database, "model", ago=31)
    living = enter(database, "model", ago=29)

    with database.begin() as connection:
        forget_dead(connection, RECENTLY)

    assert ids(database) == {living.id}


def test_a_model_worker_can_work_once_it_has_its_bundle(database: Database) -> None:
    for worker_has, can in ((None, False), ("fake-1", True)):
        enter(database, "model", bundle=worker_has)
        with database.read() as connection:
            assert can_work(connection, "host", 123) is can
            assert not can_work(connection, "host", 124)


def test_an_io_worker_can_work_as_soon_as_it_is_seen(database: Database) -> None:
    enter(database, "io")

    with database.read() as connection:
        assert can_work(connection, "host", 123)


def test_a_host_works_if_one_of_its_workers_lives_and_has_what_it_needs(database: Database) -> None:
    def works() -> bool:
        with database.read() as connection:
            assert not can_work(connection, "another host", within=RECENTLY)
            return can_work(connection, "host", within=RECENTLY)

    enter(database, "io", ago=31)
    enter(database, "model")
    assert not works()

    enter(database, "model", bundle="fake-1")
    assert works()
