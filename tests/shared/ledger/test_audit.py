"""The ledger contradicts itself only where somebody has broken it on purpose."""

from typing import Any

import pytest
from sqlalchemy import select, text, update

from shared.corrections import correct
from shared.database import Database
from shared.erasure import delete_account, delete_job, erase_some
from shared.identifiers import now
from shared.lanes import Lane
from shared.ledger.audit import contradictions
from shared.ledger.cancel import cancel
from shared.ledger.catalogues import rerun_job
from shared.ledger.fetch import Photo, fetch_rows, fetched
from shared.ledger.intake import IntakeRow
from shared.ledger.submission import ProductInput
from shared.lifecycle import BatchState, JobStatus
from shared.retention import clear_piece
from shared.row_erasure import ROWS
from shared.store import ObjectStore
from shared.tables import Batch, Job, Prediction, WebhookDelivery
from shared.users import account_by_id
from tests.support.intake import BROKEN, QUOTAS, Enter, accept_file, chunk, keep_photo, take_file, titles
from tests.support.ledger import ANSWER, TITLE, WEEK, accept, finish_all, lose, take
from tests.support.webhooks import answered as came
from tests.support.webhooks import book, deliveries, listen
from tests.support.webhooks import take as take_due

PHOTO = Photo("ab" * 32, 1000)
URL = "https://shop.example/1.jpg"


def look(database: Database, most: int = 100) -> list[str]:
    with database.read() as connection:
        return contradictions(connection, most)


def set_all(database: Database, table: type[Job | Batch | Prediction | WebhookDelivery], **values: Any) -> None:
    """Change all rows of a table, past all rules."""
    with database.begin() as connection:
        connection.execute(update(table).values(values))


def status_of(database: Database, job_id: str) -> JobStatus:
    with database.read() as connection:
        return connection.scalars(select(Job.status).where(Job.id == job_id)).one()


def cancel_jobs(database: Database, *jobs: str) -> None:
    with database.begin() as connection:
        cancel(connection, jobs)


def answered(database: Database, owner: str) -> str:
    """A job of one product that has been predicted."""
    (job_id,) = accept(database, owner, TITLE)
    finish_all(database, take(database))
    return job_id


def answered_catalogue(database: Database, store: ObjectStore, owner: str, rows: list[IntakeRow]) -> str:
    """A job with a file of which every row that can be has been predicted."""
    job_id = accept_file(database, owner)
    Enter(database, store)(take_file(database), chunk(rows, last=True))
    finish_all(database, take(database, Lane.BULK))
    return job_id


def labelled(*numbers: int, image_url: str | None = None) -> list[IntakeRow]:
    return [
        IntakeRow(number, ProductInput(f"P{number}", "Chaise", image_url=image_url), label=2582) for number in numbers
    ]


# --- what is well --------------------------------------------------------------------------------------------------


def test_products_in_every_state_contradict_nothing(database: Database, owner: str) -> None:
    answered(database, owner)
    accept(database, owner, TITLE)
    finish_all(database, take(database), BROKEN)
    accept(database, owner, TITLE)
    lose(database, take(database))
    cancel_jobs(database, *accept(database, owner, TITLE))
    take(database)
    accept(database, owner, TITLE, ProductInput(designation="Chaise", image_url=URL))

    with database.read() as connection:
        states = set(connection.scalars(select(Job.status)))
    assert states == {"queued", "running", "succeeded", "failed", "canceled"}
    assert look(database) == []


def test_a_catalogue_contradicts_nothing_at_any_time(database: Database, store: ObjectStore, owner: str) -> None:
    job_id, enter = accept_file(database, owner), Enter(database, store)
    held = take_file(database)
    enter(held, chunk([*titles("one", "two", "three"), IntakeRow(3, error=BROKEN)]))
    assert look(database) == []

    lose(database, take(database, Lane.BULK))
    finish_all(database, take(database, Lane.BULK), ANSWER._replace(reused_from=1))
    enter(held, chunk([IntakeRow(4, error=BROKEN), *titles("six", start=5)], last=True))
    assert look(database) == []

    while claims := take(database, Lane.BULK):
        finish_all(database, claims)
    assert status_of(database, job_id) == "partially_succeeded"
    assert look(database) == []


def test_a_retry_has_some_rows_only(database: Database, store: ObjectStore, owner: str) -> None:
    failed = [IntakeRow(number, error=BROKEN) for number in (1, 3)]
    job_id = answered_catalogue(database, store, owner, [*titles("one"), *failed])
    with database.begin() as connection:
        rerun_job(connection, store, job_id, None, WEEK, QUOTAS, failed_only=True)

    Enter(database, store)(take_file(database), chunk([*titles("two", start=1), failed[1]], last=True))

    assert look(database) == []


def test_a_catalogue_that_is_canceled_keeps_open_rows(database: Database, store: ObjectStore, owner: str) -> None:
    job_id = accept_file(database, owner)
    Enter(database, store)(take_file(database), chunk([*titles("one", "two"), IntakeRow(2, error=BROKEN)]))

    cancel_jobs(database, job_id)

    assert look(database) == []


def test_rows_that_have_become_products_are_not_missed(database: Database, store: ObjectStore, owner: str) -> None:
    job_id = accept_file(database, owner, "ingest")
    rows = [*labelled(0, 1), *labelled(2, 3, image_url=URL), IntakeRow(4, error=BROKEN)]
    Enter(database, store)(take_file(database), chunk(rows, last=True))
    assert look(database) == []

    keep_photo(store, PHOTO.sha256, bytes(PHOTO.size))
    claims = take(database, Lane.IO)
    with database.begin() as connection:
        outcomes = zip(fetch_rows(connection, claims), (PHOTO, BROKEN), strict=True)
        fetched(connection, store, claims, list(outcomes), QUOTAS)

    assert status_of(database, job_id) == "partially_succeeded"
    assert look(database) == []


def test_jobs_that_are_being_erased_contradict_nothing(database: Database, store: ObjectStore, owner: str) -> None:
    jobs = [answered_catalogue(database, store, owner, titles(*["title"] * (ROWS + 10))) for _ in range(2)]
    with database.begin() as connection:
        delete_job(connection, jobs[0], owner)
    while not erase_some(database, store, seconds=0):
        assert look(database) == []
    with database.begin() as connection:
        delete_account(connection, owner)
    while not erase_some(database, store, seconds=0):
        assert look(database) == []


def test_a_job_that_is_being_cleared_contradicts_nothing(database: Database, store: ObjectStore, owner: str) -> None:
    answered_catalogue(database, store, owner, titles(*["title"] * (ROWS + 10)))
    with database.begin() as connection:
        reviewer = account_by_id(connection, owner)
        assert reviewer is not None
        correct(connection, connection.scalars(select(Prediction.id).limit(1)).one(), 10, reviewer)
    set_all(database, Job, finished_at=now() - WEEK)

    while clear_piece(database, store, WEEK / 2):
        assert look(database) == []


# --- what is not ---------------------------------------------------------------------------------------------------


def test_an_ended_job_with_an_open_batch(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)
    set_all(database, Job, status=JobStatus.CANCELED)

    (said,) = look(database)

    assert said.endswith(f" is queued although its job {job_id} has ended (canceled).")


@pytest.mark.parametrize("state", [BatchState.DONE, BatchState.FAILED])
def test_an_open_job_without_an_open_batch(database: Database, owner: str, state: BatchState) -> None:
    (job_id,) = accept(database, owner, TITLE)
    set_all(database, Batch, state=state)

    assert look(database) == [
        f"Job {job_id} is queued and has no open batch: nothing will ever end it.",
        f"Row 0 of job {job_id} is open, and in no open batch: nobody will ever come to it.",
    ]


def test_a_running_batch_without_a_lease(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)
    take(database)
    set_all(database, Batch, lease_until=None)

    (said,) = look(database)

    assert said.endswith(f" of job {job_id} is running without a lease: nobody will ever take it back.")


@pytest.mark.parametrize("counter", ["total", "succeeded", "failed", "reused"])
def test_a_counter_that_is_not_its_rows(database: Database, owner: str, counter: str) -> None:
    job_id = answered(database, owner)
    set_all(database, Job, **{counter: 7})

    should = {"total": 1, "succeeded": 1, "failed": 0, "reused": 0} | {counter: 7}
    assert look(database) == [
        f"Job {job_id} should have {should['total']} rows ({should['succeeded']} succeeded, {should['failed']} failed, "
        f"{should['reused']} reused), and has 1 rows (1 succeeded, 0 failed, 0 reused)."
    ]


def test_rows_that_are_gone(database: Database, owner: str) -> None:
    answered(database, owner)
    with database.begin() as connection:
        connection.execute(text("DELETE FROM predictions"))

    (said,) = look(database)

    assert said.endswith("and has 0 rows (0 succeeded, 0 failed, 0 reused).")


def test_a_labelled_row_that_is_gone_without_having_become_a_product(
    database: Database, store: ObjectStore, owner: str
) -> None:
    accept_file(database, owner, "ingest")
    Enter(database, store)(take_file(database), chunk([*labelled(0), *labelled(1, image_url=URL)], last=True))
    with database.begin() as connection:
        connection.execute(text("DELETE FROM predictions"))

    (said,) = look(database)

    assert said.endswith(
        "should have 1 rows (0 succeeded, 0 failed, 0 reused), and has 0 rows (0 succeeded, 0 failed, 0 reused)."
    )


def test_two_results_for_one_row(database: Database, owner: str) -> None:
    job_id = answered(database, owner)
    with database.begin() as connection:  # in a table like it, but for the constraint
        connection.execute(text("CREATE TABLE copy AS SELECT * FROM predictions"))
        connection.execute(text("INSERT INTO copy SELECT * FROM predictions"))
        connection.execute(text("ALTER TABLE predictions RENAME TO original"))
        connection.execute(text("ALTER TABLE copy RENAME TO predictions"))

    assert f"Job {job_id} has row 0 2 times." in look(database)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"prediction": None}, "is finished with neither a prediction nor an error"),
        ({"error": BROKEN.stored()}, "has both a prediction and an error"),
        ({"finished_at": None}, "has a result and is not finished"),
        ({"finished_at": None, "prediction": None}, "is open although the job has ended (succeeded)"),
    ],
)
def test_a_row_that_is_neither_open_nor_finished(
    database: Database, owner: str, values: dict[str, Any], sentence: str
) -> None:
    job_id = answered(database, owner)
    set_all(database, Prediction, **values)

    assert f"Row 0 of job {job_id} {sentence}." in look(database)


def test_an_open_row_that_is_in_no_batch(database: Database, store: ObjectStore, owner: str) -> None:
    job_id = accept_file(database, owner)
    Enter(database, store)(take_file(database), chunk(titles("one")))
    set_all(database, Prediction, batch_id=None)

    assert look(database) == [f"Row 0 of job {job_id} is open, and in no open batch: nobody will ever come to it."]


@pytest.mark.parametrize(
    ("taken", "values", "sentence"),
    [
        (False, {"finished_at": now()}, "is pending and has an end"),
        (False, {"next_attempt_at": None}, "is pending and never due"),
        (True, {"finished_at": None}, "is delivered and has no end"),
        (True, {"next_attempt_at": now()}, "is delivered and still due"),
    ],
)
def test_a_delivery_that_is_neither_on_its_way_nor_ended(
    database: Database, owner: str, taken: bool, values: dict[str, Any], sentence: str
) -> None:
    endpoint_id = listen(database, owner)
    answered(database, owner)
    for due in take_due(database) if taken else ():
        book(database, due, came(200))
    assert look(database) == []
    set_all(database, WebhookDelivery, **values)

    (delivery,) = deliveries(database, endpoint_id)
    assert look(database) == [f"Delivery {delivery.id} {sentence}."]


def test_no_more_is_said_than_was_asked_for(database: Database, owner: str) -> None:
    accept(database, owner, *[TITLE] * 5)
    set_all(database, Batch, state=BatchState.DONE)

    assert len(look(database)) == 10
    assert len(look(database, most=7)) == 7
    assert len(look(database, most=3)) == 3
