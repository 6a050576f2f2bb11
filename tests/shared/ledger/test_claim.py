import pytest
from sqlalchemy import insert, select, update

from shared.database import Database
from shared.lanes import MODEL_CALL, PHOTO_COST, Lane
from shared.ledger.claim import claim
from shared.ledger.submission import ProductInput
from shared.tables import Batch, Image, Job
from tests.conftest import add_owner
from tests.support.ledger import LEASE, TITLE, accept, rows_of, take


def claim_once(database: Database, worker: str = "worker-a") -> list[str]:
    return [held.job_id for held in take(database, worker=worker)]


def test_products_that_wait_together_are_claimed_together(database: Database, owner: str) -> None:
    jobs = accept(database, owner, *[TITLE] * 64)

    assert claim_once(database) == jobs


def test_a_claimed_batch_is_nobody_elses(database: Database, owner: str) -> None:
    accept(database, owner, TITLE)

    assert len(claim_once(database, "worker-a")) == 1
    assert claim_once(database, "worker-b") == []


def test_a_claim_starts_its_job_and_fences_its_batch(database: Database, owner: str) -> None:
    accept(database, owner, TITLE)

    claim_once(database, "worker-a")

    with database.read() as connection:
        batch = connection.execute(select(Batch.state, Batch.attempt, Batch.failures, Batch.worker)).one()
        job = connection.execute(select(Job.status, Job.version, Job.started_at)).one()
    assert tuple(batch) == ("running", 1, 0, "worker-a")
    assert (job.status, job.version, job.started_at is not None) == ("running", 2, True)


def test_one_claim_takes_no_more_than_a_model_call_of_photos(database: Database, owner: str) -> None:
    with database.begin() as connection:
        connection.execute(insert(Image).values(sha256="ab", size=1))
    accept(database, owner, *[ProductInput(image="ab")] * 20)

    assert len(claim_once(database)) == MODEL_CALL // PHOTO_COST
    assert len(claim_once(database)) == 20 - MODEL_CALL // PHOTO_COST


def test_a_batch_that_failed_before_is_claimed_alone(database: Database, owner: str) -> None:
    jobs = accept(database, owner, *[TITLE] * 4)
    with database.begin() as connection:
        connection.execute(update(Batch).where(Batch.job_id.in_(jobs[:2])).values(failures=1))

    claims = [claim_once(database) for _ in range(3)]

    assert sorted(claims, key=len) == [[jobs[0]], [jobs[1]], jobs[2:]]


def test_owners_take_turns_however_much_one_of_them_has_queued(database: Database, owner: str) -> None:
    crowd = accept(database, owner, *[TITLE] * 300)
    other = accept(database, add_owner(database, "other"), TITLE)

    first = claim_once(database)

    assert first.index(other[0]) == 1
    assert set(first) - set(other) <= set(crowd)


def test_an_owner_who_was_busy_yesterday_does_not_wait_behind_one_who_is_busy_today(
    database: Database, owner: str
) -> None:
    accept(database, owner, *[TITLE] * 200)
    claim_once(database)
    with database.begin() as connection:
        connection.execute(update(Batch).values(state="done"))
    accept(database, add_owner(database, "other"), *[TITLE] * 200)

    mine = accept(database, owner, TITLE)

    assert claim_once(database).index(mine[0]) <= 1


def test_rows_come_in_the_order_of_their_batches(database: Database, owner: str) -> None:
    accept(database, owner, *[ProductInput(designation=f"title {number}") for number in range(5)])

    rows = rows_of(database, take(database))

    assert [row.designation for row in rows] == [f"title {number}" for number in range(5)]


def test_what_one_claim_leaves_another_worker_can_take_at_once(database: Database, owner: str) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one writer: a second claim waits for the first to end")
    with database.begin() as connection:
        connection.execute(insert(Image).values(sha256="ab", size=1))
    accept(database, owner, *[ProductInput(image="ab")] * 40)

    with database.begin() as first, database.begin() as second:
        mine = claim(first, Lane.INTERACTIVE, "worker-a", LEASE)
        theirs = claim(second, Lane.INTERACTIVE, "worker-b", LEASE)

    assert len(mine) == len(theirs) == MODEL_CALL // PHOTO_COST
    assert not {held.batch_id for held in mine} & {held.batch_id for held in theirs}


def test_a_batch_whose_job_has_ended_meanwhile_is_closed_instead_of_claimed(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)
    with database.begin() as connection:
        connection.execute(update(Job).where(Job.id == job_id).values(status="expired"))

    assert claim_once(database) == []

    with database.read() as connection:
        assert connection.scalars(select(Batch.state)).one() == "failed"


def test_batches_of_ended_jobs_do_not_hide_the_work_behind_them(database: Database, owner: str) -> None:
    ended = accept(database, owner, TITLE)
    (waiting,) = accept(database, owner, TITLE)
    with database.begin() as connection:
        connection.execute(update(Job).where(Job.id.in_(ended)).values(status="expired"))
        connection.execute(update(Batch).where(Batch.job_id.in_(ended)).values(failures=1))  # so it is chosen alone

    assert claim_once(database) == [waiting]
