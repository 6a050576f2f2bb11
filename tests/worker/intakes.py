"""Files as an account sends them, and as an io worker reads them."""

import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from sqlalchemy import select

from shared.catalogues.source import Format, Source, source_key
from shared.database import Database
from shared.ringer import Ringer
from shared.settings import Settings
from shared.store import ObjectStore
from shared.tables import Prediction
from tests.support.intake import accepted, submission
from worker.intake_loop import IntakeLoop
from worker.metrics import WorkerMetrics
from worker.stall import StallGuard

HEADER = "productid,imageid,designation,description\n"


class NoBell(Ringer):
    """Notes which lanes are rung."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.then: Callable[[], object] = lambda: None

    def ring(self, lane: Any, hint: str | None = None, times: int = 1) -> None:
        self.rung.append(lane)
        self.then()


class Intakes:
    """Sends files as an account does, and reads them as an io worker does."""

    def __init__(self, database: Database, store: ObjectStore, settings: Settings, owner: str) -> None:
        self.database = database
        self.store = store
        self.settings = settings
        self.owner = owner
        self.bell = NoBell()
        self._uploads = 0

    def send(self, content: bytes, form: Format = Format.CSV, kind: str = "catalogue", **source: Any) -> str:
        """A job for a file."""
        self._uploads += 1
        key = source_key(f"upload-{self.owner}-{self._uploads}")
        self.store.put(key, content)
        self.store.sync([key])
        sent = Source(key=key, size=len(content), sha256="ab" * 32, format=form, **source)
        return accepted(self.database, submission(self.owner, kind, sent)).job_id

    @contextmanager
    def loop(self, worker: str = "io-a", turn_seconds: float = 0.0) -> Iterator[IntakeLoop]:
        guard, stopping = StallGuard(60), threading.Event()
        loop = IntakeLoop(
            worker, self.database, self.store, self.bell, self.settings, guard, stopping, WorkerMetrics(), turn_seconds
        )
        try:
            yield loop
        finally:
            loop.close()

    def read(self) -> None:
        """Read all files that wait."""
        with self.loop() as loop:
            loop.work()

    def rows(self, job_id: str) -> list[tuple[Any, ...]]:
        """Each row's number, title, photo, and error's code."""
        with self.database.read() as connection:
            found = connection.execute(
                select(Prediction.row, Prediction.designation, Prediction.image, Prediction.error)
                .where(Prediction.job_id == job_id)
                .order_by(Prediction.row)
            )
            return [(row, title, image, error and error["code"]) for row, title, image, error in found]


def csv_of(*titles: str) -> bytes:
    lines = [f"{number},,{title},\n" for number, title in enumerate(titles)]
    return (HEADER + "".join(lines)).encode()


def zip_of(table: str, photos: dict[str, bytes]) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("products.csv", table)
        for name, photo in photos.items():
            archive.writestr(f"images/{name}", photo)
    return content.getvalue()
