"""Queries of a job's results: pages in the order of its file, at the same cost anywhere in it."""

import pytest
from sqlalchemy import event, update
from sqlalchemy.engine.interfaces import DBAPICursor

from shared.database import Database
from shared.errors import Gone, NotFound
from shared.identifiers import new_id, now
from shared.results import failed_after, inputs_after, predictions_after, require_results, results_after
from shared.tables import Job
from tests.support.ledger import ANSWER
from tests.support.results import add_job, answered, failed, waiting

BOTH = ANSWER._replace(image_scores=[(1560, 0.5), (2582, 0.25)], modality="text+image")
ROWS = [
    answered(BOTH, designation="a"),
    failed("X", "x", "Titre", product_id="7"),
    waiting(error=None, text_scores=None, image_scores=None),
    failed("Y", "y"),
    answered(ANSWER, error=None, reused_from=1),
]


@pytest.fixture
def job_id(database: Database, owner: str) -> str:
    add_job(database, owner, None, [failed("OTHER", "another job's")])
    return add_job(database, owner, None, ROWS)


def test_results_have_what_each_model_says_first(database: Database, job_id: str) -> None:
    with database.read() as connection:
        first, bad, waits, _, last = results_after(connection, job_id, -1, 10)

    assert first == (0, 2582, 0.9, False, 2582, 0.9, 1560, 0.5, "text+image", "fake-1", None, None)
    assert (bad.prediction, bad.error) == (None, {"code": "X", "message": "x", "column": "Titre"})
    assert waits[1:] == (None,) * 11
    assert (last.image_code, last.image_score, last.reused_from) == (None, None, 1)


def test_pages_go_on_behind_a_row(database: Database, job_id: str) -> None:
    with database.read() as connection:
        assert [each.row for each in results_after(connection, job_id, 1, 2)] == [2, 3]
        assert [each.row for each in predictions_after(connection, job_id, 3, 2)] == [4]
        assert [each.row for each in inputs_after(connection, job_id, 4, 2)] == []
        assert [each.row for each in predictions_after(connection, job_id, 2**63 - 1, 2)] == []
        assert inputs_after(connection, job_id, -1, 1) == [(0, None, "a", None)]


def test_only_rows_with_an_error_have_failed(database: Database, job_id: str) -> None:
    with database.read() as connection:
        found = failed_after(connection, job_id, -1, 10)

        assert [(each.row, each.product_id, each.error["code"]) for each in found] == [(1, "7", "X"), (3, None, "Y")]
        assert [each.row for each in failed_after(connection, job_id, 1, 1)] == [3]


def test_errors_are_found_by_an_index_that_has_no_other_rows(database: Database, job_id: str) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL's plan depends on how many rows there are")
    statements = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def keep(_connection: object, _cursor: DBAPICursor, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    with database.read() as connection:
        failed_after(connection, job_id, -1, 10)
        statement, parameters = statements[-1]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()

    assert ["USING INDEX ix_predictions_errors (job_id=? AND row>?)" in step[-1] for step in plan] == [True]


def test_what_is_gone_is_told_from_what_never_was(database: Database, job_id: str) -> None:
    with database.begin() as connection:
        require_results(connection, job_id)
        with pytest.raises(NotFound):
            require_results(connection, new_id())
        connection.execute(update(Job).where(Job.id == job_id).values(cleared_at=now()))
        with pytest.raises(Gone):
            require_results(connection, job_id)
        connection.execute(update(Job).where(Job.id == job_id).values(deleted_at=now()))
        with pytest.raises(NotFound):
            require_results(connection, job_id)
