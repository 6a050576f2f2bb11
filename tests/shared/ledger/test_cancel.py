import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update

from shared.database import Database
from shared.errors import Conflict, NotFound
from shared.identifiers import new_id, now
from shared.lanes import CAPACITY, PHOTO_COST, Lane
from shared.ledger.cancel import cancel, cancel_job, end_jobs
from shared.ledger.claim import claim, claimed_rows
from shared.ledger.finish import finish
from shared.lifecycle import OPEN_JOB, JobStatus
from shared.tables import Batch, Job, Prediction
from tests.conftest import add_owner
from tests.support.ledger import (
    ANSWER,
    LEASE,
    TITLE,
    accept,
    accept_catalogue,
    finish_all,
    job_row,
    lose,
    rows_of,
    take,
)


def call_off(database: Database, *job_ids: str) -> list[str]:
    with database.begin() as connection:
        return list(cancel(connection, job_ids))


def batch_states(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(Batch.state).order_by(Batch.id)))


def test_a_waiting_job_ends_and_its_batch_is_claimed_by_nobody(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)

    assert call_off(database, job_id) == [job_id]

    job = job_row(database, job_id)
    assert (job.status, job.version) == ("canceled", 2)
    assert job.finished_at is not None
    assert (batch_states(database), take(database)) == (["failed"], [])


def test_a_worker_that_holds_a_batch_of_it_writes_nothing(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)
    claims = take(database)
    rows = rows_of(database, claims)
    call_off(database, job_id)
    canceled = job_row(database, job_id)

    with database.begin() as connection:
        ended = finish(connection, claims, [(row, ANSWER) for row in rows])

    assert (ended, job_row(database, job_id)) == ({}, canceled)
    with database.read() as connection:
        assert tuple(connection.execute(select(Prediction.prediction, Prediction.finished_at)).one()) == (None, None)


def test_the_other_jobs_of_a_claim_are_finished(database: Database, owner: str) -> None:
    canceled, other = accept(database, owner, TITLE, TITLE)
    claims = take(database)
    call_off(database, canceled)

    assert finish_all(database, claims) == {other: "succeeded"}


def test_a_try_that_is_lost_after_the_cancel_queues_nothing(database: Database, owner: str) -> None:
    job_id = accept_catalogue(database, owner, "one", "two")
    claims = take(database, Lane.BULK)
    call_off(database, job_id)

    lose(database, claims)

    assert batch_states(database) == ["failed"]


def test_rows_that_are_done_stay(database: Database, owner: str) -> None:
    job_id = accept_catalogue(database, owner, "one", "two")
    lose(database, take(database, Lane.BULK))  # two halves
    finish_all(database, take(database, Lane.BULK))

    call_off(database, job_id)

    assert job_row(database, job_id).succeeded == 1
    assert sorted(batch_states(database)) == ["done", "failed"]
    with database.read() as connection:
        assert connection.scalars(select(Prediction.prediction).order_by(Prediction.row)).all() == [2582, None]


def test_a_job_that_has_ended_stays_as_it_is(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)
    finish_all(database, take(database))
    ended = job_row(database, job_id)

    assert call_off(database, job_id) == []
    assert job_row(database, job_id) == ended


def test_one_job_is_canceled_once(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)
    with database.begin() as connection:
        cancel_job(connection, job_id, owner)

    with pytest.raises(Conflict) as refused, database.begin() as connection:
        cancel_job(connection, job_id, owner)

    assert refused.value.code == "JOB_ENDED"


def test_the_job_of_another_is_not_there(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)

    with pytest.raises(NotFound), database.begin() as connection:
        cancel_job(connection, job_id, new_id())

    assert job_row(database, job_id).status == "queued"


def test_whoever_may_cancel_anybodys_names_no_owner(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)

    with database.begin() as connection:
        cancel_job(connection, job_id, None)

    assert job_row(database, job_id).status == "canceled"


def test_a_deleted_job_is_not_there(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)
    with database.begin() as connection:
        connection.execute(update(Job).values(deleted_at=now()))

    with pytest.raises(NotFound), database.begin() as connection:
        cancel_job(connection, job_id, owner)


def test_all_open_jobs_of_an_account_end_and_nobody_elses(database: Database, owner: str) -> None:
    other = add_owner(database, "other")
    accept(database, owner, *[TITLE] * 3)
    (theirs,) = accept(database, other, TITLE)

    with database.begin() as connection:
        ended = end_jobs(connection, Job.owner_id == owner, JobStatus.CANCELED)

    assert len(ended) == 3
    assert job_row(database, theirs).status == "queued"


def test_cancels_among_workers_leave_every_job_with_one_end(database: Database, owner: str) -> None:
    jobs = [accept_catalogue(database, owner, "one", "two") for _ in range(60)]
    with database.begin() as connection:
        connection.execute(update(Batch).values(photos=CAPACITY[Lane.BULK] // PHOTO_COST // 3))  # three go in a claim
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        while open_jobs(database):
            with database.begin() as connection:
                claims = claim(connection, Lane.BULK, "worker", LEASE)
            with database.read() as connection:
                rows = claimed_rows(connection, claims)
            with database.begin() as connection:
                finish(connection, claims, [(row, ANSWER) for row in rows])

    def call_off_in_threes() -> None:
        start.wait()
        for first in range(0, len(jobs), 6):
            call_off(database, *jobs[first : first + 3])

    with ThreadPoolExecutor(3) as hands:
        for hand in [hands.submit(work), hands.submit(work), hands.submit(call_off_in_threes)]:
            hand.result()

    with database.read() as connection:
        ended = connection.execute(select(Job.id, Job.status, Job.succeeded)).all()
        finished = dict(
            connection.execute(
                select(Prediction.job_id, func.count())
                .where(Prediction.finished_at.is_not(None))
                .group_by(Prediction.job_id)
            ).all()
        )
    assert {job.status for job in ended} <= {"succeeded", "canceled"}
    for job in ended:
        assert job.succeeded == finished.get(job.id, 0) == (2 if job.status == "succeeded" else 0)


def open_jobs(database: Database) -> int:
    with database.read() as connection:
        return connection.scalars(select(func.count()).where(Job.status.in_(OPEN_JOB))).one()
