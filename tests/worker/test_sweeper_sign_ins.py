from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from shared.database import Database
from shared.identifiers import now
from shared.refresh_tokens import issue
from shared.sign_ins import SignInLimits, Try, count_failure
from shared.tables import RefreshToken, SignInFailures
from tests.worker.sweeping import sweep


def test_a_sweep_forgets_refresh_tokens_and_failures_that_are_over(
    database: Database, owner: str, tmp_path: Path
) -> None:
    limits = SignInLimits(1, 1, timedelta(minutes=1))
    with database.begin() as connection:
        for age in (timedelta(hours=1), timedelta(0)):
            begun = now() - age
            issue(connection, owner, 0, begun + timedelta(minutes=1), begun)
            count_failure(connection, Try(f"name {age}", f"address {age}"), limits, begun)

    sweep(database, tmp_path)

    with database.read() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(table)) for table in (RefreshToken, SignInFailures)
        ]
    assert counts == [1, 2]
