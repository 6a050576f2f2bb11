import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select, update

from shared.database import Database
from shared.erasure import delete_account, delete_job, erase_some
from shared.errors import Conflict, NotFound, Unauthenticated, Unavailable
from shared.fetched_photos import remember_photos
from shared.identifiers import new_id, now
from shared.image_collection import collect_released
from shared.images import image_key, keep_image, touch_image
from shared.jobs import JobFilter, job_progress, jobs_before, jobs_by_ids
from shared.ledger.accept import accept_products
from shared.ledger.cancel import cancel, cancel_job
from shared.ledger.submission import Accepted, ProductInput, Submission
from shared.prediction_lists import Order, PredictionFilter, predictions_behind
from shared.predictions import shows_photo
from shared.row_erasure import ROWS
from shared.store import ObjectStore
from shared.tables import (
    Base,
    Batch,
    Correction,
    Image,
    Job,
    Prediction,
    RefreshToken,
    User,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from shared.usage import Quotas, charge, new_photo_bytes, usage_of
from tests.conftest import add_owner
from tests.support.ledger import (
    TITLE,
    WEEK,
    accept,
    accept_catalogue,
    accept_product,
    finish_all,
    job_row,
    take,
    waits_for_a_lock,
)
from tests.support.waiting import wait_for

QUOTAS = Quotas(rows_per_day=10**6, stored_bytes=10**9)


@pytest.fixture
def other(database: Database) -> str:
    return add_owner(database, "other")


@pytest.fixture
def admin(database: Database) -> str:
    user_id = add_owner(database, "admin")
    with database.begin() as connection:
        connection.execute(update(User).where(User.id == user_id).values(role="admin"))
    return user_id


def erase_all(database: Database, store: ObjectStore) -> None:
    assert erase_some(database, store, seconds=60)
    collect_released(database, store)


def ended_job(database: Database, owner: str, product: ProductInput = TITLE) -> str:
    (job_id,) = accept(database, owner, product)
    finish_all(database, take(database))
    return job_id


def submit_photo(database: Database, store: ObjectStore, owner: str, photo: bytes) -> str:
    """A job of one product with this photo, charged and ended; returns the photo's hash."""
    sha256, size = keep_image(store, io.BytesIO(photo))
    with database.begin() as connection:
        charge(connection, owner, 1, new_photo_bytes(connection, owner, {sha256: size}), QUOTAS)
        touch_image(connection, sha256, size)
    ended_job(database, owner, ProductInput(designation="Chaise", image=sha256))
    return sha256


def mark_deleted(database: Database, *jobs: str) -> None:
    for job_id in jobs:
        with database.begin() as connection:
            delete_job(connection, job_id, None)


def delete_and_erase(database: Database, store: ObjectStore, *jobs: str) -> None:
    mark_deleted(database, *jobs)
    erase_all(database, store)


def jobs_of(database: Database, owner: str) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(Job.id).where(Job.owner_id == owner).order_by(Job.id)))


def count(database: Database, table: type[Base]) -> int:
    with database.read() as connection:
        return connection.scalars(select(func.count()).select_from(table)).one()


def held_bytes(database: Database, owner: str) -> int:
    with database.read() as connection:
        return usage_of(connection, owner).stored_bytes


def test_a_job_that_has_ended_can_be_deleted_once(database: Database, owner: str) -> None:
    job_id = ended_job(database, owner)
    mark_deleted(database, job_id)

    with pytest.raises(NotFound):
        mark_deleted(database, job_id)


def test_a_job_that_is_open_cannot_be_deleted(database: Database, owner: str) -> None:
    (job_id,) = accept(database, owner, TITLE)

    with pytest.raises(Conflict) as refused:
        mark_deleted(database, job_id)

    assert refused.value.code == "JOB_NOT_ENDED"
    assert job_row(database, job_id).status == "queued"


def test_the_job_of_another_is_not_there(database: Database, owner: str, other: str) -> None:
    job_id = ended_job(database, owner)

    with pytest.raises(NotFound), database.begin() as connection:
        delete_job(connection, job_id, other)


def test_the_idempotency_key_of_a_deleted_job_is_free(database: Database, owner: str) -> None:
    job_id = ended_job(database, owner)
    with database.begin() as connection:
        connection.execute(update(Job).values(idempotency_key="order-17"))

    mark_deleted(database, job_id)

    with database.begin() as connection:
        connection.execute(
            insert(Job).values(owner_id=owner, kind="product", deadline=now(), idempotency_key="order-17")
        )


def test_a_deleted_job_is_erased_with_all_that_hangs_on_it(database: Database, store: ObjectStore, owner: str) -> None:
    job_id = ended_job(database, owner)
    tell_and_correct(database, owner, job_id)
    store.put(f"catalogues/{job_id}", b"a file")
    with database.begin() as connection:
        connection.execute(update(Job).values(file_of(f"catalogues/{job_id}", 6)))

    delete_and_erase(database, store, job_id)

    for table in (Job, Batch, Prediction, Correction, WebhookEvent, WebhookDelivery, WebhookAttempt):
        assert count(database, table) == 0
    assert store.size(f"catalogues/{job_id}") is None


def file_of(key: str, size: int) -> dict[str, Any]:
    """What a job's row says of its file."""
    return {"source_key": key, "source": {"key": key, "size": size, "sha256": "ab" * 32, "format": "csv"}}


def tell_and_correct(database: Database, owner: str, job_id: str) -> None:
    """An event of the job with a delivery and an attempt, and a correction of its row."""
    with database.begin() as connection:

        def add(table: Any, **values: Any) -> Any:
            return connection.execute(insert(table).values(**values).returning(table.id)).scalar_one()

        endpoint = add(WebhookEndpoint, owner_id=owner, url="https://shop.example", secret="whsec")
        told = add(WebhookEvent, job_id=job_id, type="job.succeeded", body="{}")
        delivery = add(WebhookDelivery, event_id=told, endpoint_id=endpoint)
        add(WebhookAttempt, delivery_id=delivery, seconds=0.1)
        row = connection.scalars(select(Prediction.id).where(Prediction.job_id == job_id)).one()
        add(Correction, prediction_id=row, user_id=owner, code=10)


def test_the_other_jobs_stay(database: Database, store: ObjectStore, owner: str) -> None:
    deleted, kept = ended_job(database, owner), ended_job(database, owner)

    delete_and_erase(database, store, deleted)

    assert jobs_of(database, owner) == [kept]
    assert (count(database, Prediction), count(database, Batch)) == (1, 1)


def test_a_large_job_goes_in_pieces(database: Database, store: ObjectStore, owner: str) -> None:
    job_id = accept_catalogue(database, owner, *["title"] * 10_000)
    with database.begin() as connection:
        cancel(connection, [job_id])
    mark_deleted(database, job_id)
    left: list[int] = []

    def note(_connection: object) -> None:
        with database.read() as reading:
            left.append(reading.scalars(select(func.count()).select_from(Prediction)).one())

    event.listen(database.engine, "commit", note)
    erase_all(database, store)
    event.remove(database.engine, "commit", note)

    assert sorted(set(left), reverse=True) == list(range(10_000, -1, -ROWS))
    assert count(database, Job) == 0


def test_erasing_stops_when_its_time_is_up_and_goes_on_next_time(
    database: Database, store: ObjectStore, owner: str
) -> None:
    job_id = accept_catalogue(database, owner, *["title"] * (ROWS + 1))
    with database.begin() as connection:
        cancel(connection, [job_id])
    mark_deleted(database, job_id)

    assert not erase_some(database, store, seconds=0)

    assert count(database, Prediction) == 1
    erase_all(database, store)
    assert count(database, Job) == 0


def test_where_nothing_is_deleted_nothing_goes(database: Database, store: ObjectStore, owner: str) -> None:
    ended_job(database, owner)

    assert erase_some(database, store, seconds=60)

    assert count(database, Job) == 1


def test_a_worker_that_holds_a_batch_of_an_erased_job_writes_nothing(
    database: Database, store: ObjectStore, owner: str
) -> None:
    (job_id,) = accept(database, owner, TITLE)
    claims = take(database)
    with database.begin() as connection:
        cancel(connection, [job_id])
    delete_and_erase(database, store, job_id)

    assert finish_all(database, claims) == {}


def test_the_photo_that_only_this_job_had_goes_at_once(database: Database, store: ObjectStore, owner: str) -> None:
    sha256 = submit_photo(database, store, owner, b"a photo")

    delete_and_erase(database, store, *jobs_of(database, owner))

    assert count(database, Image) == 0
    assert store.size(image_key(sha256)) is None
    assert held_bytes(database, owner) == 0


def test_a_photo_that_another_row_names_stays(database: Database, store: ObjectStore, owner: str, other: str) -> None:
    sha256 = submit_photo(database, store, owner, b"a photo")
    submit_photo(database, store, other, b"a photo")

    delete_and_erase(database, store, *jobs_of(database, owner))

    assert store.get(image_key(sha256)) == b"a photo"
    assert (held_bytes(database, owner), held_bytes(database, other)) == (0, 7)


def test_a_photo_is_refunded_with_the_last_row_of_its_owner(database: Database, store: ObjectStore, owner: str) -> None:
    for _ in range(2):
        submit_photo(database, store, owner, b"a photo")
    first, second = jobs_of(database, owner)

    delete_and_erase(database, store, first)
    assert held_bytes(database, owner) == 7

    delete_and_erase(database, store, second)
    assert held_bytes(database, owner) == 0


def test_a_source_is_refunded(database: Database, store: ObjectStore, owner: str) -> None:
    job_id = ended_job(database, owner)
    with database.begin() as connection:
        connection.execute(update(Job).values(file_of(f"catalogues/{job_id}", 600)))
        charge(connection, owner, 1, 1_000, QUOTAS)

    delete_and_erase(database, store, job_id)

    assert held_bytes(database, owner) == 400


def delete_user(database: Database, user_id: str) -> None:
    with database.begin() as connection:
        delete_account(connection, user_id)


def test_a_deleted_account_can_do_nothing_and_its_name_is_free(database: Database, owner: str) -> None:
    with database.begin() as connection:
        connection.execute(
            insert(RefreshToken).values(user_id=owner, family=new_id(), token_hash="h", expires_at=now())
        )

    delete_user(database, owner)

    with database.read() as connection:
        account = connection.execute(select(User.username, User.password_hash, User.disabled, User.token_version)).one()
    assert tuple(account) == (f"deleted:{owner}", "!", True, 1)
    assert count(database, RefreshToken) == 0
    add_owner(database, "owner")


def test_what_was_its_is_there_for_nobody(database: Database, store: ObjectStore, owner: str, other: str) -> None:
    sha256 = submit_photo(database, store, owner, b"a photo")
    submit_photo(database, store, other, b"another photo")
    (job_id,), (theirs,) = jobs_of(database, owner), jobs_of(database, other)

    delete_user(database, owner)

    with database.begin() as connection:
        assert list(jobs_by_ids(connection, [job_id, theirs])) == [theirs]
        assert list(job_progress(connection, [job_id, theirs])) == [theirs]
        assert jobs_before(connection, JobFilter(owner), None, 10) == []
        everybodys = predictions_behind(connection, PredictionFilter(), Order.NEWEST, None, 10)
        assert [listed.record.job_id for listed in everybodys] == [theirs]
        assert not shows_photo(connection, None, sha256)
        for change in (delete_job, cancel_job):
            with pytest.raises(NotFound):
                change(connection, job_id, None)


def test_what_it_has_running_is_canceled_before_anything_is_erased(
    database: Database, store: ObjectStore, owner: str, other: str
) -> None:
    mark_deleted(database, ended_job(database, owner))
    done = ended_job(database, owner)
    running, waiting = accept(database, owner, TITLE, TITLE)
    claims = take(database)
    without_batch = new_id()
    with database.begin() as connection:
        connection.execute(insert(Job).values(id=without_batch, owner_id=owner, kind="catalogue", deadline=now()))
    (theirs,) = accept(database, other, TITLE)

    delete_user(database, owner)
    assert not erase_some(database, store, seconds=0)

    states = [job_row(database, job_id).status for job_id in (done, running, waiting, theirs)]
    assert states == ["succeeded", "canceled", "canceled", "queued"]
    assert finish_all(database, claims) == {}
    erase_all(database, store)
    assert jobs_of(database, owner) == []


def test_deleting_an_account_with_many_jobs_is_a_short_transaction(database: Database, owner: str) -> None:
    accept(database, owner, *[TITLE] * 5_000)
    changed = 0

    def note(_connection: object, cursor: Any, *_: object) -> None:
        nonlocal changed
        changed += max(0, cursor.rowcount)

    event.listen(database.engine, "after_cursor_execute", note)
    delete_user(database, owner)
    event.remove(database.engine, "after_cursor_execute", note)

    assert changed < 10


def test_an_account_is_erased_while_a_product_of_its_is_accepted(
    database: Database, store: ObjectStore, owner: str
) -> None:
    if database.is_sqlite:
        pytest.skip("On SQLite nobody else writes meanwhile.")
    with database.begin() as connection:
        charge(connection, owner, 1, 0, QUOTAS)

    with ThreadPoolExecutor(1) as thread:
        with database.begin() as connection:
            charge(connection, owner, 1, 0, QUOTAS)
            delete_user(database, owner)
            erasing = thread.submit(erase_all, database, store)
            wait_for(lambda: waits_for_a_lock(database), 20, "the eraser to come to the account")
            accept_product(connection, owner, TITLE)
        erasing.result()

    assert (count(database, User), count(database, Job)) == (0, 0)


def test_its_webhooks_are_told_nothing_more(database: Database, owner: str) -> None:
    with database.begin() as connection:
        connection.execute(insert(WebhookEndpoint).values(owner_id=owner, url="https://shop.example", secret="whsec"))

    delete_user(database, owner)

    with database.read() as connection:
        assert connection.scalars(select(WebhookEndpoint.active)).all() == [False]


def test_nothing_of_an_erased_account_is_left(database: Database, store: ObjectStore, owner: str, other: str) -> None:
    own_photo = submit_photo(database, store, owner, b"the owner's own")
    shared_photo = submit_photo(database, store, owner, b"of both")
    submit_photo(database, store, other, b"of both")
    tell_and_correct(database, owner, jobs_of(database, owner)[0])
    accept(database, owner, TITLE)
    accept_catalogue(database, owner, "one", "two")
    with database.begin() as connection:
        remember_photos(connection, [((owner, "https://shop.example/1.jpg"), own_photo, '"v1"')])

    delete_user(database, owner)
    erase_all(database, store)

    left = [
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name in ("owner_id", "user_id", "username") or (table.name, column.name) == ("users", "id")
        if names_somebody(database, column, owner)
    ]
    assert left == []
    assert store.size(image_key(own_photo)) is None
    assert store.get(image_key(shared_photo)) == b"of both"
    assert len(jobs_of(database, other)) == 1


def names_somebody(database: Database, column: Any, user_id: str) -> bool:
    with database.read() as connection:
        return connection.execute(select(column).where(column.contains(user_id))).first() is not None


def test_a_job_that_was_accepted_behind_its_accounts_back_is_erased_too(
    database: Database, store: ObjectStore, owner: str
) -> None:
    delete_user(database, owner)
    accept(database, owner, TITLE)

    erase_all(database, store)

    assert (count(database, User), count(database, Job), count(database, Batch)) == (0, 0, 0)


def test_what_a_deleted_account_sends_is_refused(database: Database, store: ObjectStore, owner: str) -> None:
    delete_user(database, owner)
    erase_all(database, store)

    with pytest.raises(Unauthenticated), database.begin() as connection:
        charge(connection, owner, 1, 0, QUOTAS)


def test_an_account_is_deleted_once(database: Database, owner: str) -> None:
    delete_user(database, owner)

    with pytest.raises(NotFound):
        delete_user(database, owner)


def test_an_account_that_is_not_there_cannot_be_deleted(database: Database, admin: str) -> None:
    with pytest.raises(NotFound):
        delete_user(database, new_id())

    assert count(database, User) == 1


def test_the_last_administrator_stays(database: Database, owner: str, admin: str) -> None:
    with pytest.raises(Conflict) as refused:
        delete_user(database, admin)

    assert refused.value.code == "LAST_ADMIN"
    assert count(database, User) == 2


def test_the_verdicts_of_a_deleted_reviewer_stay(database: Database, store: ObjectStore, owner: str) -> None:
    reviewer = add_owner(database, "reviewer")
    ended_job(database, owner)
    with database.begin() as connection:
        row = connection.scalars(select(Prediction.id)).one()
        connection.execute(insert(Correction).values(prediction_id=row, user_id=reviewer, code=10))

    delete_user(database, reviewer)
    erase_all(database, store)

    assert count(database, Correction) == 1


def test_jobs_of_one_product_go_many_at_once(database: Database, store: ObjectStore, owner: str) -> None:
    accept(database, owner, *[TITLE] * 450)
    with database.begin() as connection:
        connection.execute(update(Job).values(deadline=now() - timedelta(days=1)))
    delete_user(database, owner)
    commits = 0

    def note(_connection: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database.engine, "commit", note)
    erase_all(database, store)
    event.remove(database.engine, "commit", note)

    assert count(database, User) == 0
    assert commits < 20


def test_an_account_is_charged_for_what_it_holds_whatever_happened_at_once(
    database: Database, store: ObjectStore, owner: str, other: str
) -> None:
    start, done = threading.Barrier(6), threading.Event()

    def submit_and_delete(somebody: str) -> None:
        start.wait()
        for round_ in range(15):
            photos = [b"x" * (10 + (round_ + each) % 3) for each in range(2)]
            job_ids = [submit_at_once(database, store, somebody, photo) for photo in photos]
            with database.begin() as connection:
                cancel(connection, job_ids)
            mark_deleted(database, job_ids[0])

    def erase_on_and_on() -> None:
        start.wait()
        while not done.is_set():
            erase_some(database, store, seconds=0)
            collect_released(database, store)

    with ThreadPoolExecutor(6) as hands:
        erasing = [hands.submit(erase_on_and_on) for _ in range(2)]
        submitting = [hands.submit(submit_and_delete, somebody) for somebody in (owner, other, owner, other)]
        try:
            for hand in submitting:
                hand.result()
        finally:
            done.set()
        for hand in erasing:
            hand.result()

    erase_all(database, store)
    for somebody in (owner, other):
        with database.read() as connection:
            held = connection.execute(
                select(Image.sha256, Image.size)
                .join(Prediction, Prediction.image == Image.sha256)
                .where(Prediction.owner_id == somebody)
                .distinct()
            ).all()
        assert held_bytes(database, somebody) == sum(size for _, size in held)
        assert [store.size(image_key(sha256)) for sha256, _ in held] == [size for _, size in held]


def submit_at_once(database: Database, store: ObjectStore, owner: str, photo: bytes) -> str:
    """As people's requests do it; once more if the photo was just going."""
    while True:
        try:
            sha256, size = keep_image(store, io.BytesIO(photo))
            sent = Submission(owner, ProductInput(image=sha256), WEEK, photo_bytes=size)
            with database.begin() as connection:
                (came_to,) = accept_products(connection, store, [sent], QUOTAS)
        except Unavailable:
            continue
        assert isinstance(came_to, Accepted)
        return came_to.job_id
