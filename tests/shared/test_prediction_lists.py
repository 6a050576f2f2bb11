"""Lists of predictions: what is found, in which order, page by page, and through which index."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy import Connection, event, select, update

from shared.corrections import correct
from shared.database import Database
from shared.errors import InvalidInput
from shared.identifiers import new_id, now
from shared.prediction_lists import (
    MOST_COUNTED,
    Order,
    Place,
    PredictionCount,
    PredictionFilter,
    count_predictions,
    predictions_behind,
)
from shared.reruns import PreviousPrediction
from shared.tables import Job, Prediction
from shared.users import Role, account_by_id, add_user
from tests.conftest import add_owner
from tests.support.ledger import accept_catalogue

EVERYTHING = PredictionFilter()
QUEUE = PredictionFilter(needs_review=True)


def rows(database: Database, wanted: PredictionFilter, order: Order = Order.NEWEST) -> list[int]:
    with database.read() as connection:
        found = predictions_behind(connection, wanted, order, None, 100)
    return [listed.record.row for listed in found]


def pages(database: Database, wanted: PredictionFilter, order: Order, limit: int) -> list[list[int]]:
    """The rows of each page, of which each begins behind the last row of the one before."""
    found, place = [], None
    with database.read() as connection:
        while page := predictions_behind(connection, wanted, order, place, limit):
            found.append([listed.record.row for listed in page])
            place = wanted.place(page[-1].record, order)
    return found


def set_row(database: Database, job_id: str, row: int, **values: object) -> None:
    with database.begin() as connection:
        connection.execute(
            update(Prediction).where(Prediction.job_id == job_id, Prediction.row == row).values(**values)
        )


def predicted_catalogue(database: Database, owner: str, *confidences: float | None) -> str:
    """A job whose rows are all to be looked at, each with this confidence; None: nothing has been predicted."""
    job_id = accept_catalogue(database, owner, *map(str, range(len(confidences))))
    answer = {"prediction": 10, "needs_review": True, "model_version": "fake-1"}
    of_job = update(Prediction).where(Prediction.job_id == job_id).values(**answer)
    with database.begin() as connection:
        for confidence in {*confidences} - {None}:
            these = [row for row, each in enumerate(confidences) if each == confidence]
            connection.execute(of_job.where(Prediction.row.in_(these)).values(confidence=confidence))
    return job_id


def correct_rows(database: Database, job_id: str, *rows: int) -> None:
    with database.begin() as connection:
        reviewer = account_by_id(connection, add_user(connection, f"reviewer-{new_id()}", "!", Role.REVIEWER))
        assert reviewer is not None
        wanted = select(Prediction.id).where(Prediction.job_id == job_id, Prediction.row.in_(rows))
        for number in connection.scalars(wanted).all():
            correct(connection, number, 40, reviewer)


def rerun(database: Database, owner: str, former_id: str, *codes: int | None) -> str:
    """A job of the same rows as a former one, with these categories."""
    job_id = accept_catalogue(database, owner, *map(str, range(len(codes))))
    with database.begin() as connection:
        connection.execute(update(Job).where(Job.id == job_id).values(rerun_of=former_id))
    for row, code in enumerate(codes):
        if code is not None:
            set_row(database, job_id, row, prediction=code, confidence=0.5, model_version="fake-2")
    return job_id


def test_a_job_is_listed_from_its_last_row_or_from_its_first(database: Database, owner: str) -> None:
    job_id = accept_catalogue(database, owner, "a", "b", "c", "d")
    accept_catalogue(database, owner, "another")
    wanted = PredictionFilter(job_id=job_id)

    assert pages(database, wanted, Order.NEWEST, 3) == [[3, 2, 1], [0]]
    assert pages(database, wanted, Order.OLDEST, 3) == [[0, 1, 2], [3]]


def test_all_jobs_are_listed_from_the_newest_row_or_from_the_oldest(database: Database, owner: str) -> None:
    accept_catalogue(database, owner, "a", "b")
    accept_catalogue(database, owner, "a", "b", "c")

    assert pages(database, EVERYTHING, Order.NEWEST, 2) == [[2, 1], [0, 1], [0]]
    assert pages(database, EVERYTHING, Order.OLDEST, 2) == [[0, 1], [0, 1], [2]]


# Two neighbouring floats, and a third of which no short decimal is: each has its own place.
CONFIDENCES = (0.3, 0.1 + 0.2, 1 / 3, None, 0.3, 0.3, 1.0, 1e-9)
LEAST_SURE = [7, 0, 4, 5, 1, 2, 6]


@pytest.mark.parametrize("limit", [1, 2, 3, 9])
@pytest.mark.parametrize("of_job", [True, False])
def test_pages_by_confidence_hold_each_row_with_a_prediction_once(
    database: Database, owner: str, of_job: bool, limit: int
) -> None:
    job_id = predicted_catalogue(database, owner, *CONFIDENCES)
    wanted = PredictionFilter(job_id=job_id) if of_job else QUEUE

    least, most = (pages(database, wanted, order, limit) for order in (Order.LEAST_SURE, Order.MOST_SURE))

    assert [row for page in least for row in page] == LEAST_SURE
    assert [row for page in most for row in page] == LEAST_SURE[::-1]


def test_a_page_goes_on_where_its_last_row_was_though_that_has_been_corrected(database: Database, owner: str) -> None:
    job_id = predicted_catalogue(database, owner, 0.1, 0.2, 0.2, 0.3)
    with database.read() as connection:
        *_, last = predictions_behind(connection, QUEUE, Order.LEAST_SURE, None, 2)
    correct_rows(database, job_id, 0, 1)

    with database.read() as connection:
        place = QUEUE.place(last.record, Order.LEAST_SURE)
        found = predictions_behind(connection, QUEUE, Order.LEAST_SURE, place, 9)

    assert [listed.record.row for listed in found] == [2, 3]


@pytest.mark.parametrize(("order", "first"), [(Order.NEWEST, [1, 0]), (Order.OLDEST, [])])
def test_a_place_beyond_every_row_is_before_the_last(
    database: Database, owner: str, order: Order, first: list[int]
) -> None:
    job_id = accept_catalogue(database, owner, "Chaise", "Table")

    with database.read() as connection:
        found = predictions_behind(connection, PredictionFilter(job_id=job_id), order, Place(2**63 - 1), 5)

    assert [listed.record.row for listed in found] == first


def test_each_filter_finds_its_rows(database: Database, owner: str) -> None:
    job_id = accept_catalogue(database, owner, "a", "b", "c")
    answer = {"needs_review": True, "prediction": 10, "confidence": 0.3, "product_id": "x"}
    set_row(database, job_id, 0, **answer)
    set_row(database, job_id, 1, **{**answer, "needs_review": False, "confidence": 0.9, "product_id": "y"})

    assert rows(database, EVERYTHING) == [2, 1, 0]
    assert rows(database, QUEUE) == [0]
    assert rows(database, PredictionFilter(needs_review=False)) == [1]
    assert rows(database, PredictionFilter(code=10)) == [1, 0]
    assert rows(database, PredictionFilter(below=0.9)) == [0]
    assert rows(database, PredictionFilter(product_id="y")) == [1]
    assert rows(database, PredictionFilter(job_id=job_id, code=10, below=1.0)) == [1, 0]
    assert rows(database, PredictionFilter(job_id=new_id())) == []
    assert rows(database, PredictionFilter(owner_id=add_owner(database, "another"))) == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("fauteuil", [1, 0]),
        ("FAUTEUIL", [1, 0]),
        ("été", [0]),
        ("ÉTÉ", [0]),
        ("ab-1", [2]),
        ("50%", [3]),
        ("5%", []),
        ("a_b", [4]),
        ("_", [4]),
        ("a/b", [5]),
        ("\\", [5]),
        ("n'y", []),
    ],
)
def test_a_text_is_found_in_designations_and_product_ids_as_it_stands(
    database: Database, owner: str, search: str, found: list[int]
) -> None:
    titles = ("Fauteuil d'Été", "grand fauteuil", "Lampe", "Chaise -50%", "a_b axb", "a/b \\")
    job_id = accept_catalogue(database, owner, *titles)
    accept_catalogue(database, owner, *titles)
    set_row(database, job_id, 2, product_id="xAB-1")
    set_row(database, job_id, 1, description="50% été ab-1")

    assert rows(database, PredictionFilter(job_id=job_id, search=search)) == found


def test_a_row_without_a_title_is_found_by_its_product_id(database: Database, owner: str) -> None:
    job_id = accept_catalogue(database, owner, "Chaise")
    set_row(database, job_id, 0, designation=None, product_id="A-7")

    assert rows(database, PredictionFilter(job_id=job_id, search="a-7")) == [0]


def test_what_was_corrected_is_not_in_the_queue_in_any_order(database: Database, owner: str) -> None:
    job_id = predicted_catalogue(database, owner, 0.1, 0.2, 0.3)
    correct_rows(database, job_id, 1)

    assert [rows(database, QUEUE, order) for order in Order] == [[2, 0], [0, 2], [0, 2], [2, 0]]
    assert rows(database, PredictionFilter(needs_review=False)) == [1]


def test_what_older_code_has_corrected_is_not_in_the_queue_either(database: Database, owner: str) -> None:
    job_id = predicted_catalogue(database, owner, 0.1, 0.2)
    correct_rows(database, job_id, 1)
    set_row(database, job_id, 1, corrected=False)  # which knows of corrections only

    assert rows(database, QUEUE, Order.LEAST_SURE) == [0]


def test_a_rerun_says_what_its_rows_were_and_which_have_changed(database: Database, owner: str) -> None:
    former = predicted_catalogue(database, owner, 0.1, 0.2, None, 0.4)
    again = rerun(database, owner, former, 10, 40, 40, None)
    wanted = PredictionFilter(job_id=again)

    with database.read() as connection:
        found = predictions_behind(connection, wanted, Order.OLDEST, None, 9)

    was = {row: PreviousPrediction(10, confidence, "fake-1") for row, confidence in ((0, 0.1), (1, 0.2), (3, 0.4))}
    assert {listed.record.row: listed.previous for listed in found} == {2: None, **was}
    assert rows(database, PredictionFilter(job_id=again, changed=True)) == [1]
    assert rows(database, PredictionFilter(job_id=again, changed=False)) == [0]
    assert rows(database, PredictionFilter(owner_id=owner, job_id=again, changed=True)) == [1]


def test_what_rows_were_is_said_only_where_one_rerun_is_listed(database: Database, owner: str) -> None:
    former = predicted_catalogue(database, owner, 0.1)
    rerun(database, owner, former, 40)

    with database.read() as connection:
        everything = predictions_behind(connection, EVERYTHING, Order.NEWEST, None, 9)
        of_former = predictions_behind(connection, PredictionFilter(job_id=former), Order.NEWEST, None, 9)

    assert [listed.previous for listed in (*everything, *of_former)] == [None] * 3


def test_rows_of_a_deleted_job_are_nobodys_and_not_what_others_were(database: Database, owner: str) -> None:
    former = predicted_catalogue(database, owner, 0.1)
    again = rerun(database, owner, former, 40)
    with database.begin() as connection:
        connection.execute(update(Job).where(Job.id == former).values(deleted_at=now()))

    with database.read() as connection:
        (listed,) = predictions_behind(connection, EVERYTHING, Order.NEWEST, None, 9)
        assert (listed.record.job_id, listed.previous) == (again, None)
        assert predictions_behind(connection, PredictionFilter(job_id=former), Order.NEWEST, None, 9) == []
        with pytest.raises(InvalidInput):
            predictions_behind(connection, PredictionFilter(job_id=again, changed=True), Order.NEWEST, None, 9)


def test_changes_are_those_of_a_rerun_that_one_may_see(database: Database, owner: str) -> None:
    former = predicted_catalogue(database, owner, 0.1)
    again, stranger = rerun(database, owner, former, 40), add_owner(database, "another")

    with database.read() as connection:
        for wanted in (
            PredictionFilter(changed=True),
            PredictionFilter(job_id=former, changed=True),
            PredictionFilter(job_id=new_id(), changed=False),
            PredictionFilter(stranger, job_id=again, changed=True),
        ):
            with pytest.raises(InvalidInput):
                predictions_behind(connection, wanted, Order.NEWEST, None, 9)
            with pytest.raises(InvalidInput):
                count_predictions(connection, wanted)


def test_a_count_is_of_what_a_list_has(database: Database, owner: str) -> None:
    job_id = predicted_catalogue(database, owner, 0.1, 0.2, 0.3)
    accept_catalogue(database, owner, "another")
    correct_rows(database, job_id, 0)

    with database.read() as connection:
        assert count_predictions(connection, EVERYTHING) == PredictionCount(4, at_least=False)
        assert count_predictions(connection, QUEUE) == PredictionCount(2, at_least=False)
        assert count_predictions(connection, PredictionFilter(job_id=job_id)) == PredictionCount(3, at_least=False)
        assert count_predictions(connection, PredictionFilter(job_id=new_id())) == PredictionCount(0, at_least=False)


def test_of_very_many_rows_only_so_many_are_counted(database: Database, owner: str) -> None:
    job_id = accept_catalogue(database, owner, *["Chaise"] * MOST_COUNTED)
    with database.read() as connection:
        assert count_predictions(connection, EVERYTHING) == PredictionCount(MOST_COUNTED, at_least=False)
    accept_catalogue(database, owner, "one more")

    with database.read() as connection:
        assert count_predictions(connection, EVERYTHING) == PredictionCount(MOST_COUNTED, at_least=True)
        wanted = PredictionFilter(job_id=job_id)
        assert count_predictions(connection, wanted) == PredictionCount(MOST_COUNTED, at_least=False)


LEAST, MOST, OLDEST, NEWEST = Order.LEAST_SURE, Order.MOST_SURE, Order.OLDEST, Order.NEWEST
PLANS = {
    "review queue": (QUEUE, NEWEST, Place(50), "ix_predictions_review (id<?)"),
    "review queue from the oldest": (QUEUE, OLDEST, Place(50), "ix_predictions_review (id>?)"),
    "review queue of a category": (PredictionFilter(needs_review=True, code=10), NEWEST, None, "ix_predictions_review"),
    "least sure": (QUEUE, LEAST, None, "ix_predictions_least_sure"),
    "least sure, on": (QUEUE, LEAST, Place(7, 0.5), "ix_predictions_least_sure (confidence>?)"),
    "most sure, on": (QUEUE, MOST, Place(7, 0.5), "ix_predictions_least_sure (confidence<?)"),
    "least sure, of a category": (
        PredictionFilter(needs_review=True, code=10),
        LEAST,
        None,
        "ix_predictions_least_sure",
    ),
    "least sure, below": (
        PredictionFilter(needs_review=True, below=0.5),
        LEAST,
        None,
        "ix_predictions_least_sure (confidence<?)",
    ),
    "everything": (EVERYTHING, NEWEST, Place(50), "INTEGER PRIMARY KEY (rowid<?)"),
    "everything from the oldest": (EVERYTHING, OLDEST, Place(50), "INTEGER PRIMARY KEY (rowid>?)"),
    "own": (PredictionFilter("owner"), NEWEST, Place(50), "ix_predictions_owner_id_id (owner_id=? AND id<?)"),
    "own from the oldest": (PredictionFilter("owner"), OLDEST, Place(50), "ix_predictions_owner_id_id"),
    # Of UNIQUE (job_id, row):
    "one job": (PredictionFilter(job_id="job"), NEWEST, Place(50), "predictions_1 (job_id=? AND row<?)"),
    "one job from its first": (PredictionFilter(job_id="job"), OLDEST, Place(50), "predictions_1 (job_id=? AND row>?)"),
    "own job": (PredictionFilter("owner", job_id="job"), NEWEST, None, "predictions_1 (job_id=?)"),
    "search": (PredictionFilter(job_id="job", search="lamp"), NEWEST, None, "predictions_1 (job_id=?)"),
    "own product": (PredictionFilter("owner", product_id="7"), NEWEST, None, "ix_predictions_products"),
}


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


def plan(database: Database, ask: Callable[[Connection], object]) -> list[str]:
    """How SQLite goes about the longest statement of a question, which is the list itself."""
    statements: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.read() as connection:
        ask(connection)
    event.remove(database.engine, "before_cursor_execute", note)
    statement, parameters = max(statements, key=lambda each: len(each[0]))
    with database.read() as connection:
        return [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


def of_predictions(steps: Sequence[str]) -> list[str]:
    return [step for step in steps if "predictions" in step.split()]


@pytest.mark.parametrize("asked", PLANS)
def test_a_list_goes_through_its_index_without_sorting(sqlite: Database, asked: str) -> None:
    wanted, order, place, index = PLANS[asked]

    steps = plan(sqlite, lambda connection: predictions_behind(connection, wanted, order, place, 51))

    (through,) = of_predictions(steps)
    assert index in through, steps
    assert [step for step in steps if "TEMP B-TREE" in step] == []


@pytest.mark.parametrize("needs_review", [None, True])
@pytest.mark.parametrize("order", [LEAST, MOST])
def test_within_a_job_its_rows_alone_are_sorted(sqlite: Database, needs_review: bool | None, order: Order) -> None:
    wanted = PredictionFilter(job_id="job", needs_review=needs_review)

    steps = plan(sqlite, lambda connection: predictions_behind(connection, wanted, order, Place(7, 0.5), 51))

    (through,) = of_predictions(steps)
    assert "predictions_1 (job_id=?" in through, steps


@pytest.mark.parametrize("asked", [asked for asked in PLANS if PLANS[asked][1:3] == (NEWEST, None)] + ["review queue"])
def test_a_count_goes_through_the_index_of_its_list(sqlite: Database, asked: str) -> None:
    wanted, _, _, index = PLANS[asked]

    steps = plan(sqlite, lambda connection: count_predictions(connection, wanted))

    (through,) = of_predictions(steps)
    assert index.partition(" ")[0] in through, steps
    assert [step for step in steps if "TEMP B-TREE" in step] == []


def test_everybodys_rows_of_one_product_are_looked_up(sqlite: Database) -> None:
    wanted = PredictionFilter(product_id="7")

    steps = plan(sqlite, lambda connection: predictions_behind(connection, wanted, NEWEST, None, 51))

    assert any("ix_predictions_products (product_id=?)" in step for step in steps), steps


def work_for_a_page(database: Database, order: Order) -> int:
    """How many instructions SQLite runs for the first page of the queue."""
    done = 0

    def count() -> int:
        nonlocal done
        done += 1
        return 0

    with database.read() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(count, 1)
        predictions_behind(connection, QUEUE, order, None, 5)
        driver.set_progress_handler(None, 1)
    return done


@pytest.mark.parametrize("order", Order)
def test_the_queue_passes_over_nothing_that_was_corrected(sqlite: Database, order: Order) -> None:
    job_id = predicted_catalogue(sqlite, add_owner(sqlite, "owner"), *[0.1] * 200, *[0.2] * 200, *[0.3] * 200)
    before = work_for_a_page(sqlite, order)

    correct_rows(sqlite, job_id, *range(200), *range(400, 600))

    assert work_for_a_page(sqlite, order) <= before * 1.1
