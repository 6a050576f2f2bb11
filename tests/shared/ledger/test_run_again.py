"""An ended job's rows are run again by another job, which has the same rows of the same file, or the failed ones."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from shared.catalogues.source import Source
from shared.database import Database
from shared.erasure import delete_account, delete_job
from shared.errors import Conflict
from shared.ledger.cancel import cancel
from shared.ledger.catalogues import rerun_job
from shared.ledger.intake import IntakeRow, wanted_rows
from shared.ledger.submission import ProductInput
from shared.store import ObjectStore
from shared.tables import Job
from tests.support.intake import BROKEN, QUOTAS, Enter, accept_file, chunk, counts, take_file, titles
from tests.support.ledger import WEEK


@pytest.fixture
def enter(database: Database, store: ObjectStore) -> Enter:
    return Enter(database, store)


def run_again(database: Database, store: ObjectStore, job_id: str, *, failed_only: bool = False) -> str:
    with database.begin() as connection:
        return rerun_job(connection, store, job_id, None, WEEK, QUOTAS, failed_only=failed_only).job_id


def source_of(database: Database, job_id: str) -> Source:
    with database.read() as connection:
        source = Source.of(connection.scalars(select(Job.source).where(Job.id == job_id)).one())
    assert source is not None
    return source


def wanted(database: Database, job_id: str, after: int = -1, limit: int = 10) -> Sequence[int]:
    """The numbers of the rows that a job is to have."""
    with database.read() as connection:
        return wanted_rows(connection, source_of(database, job_id), after, limit)


def read(enter: Enter, database: Database, *rows: IntakeRow) -> None:
    """Enter these rows as the whole of the file whose turn it is, and cancel what is left to predict."""
    held = take_file(database)
    enter(held, chunk(rows, last=True))
    with database.begin() as connection:
        cancel(connection, [held[1].job_id])


def failed(*numbers: int) -> list[IntakeRow]:
    return [IntakeRow(number, error=BROKEN) for number in numbers]


def delete(database: Database, job_id: str) -> None:
    with database.begin() as connection:
        delete_job(connection, job_id, None)


def test_a_retry_has_the_rows_that_failed(enter: Enter, database: Database, store: ObjectStore, owner: str) -> None:
    job_id = accept_file(database, owner)
    read(enter, database, *titles("one"), *failed(1), *titles("three", start=2), *failed(3))

    retry = run_again(database, store, job_id, failed_only=True)

    assert source_of(database, retry).is_partial
    assert wanted(database, retry) == [1, 3]
    assert wanted(database, retry, after=1) == [3]
    assert wanted(database, retry, limit=1) == [1]


def test_a_rerun_has_the_whole_file(enter: Enter, database: Database, store: ObjectStore, owner: str) -> None:
    job_id = accept_file(database, owner)
    read(enter, database, *titles("one"), *failed(1))

    assert not source_of(database, run_again(database, store, job_id)).is_partial


def test_a_rerun_of_a_retry_has_the_retrys_rows_also_when_the_first_job_is_gone(
    enter: Enter, database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = accept_file(database, owner)
    read(enter, database, *titles("one"), *failed(1, 2))
    retry = run_again(database, store, job_id, failed_only=True)
    read(enter, database, *titles("two", start=1), *failed(2))
    delete(database, job_id)

    again = run_again(database, store, retry)

    assert source_of(database, again).is_partial
    assert wanted(database, again) == [1, 2]
    assert wanted(database, again, after=1) == [2]
    assert wanted(database, again, limit=1) == [1]


def test_a_retry_of_a_rerun_of_a_retry_has_what_failed_there(
    enter: Enter, database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = accept_file(database, owner)
    read(enter, database, *failed(0, 1, 2))
    retry = run_again(database, store, job_id, failed_only=True)
    read(enter, database, *failed(0, 1, 2))
    again = run_again(database, store, retry)
    read(enter, database, *titles("one"), *failed(1, 2))

    assert wanted(database, run_again(database, store, again, failed_only=True)) == [1, 2]


def test_of_labelled_data_what_has_become_products_is_not_run_again(
    enter: Enter, database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = accept_file(database, owner, "ingest")
    read(enter, database, *failed(0, 1))
    retry = run_again(database, store, job_id, failed_only=True)
    read(enter, database, IntakeRow(0, ProductInput("1", "one"), label=60), *failed(1))
    again = run_again(database, store, retry)
    assert wanted(database, again) == [1]
    read(enter, database, IntakeRow(1, ProductInput("2", "two"), label=60))

    with pytest.raises(Conflict) as refused:
        run_again(database, store, again)

    assert refused.value.code == "ROWS_GONE"


@pytest.mark.parametrize("failed_only", [True, False])
def test_a_job_whose_rows_are_run_again_cannot_be_deleted_meanwhile(
    enter: Enter, database: Database, store: ObjectStore, owner: str, failed_only: bool
) -> None:
    job_id = accept_file(database, owner)
    read(enter, database, *titles("one"), *failed(1))
    again = run_again(database, store, job_id, failed_only=failed_only)

    with pytest.raises(Conflict) as refused:
        delete(database, job_id)

    assert refused.value.code == "JOB_IN_USE"
    with database.begin() as connection:
        cancel(connection, [again])
    delete(database, job_id)


def test_a_job_whose_rows_nobody_runs_again_can_be_deleted_while_its_file_is_read(
    enter: Enter, database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = accept_file(database, owner)
    read(enter, database, *titles("one"))
    rerun = run_again(database, store, job_id)
    read(enter, database, *titles("one"))
    run_again(database, store, rerun)

    delete(database, job_id)


def test_an_account_can_be_deleted_while_its_jobs_are_run_again(
    enter: Enter, database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = accept_file(database, owner)
    read(enter, database, *titles("one"))
    run_again(database, store, job_id)

    with database.begin() as connection:
        delete_account(connection, owner)


def test_a_job_of_which_no_row_is_left_to_run_again_fails_and_says_so(
    enter: Enter, database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = accept_file(database, owner)
    read(enter, database, *failed(0))
    retry = run_again(database, store, job_id, failed_only=True)

    enter(take_file(database), chunk([], last=True))

    assert (counts(database, retry).status, counts(database, retry).error["code"]) == ("failed", "ROWS_GONE")
