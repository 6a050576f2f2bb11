"""Lists of predictions go through their indexes, whatever is asked for."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, event, insert, update

from shared.database import Database
from shared.identifiers import new_id, now
from shared.predictions import PredictionFilter, predictions_before, shows_photo
from shared.tables import Image, Job, Prediction
from tests.conftest import add_owner
from tests.support.ledger import accept_catalogue

PHOTO = "ab" * 32


def ids(connection: Connection, wanted: PredictionFilter, place: int | None = None, limit: int = 100) -> list[int]:
    return [listed.record.id for listed in predictions_before(connection, wanted, place, limit)]


def test_a_job_is_listed_by_its_rows_from_the_last(database: Database, owner: str) -> None:
    job_id = accept_catalogue(database, owner, "a", "b", "c", "d")
    accept_catalogue(database, owner, "another")
    wanted = PredictionFilter(job_id=job_id)

    with database.read() as connection:
        first = predictions_before(connection, wanted, None, 2)
        second = predictions_before(connection, wanted, wanted.place(first[-1].record), 5)

    assert [listed.record.row for listed in first] == [3, 2]
    assert [listed.record.row for listed in second] == [1, 0]


def test_a_place_beyond_every_row_is_before_the_last(database: Database, owner: str) -> None:
    job_id = accept_catalogue(database, owner, "Chaise", "Table")

    with database.read() as connection:
        found = predictions_before(connection, PredictionFilter(job_id=job_id), 2**63 - 1, 5)

    assert [listed.record.row for listed in found] == [1, 0]


def test_rows_of_deleted_jobs_are_nobodys(database: Database, owner: str) -> None:
    kept, deleted = accept_catalogue(database, owner, "a"), accept_catalogue(database, owner, "b")
    with database.begin() as connection:
        connection.execute(insert(Image).values(sha256=PHOTO, size=1))
        connection.execute(update(Prediction).where(Prediction.job_id == deleted).values(image=PHOTO))
        assert shows_photo(connection, owner, PHOTO)
        connection.execute(update(Job).where(Job.id == deleted).values(deleted_at=now()))

    with database.read() as connection:
        found = predictions_before(connection, PredictionFilter(), None, 9)
        assert {listed.record.job_id for listed in found} == {kept}
        assert ids(connection, PredictionFilter(job_id=deleted)) == []
        assert not shows_photo(connection, owner, PHOTO)


def test_each_filter_finds_its_rows(database: Database, owner: str) -> None:
    job_id = accept_catalogue(database, owner, "a", "b", "c")
    values = {
        0: {"needs_review": True, "prediction": 10, "confidence": 0.3, "product_id": "x"},
        1: {"needs_review": False, "prediction": 10, "confidence": 0.9, "product_id": "y"},
    }
    with database.begin() as connection:
        for row, changed in values.items():
            connection.execute(update(Prediction).where(Prediction.row == row).values(**changed))

    def rows(**wanted: object) -> list[int]:
        with database.read() as connection:
            found = predictions_before(connection, PredictionFilter(**wanted), None, 9)  # type: ignore[arg-type]
        return [listed.record.row for listed in found]

    assert rows() == [2, 1, 0]
    assert rows(needs_review=True) == [0]
    assert rows(needs_review=False) == [1]
    assert rows(code=10) == [1, 0]
    assert rows(below=0.9) == [0]
    assert rows(product_id="y") == [1]
    assert rows(job_id=job_id, code=10, below=1.0) == [1, 0]
    assert rows(job_id=new_id()) == []
    assert rows(owner_id=add_owner(database, "another")) == []


PLANS = {
    "review queue": (PredictionFilter(needs_review=True), 50, "ix_predictions_review"),
    "review queue of a category": (PredictionFilter(needs_review=True, code=10), None, "ix_predictions_review"),
    "own": (PredictionFilter("owner"), 50, "ix_predictions_owner_id_id"),
    "one job": (PredictionFilter(job_id="job"), 50, "predictions_"),  # of UNIQUE (job_id, row)
    "own job": (PredictionFilter("owner", job_id="job"), None, "predictions_"),
    "own product": (PredictionFilter("owner", product_id="7"), None, "ix_predictions_products"),
}


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


def plan(database: Database, ask: object) -> list[str]:
    """How SQLite goes about the one statement of a question."""
    statements: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.read() as connection:
        ask(connection)  # type: ignore[operator]
    event.remove(database.engine, "before_cursor_execute", note)
    (statement, parameters) = next(each for each in statements if each[0].startswith("SELECT"))
    with database.read() as connection:
        return [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


@pytest.mark.parametrize("asked", PLANS)
def test_a_list_goes_through_its_index_without_sorting(sqlite: Database, asked: str) -> None:
    wanted, place, index = PLANS[asked]

    steps = plan(sqlite, lambda connection: predictions_before(connection, wanted, place, 51))

    (through,) = [step for step in steps if "predictions" in step]
    assert index in through, steps
    assert [step for step in steps if "TEMP B-TREE" in step] == []


def test_everybodys_rows_of_one_product_are_looked_up(sqlite: Database) -> None:
    wanted = PredictionFilter(product_id="7")

    steps = plan(sqlite, lambda connection: predictions_before(connection, wanted, None, 51))

    assert any("ix_predictions_products (product_id=?)" in step for step in steps), steps


def test_a_photo_is_looked_up_in_its_index(sqlite: Database) -> None:
    steps = plan(sqlite, lambda connection: shows_photo(connection, "owner", PHOTO))

    assert any("ix_predictions_photos (owner_id=? AND image=?)" in step for step in steps), steps
