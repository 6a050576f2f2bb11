"""Rows that name their photo by URL: on the lane io first, and on to a model when the photo is here."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Row, event, insert, select, update

from shared.database import Database
from shared.errors import Unavailable
from shared.fetched_photos import KnownPhoto
from shared.identifiers import new_id, now
from shared.image_collection import collect_released
from shared.images import image_key
from shared.lanes import FETCH_CLAIM, Lane
from shared.ledger.claim import Claim, claim
from shared.ledger.failure import TRIES, fail, give_back
from shared.ledger.fetch import Fetched, FetchOutcome, FetchRow, Photo, fetch_rows, fetched
from shared.ledger.finish import RowError
from shared.ledger.reuse import reuse_key
from shared.ledger.submission import ProductInput
from shared.ledger.sweep import release_expired, stale_lanes
from shared.products import LabelledInput, ProductFilter, ProductRecord, products_before, store_products
from shared.store import ObjectStore
from shared.tables import Batch, Image, Job, Prediction, User
from shared.usage import Quotas, usage_of
from tests.conftest import add_owner
from tests.support.ledger import LEASE, TITLE, WEEK, accept, finish_all, job_row, lose, take

URL = "https://shop.example/1.jpg"
PHOTO = Photo("ab" * 32, 1000)
OTHER = Photo("cd" * 32, 500)
AWAY = RowError("IMAGE_FETCH_FAILED", "The host answered with status 404.")
EARLIER = now() - timedelta(hours=1)
QUOTAS = Quotas(rows_per_day=1000, stored_bytes=10**6)


def accept_url(database: Database, owner: str, *urls: str) -> list[str]:
    """Accept a product for each URL as a job of its own."""
    return accept(database, owner, *[ProductInput(designation="Chaise", image_url=url) for url in urls])


def accept_urls(database: Database, owner: str, *urls: str, kind: str = "catalogue", **labelled: object) -> str:
    """A catalogue's job whose rows all wait in one fetch batch."""
    job_id = new_id()
    with database.begin() as connection:
        job = {"kind": kind, "total": len(urls), "intake_done": True, "deadline": now() + WEEK}
        connection.execute(insert(Job).values(id=job_id, owner_id=owner, **job))
        batch_id = connection.execute(
            insert(Batch)
            .values(job_id=job_id, owner_id=owner, kind="fetch", lane=Lane.IO, rows=len(urls), turn=0)
            .returning(Batch.id)
        ).scalar_one()
        rows = [
            {"job_id": job_id, "owner_id": owner, "batch_id": batch_id, "row": row, "image_url": url, **labelled}
            for row, url in enumerate(urls)
        ]
        connection.execute(insert(Prediction), rows)
    return job_id


class FetchAll:
    """Writes outcomes for the rows of claims, in order."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    def __call__(self, claims: Sequence[Claim], *outcomes: FetchOutcome, quotas: Quotas = QUOTAS) -> Fetched:
        with self._database.read() as connection:
            rows = fetch_rows(connection, claims)
        return self.write(claims, list(zip(rows, outcomes, strict=True)), quotas)

    def write(
        self, claims: Sequence[Claim], outcomes: list[tuple[FetchRow, FetchOutcome]], quotas: Quotas = QUOTAS
    ) -> Fetched:
        with self._database.begin() as connection:
            return fetched(connection, self._store, claims, outcomes, quotas)


@pytest.fixture
def fetch_all(database: Database, store: ObjectStore) -> FetchAll:
    for photo in (PHOTO, OTHER):
        store.put(image_key(photo.sha256), bytes(photo.size))
    return FetchAll(database, store)


def rows_of_job(database: Database, job_id: str) -> Sequence[Row[Any]]:
    with database.read() as connection:
        return connection.execute(
            select(Prediction.image, Prediction.input_hash, Prediction.reuse_key, Prediction.error, Prediction.batch_id)
            .where(Prediction.job_id == job_id)
            .order_by(Prediction.row)
        ).all()


def batches_of(database: Database, job_id: str) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        found = connection.execute(
            select(Batch.kind, Batch.lane, Batch.rows, Batch.photos, Batch.state)
            .where(Batch.job_id == job_id)
            .order_by(Batch.id)
        )
        return [tuple(batch) for batch in found]


def held_bytes(database: Database, owner: str) -> int:
    with database.read() as connection:
        return usage_of(connection, owner).stored_bytes


def test_a_product_with_a_url_waits_for_its_photo_and_for_no_model(database: Database, owner: str) -> None:
    (job_id,) = accept_url(database, owner, URL)

    assert take(database, Lane.INTERACTIVE) == []
    claims = take(database, Lane.IO)
    with database.read() as connection:
        (row,) = fetch_rows(connection, claims)
    assert (row.job_id, row.image_url) == (job_id, URL)
    assert job_row(database, job_id).status == "running"


def test_a_claim_takes_batches_of_the_kind_that_is_asked_for(database: Database, owner: str) -> None:
    accept_url(database, owner, URL)
    with database.begin() as connection:
        assert claim(connection, Lane.IO, "worker-a", LEASE, "intake") == []

    assert len(take(database, Lane.IO)) == 1


def test_a_claim_takes_a_bounded_number_of_rows(database: Database, owner: str) -> None:
    accept_url(database, owner, *[URL] * (FETCH_CLAIM + 1))

    assert [len(take(database, Lane.IO)) for _ in range(3)] == [FETCH_CLAIM, 1, 0]


def test_a_row_whose_photo_has_arrived_goes_on_to_a_model(database: Database, owner: str, fetch_all: FetchAll) -> None:
    (job_id,) = accept_url(database, owner, URL)

    done = fetch_all(take(database, Lane.IO), PHOTO)

    assert done == Fetched(ended={}, ready={Lane.INTERACTIVE: job_id})
    assert batches_of(database, job_id) == [
        ("fetch", "io", 1, 0, "done"),
        ("predict", "interactive", 1, 1, "queued"),
    ]
    (row,) = rows_of_job(database, job_id)
    assert row.image == PHOTO.sha256
    assert row.input_hash == ProductInput(designation="Chaise", image=PHOTO.sha256).input_hash
    assert row.reuse_key == reuse_key(owner, row.input_hash)
    assert finish_all(database, take(database)) == {job_id: "succeeded"}


def test_a_row_whose_photo_cannot_be_had_ends_with_an_error(
    database: Database, owner: str, fetch_all: FetchAll
) -> None:
    (job_id,) = accept_url(database, owner, URL)

    done = fetch_all(take(database, Lane.IO), AWAY)

    assert done == Fetched(ended={job_id: "failed"}, ready={})
    (row,) = rows_of_job(database, job_id)
    assert row.error == {"code": AWAY.code, "message": AWAY.message}
    assert row.image is None
    assert job_row(database, job_id).failed == 1


def test_of_a_catalogue_the_rows_that_have_arrived_go_on_in_bulk(
    database: Database, owner: str, fetch_all: FetchAll
) -> None:
    job_id = accept_urls(database, owner, *[URL] * 3)

    done = fetch_all(take(database, Lane.IO), PHOTO, AWAY, OTHER)

    assert done == Fetched(ended={}, ready={Lane.BULK: job_id})
    assert batches_of(database, job_id) == [("fetch", "io", 3, 0, "done"), ("predict", "bulk", 2, 2, "queued")]
    first, failed, last = rows_of_job(database, job_id)
    assert (first.image, failed.image, last.image) == (PHOTO.sha256, None, OTHER.sha256)
    assert first.batch_id == last.batch_id != failed.batch_id
    assert finish_all(database, take(database, Lane.BULK)) == {job_id: "partially_succeeded"}


def test_a_job_whose_intake_goes_on_does_not_end(database: Database, owner: str, fetch_all: FetchAll) -> None:
    job_id = accept_urls(database, owner, URL)
    with database.begin() as connection:
        connection.execute(update(Job).values(intake_done=False))

    assert fetch_all(take(database, Lane.IO), AWAY).ended == {}

    assert (job_row(database, job_id).status, job_row(database, job_id).failed) == ("running", 1)


def test_rows_of_several_jobs_are_written_together(database: Database, owner: str, fetch_all: FetchAll) -> None:
    first, second, third = accept_url(database, owner, URL, URL, URL)

    done = fetch_all(take(database, Lane.IO), PHOTO, AWAY, PHOTO)

    assert done.ended == {second: "failed"}
    assert len(take(database)) == 2
    assert {rows_of_job(database, job_id)[0].image for job_id in (first, third)} == {PHOTO.sha256}


def test_owners_take_turns_on_the_models_lane_as_well(database: Database, owner: str, fetch_all: FetchAll) -> None:
    other = add_owner(database, "other")
    accept_url(database, owner, URL, URL)
    accept(database, owner, TITLE, TITLE)
    accept_url(database, other, URL)

    fetch_all(take(database, Lane.IO), PHOTO, PHOTO, PHOTO)

    with database.read() as connection:
        turns = connection.execute(
            select(Batch.owner_id, Batch.turn).where(Batch.lane == Lane.INTERACTIVE).order_by(Batch.turn, Batch.id)
        ).all()
    assert sorted(turn for owner_id, turn in turns if owner_id == owner) == [0, 1, 2, 3]
    assert [turn for owner_id, turn in turns if owner_id == other] == [0]


def test_what_became_anothers_is_left_to_the_other(database: Database, owner: str, fetch_all: FetchAll) -> None:
    (job_id,) = accept_url(database, owner, URL)
    late = take(database, Lane.IO)
    lose(database, late)
    fetch_all(take(database, Lane.IO), OTHER)

    row = FetchRow(1, late[0].batch_id, job_id, owner, URL)
    assert fetch_all.write(late, [(row, PHOTO)]) == Fetched({}, {})

    assert rows_of_job(database, job_id)[0].image == OTHER.sha256
    assert held_bytes(database, owner) == OTHER.size
    assert len(batches_of(database, job_id)) == 2


def test_a_photo_for_a_job_that_has_ended_meanwhile_changes_nothing(
    database: Database, owner: str, fetch_all: FetchAll
) -> None:
    (job_id,) = accept_url(database, owner, URL)
    claims = take(database, Lane.IO)
    with database.begin() as connection:
        connection.execute(update(Job).values(status="canceled"))

    assert fetch_all(claims, PHOTO) == Fetched({}, {})

    assert rows_of_job(database, job_id)[0].image is None
    assert held_bytes(database, owner) == 0


def test_a_photo_is_charged_to_its_owner_once(database: Database, owner: str, fetch_all: FetchAll) -> None:
    accept_urls(database, owner, URL, URL, URL)
    fetch_all(take(database, Lane.IO), PHOTO, PHOTO, OTHER)
    assert held_bytes(database, owner) == PHOTO.size + OTHER.size

    accept_url(database, owner, URL)
    fetch_all(take(database, Lane.IO), PHOTO)

    assert held_bytes(database, owner) == PHOTO.size + OTHER.size
    with database.read() as connection:
        sizes = connection.execute(select(Image.sha256, Image.size).order_by(Image.sha256)).all()
    assert [tuple(image) for image in sizes] == [(PHOTO.sha256, PHOTO.size), (OTHER.sha256, OTHER.size)]


def test_of_photos_that_are_too_much_together_those_are_taken_that_fit_and_the_others_go(
    database: Database, owner: str, fetch_all: FetchAll, store: ObjectStore
) -> None:
    job_id = accept_urls(database, owner, URL, URL, URL)
    quotas = Quotas(rows_per_day=1, stored_bytes=1400)

    fetch_all(take(database, Lane.IO), PHOTO, OTHER, PHOTO, quotas=quotas)

    first, refused, last = rows_of_job(database, job_id)
    assert (first.image, refused.image, last.image) == (PHOTO.sha256, None, PHOTO.sha256)
    assert refused.error["code"] == "QUOTA_STORED_BYTES"
    assert held_bytes(database, owner) == PHOTO.size
    assert collect_released(database, store) == 1
    with database.read() as connection:
        assert connection.scalars(select(Image.sha256)).all() == [PHOTO.sha256]
    assert (store.size(image_key(PHOTO.sha256)), store.size(image_key(OTHER.sha256))) == (PHOTO.size, None)


def test_one_owners_full_quota_costs_nobody_else_anything(database: Database, owner: str, fetch_all: FetchAll) -> None:
    other = add_owner(database, "other")
    first, second = accept_url(database, owner, URL, URL)
    (third,) = accept_url(database, other, URL)
    quotas = Quotas(rows_per_day=1, stored_bytes=1200)

    fetch_all(
        take(database, Lane.IO),
        *_by_job(database, {first: PHOTO, second: OTHER, third: OTHER}),
        quotas=quotas,
    )

    errors = {job_id: rows_of_job(database, job_id)[0].error for job_id in (first, second, third)}
    assert [job_id for job_id, error in errors.items() if error] == [second]


def test_photos_of_an_account_that_is_gone_are_not_kept(
    database: Database, owner: str, fetch_all: FetchAll, store: ObjectStore
) -> None:
    (job_id,) = accept_url(database, owner, URL)
    claims = take(database, Lane.IO)
    with database.begin() as connection:
        connection.execute(update(User).values(deleted_at=now()))

    assert fetch_all(claims, PHOTO).ended == {job_id: "failed"}

    assert collect_released(database, store) == 1
    assert store.size(image_key(PHOTO.sha256)) is None


def test_a_photo_that_was_collected_since_it_was_stored_must_be_fetched_again(
    database: Database, owner: str, fetch_all: FetchAll
) -> None:
    (job_id,) = accept_url(database, owner, URL)
    claims = take(database, Lane.IO)

    with pytest.raises(Unavailable):
        fetch_all(claims, Photo("ef" * 32, 1000))

    assert batches_of(database, job_id) == [("fetch", "io", 1, 0, "running")]
    assert held_bytes(database, owner) == 0


def test_a_fetch_that_kills_its_worker_is_tried_three_times(database: Database, owner: str) -> None:
    (job_id,) = accept_url(database, owner, URL)

    for _ in range(TRIES):
        lose(database, take(database, Lane.IO))

    assert take(database, Lane.IO) == []
    (row,) = rows_of_job(database, job_id)
    assert row.error == {"code": "IMAGE_FETCH_FAILED", "message": "Fetching this product's photo failed 3 times."}
    assert job_row(database, job_id).status == "failed"


def test_a_fetch_batch_that_failed_is_halved_like_any_other(database: Database, owner: str) -> None:
    job_id = accept_urls(database, owner, *[URL] * 3)

    lose(database, take(database, Lane.IO))

    assert batches_of(database, job_id) == [("fetch", "io", 1, 0, "queued"), ("fetch", "io", 2, 0, "queued")]


def test_what_is_given_back_is_claimed_again_at_no_cost(database: Database, owner: str) -> None:
    accept_url(database, owner, URL)
    with database.begin() as connection:
        claims = claim(connection, Lane.IO, "worker-a", LEASE, "fetch")
        give_back(connection, claims)

    (again,) = take(database, Lane.IO)
    assert again.attempt == 2
    with database.read() as connection:
        assert connection.scalars(select(Batch.failures)).one() == 0


def test_an_expired_lease_and_a_lost_ring_are_noticed_on_this_lane_too(database: Database, owner: str) -> None:
    accept_url(database, owner, URL)
    take(database, Lane.IO)
    with database.begin() as connection:
        connection.execute(update(Batch).values(lease_until=now() - LEASE))
        assert release_expired(connection).leases == 1
        connection.execute(update(Batch).values(queued_at=now() - LEASE))

        assert stale_lanes(connection, LEASE / 2) == {Lane.IO: 1}


# --- photos fetched before -----------------------------------------------------------------------------------------


def known_of(database: Database, claims: Sequence[Claim]) -> list[KnownPhoto | None]:
    with database.read() as connection:
        return [row.known for row in fetch_rows(connection, claims)]


def test_what_a_photo_was_called_is_known_to_the_next_row_of_its_url(
    database: Database, owner: str, fetch_all: FetchAll
) -> None:
    accept_url(database, owner, URL)
    claims = take(database, Lane.IO)
    assert known_of(database, claims) == [None]
    fetch_all(claims, replace(PHOTO, etag='"v1"'))

    accept_url(database, owner, URL, f"{URL}?size=2")

    assert known_of(database, take(database, Lane.IO)) == [KnownPhoto(PHOTO.sha256, PHOTO.size, '"v1"'), None]


@pytest.mark.parametrize("outcome", [PHOTO, AWAY], ids=["no etag", "no photo"])
def test_what_cannot_be_asked_for_again_is_not_remembered(
    database: Database, owner: str, fetch_all: FetchAll, outcome: FetchOutcome
) -> None:
    accept_url(database, owner, URL)
    fetch_all(take(database, Lane.IO), outcome)

    accept_url(database, owner, URL)

    assert known_of(database, take(database, Lane.IO)) == [None]


def test_a_photo_that_its_owner_may_not_hold_is_not_remembered(
    database: Database, owner: str, fetch_all: FetchAll
) -> None:
    accept_url(database, owner, URL)
    fetch_all(take(database, Lane.IO), replace(PHOTO, etag='"v1"'), quotas=Quotas(rows_per_day=1, stored_bytes=1))

    accept_url(database, owner, URL)

    assert known_of(database, take(database, Lane.IO)) == [None]


# --- labelled data -------------------------------------------------------------------------------------------------

LABELLED = {"designation": "Lampe", "description": "bleue", "image_id": "i7", "label": 2060}


def products(database: Database) -> dict[str, ProductRecord]:
    with database.read() as connection:
        found = products_before(connection, ProductFilter(), None, 100)
    return {product.product_id: product for product in found}


def test_a_labelled_row_whose_photo_has_arrived_is_a_product_and_no_row_any_more(
    database: Database, owner: str, fetch_all: FetchAll
) -> None:
    job_id = accept_urls(database, owner, URL, kind="ingest", product_id="7", **LABELLED)

    done = fetch_all(take(database, Lane.IO), PHOTO)

    assert done == Fetched(ended={job_id: "succeeded"}, ready={})
    product = products(database)["7"]
    seen = product.designation, product.description, product.image_id, product.image, product.code
    assert seen == ("Lampe", "bleue", "i7", PHOTO.sha256, 2060)
    assert rows_of_job(database, job_id) == []
    assert (job_row(database, job_id).succeeded, job_row(database, job_id).failed) == (1, 0)


def test_a_labelled_row_whose_photo_cannot_be_had_keeps_its_error(
    database: Database, owner: str, fetch_all: FetchAll
) -> None:
    job_id = accept_urls(database, owner, URL, kind="ingest", product_id="7", **LABELLED)

    assert fetch_all(take(database, Lane.IO), AWAY).ended == {job_id: "failed"}

    (row,) = rows_of_job(database, job_id)
    assert row.error["code"] == AWAY.code
    assert products(database) == {}


def test_of_labelled_rows_with_one_id_the_last_one_is_the_product(
    database: Database, owner: str, fetch_all: FetchAll, store: ObjectStore
) -> None:
    accept_urls(database, owner, URL, URL, kind="ingest", product_id="7", **LABELLED)

    fetch_all(take(database, Lane.IO), PHOTO, OTHER)

    assert products(database)["7"].image == OTHER.sha256
    collect_released(database, store)
    assert (store.size(image_key(PHOTO.sha256)), store.size(image_key(OTHER.sha256))) == (None, OTHER.size)


def come_one_by_one(connection: Connection) -> None:
    """Number the titles of rows that wait, and have them come a second after one another."""
    for row_id, row in connection.execute(select(Prediction.id, Prediction.row)).all():
        came = {"designation": f"Lampe {row}", "created_at": EARLIER + timedelta(seconds=row)}
        connection.execute(update(Prediction).where(Prediction.id == row_id).values(came))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_labelled_rows_whose_photos_come_apart_the_one_that_came_last_is_the_product(
    database: Database, owner: str, fetch_all: FetchAll, store: ObjectStore, order: tuple[int, int]
) -> None:
    accept_urls(database, owner, URL, URL, kind="ingest", product_id="7", **LABELLED)
    with database.begin() as connection:
        come_one_by_one(connection)
    claims = take(database, Lane.IO)
    with database.begin() as connection:
        fail(connection, claims)  # which gives each row a batch of its own
    apart = [take(database, Lane.IO) for _ in order]

    for which in order:
        fetch_all(apart[which], (PHOTO, OTHER)[which])

    assert (products(database)["7"].designation, products(database)["7"].image) == ("Lampe 1", OTHER.sha256)
    collect_released(database, store)
    assert (store.size(image_key(PHOTO.sha256)), store.size(image_key(OTHER.sha256))) == (None, OTHER.size)


def test_a_labelled_row_that_waited_for_its_photo_takes_no_later_ones_place(
    database: Database, owner: str, fetch_all: FetchAll, store: ObjectStore
) -> None:
    job_id = accept_urls(database, owner, URL, kind="ingest", product_id="7", **LABELLED)
    with database.begin() as connection:
        store_products(connection, store, [(LabelledInput("7", "a later one", None, None, None, 2060), None)])

    done = fetch_all(take(database, Lane.IO), PHOTO)

    assert done.ended == {job_id: "succeeded"}
    assert (products(database)["7"].designation, products(database)["7"].image) == ("a later one", None)


def test_labelled_rows_of_several_batches_are_stored_together(
    database: Database, owner: str, fetch_all: FetchAll
) -> None:
    """So that whoever stores the same products at that moment waits in no circle."""
    for product_id in ("9", "7"):
        accept_urls(database, owner, URL, kind="ingest", product_id=product_id, **LABELLED)
    stored: list[list[str]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("INSERT INTO products"):
            stored.append([each for each in ("7", "9") if each in str(parameters)])

    event.listen(database.engine, "before_cursor_execute", note)
    fetch_all(take(database, Lane.IO), PHOTO, PHOTO)
    event.remove(database.engine, "before_cursor_execute", note)

    assert stored == [["7", "9"]]


def test_a_labelled_photo_counts_for_nobody(database: Database, owner: str, fetch_all: FetchAll) -> None:
    accept_urls(database, owner, URL, kind="ingest", product_id="7", **LABELLED)

    fetch_all(take(database, Lane.IO), PHOTO, quotas=Quotas(rows_per_day=1, stored_bytes=1))

    assert held_bytes(database, owner) == 0
    assert products(database)["7"].image == PHOTO.sha256


def test_a_photo_that_one_row_may_not_hold_may_still_be_a_products(
    database: Database, owner: str, fetch_all: FetchAll
) -> None:
    refused = accept_urls(database, owner, URL)
    accept_urls(database, owner, URL, kind="ingest", product_id="7", **LABELLED)
    claims = [*take(database, Lane.IO)]

    fetch_all(claims, PHOTO, PHOTO, quotas=Quotas(rows_per_day=1, stored_bytes=1))

    assert rows_of_job(database, refused)[0].error["code"] == "QUOTA_STORED_BYTES"
    assert products(database)["7"].image == PHOTO.sha256


def test_a_labelled_photo_that_was_collected_since_it_was_stored_must_be_fetched_again(
    database: Database, owner: str, fetch_all: FetchAll
) -> None:
    job_id = accept_urls(database, owner, URL, kind="ingest", product_id="7", **LABELLED)
    claims = take(database, Lane.IO)

    with pytest.raises(Unavailable):
        fetch_all(claims, Photo("ef" * 32, 1000))

    assert len(rows_of_job(database, job_id)) == 1
    assert products(database) == {}


def _by_job(database: Database, outcomes: dict[str, FetchOutcome]) -> list[FetchOutcome]:
    """These outcomes in the order of the rows."""
    with database.read() as connection:
        order = connection.scalars(select(Prediction.job_id).order_by(Prediction.batch_id))
        return [outcomes[job_id] for job_id in order]
