"""Steps of an intake as tests take them, without a file: one transaction each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from shared.catalogues.source import Format, Layout, Source
from shared.database import Database
from shared.images import image_key
from shared.lanes import Lane
from shared.ledger.catalogues import CatalogueSubmission, accept_catalogue
from shared.ledger.claim import Claim, claim
from shared.ledger.finish import RowError
from shared.ledger.intake import Chunk, Committed, IntakeJob, IntakeRow, commit_chunk, intake_job
from shared.ledger.submission import Accepted, ProductInput
from shared.store import ObjectStore
from shared.tables import Batch, Job, Prediction
from shared.usage import Quotas
from tests.support.ledger import LEASE, WEEK

QUOTAS = Quotas(rows_per_day=1_000_000, stored_bytes=10**9)
SOURCE = Source(key="catalogues/one", size=1_000, sha256="ab" * 32, format=Format.CSV)
LAYOUT = Layout(format=Format.CSV, encoding="utf-8", delimiter=",", header=("title",), columns={"designation": "title"})
BROKEN = RowError("MALFORMED_ROW", "The row has 3 cells and the header 2.", "title")


def submission(owner: str, kind: Any = "catalogue", source: Source = SOURCE, **more: Any) -> CatalogueSubmission:
    return CatalogueSubmission(owner, kind, "a name", source, WEEK, **more)


def accept_file(database: Database, owner: str, kind: str = "catalogue", **more: Any) -> str:
    """A job for a file that nobody has read yet."""
    return accepted(database, submission(owner, kind, **more)).job_id


def accepted(database: Database, sent: CatalogueSubmission, quotas: Quotas = QUOTAS) -> Accepted:
    with database.begin() as connection:
        return accept_catalogue(connection, sent, quotas)


def take_file(database: Database, worker: str = "io-a") -> tuple[Claim, IntakeJob]:
    """Claim the intake whose turn it is."""
    with database.begin() as connection:
        (held,) = claim(connection, Lane.IO, worker, LEASE, kind="intake", most=1)
    with database.read() as connection:
        job = intake_job(connection, held)
    assert job is not None
    return held, job


def titles(*names: str, start: int = 0) -> list[IntakeRow]:
    """A row for each title, numbered in order."""
    return [IntakeRow(start + number, ProductInput(designation=name)) for number, name in enumerate(names)]


def chunk(rows: Sequence[IntakeRow], *, last: bool = False, photos: dict[str, int] | None = None) -> Chunk:
    """Rows, with the number of the last one as the position behind them."""
    number = rows[-1].number if rows else -1
    return Chunk(list(rows), photos or {}, LAYOUT, {"row": number}, 1.0 if last else 0.5, last)


class Enter:
    """Enters chunks of a claimed file."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    def __call__(self, held: tuple[Claim, IntakeJob], entered: Chunk, quotas: Quotas = QUOTAS) -> Committed | None:
        with self._database.begin() as connection:
            return commit_chunk(connection, self._store, *held, entered, quotas)


def keep_photo(store: ObjectStore, sha256: str, content: bytes) -> None:
    store.put(image_key(sha256), content)
    store.sync([image_key(sha256)])


def rows(database: Database, job_id: str) -> list[tuple[Any, ...]]:
    """Each row's number, title and error's code."""
    with database.read() as connection:
        found = connection.execute(
            select(Prediction.row, Prediction.designation, Prediction.error)
            .where(Prediction.job_id == job_id)
            .order_by(Prediction.row)
        )
        return [(row, title, error and error["code"]) for row, title, error in found]


def batches(database: Database, kind: str) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        found = connection.execute(
            select(Batch.lane, Batch.rows, Batch.photos, Batch.state).where(Batch.kind == kind).order_by(Batch.id)
        )
        return [tuple(batch) for batch in found]


def counts(database: Database, job_id: str) -> Row[Any]:
    with database.read() as connection:
        return connection.execute(
            select(Job.status, Job.total, Job.succeeded, Job.failed, Job.reused, Job.changes, Job.error).where(
                Job.id == job_id
            )
        ).one()
