"""Statements on the hot path must not read the history: they go through the partial indexes of open rows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event

from shared.database import Database
from shared.jobs import queue_positions
from shared.lanes import Lane
from shared.ledger.claim import claim
from shared.ledger.sweep import expire_overdue, release_expired, stale_lanes
from shared.ledger.turns import next_turn

STEPS: dict[str, Callable[[Connection], object]] = {
    "accept": lambda connection: next_turn(connection, Lane.INTERACTIVE, "owner"),
    "accept a file": lambda connection: next_turn(connection, Lane.IO, "owner", "intake"),
    "claim": lambda connection: claim(connection, Lane.INTERACTIVE, "worker", timedelta(seconds=30)),
    "claim photos": lambda connection: claim(connection, Lane.IO, "worker", timedelta(seconds=30), "fetch"),
    "sweep leases": release_expired,
    "sweep deadlines": expire_overdue,
    "sweep lanes": lambda connection: stale_lanes(connection, timedelta(0)),
    "place in line": lambda connection: queue_positions(connection, ["job"]),
}


@pytest.mark.parametrize("step", STEPS)
def test_no_step_scans_a_table(sqlite_url: str, step: str) -> None:
    database = Database(sqlite_url)
    statements: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.begin() as connection:
        STEPS[step](connection)
    event.remove(database.engine, "before_cursor_execute", note)

    with database.read() as connection:
        plans = [
            str(row[3])
            for statement, parameters in statements
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    database.close()
    assert plans
    assert [plan for plan in plans if plan in ("SCAN batches", "SCAN jobs")] == []
