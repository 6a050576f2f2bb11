"""Many workers, heartbeats and sweeps on one ledger at once: nobody waits in a circle, nothing is lost or doubled."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import func, select, update

from shared.database import Database
from shared.identifiers import now
from shared.lanes import CAPACITY, PHOTO_COST, Lane
from shared.ledger.claim import claim, claimed_rows, renew
from shared.ledger.failure import fail, give_back
from shared.ledger.finish import finish
from shared.ledger.sweep import expire_overdue, release_expired
from shared.lifecycle import OPEN_JOB, JobStatus
from shared.tables import Batch, Job, Prediction
from tests.support.ledger import ANSWER, accept_catalogue

WORKERS, JOBS, ROWS = 4, 60, 5
SHORT = timedelta(milliseconds=200)


def test_many_hands_at_once_leave_every_row_with_one_outcome(database: Database, owner: str) -> None:
    jobs = [accept_catalogue(database, owner, *["title"] * ROWS) for _ in range(JOBS)]
    with database.begin() as connection:
        connection.execute(update(Batch).values(photos=CAPACITY[Lane.BULK] // PHOTO_COST // 3))  # three go in a claim
        connection.execute(update(Job).where(Job.id.in_(jobs[::5])).values(deadline=now() + SHORT))
    done = threading.Event()

    with ThreadPoolExecutor(WORKERS + 1) as hands:
        sweeping = hands.submit(_until(done, lambda: _sweep(database)))
        working = [hands.submit(_work, database, seed) for seed in range(WORKERS)]
        try:
            for worker in working:
                worker.result()
        finally:
            done.set()
        sweeping.result()

    with database.read() as connection:
        ended = connection.execute(select(Job.id, Job.status, Job.succeeded, Job.failed)).all()
        counted = connection.execute(
            select(Prediction.job_id, func.count())
            .where(Prediction.finished_at.is_not(None))
            .group_by(Prediction.job_id)
        )
        finished = {job_id: rows for job_id, rows in counted}
    for job in ended:
        assert job.status not in OPEN_JOB
        assert job.succeeded + job.failed == finished.get(job.id, 0)
        assert job.status == JobStatus.EXPIRED or finished[job.id] == ROWS


def _work(database: Database, seed: int) -> None:
    """Claim until every job has ended; finish, fail, give back or forget what was claimed, as chance has it."""
    chance = random.Random(seed)
    while _open_jobs(database):
        with database.begin() as connection:
            claims = claim(connection, Lane.BULK, f"worker-{seed}", SHORT)
        if not claims:
            continue
        with database.begin() as connection:
            renew(connection, claims, SHORT)
        with database.read() as connection:
            rows = claimed_rows(connection, claims)
        what = chance.choices(["finish", "fail", "give back", "forget"], [60, 15, 15, 10])[0]
        with database.begin() as connection:
            if what == "finish":
                finish(connection, claims, [(row, ANSWER) for row in rows])
            elif what == "fail":
                fail(connection, claims)
            elif what == "give back":
                give_back(connection, claims)


def _sweep(database: Database) -> None:
    for step in (release_expired, expire_overdue):
        with database.begin() as connection:
            step(connection)


def _open_jobs(database: Database) -> int:
    with database.read() as connection:
        return connection.scalars(select(func.count()).where(Job.status.in_(OPEN_JOB))).one()


def _until(done: threading.Event, action: Callable[[], None]) -> Callable[[], None]:
    def repeat() -> None:
        while not done.wait(0.02):
            action()

    return repeat
