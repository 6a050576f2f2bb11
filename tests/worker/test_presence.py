from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from structlog.testing import capture_logs

from shared.database import Database
from shared.identifiers import new_id, now
from shared.tables import Batch, WorkerRow
from shared.workers import Worker, seen
from tests.support.ledger import LEASE, TITLE, accept, take
from tests.support.waiting import wait_for
from tests.worker.conftest import MakeInference
from tests.worker.served import Served
from worker.leases import HeldLeases
from worker.metrics import WorkerMetrics
from worker.model_loop import ModelLoop
from worker.presence import Presence
from worker.stall import StallGuard

SHORT = timedelta(seconds=0.15)


@dataclass
class AnyLoop:
    """As little of a loop as the heartbeat knows of one."""

    guard: StallGuard = field(default_factory=lambda: StallGuard(60))
    leases: HeldLeases = field(default_factory=HeldLeases)


@pytest.fixture
def worker() -> Worker:
    return Worker(new_id(), "model", "host", 123, started_at=now())


@pytest.fixture
def loop(database: Database, make_inference: MakeInference) -> ModelLoop:
    """A loop that nobody runs: what it holds and when it advances is for the test to say."""
    return ModelLoop(
        "worker-a", database, Served(make_inference()), LEASE, StallGuard(60), lambda: None, WorkerMetrics()
    )


def rows(database: Database) -> list[tuple[object, ...]]:
    with database.read() as connection:
        found = connection.execute(select(WorkerRow.id, WorkerRow.bundle, WorkerRow.device, WorkerRow.last_progress_at))
        return [tuple(row) for row in found]


def seen_within(database: Database, seconds: float) -> bool:
    with database.read() as connection:
        return connection.scalars(select(WorkerRow.last_seen_at)).one() > now() - timedelta(seconds=seconds)


def age(database: Database) -> None:
    """Have the worker's row look as if it had not been seen for an hour."""
    with database.begin() as connection:
        connection.execute(update(WorkerRow).values(last_seen_at=now() - timedelta(hours=1)))


def test_a_worker_is_on_the_list_while_it_runs(database: Database, worker: Worker) -> None:
    with Presence(worker, database, LEASE):
        assert rows(database) == [(worker.id, None, "none", None)]

    assert rows(database) == []


def test_the_row_goes_also_when_the_worker_fails(database: Database, worker: Worker) -> None:
    with pytest.raises(KeyError), Presence(worker, database, LEASE):
        raise KeyError

    assert rows(database) == []


def test_a_worker_takes_the_place_of_a_dead_one_that_had_its_number_on_its_host(
    database: Database, worker: Worker
) -> None:
    elsewhere, here_too = replace(worker, id=new_id(), host="another"), replace(worker, id=new_id(), process_id=124)
    with database.begin() as connection:
        for other in (elsewhere, here_too, replace(worker, id=new_id(), bundle="what-it-had")):
            seen(connection, other)

    with Presence(worker, database, LEASE):
        assert {row[0] for row in rows(database)} == {worker.id, elsewhere.id, here_too.id}


def test_the_row_is_kept_fresh(database: Database, worker: Worker) -> None:
    with Presence(worker, database, SHORT):
        for _ in range(2):
            age(database)
            wait_for(lambda: seen_within(database, 60), 10, "a heartbeat")


def test_a_heartbeat_that_fails_is_made_up_for_by_the_next(database: Database, worker: Worker) -> None:
    with capture_logs() as logs, Presence(worker, database, SHORT):
        age(database)
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE workers RENAME TO away"))
        wait_for(lambda: "heartbeat.failed" in [line["event"] for line in logs], 10, "a failed heartbeat")
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO workers"))

        wait_for(lambda: seen_within(database, 60), 10, "a heartbeat")


def test_the_row_says_what_the_loop_answers_with(database: Database, worker: Worker, loop: ModelLoop) -> None:
    with Presence(worker, database, LEASE, loop):
        assert rows(database) == [(worker.id, "fake-1", "fake", None)]


def test_progress_of_the_loop_is_told(database: Database, worker: Worker, loop: ModelLoop) -> None:
    with Presence(worker, database, LEASE, loop) as presence:
        loop.guard.advance()
        presence.beat()

        (row,) = rows(database)
    assert row[-1] is not None


def test_leases_are_renewed_only_if_the_loop_has_advanced(
    database: Database, owner: str, worker: Worker, loop: ModelLoop
) -> None:
    presence = Presence(worker, database, LEASE, loop)
    accept(database, owner, TITLE)
    loop.leases.hold(take(database))
    renewed = []

    for advances in (False, True, False, True):
        with database.begin() as connection:
            connection.execute(update(Batch).values(lease_until=now()))
        if advances:
            loop.guard.advance()
        presence.beat()
        with database.read() as connection:
            until = connection.scalars(select(Batch.lease_until)).one()
        assert until is not None
        renewed.append(until > now() + LEASE / 2)

    assert renewed == [False, True, False, True]


def test_of_several_loops_each_has_its_leases_renewed_by_its_own_progress(
    database: Database, owner: str, worker: Worker
) -> None:
    hanging, working = AnyLoop(), AnyLoop()
    for loop in (hanging, working):
        accept(database, owner, TITLE)
        loop.leases.hold(take(database))
    moment = now()
    with database.begin() as connection:
        connection.execute(update(Batch).values(lease_until=moment))

    working.guard.advance()
    Presence(worker, database, LEASE, hanging, working).beat()

    with database.read() as connection:
        renewed = connection.scalars(select(Batch.id).where(Batch.lease_until > moment)).all()
    assert renewed == [held.batch_id for held in working.leases.held()]


def test_a_lease_that_went_to_another_is_not_renewed(
    database: Database, owner: str, worker: Worker, loop: ModelLoop
) -> None:
    accept(database, owner, TITLE)
    loop.leases.hold(take(database))
    moment = now()
    with database.begin() as connection:
        connection.execute(update(Batch).values(attempt=2, lease_until=moment))

    loop.guard.advance()
    Presence(worker, database, LEASE, loop).beat()

    with database.read() as connection:
        assert connection.scalars(select(Batch.lease_until)).one() == moment


def test_what_could_not_be_given_back_is_given_back_by_the_next_beat_at_no_cost(
    database: Database, owner: str, worker: Worker, loop: ModelLoop
) -> None:
    accept(database, owner, TITLE)
    claims = take(database)
    loop.leases.hold(claims)
    loop.leases.owe(claims)

    Presence(worker, database, LEASE, loop).beat()

    with database.read() as connection:
        assert tuple(connection.execute(select(Batch.state, Batch.failures)).one()) == ("queued", 0)
    assert (loop.leases.held(), loop.leases.owed()) == ([], [])


def test_a_beat_that_fails_gives_nothing_back_and_the_next_one_does(
    database: Database, owner: str, worker: Worker, loop: ModelLoop
) -> None:
    accept(database, owner, TITLE)
    loop.leases.owe(take(database))
    presence = Presence(worker, database, LEASE, loop)
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE workers RENAME TO away"))
    with pytest.raises(SQLAlchemyError):
        presence.beat()
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO workers"))

    presence.beat()

    with database.read() as connection:
        assert connection.scalars(select(Batch.state)).one() == "queued"


def test_beats_are_regular_until_one_is_missed_and_again_after_two_leases(database: Database, worker: Worker) -> None:
    with capture_logs(), Presence(worker, database, timedelta(seconds=1)) as presence:
        wait_for(presence.is_regular, 10, "regular beats from the start")
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE workers RENAME TO away"))
        wait_for(lambda: not presence.is_regular(), 10, "a missed beat")
        with database.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO workers"))
        age(database)
        wait_for(lambda: seen_within(database, 60), 10, "a heartbeat")

        missed = not presence.is_regular()

        wait_for(presence.is_regular, 10, "regular beats for two leases")
    assert missed


def test_other_workers_rows_are_left_alone(database: Database, worker: Worker) -> None:
    with database.begin() as connection:
        connection.execute(insert(WorkerRow).values(id="other", kind="io", host="h", process_id=1, device="none"))

    with Presence(worker, database, LEASE):
        pass

    assert [row[0] for row in rows(database)] == ["other"]
