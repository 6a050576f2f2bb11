"""Chunks that are entered while something else happens to their job: one comes first, and both are whole."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from sqlalchemy import Connection, select

from shared.database import Database
from shared.lanes import Lane
from shared.ledger.cancel import cancel
from shared.ledger.claim import Claim, lock_held
from shared.ledger.failure import TRIES, fail
from shared.ledger.finish import finish
from shared.ledger.intake import Chunk, Committed, IntakeJob, IntakeRow, commit_chunk
from shared.ledger.submission import ProductInput
from shared.store import ObjectStore
from shared.tables import Batch
from shared.usage import Quotas, Used, usage_of
from tests.support.intake import (
    QUOTAS,
    SOURCE,
    Enter,
    accept_file,
    batches,
    chunk,
    counts,
    keep_photo,
    rows,
    take_file,
    titles,
)
from tests.support.ledger import ANSWER, rows_of, take, waits_for_a_lock
from tests.support.waiting import wait_for

A, B = TypeVar("A"), TypeVar("B")
PHOTO = "ab" * 32


def at_once(database: Database, first: Callable[[Connection], A], second: Callable[[Connection], B]) -> tuple[A, B]:
    """Run two transactions, of which the second has come to where it must wait before the first one ends."""

    def run() -> B:
        with database.begin() as connection:
            return second(connection)

    with ThreadPoolExecutor(1) as thread:
        with database.begin() as connection:
            done = first(connection)
            following = thread.submit(run)
            if not database.is_sqlite:  # there it waits for the one writer before its first statement
                wait_for(lambda: waits_for_a_lock(database), 20, "the second transaction to wait for the first")
        return done, following.result()


def entering(
    store: ObjectStore, held: tuple[Claim, IntakeJob], entered: Chunk, quotas: Quotas = QUOTAS
) -> Callable[[Connection], Committed | None]:
    return lambda connection: commit_chunk(connection, store, *held, entered, quotas)


def test_a_job_that_is_canceled_while_a_chunk_is_entered_ends_with_the_chunks_rows(
    database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = accept_file(database, owner)
    enter = entering(store, take_file(database), chunk(titles("one")))

    entered, canceled = at_once(database, enter, lambda connection: cancel(connection, [job_id]))

    assert entered is not None
    assert list(canceled) == [job_id]
    assert rows(database, job_id) == [(0, "one", None)]
    assert (counts(database, job_id).status, counts(database, job_id).total) == ("canceled", 1)
    assert batches(database, "predict") == [(Lane.BULK, 1, 0, "failed")]
    assert batches(database, "intake") == [(Lane.IO, 0, 0, "failed")]


def test_a_chunk_that_comes_while_its_job_is_canceled_is_not_entered(
    database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = accept_file(database, owner)
    enter = entering(store, take_file(database), chunk(titles("one")))

    canceled, entered = at_once(database, lambda connection: cancel(connection, [job_id]), enter)

    assert list(canceled) == [job_id]
    assert entered is None
    assert (rows(database, job_id), counts(database, job_id).total) == ([], 0)


def test_a_chunk_that_comes_while_its_lease_is_taken_away_is_not_entered(
    database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = accept_file(database, owner)
    held = take_file(database)
    enter = entering(store, held, chunk(titles("one")))

    _, entered = at_once(database, lambda connection: fail(connection, [held[0]]), enter)

    assert entered is None
    assert rows(database, job_id) == []
    assert take_file(database, "io-b")[1].position is None


def test_a_lease_that_is_taken_away_while_a_chunk_is_entered_goes_on_behind_it(
    database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = accept_file(database, owner)
    held = take_file(database)
    enter = entering(store, held, chunk(titles("one")))

    entered, _ = at_once(database, enter, lambda connection: fail(connection, [held[0]]))

    assert entered is not None
    again = take_file(database, "io-b")
    assert again[1].position == {"row": 0}
    Enter(database, store)(again, chunk(titles("two", start=1), last=True))
    assert rows(database, job_id) == [(0, "one", None), (1, "two", None)]


@pytest.mark.parametrize("kind", ["catalogue", "ingest"])
def test_two_files_of_one_account_have_together_what_is_left_of_the_day(
    database: Database, store: ObjectStore, owner: str, kind: str
) -> None:
    jobs = [accept_file(database, owner, kind) for _ in range(2)]
    some = [IntakeRow(n, ProductInput(f"{n}", "a title"), label=60) for n in range(2)]
    quotas = Quotas(rows_per_day=3, stored_bytes=10**9)
    first, second = (
        entering(store, take_file(database, worker), chunk(some, last=True), quotas) for worker in ("io-a", "io-b")
    )

    at_once(database, first, second)

    assert [error for job_id in jobs for _, _, error in rows(database, job_id) if error] == ["QUOTA_ROWS"]
    with database.read() as connection:
        assert usage_of(connection, owner).rows_today == 3


def test_two_files_of_one_account_with_the_same_photo_are_charged_for_it_once(
    database: Database, store: ObjectStore, owner: str
) -> None:
    keep_photo(store, PHOTO, b"photo")
    for _ in range(2):
        accept_file(database, owner)
    row = IntakeRow(0, ProductInput(image=PHOTO))
    first, second = (
        entering(store, take_file(database, worker), chunk([row], photos={PHOTO: 5})) for worker in ("io-a", "io-b")
    )

    at_once(database, first, second)

    with database.read() as connection:
        assert usage_of(connection, owner) == Used(2, 2 * SOURCE.size + 5)


def test_a_file_that_is_given_up_and_rows_of_it_that_are_finished_wait_in_no_circle(
    database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = accept_file(database, owner)
    Enter(database, store)(take_file(database), chunk(titles("one")))
    with database.begin() as connection:
        fail(connection, [held_file(connection)])
    for _ in range(TRIES - 2):
        held = take_file(database)[0]
        with database.begin() as connection:
            fail(connection, [held])
    last_try, claims = take_file(database)[0], take(database, Lane.BULK)
    predicted = [(row, ANSWER) for row in rows_of(database, claims)]

    def give_up() -> None:
        with database.begin() as connection:
            fail(connection, [last_try])

    with ThreadPoolExecutor(1) as thread:
        with database.begin() as connection:
            lock_held(connection, claims)
            giving_up = thread.submit(give_up)
            if not database.is_sqlite:
                wait_for(lambda: waits_for_a_lock(database), 20, "the file to be given up")
            finish(connection, claims, predicted)
        giving_up.result()

    assert counts(database, job_id)[:4] == ("failed", 1, 1, 0)
    assert counts(database, job_id).error["code"] == "CATALOGUE_FAILED"


def held_file(connection: Connection) -> Claim:
    """The claim of the file that is being read, as the sweep finds it."""
    found = select(Batch.id, Batch.job_id, Batch.attempt, Batch.rows).where(Batch.kind == "intake")
    return Claim(*connection.execute(found).one())
