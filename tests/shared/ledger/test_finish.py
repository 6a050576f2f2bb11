from sqlalchemy import select, update

from shared.database import Database
from shared.identifiers import now
from shared.lanes import Lane
from shared.ledger.finish import RowError, finish
from shared.tables import Batch, Job, Prediction
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


def test_a_finished_product_ends_its_job(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)

    ended = finish_all(database, take(database))

    job = job_row(database, job_id)
    assert ended == {job_id: "succeeded"}
    assert (job.status, job.succeeded, job.failed, job.model_versions) == ("succeeded", 1, 0, ["fake-1"])
    assert job.finished_at is not None


def test_an_answer_is_stored_with_all_it_says(database: Database, owner: str) -> None:
    accept(database, owner, TITLE)

    finish_all(database, take(database))

    with database.read() as connection:
        row = connection.execute(
            select(Prediction.prediction, Prediction.top, Prediction.text_scores, Prediction.image_scores)
        ).one()
    assert tuple(row) == (2582, [[2582, 0.9], [1560, 0.1]], [[2582, 0.9], [1560, 0.1]], None)


def test_a_job_with_a_row_error_among_its_rows_is_partially_succeeded(database: Database, owner: str) -> None:
    job_id = accept_catalogue(database, owner, "one", "two")
    claims = take(database, Lane.BULK)
    good, bad = rows_of(database, claims)

    with database.begin() as connection:
        finish(connection, claims, [(good, ANSWER), (bad, RowError("BROKEN_IMAGE", "damaged"))])

    job = job_row(database, job_id)
    assert (job.status, job.succeeded, job.failed) == ("partially_succeeded", 1, 1)


def test_a_late_writer_whose_lease_went_to_another_changes_nothing(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)
    late = take(database, worker="worker-late")
    late_rows = rows_of(database, late)
    lose(database, late)
    finish_all(database, take(database, worker="worker-quick"))
    before = job_row(database, job_id)

    with database.begin() as connection:
        ended = finish(connection, late, [(row, RowError("LATE", "too late")) for row in late_rows])

    assert ended == {}
    assert job_row(database, job_id) == before


def test_a_batch_that_was_lost_does_not_take_its_neighbours_along(database: Database, owner: str) -> None:
    first, second = accept(database, owner, TITLE, TITLE)
    claims = take(database)
    lose(database, claims[:1])

    ended = finish_all(database, claims)

    assert ended == {second: "succeeded"}
    assert job_row(database, first).status == "running"


def test_a_job_does_not_end_while_its_intake_goes_on(database: Database, owner: str) -> None:
    job_id = accept_catalogue(database, owner, "one")
    with database.begin() as connection:
        connection.execute(update(Job).values(intake_done=False))

    assert finish_all(database, take(database, Lane.BULK)) == {}
    assert job_row(database, job_id).status == "running"


def test_a_finished_batch_keeps_no_lease(database: Database, owner: str) -> None:
    accept(database, owner, TITLE)

    finish_all(database, take(database))

    with database.read() as connection:
        batch = connection.execute(select(Batch.state, Batch.lease_until)).one()
    assert tuple(batch) == ("done", None)


def test_a_claim_is_leased_for_as_long_as_was_asked(database: Database, owner: str) -> None:
    accept(database, owner, TITLE)

    before = now()
    take(database)

    with database.read() as connection:
        until = connection.scalars(select(Batch.lease_until)).one()
    assert until is not None
    assert before + LEASE <= until <= now() + LEASE
