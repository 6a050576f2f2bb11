"""Steps of the ledger as tests take them: one transaction each."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from shared.database import Database
from shared.identifiers import new_id, now
from shared.lanes import Lane
from shared.ledger.claim import Claim, ClaimedRow, claim, claimed_rows
from shared.ledger.failure import fail
from shared.ledger.finish import Answer, Outcome, finish
from shared.ledger.insert import insert_products
from shared.ledger.submission import ProductInput, Submission
from shared.lifecycle import JobStatus
from shared.tables import Batch, Job, Prediction

LEASE = timedelta(seconds=30)
WEEK = timedelta(days=7)
TITLE = ProductInput(designation="Chaise longue")
ANSWER = Answer(
    code=2582,
    confidence=0.9,
    top=[(2582, 0.9), (1560, 0.1)],
    text_scores=[(2582, 0.9), (1560, 0.1)],
    image_scores=None,
    text_weight=1.0,
    modality="text",
    needs_review=False,
    model_version="fake-1",
)


def accept(database: Database, owner: str, *products: ProductInput) -> list[str]:
    """Accept each product as a job of its own."""
    with database.begin() as connection:
        return [accept_product(connection, owner, product) for product in products]


def accept_product(connection: Connection, owner: str, product: ProductInput, deadline: timedelta = WEEK) -> str:
    """A job of one product, in a transaction of the caller's, without keys and quotas."""
    job_id = new_id()
    insert_products(connection, [(job_id, Submission(owner, product, deadline))])
    return job_id


def accept_catalogue(database: Database, owner: str, *titles: str) -> str:
    """A job whose rows all wait in one batch on the bulk lane."""
    job_id = new_id()
    with database.begin() as connection:
        connection.execute(
            insert(Job).values(
                id=job_id,
                owner_id=owner,
                kind="catalogue",
                total=len(titles),
                intake_done=True,
                deadline=now() + WEEK,
            )
        )
        batch_id = connection.execute(
            insert(Batch)
            .values(job_id=job_id, owner_id=owner, kind="predict", lane=Lane.BULK, rows=len(titles), turn=0)
            .returning(Batch.id)
        ).scalar_one()
        rows = [
            {"job_id": job_id, "owner_id": owner, "batch_id": batch_id, "row": row, "designation": title}
            for row, title in enumerate(titles)
        ]
        connection.execute(insert(Prediction), rows)
    return job_id


def take(database: Database, lane: Lane = Lane.INTERACTIVE, worker: str = "worker-a") -> list[Claim]:
    """Claim once."""
    with database.begin() as connection:
        return claim(connection, lane, worker, LEASE, "fetch" if lane == Lane.IO else "predict")


def rows_of(database: Database, claims: list[Claim]) -> list[ClaimedRow]:
    with database.read() as connection:
        return claimed_rows(connection, claims)


def finish_all(database: Database, claims: list[Claim], outcome: Outcome = ANSWER) -> dict[str, JobStatus]:
    """Finish claims with the same outcome for every row."""
    rows = rows_of(database, claims)
    with database.begin() as connection:
        return finish(connection, claims, [(row, outcome) for row in rows])


def lose(database: Database, claims: list[Claim]) -> dict[str, JobStatus]:
    """Book a lost try."""
    with database.begin() as connection:
        return fail(connection, claims)


def waits_for_a_lock(database: Database) -> bool:
    """Whether somebody waits for a lock of PostgreSQL's."""
    with database.read() as connection:
        return bool(
            connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).scalar()
        )


def job_row(database: Database, job_id: str) -> Row[Any]:
    with database.read() as connection:
        return connection.execute(
            select(Job.status, Job.succeeded, Job.failed, Job.version, Job.model_versions, Job.finished_at).where(
                Job.id == job_id
            )
        ).one()
