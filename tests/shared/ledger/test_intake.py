"""A file's rows come into the ledger chunk by chunk, each with the position behind it."""

from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from shared.catalogues.source import Source
from shared.database import Database
from shared.errors import Unavailable
from shared.lanes import FETCH_CLAIM, Lane
from shared.ledger.cancel import cancel
from shared.ledger.claim import Claim, claim
from shared.ledger.failure import TRIES, fail, give_back
from shared.ledger.finish import RowError
from shared.ledger.intake import PHOTOS, IntakeRow, refuse
from shared.ledger.submission import ProductInput
from shared.ledger.sweep import stale_lanes
from shared.store import ObjectStore
from shared.tables import Batch, Job, Prediction, Product
from tests.conftest import add_owner
from tests.support.intake import (
    BROKEN,
    LAYOUT,
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
from tests.support.ledger import LEASE, WEEK, finish_all, rows_of, take

PHOTO = "ab" * 32


@pytest.fixture
def enter(database: Database, store: ObjectStore) -> Enter:
    return Enter(database, store)


def job_of(database: Database, job_id: str) -> Any:
    with database.read() as connection:
        return connection.execute(select(Job).where(Job.id == job_id)).one()


def test_rows_can_be_predicted_while_the_file_is_still_being_read(enter: Enter, database: Database, owner: str) -> None:
    job_id = accept_file(database, owner)
    held = take_file(database)

    done = enter(held, chunk(titles("one", "two")))

    assert done is not None
    assert done.ready == {Lane.BULK}
    assert rows(database, job_id) == [(0, "one", None), (1, "two", None)]
    assert batches(database, "predict") == [(Lane.BULK, 2, 0, "queued")]
    finish_all(database, take(database, Lane.BULK))
    assert counts(database, job_id)[:4] == ("running", 2, 2, 0)


def test_the_job_ends_with_its_last_row_once_all_have_been_read(enter: Enter, database: Database, owner: str) -> None:
    job_id = accept_file(database, owner)
    held = take_file(database)
    enter(held, chunk(titles("one")))
    finish_all(database, take(database, Lane.BULK))

    enter(held, chunk(titles("two", start=1), last=True))
    assert counts(database, job_id).status == "running"
    finish_all(database, take(database, Lane.BULK))

    assert counts(database, job_id)[:4] == ("succeeded", 2, 2, 0)


def test_a_file_whose_rows_are_all_predicted_ends_when_its_end_is_found(
    enter: Enter, database: Database, owner: str
) -> None:
    job_id = accept_file(database, owner)
    held = take_file(database)
    enter(held, chunk(titles("one")))
    finish_all(database, take(database, Lane.BULK))

    done = enter(held, chunk([], last=True))

    assert done is not None
    assert done.ended
    assert counts(database, job_id).status == "succeeded"


def test_a_row_that_cannot_be_used_is_there_with_its_error_and_costs_no_other(
    enter: Enter, database: Database, owner: str
) -> None:
    job_id = accept_file(database, owner)
    held = take_file(database)

    enter(held, chunk([*titles("one"), IntakeRow(1, error=BROKEN), *titles("three", start=2)], last=True))
    finish_all(database, take(database, Lane.BULK))

    assert rows(database, job_id) == [(0, "one", None), (1, None, "MALFORMED_ROW"), (2, "three", None)]
    assert counts(database, job_id)[:4] == ("partially_succeeded", 3, 2, 1)
    with database.read() as connection:
        error = connection.scalars(select(Prediction.error).where(Prediction.row == 1)).one()
    assert error == {"code": BROKEN.code, "message": BROKEN.message, "column": "title"}


def test_a_file_of_bad_rows_only_fails(enter: Enter, database: Database, owner: str) -> None:
    job_id = accept_file(database, owner)

    enter(take_file(database), chunk([IntakeRow(0, error=BROKEN)], last=True))

    assert counts(database, job_id)[:4] == ("failed", 1, 0, 1)


def test_a_file_without_rows_fails_and_says_so(enter: Enter, database: Database, owner: str) -> None:
    job_id = accept_file(database, owner)

    done = enter(take_file(database), chunk([], last=True))

    assert done is not None
    assert done.ended
    assert counts(database, job_id).status == "failed"
    assert counts(database, job_id).error["code"] == "EMPTY_CATALOGUE"
    assert batches(database, "intake") == [(Lane.IO, 0, 0, "done")]


def test_whoever_reads_on_begins_behind_the_last_row_that_is_there(
    enter: Enter, database: Database, owner: str
) -> None:
    accept_file(database, owner)
    held = take_file(database)
    enter(held, chunk(titles("one", "two")))
    with database.begin() as connection:
        fail(connection, [held[0]])

    _, job = take_file(database, "io-b")

    assert job.position == {"row": 1}
    assert job.source.layout == LAYOUT


def test_a_reader_that_lost_its_lease_enters_nothing(enter: Enter, database: Database, owner: str) -> None:
    job_id = accept_file(database, owner)
    late = take_file(database)
    with database.begin() as connection:
        fail(connection, [late[0]])
    enter(take_file(database, "io-b"), chunk(titles("one"), last=True))

    assert enter(late, chunk(titles("one"))) is None

    assert rows(database, job_id) == [(0, "one", None)]


def test_nothing_is_entered_for_a_canceled_job(enter: Enter, database: Database, owner: str) -> None:
    job_id = accept_file(database, owner)
    held = take_file(database)
    with database.begin() as connection:
        cancel(connection, [job_id])

    assert enter(held, chunk(titles("one"))) is None

    assert rows(database, job_id) == []


def test_a_place_at_which_reading_fails_three_times_fails_the_job(enter: Enter, database: Database, owner: str) -> None:
    job_id = accept_file(database, owner)
    for _ in range(TRIES - 1):
        held = take_file(database)
        with database.begin() as connection:
            fail(connection, [held[0]])
    enter(take_file(database), chunk(titles("one")))
    with database.begin() as connection:
        fail(connection, [take_again(connection)])
    assert counts(database, job_id).status == "running"  # it has come to another place

    for _ in range(TRIES - 1):
        held = take_file(database)
        with database.begin() as connection:
            fail(connection, [held[0]])

    assert counts(database, job_id).status == "failed"
    assert counts(database, job_id).error["code"] == "CATALOGUE_FAILED"


def take_again(connection: Connection) -> Claim:
    """The claim that is held, as the sweep finds it."""
    found = select(Batch.id, Batch.job_id, Batch.attempt, Batch.rows).where(Batch.kind == "intake")
    return Claim(*connection.execute(found).one())


def test_a_file_that_cannot_be_read_fails_its_job_and_keeps_what_is_done(
    enter: Enter, database: Database, owner: str
) -> None:
    job_id = accept_file(database, owner)
    held = take_file(database)
    enter(held, chunk(titles("one")))
    finish_all(database, take(database, Lane.BULK))
    enter(held, chunk(titles("two", start=1)))

    with database.begin() as connection:
        assert refuse(connection, held[0], job_id, RowError("BROKEN_GZIP", "The file breaks off."))

    assert counts(database, job_id)[:4] == ("failed", 2, 1, 0)
    assert take(database, Lane.BULK) == []


def test_rows_that_name_a_photo_by_url_wait_for_it_in_batches_of_their_own(
    enter: Enter, database: Database, owner: str
) -> None:
    accept_file(database, owner)
    urls = [IntakeRow(n, ProductInput(image_url=f"https://shop.example/{n}")) for n in range(FETCH_CLAIM + 1)]

    done = enter(take_file(database), chunk([*urls, *titles("a text", start=FETCH_CLAIM + 1)]))

    assert done is not None
    assert done.ready == {Lane.BULK, Lane.IO}
    assert batches(database, "fetch") == [(Lane.IO, FETCH_CLAIM, 0, "queued"), (Lane.IO, 1, 0, "queued")]
    assert batches(database, "predict") == [(Lane.BULK, 1, 0, "queued")]


def test_rows_of_stored_products_are_in_batches_of_a_bounded_number_of_photos(
    enter: Enter, database: Database, owner: str, store: ObjectStore
) -> None:
    keep_photo(store, PHOTO, b"photo")
    job_id = accept_file(database, owner)
    of_products = [IntakeRow(n, ProductInput(f"{n}", image=PHOTO)) for n in range(1, 2 * PHOTOS + 2)]

    enter(take_file(database), chunk([*titles("a text"), *of_products, *titles("b", start=200)], photos={PHOTO: 5}))

    assert batches(database, "predict") == [
        (Lane.BULK, PHOTOS + 1, PHOTOS, "queued"),
        (Lane.BULK, PHOTOS, PHOTOS, "queued"),
        (Lane.BULK, 2, 1, "queued"),
    ]
    entered = len(of_products) + 2
    assert len(finish_rows(database)) == entered
    assert len(rows(database, job_id)) == entered


def finish_rows(database: Database) -> list[int]:
    """Finish what is there to predict, claim by claim; returns the rows' ids."""
    done: list[int] = []
    while claims := take(database, Lane.BULK):
        done += [row.prediction_id for row in rows_of(database, claims)]
        finish_all(database, claims)
    return done


def test_a_photo_that_was_collected_meanwhile_must_be_stored_again(
    enter: Enter, database: Database, owner: str
) -> None:
    job_id = accept_file(database, owner)

    with pytest.raises(Unavailable):
        enter(take_file(database), chunk([IntakeRow(0, ProductInput(image=PHOTO))], photos={PHOTO: 5}))

    assert rows(database, job_id) == []


def test_labelled_rows_become_products_and_leave_no_rows(
    enter: Enter, database: Database, owner: str, store: ObjectStore
) -> None:
    keep_photo(store, PHOTO, b"photo")
    job_id = accept_file(database, owner, "ingest")
    labelled = [
        IntakeRow(0, ProductInput("1", "one", None, PHOTO), label=60),
        IntakeRow(1, ProductInput("2", "two"), label=2583),
        IntakeRow(2, error=BROKEN),
    ]

    enter(take_file(database), chunk(labelled, photos={PHOTO: 5}, last=True))

    with database.read() as connection:
        found = connection.execute(select(Product.product_id, Product.prdtypecode, Product.image)).all()
    assert [tuple(row) for row in found] == [("1", 60, PHOTO), ("2", 2583, None)]
    assert [number for number, _, _ in rows(database, job_id)] == [2]
    assert counts(database, job_id)[:4] == ("partially_succeeded", 3, 2, 1)


def test_of_labelled_rows_with_one_id_those_that_a_later_one_has_replaced_need_no_photo(
    enter: Enter, database: Database, owner: str
) -> None:
    job_id = accept_file(database, owner, "ingest")
    with_url = ProductInput("1", "with a photo", image_url="https://shop.example/1")
    labelled = [
        IntakeRow(0, with_url, label=60),
        IntakeRow(1, ProductInput("1", "without"), label=60),
        IntakeRow(2, with_url, label=60),
    ]

    enter(take_file(database), chunk(labelled, last=True))

    assert [number for number, _, _ in rows(database, job_id)] == [2]
    assert counts(database, job_id)[:4] == ("running", 3, 2, 0)
    with database.read() as connection:
        assert connection.scalars(select(Product.designation)).all() == ["without"]


def test_a_long_file_lets_another_owners_go_on_after_a_chunk(enter: Enter, database: Database, owner: str) -> None:
    long = accept_file(database, owner)
    held = take_file(database)
    alone = enter(held, chunk(titles("one")))
    short = accept_file(database, add_owner(database, "another"))

    beside_another = enter(held, chunk(titles("two", start=1)))

    assert alone is not None
    assert not alone.handed_over
    assert beside_another is not None
    assert beside_another.handed_over
    assert take_file(database)[1].job_id == short
    _, job = take_file(database, "io-b")
    assert (job.job_id, job.position) == (long, {"row": 1})


def test_a_new_file_does_not_wait_for_its_owners_photos(enter: Enter, database: Database, owner: str) -> None:
    """Files and photos are claimed apart on their lane, so they stand in two lines."""
    accept_file(database, owner)
    held = take_file(database)
    urls = [IntakeRow(n, ProductInput(image_url=f"https://shop.example/{n}")) for n in range(3 * FETCH_CLAIM)]
    enter(held, chunk(urls, last=True))
    before = accept_file(database, owner)
    for name in ("b", "c"):
        accept_file(database, add_owner(database, name))
    after = accept_file(database, owner)

    order = [take_file(database)[1].job_id for _ in range(4)]

    assert order[0] == before
    assert order[3] == after
    with database.read() as connection:
        turns = connection.scalars(select(Batch.turn).where(Batch.kind == "fetch").order_by(Batch.id)).all()
    assert turns == [turns[0], turns[0] + 1, turns[0] + 2]


def test_what_is_handed_over_last_is_not_the_end_of_a_file(enter: Enter, database: Database, owner: str) -> None:
    accept_file(database, owner)
    held = take_file(database)
    accept_file(database, owner)

    done = enter(held, chunk(titles("one"), last=True))

    assert done is not None
    assert not done.handed_over


def test_anothers_few_rows_are_claimed_before_the_rest_of_a_flood(enter: Enter, database: Database, owner: str) -> None:
    flood = accept_file(database, owner)
    held = take_file(database)
    for start in range(0, 40, 10):
        enter(held, chunk(titles(*["title"] * 10, start=start)))
    another = accept_file(database, add_owner(database, "another"))
    enter(take_file(database, "io-b"), chunk(titles("one"), last=True))

    claimed = [each.job_id for _ in range(3) for each in take_one(database)]

    assert claimed.index(another) <= 1
    assert claimed.count(flood) == 2


def take_one(database: Database) -> list[Claim]:
    with database.begin() as connection:
        return claim(connection, Lane.BULK, "model-a", LEASE, capacity=10)


def test_a_file_that_waits_is_rung_for(database: Database, owner: str) -> None:
    accept_file(database, owner)

    with database.read() as connection:
        assert stale_lanes(connection, -WEEK) == {Lane.IO: 1}


def test_a_file_that_is_given_back_has_lost_nothing(database: Database, owner: str) -> None:
    accept_file(database, owner)
    held = take_file(database)

    with database.begin() as connection:
        give_back(connection, [held[0]])

    assert take_file(database)[0].attempt == 2
    with database.read() as connection:
        assert connection.scalar(select(func.max(Batch.failures))) == 0


def test_a_source_reads_back_as_it_was_stored(database: Database, owner: str) -> None:
    job_id = accept_file(database, owner)

    assert Source.of(job_of(database, job_id).source) == take_file(database)[1].source
