"""What ended long ago goes, and what somebody has corrected stays."""

import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, insert, select, update

from shared.catalogues.files import release_files
from shared.catalogues.source import Format, Source, converted_key, source_key
from shared.corrections import correct
from shared.database import Database
from shared.erasure import delete_job, erase_some
from shared.errors import Conflict, NotFound, Unavailable
from shared.fetched_photos import remember_photos
from shared.identifiers import new_id, now
from shared.image_collection import collect_released
from shared.images import image_key, keep_image, touch_image
from shared.jobs import job_by_id
from shared.labelled import labelled_products
from shared.ledger.cancel import cancel
from shared.ledger.catalogues import CatalogueSubmission, accept_catalogue, rerun_job
from shared.ledger.submission import Accepted, ProductInput
from shared.lifecycle import JobStatus
from shared.retention import clear_piece
from shared.row_erasure import ROWS
from shared.store import ObjectStore
from shared.tables import Base, Batch, FetchedPhoto, Image, Job, Prediction
from shared.usage import Quotas, charge, usage_of
from shared.users import Account, account_by_id
from tests.support.ledger import TITLE, WEEK, accept, finish_all, take, waits_for_a_lock
from tests.support.waiting import wait_for

QUOTAS = Quotas(rows_per_day=10**6, stored_bytes=10**9)
MONTH = timedelta(days=30)
CODE = 2582
FILE_BYTES = 600


@pytest.fixture
def reviewer(database: Database, owner: str) -> Account:
    with database.read() as connection:
        account = account_by_id(connection, owner)
    assert account is not None
    return account


def clear(database: Database, store: ObjectStore) -> None:
    assert erase_some(database, store, 60, MONTH)
    collect_released(database, store)


def grow_old(database: Database, *jobs: str, days: float = 31) -> None:
    """Have these jobs look as if they had ended so many days ago."""
    with database.begin() as connection:
        connection.execute(update(Job).where(Job.id.in_(jobs)).values(finished_at=now() - timedelta(days=days)))


def ended_job(database: Database, owner: str, product: ProductInput = TITLE) -> str:
    (job_id,) = accept(database, owner, product)
    finish_all(database, take(database))
    return job_id


def ended_catalogue(database: Database, store: ObjectStore, owner: str, rows: Iterable[dict[str, Any]]) -> str:
    """A job whose file is in the store, as it came and as it is read, and whose rows all have a prediction."""
    key = source_key(new_id())
    store.put(key, bytes(FILE_BYTES))
    store.put(converted_key(key), b"converted")
    source = Source(key=key, size=FILE_BYTES, sha256="ab" * 32, format=Format.XLSX)
    with database.begin() as connection:
        sent = CatalogueSubmission(owner, "catalogue", None, source, WEEK)
        job_id = accept_catalogue(connection, sent, QUOTAS).job_id
        (batch_id,) = connection.scalars(select(Batch.id).where(Batch.job_id == job_id))
        whose = {"job_id": job_id, "owner_id": owner, "batch_id": batch_id, "prediction": CODE, "finished_at": now()}
        entries = [{**whose, "row": number, **row} for number, row in enumerate(rows)]
        if entries:
            connection.execute(insert(Prediction), entries)
    end(database, job_id)
    return job_id


def end(database: Database, *jobs: str) -> None:
    with database.begin() as connection:
        connection.execute(update(Batch).where(Batch.job_id.in_(jobs)).values(state="done"))
        ended = {"status": JobStatus.SUCCEEDED, "intake_done": True, "finished_at": now()}
        connection.execute(update(Job).where(Job.id.in_(jobs)).values(ended))


def titles(*names: str) -> list[dict[str, Any]]:
    return [{"designation": name} for name in names]


def photo_of(database: Database, store: ObjectStore, owner: str, photo: bytes) -> str:
    """A photo that this account has been charged for."""
    sha256, size = keep_image(store, io.BytesIO(photo))
    with database.begin() as connection:
        charge(connection, owner, 0, size, QUOTAS)
        touch_image(connection, sha256, size)
    return sha256


def correct_row(database: Database, reviewer: Account, job_id: str, row: int = 0) -> None:
    with database.begin() as connection:
        wanted = select(Prediction.id).where(Prediction.job_id == job_id, Prediction.row == row)
        correct(connection, connection.scalars(wanted).one(), 10, reviewer)


def run_again(database: Database, store: ObjectStore, job_id: str) -> str:
    with database.begin() as connection:
        return rerun_job(connection, store, job_id, None, WEEK, QUOTAS, failed_only=False).job_id


def count(database: Database, table: type[Base]) -> int:
    with database.read() as connection:
        return connection.scalars(select(func.count()).select_from(table)).one()


def jobs(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.scalars(select(Job.id)))


def rows_left(database: Database, job_id: str) -> list[int]:
    with database.read() as connection:
        return list(connection.scalars(select(Prediction.row).where(Prediction.job_id == job_id)))


def files(store: ObjectStore) -> set[str]:
    return {found.key for found in store.objects("catalogues")}


def held_bytes(database: Database, owner: str) -> int:
    with database.read() as connection:
        return usage_of(connection, owner).stored_bytes


# --- jobs of one product -------------------------------------------------------------------------------------------


def test_a_job_goes_a_month_after_its_end(database: Database, store: ObjectStore, owner: str) -> None:
    old, young = ended_job(database, owner), ended_job(database, owner)
    (still_open,) = accept(database, owner, TITLE)
    grow_old(database, old)
    grow_old(database, young, days=29)

    clear(database, store)

    assert jobs(database) == {young, still_open}
    assert (count(database, Prediction), count(database, Batch)) == (2, 2)


def test_a_row_that_somebody_has_corrected_stays_with_its_photo_and_training_reads_it(
    database: Database, store: ObjectStore, owner: str, reviewer: Account
) -> None:
    sha256 = photo_of(database, store, owner, b"a photo")
    job_id = ended_job(database, owner, ProductInput(image=sha256))
    correct_row(database, reviewer, job_id)
    grow_old(database, job_id)

    clear(database, store)

    with database.read() as connection:
        job = job_by_id(connection, job_id)
        (labelled,) = labelled_products(connection)
    assert job.cleared_at is not None
    assert (labelled.image, labelled.code) == (sha256, 10)
    assert store.get(image_key(sha256)) == b"a photo"
    assert held_bytes(database, owner) == 7
    assert count(database, Batch) == 0


def test_the_idempotency_key_of_a_job_that_went_is_free(database: Database, store: ObjectStore, owner: str) -> None:
    job_id = ended_job(database, owner)
    with database.begin() as connection:
        connection.execute(update(Job).values(idempotency_key="order-17"))
    grow_old(database, job_id)

    assert clear_piece(database, store, MONTH)

    with database.begin() as connection:
        assert connection.scalars(select(Job.idempotency_key)).one() is None
        with pytest.raises(NotFound):
            job_by_id(connection, job_id)


def test_jobs_of_one_product_go_many_at_once(
    database: Database, store: ObjectStore, owner: str, reviewer: Account
) -> None:
    many = accept(database, owner, *[TITLE] * 450)
    for _ in range(2):
        finish_all(database, take(database))
    with database.begin() as connection:
        cancel(connection, many)
    correct_row(database, reviewer, many[0])
    grow_old(database, *many)
    commits = 0

    def note(_connection: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database.engine, "commit", note)
    clear(database, store)
    event.remove(database.engine, "commit", note)

    assert jobs(database) == {many[0]}
    assert commits < 30


# --- jobs with a file ----------------------------------------------------------------------------------------------


def test_a_catalogue_goes_with_its_file_and_its_bytes_are_given_back(
    database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = ended_catalogue(database, store, owner, titles("one", "two"))
    assert held_bytes(database, owner) == FILE_BYTES
    grow_old(database, job_id)

    clear(database, store)

    assert jobs(database) == set()
    assert files(store) == set()
    assert held_bytes(database, owner) == 0


def test_of_a_catalogue_the_rows_that_somebody_has_corrected_stay_with_their_photos(
    database: Database, store: ObjectStore, owner: str, reviewer: Account
) -> None:
    first, second = (photo_of(database, store, owner, photo) for photo in (b"first", b"second"))
    job_id = ended_catalogue(database, store, owner, [{"image": first}, {"image": second}, {"image": second}])
    correct_row(database, reviewer, job_id, 1)
    grow_old(database, job_id)

    clear(database, store)

    assert rows_left(database, job_id) == [1]
    assert (store.size(image_key(first)), store.size(image_key(second))) == (None, 6)
    assert files(store) == set()
    assert held_bytes(database, owner) == 6
    assert count(database, Batch) == 0
    with database.read() as connection:
        job = job_by_id(connection, job_id)
        assert [labelled.image for labelled in labelled_products(connection)] == [second]
    assert (job.cleared_at is not None, job.status) == (True, "succeeded")


def test_a_job_that_has_been_cleared_can_still_be_deleted(
    database: Database, store: ObjectStore, owner: str, reviewer: Account
) -> None:
    job_id = ended_catalogue(database, store, owner, titles("one", "two"))
    correct_row(database, reviewer, job_id)
    grow_old(database, job_id)
    clear(database, store)

    with database.begin() as connection:
        delete_job(connection, job_id, owner)
    clear(database, store)

    assert (jobs(database), count(database, Prediction)) == (set(), 0)
    assert held_bytes(database, owner) == 0


def test_a_large_catalogue_goes_in_pieces(
    database: Database, store: ObjectStore, owner: str, reviewer: Account
) -> None:
    job_id = ended_catalogue(database, store, owner, titles(*["title"] * 5 * ROWS))
    correct_row(database, reviewer, job_id, ROWS + 1)
    grow_old(database, job_id)
    left: list[int] = []

    def note(_connection: object) -> None:
        left.append(count(database, Prediction))

    event.listen(database.engine, "commit", note)
    clear(database, store)
    event.remove(database.engine, "commit", note)

    assert sorted(set(left), reverse=True) == [*range(5 * ROWS, 0, -ROWS), 1]


def test_a_row_that_is_corrected_while_its_job_is_being_cleared_stays(
    database: Database, store: ObjectStore, owner: str, reviewer: Account
) -> None:
    job_id = ended_catalogue(database, store, owner, titles(*["title"] * (ROWS + 10)))
    grow_old(database, job_id)
    clear_piece(database, store, MONTH)
    clear_piece(database, store, MONTH)

    last = rows_left(database, job_id)[-1]
    correct_row(database, reviewer, job_id, last)
    clear(database, store)

    assert rows_left(database, job_id) == [last]


def test_a_row_that_is_being_corrected_at_that_moment_stays(
    database: Database, store: ObjectStore, owner: str, reviewer: Account
) -> None:
    if database.is_sqlite:
        pytest.skip("On SQLite nobody else writes meanwhile.")
    job_id = ended_catalogue(database, store, owner, titles("one", "two"))
    grow_old(database, job_id)
    clear_piece(database, store, MONTH)

    with ThreadPoolExecutor(1) as thread:
        with database.begin() as connection:
            first = connection.scalars(select(func.min(Prediction.id))).one()
            correct(connection, first, 10, reviewer)
            clearing = thread.submit(clear, database, store)
            wait_for(lambda: waits_for_a_lock(database), 20, "the eraser to come to the row")
        clearing.result()

    assert rows_left(database, job_id) == [0]


def test_nobody_can_run_again_what_is_being_cleared(database: Database, store: ObjectStore, owner: str) -> None:
    job_id = ended_catalogue(database, store, owner, titles("one"))
    grow_old(database, job_id)
    clear_piece(database, store, MONTH)

    with pytest.raises(Conflict) as refused:
        run_again(database, store, job_id)

    assert refused.value.code == "ROWS_GONE"


def test_a_store_that_is_away_costs_a_delay_and_nothing_else(
    database: Database, store: ObjectStore, owner: str, tmp_path: Any
) -> None:
    job_id = ended_catalogue(database, store, owner, titles("one"))
    grow_old(database, job_id)
    folder = tmp_path / "data" / "store" / "catalogues"
    folder.rename(folder.with_name("away"))
    folder.write_text("not a folder")
    with pytest.raises(Unavailable):
        clear(database, store)
    assert held_bytes(database, owner) == FILE_BYTES

    folder.unlink()
    folder.with_name("away").rename(folder)
    clear(database, store)

    assert (jobs(database), files(store), held_bytes(database, owner)) == (set(), set(), 0)


# --- one file for several jobs -------------------------------------------------------------------------------------


def test_a_file_goes_with_the_last_of_its_jobs(database: Database, store: ObjectStore, owner: str) -> None:
    first = ended_catalogue(database, store, owner, titles("one"))
    second = run_again(database, store, first)
    end(database, second)
    both = files(store)
    grow_old(database, first)
    grow_old(database, second, days=29)

    clear(database, store)
    assert jobs(database) == {second}
    assert (files(store), held_bytes(database, owner)) == (both, FILE_BYTES)

    grow_old(database, second)
    clear(database, store)
    assert (files(store), held_bytes(database, owner)) == (set(), 0)


def test_a_file_is_kept_for_who_has_it_when_others_delete_theirs(
    database: Database, store: ObjectStore, owner: str
) -> None:
    first = ended_catalogue(database, store, owner, titles("one"))
    second = run_again(database, store, first)
    end(database, second)

    with database.begin() as connection:
        delete_job(connection, first, owner)
    clear(database, store)
    assert len(files(store)) == 2

    with database.begin() as connection:
        delete_job(connection, second, owner)
    clear(database, store)
    assert (files(store), held_bytes(database, owner)) == (set(), 0)


def test_jobs_that_go_together_give_their_file_back_once(database: Database, store: ObjectStore, owner: str) -> None:
    other = ended_catalogue(database, store, owner, titles("two"))
    first = ended_catalogue(database, store, owner, titles("one"))
    second = run_again(database, store, first)
    end(database, second)
    for job_id in (first, second):
        with database.begin() as connection:
            delete_job(connection, job_id, owner)

    clear(database, store)

    assert jobs(database) == {other}
    assert held_bytes(database, owner) == FILE_BYTES


def test_what_an_open_job_reads_is_kept_whole(database: Database, store: ObjectStore, owner: str) -> None:
    first = ended_catalogue(database, store, owner, titles("one"))
    second = run_again(database, store, first)
    grow_old(database, first)

    clear(database, store)

    assert rows_left(database, first) == [0]
    assert run_again(database, store, first) not in (first, second)


def test_who_runs_a_job_again_at_that_moment_keeps_its_file(database: Database, store: ObjectStore, owner: str) -> None:
    if database.is_sqlite:
        pytest.skip("On SQLite nobody else writes meanwhile.")
    first = ended_catalogue(database, store, owner, titles("one"))
    grow_old(database, first)

    with ThreadPoolExecutor(1) as thread:
        with database.begin() as connection:
            again = rerun_job(connection, store, first, None, WEEK, QUOTAS, failed_only=False)
            thread.submit(clear, database, store).result()
            assert isinstance(again, Accepted)
        clear(database, store)

    assert jobs(database) == {first, again.job_id}
    assert len(files(store)) == 2


def test_a_job_that_is_run_again_at_that_moment_is_not_deleted(
    database: Database, store: ObjectStore, owner: str
) -> None:
    if database.is_sqlite:
        pytest.skip("On SQLite nobody else writes meanwhile.")
    first = ended_catalogue(database, store, owner, titles("one"))

    def delete() -> None:
        with database.begin() as connection:
            delete_job(connection, first, owner)

    with ThreadPoolExecutor(1) as thread:
        with database.begin() as connection:
            again = rerun_job(connection, store, first, None, WEEK, QUOTAS, failed_only=False)
            deleting = thread.submit(delete)
            wait_for(lambda: waits_for_a_lock(database), 20, "the deletion to come to the job")
        with pytest.raises(Conflict):
            deleting.result()
    clear(database, store)

    assert jobs(database) == {first, again.job_id}
    assert len(files(store)) == 2


def test_of_two_erasers_that_let_one_file_go_one_removes_it(database: Database, store: ObjectStore, owner: str) -> None:
    for _ in range(2):
        first = ended_catalogue(database, store, owner, [])
        again = [run_again(database, store, first) for _ in range(3)]
        end(database, *again)
        grow_old(database, first, *again)

        with ThreadPoolExecutor(2) as hands:
            for erasing in [hands.submit(clear, database, store) for _ in range(2)]:
                erasing.result()
        clear(database, store)

        assert (jobs(database), files(store), held_bytes(database, owner)) == (set(), set(), 0)


def test_of_two_jobs_that_let_one_file_go_at_that_moment_the_last_one_removes_it(
    database: Database, store: ObjectStore, owner: str
) -> None:
    if database.is_sqlite:
        pytest.skip("On SQLite nobody else writes meanwhile.")
    first = ended_catalogue(database, store, owner, [])
    second = run_again(database, store, first)
    end(database, second)

    def let_go(connection: Connection, job_id: str) -> None:
        release_files(connection, store, [job_id])
        connection.execute(update(Job).where(Job.id == job_id).values(source_key=None))

    def let_second_go() -> None:
        with database.begin() as connection:
            let_go(connection, second)

    with ThreadPoolExecutor(1) as thread:
        with database.begin() as connection:
            let_go(connection, first)
            letting_go = thread.submit(let_second_go)
            wait_for(lambda: waits_for_a_lock(database), 20, "the other to come to the account")
            assert len(files(store)) == 2
        letting_go.result()

    assert (files(store), held_bytes(database, owner)) == (set(), 0)


# --- what else is kept no longer -----------------------------------------------------------------------------------


def test_photos_that_were_fetched_are_forgotten_when_they_are_not_used(
    database: Database, store: ObjectStore, owner: str
) -> None:
    with database.begin() as connection:
        connection.execute(insert(Image).values(sha256="ab" * 32, size=1))
        remember_photos(connection, [((owner, f"https://a.example/{n}"), "ab" * 32, '"v"') for n in range(3)])
        connection.execute(update(FetchedPhoto).values(used_at=now() - timedelta(days=31)))
        remember_photos(connection, [((owner, "https://a.example/0"), "ab" * 32, '"v"')])

    clear(database, store)

    assert count(database, FetchedPhoto) == 1


def test_a_look_for_what_is_too_old_scans_no_table(sqlite_url: str, store: ObjectStore) -> None:
    database = Database(sqlite_url)
    statements: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    clear_piece(database, store, MONTH)
    event.remove(database.engine, "before_cursor_execute", note)

    with database.read() as connection:
        plans = [
            str(row[3])
            for statement, parameters in statements
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    database.close()
    assert plans
    assert [plan for plan in plans if plan.startswith("SCAN") and plan not in ("SCAN CONSTANT ROW",)] == []
