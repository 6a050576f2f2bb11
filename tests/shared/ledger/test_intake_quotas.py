"""What a file costs its account as its rows come in, and what becomes of rows that it has no quota left for."""

import pytest
from sqlalchemy import select

from shared.database import Database
from shared.erasure import delete_account, delete_job, erase_some
from shared.image_collection import collect_released
from shared.images import image_key
from shared.lanes import Lane
from shared.ledger.intake import IntakeRow
from shared.ledger.submission import ProductInput
from shared.products import LabelledInput, store_products
from shared.store import ObjectStore
from shared.tables import Image
from shared.usage import Quotas, Used, usage_of
from tests.support.intake import (
    BROKEN,
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
from tests.support.ledger import finish_all, take

PHOTO = "ab" * 32
OTHER = "cd" * 32


@pytest.fixture
def enter(database: Database, store: ObjectStore) -> Enter:
    return Enter(database, store)


def used_by(database: Database, owner: str) -> Used:
    """What an account has used beside the bytes of its file."""
    with database.read() as connection:
        used = usage_of(connection, owner)
    return Used(used.rows_today, used.stored_bytes - SOURCE.size)


def test_photos_are_in_use_and_charged_once(enter: Enter, database: Database, owner: str, store: ObjectStore) -> None:
    keep_photo(store, PHOTO, b"photo")
    accept_file(database, owner)
    both = [IntakeRow(n, ProductInput(designation=f"{n}", image=PHOTO)) for n in range(2)]

    enter(take_file(database), chunk(both, photos={PHOTO: 5}))

    assert used_by(database, owner) == Used(2, 5)
    with database.read() as connection:
        assert connection.scalars(select(Image.size)).all() == [5]
    assert batches(database, "predict") == [(Lane.BULK, 2, 2, "queued")]


def test_every_row_costs_also_one_that_cannot_be_used(enter: Enter, database: Database, owner: str) -> None:
    accept_file(database, owner)

    enter(take_file(database), chunk([*titles("one"), IntakeRow(1, error=BROKEN)]))

    assert used_by(database, owner) == Used(2, 0)


@pytest.mark.parametrize("kind", ["catalogue", "ingest"])
def test_what_is_left_of_a_day_goes_to_the_first_rows(enter: Enter, database: Database, owner: str, kind: str) -> None:
    job_id = accept_file(database, owner, kind)
    first = [IntakeRow(0, ProductInput("1", "one"), label=60), IntakeRow(1, error=BROKEN)]
    beyond = [IntakeRow(2, ProductInput("3", "three"), label=60), IntakeRow(3, error=BROKEN)]

    enter(take_file(database), chunk([*first, *beyond], last=True), Quotas(2, 10**9))

    errors = {number: error for number, _, error in rows(database, job_id) if error is not None}
    assert errors == {1: "MALFORMED_ROW", 2: "QUOTA_ROWS", 3: "MALFORMED_ROW"}
    assert used_by(database, owner) == Used(2, 0)


def test_rows_past_the_days_quota_are_errors_that_can_be_tried_again(
    enter: Enter, database: Database, owner: str
) -> None:
    job_id = accept_file(database, owner)

    enter(take_file(database), chunk(titles("one", "two", "three"), last=True), Quotas(2, 10**9))

    assert [error for _, _, error in rows(database, job_id)] == [None, None, "QUOTA_ROWS"]


def test_photos_past_the_quota_are_errors_of_their_rows_alone(
    enter: Enter, database: Database, owner: str, store: ObjectStore
) -> None:
    for name, content in ((PHOTO, b"photo"), (OTHER, b"a larger photo")):
        keep_photo(store, name, content)
    job_id = accept_file(database, owner)
    both = [IntakeRow(0, ProductInput(image=OTHER)), IntakeRow(1, ProductInput(image=PHOTO))]

    enter(take_file(database), chunk(both, photos={PHOTO: 5, OTHER: 14}, last=True), Quotas(100, 1_006))

    assert [error for _, _, error in rows(database, job_id)] == ["QUOTA_STORED_BYTES", None]


def test_photos_of_rows_past_the_days_quota_are_not_charged_and_go(
    enter: Enter, database: Database, owner: str, store: ObjectStore
) -> None:
    for name, content in ((PHOTO, b"photo"), (OTHER, b"a larger photo")):
        keep_photo(store, name, content)
    accept_file(database, owner)
    both = [IntakeRow(0, ProductInput(image=PHOTO)), IntakeRow(1, ProductInput(image=OTHER))]

    enter(take_file(database), chunk(both, photos={PHOTO: 5, OTHER: 14}), Quotas(1, 10**9))
    collect_released(database, store)

    assert used_by(database, owner) == Used(1, 5)
    assert (store.size(image_key(PHOTO)), store.size(image_key(OTHER))) == (5, None)


def test_photos_of_rows_past_the_days_quota_crowd_no_others_out(
    enter: Enter, database: Database, owner: str, store: ObjectStore
) -> None:
    for name, content in ((PHOTO, b"photo"), (OTHER, b"a larger photo")):
        keep_photo(store, name, content)
    job_id = accept_file(database, owner)
    both = [IntakeRow(0, ProductInput(image=PHOTO)), IntakeRow(1, ProductInput(image=OTHER))]

    enter(take_file(database), chunk(both, photos={PHOTO: 5, OTHER: 14}), Quotas(1, SOURCE.size + 5))

    assert [error for _, _, error in rows(database, job_id)] == [None, "QUOTA_ROWS"]


def test_the_photo_of_a_stored_product_is_charged_like_ones_own_and_given_back(
    enter: Enter, database: Database, owner: str, store: ObjectStore
) -> None:
    keep_photo(store, PHOTO, b"photo")
    with database.begin() as connection:
        store_products(connection, store, [(LabelledInput("7", "a lamp", None, None, PHOTO, 60), 5)])
    job_id = accept_file(database, owner)
    by_id_alone = IntakeRow(0, ProductInput("7", "a lamp", image=PHOTO))

    enter(take_file(database), chunk([by_id_alone], photos={PHOTO: 5}, last=True))
    charged = used_by(database, owner)
    finish_all(database, take(database, Lane.BULK))
    with database.begin() as connection:
        delete_job(connection, job_id, owner)
    while not erase_some(database, store, 10.0):
        pass
    collect_released(database, store)

    assert charged == Used(1, 5)
    with database.read() as connection:
        assert usage_of(connection, owner) == Used(1, 0)
    assert store.size(image_key(PHOTO)) == 5  # the product has it still


def test_the_photo_of_a_stored_product_that_one_may_not_hold_stays_the_products(
    enter: Enter, database: Database, owner: str, store: ObjectStore
) -> None:
    keep_photo(store, PHOTO, b"photo")
    with database.begin() as connection:
        store_products(connection, store, [(LabelledInput("7", "a lamp", None, None, PHOTO, 60), 5)])
    job_id = accept_file(database, owner)

    by_id_alone = IntakeRow(0, ProductInput("7", "a lamp", image=PHOTO))
    enter(take_file(database), chunk([by_id_alone], photos={PHOTO: 5}), Quotas(100, SOURCE.size + 4))
    collect_released(database, store)

    assert [error for _, _, error in rows(database, job_id)] == ["QUOTA_STORED_BYTES"]
    assert store.size(image_key(PHOTO)) == 5


@pytest.mark.parametrize("kind", ["catalogue", "ingest"])
def test_nothing_is_entered_for_an_account_that_was_deleted_meanwhile(
    enter: Enter, database: Database, owner: str, kind: str
) -> None:
    job_id = accept_file(database, owner, kind)
    held = take_file(database)
    with database.begin() as connection:
        delete_account(connection, owner)

    assert enter(held, chunk([IntakeRow(0, ProductInput("1", "one"), label=60)], last=True)) is None

    assert rows(database, job_id) == []
    assert counts(database, job_id).total == 0
    assert batches(database, "predict") == []
