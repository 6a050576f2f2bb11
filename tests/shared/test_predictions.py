"""Whose photos are whose."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event, insert, update

from shared.database import Database
from shared.identifiers import now
from shared.predictions import shows_photo
from shared.tables import Image, Job, Prediction
from tests.support.ledger import accept_catalogue

PHOTO = "ab" * 32


def test_photos_of_deleted_jobs_are_shown_to_nobody(database: Database, owner: str) -> None:
    deleted = accept_catalogue(database, owner, "b")
    with database.begin() as connection:
        connection.execute(insert(Image).values(sha256=PHOTO, size=1))
        connection.execute(update(Prediction).where(Prediction.job_id == deleted).values(image=PHOTO))
        assert shows_photo(connection, owner, PHOTO)
        connection.execute(update(Job).where(Job.id == deleted).values(deleted_at=now()))

    with database.read() as connection:
        assert not shows_photo(connection, owner, PHOTO)


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


def test_a_photo_is_looked_up_in_its_index(sqlite: Database) -> None:
    statements: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(sqlite.engine, "before_cursor_execute", note)
    with sqlite.read() as connection:
        shows_photo(connection, "owner", PHOTO)
    event.remove(sqlite.engine, "before_cursor_execute", note)
    ((statement, parameters),) = [each for each in statements if each[0].startswith("SELECT")]
    with sqlite.read() as connection:
        steps = [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]

    assert any("ix_predictions_photos (owner_id=? AND image=?)" in step for step in steps), steps
