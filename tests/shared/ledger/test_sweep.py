from datetime import timedelta

from sqlalchemy import select, update

from shared.database import Database
from shared.identifiers import now
from shared.lanes import Lane
from shared.ledger.sweep import expire_overdue, release_expired, stale_lanes
from shared.tables import Batch, Job
from tests.support.ledger import TITLE, accept, accept_catalogue, finish_all, job_row, take


def let_leases_run_out(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(update(Batch).values(lease_until=now() - timedelta(seconds=1)))


def test_a_batch_whose_lease_ran_out_is_ready_again(database: Database, owner: str) -> None:
    accept(database, owner, TITLE)
    take(database)
    let_leases_run_out(database)

    with database.begin() as connection:
        assert release_expired(connection).leases == 1

    with database.read() as connection:
        assert tuple(connection.execute(select(Batch.state, Batch.failures)).one()) == ("queued", 1)


def test_a_batch_whose_lease_still_runs_is_left_alone(database: Database, owner: str) -> None:
    accept(database, owner, TITLE)
    take(database)

    with database.begin() as connection:
        assert release_expired(connection).leases == 0


def test_sweeping_twice_is_as_good_as_once(database: Database, owner: str) -> None:
    accept(database, owner, TITLE)
    take(database)
    let_leases_run_out(database)

    with database.begin() as connection:
        release_expired(connection)
        assert release_expired(connection).leases == 0


def test_an_overdue_job_expires_and_keeps_what_is_done(database: Database, owner: str) -> None:
    done, overdue = accept(database, owner, TITLE, TITLE)
    claims = take(database)
    finish_all(database, claims[:1])
    with database.begin() as connection:
        connection.execute(update(Job).values(deadline=now() - timedelta(seconds=1)))

    with database.begin() as connection:
        assert expire_overdue(connection) == {overdue: "expired"}

    assert (job_row(database, done).status, job_row(database, overdue).status) == ("succeeded", "expired")
    assert finish_all(database, claims[1:]) == {}


def test_a_lane_is_stale_once_its_work_has_waited_long_enough(database: Database, owner: str) -> None:
    accept(database, owner, TITLE, TITLE)
    accept_catalogue(database, owner, "row")

    with database.read() as connection:
        assert stale_lanes(connection, older_than=timedelta(minutes=1)) == {}
        assert stale_lanes(connection, older_than=timedelta(0)) == {Lane.INTERACTIVE: 2, Lane.BULK: 1}
