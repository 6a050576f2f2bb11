"""What a worker stands on, with SQLite alone: the ledger's own tests run on PostgreSQL too."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.database import Database
from shared.settings import load_settings
from shared.store import ObjectStore
from shared.taxonomy import RAKUTEN
from tests.support.bundles import fake_bundle
from tests.support.ledger import LEASE
from tests.support.predictors import Fake
from tests.worker.intakes import Intakes
from tests.worker.served import Served
from worker.inference import Inference
from worker.metrics import WorkerMetrics
from worker.model_loop import ModelLoop
from worker.predictor import Predictor, PreparedRows, ScoredRows
from worker.stall import StallGuard

CODES = [category.code for category in RAKUTEN]


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def decoders() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


class MakeInference:
    """Loads a predictor with the fake bundle, and puts it behind an `Inference`."""

    def __init__(self, folder: Path, store: ObjectStore, decoders: ThreadPoolExecutor) -> None:
        self._bundle = fake_bundle(folder)
        self._store = store
        self._decoders = decoders

    def __call__(self, predictor: Predictor | None = None, **manifest: object) -> Inference:
        predictor = predictor or Fake()
        predictor.load(self._bundle, "float32")
        changed = self._bundle.manifest.model_copy(update=manifest)
        return Inference(predictor, changed, self._store, self._decoders)


@pytest.fixture
def make_inference(tmp_path: Path, store: ObjectStore, decoders: ThreadPoolExecutor) -> MakeInference:
    return MakeInference(tmp_path / "bundle", store, decoders)


class Recording(Fake):
    """Notes the size of every call, after having done what the test wants done in the middle of it."""

    def __init__(self, meanwhile: Callable[[int], object] = lambda _: None) -> None:
        self.calls: list[int] = []
        self._meanwhile = meanwhile

    def predict(self, rows: PreparedRows) -> ScoredRows:
        self.calls.append(len(rows.texts))
        self._meanwhile(len(self.calls))
        return super().predict(rows)


class MakeLoop:
    """Makes loops that answer with a given predictor."""

    def __init__(self, database: Database, make_inference: MakeInference) -> None:
        self._database = database
        self._make_inference = make_inference

    @contextmanager
    def __call__(self, predictor: Predictor | None, tell: Callable[[], None] = lambda: None) -> Iterator[ModelLoop]:
        served = Served(self._make_inference(predictor) if predictor else None)
        loop = ModelLoop("worker-a", self._database, served, LEASE, StallGuard(60), tell, WorkerMetrics())
        try:
            yield loop
        finally:
            loop.close()


@pytest.fixture
def make_loop(database: Database, make_inference: MakeInference) -> MakeLoop:
    return MakeLoop(database, make_inference)


@pytest.fixture
def intakes(database: Database, store: ObjectStore, owner: str, tmp_path: Path) -> Intakes:
    settings = load_settings(data_dir=tmp_path / "data", disk_reserve_bytes=0)
    return Intakes(database, store, settings, owner)
