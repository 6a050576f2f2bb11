"""What a worker stands on, with SQLite alone: the ledger's own tests run on PostgreSQL too."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.database import Database
from shared.store import ObjectStore
from shared.taxonomy import RAKUTEN
from tests.support.bundles import fake_bundle
from tests.support.predictors import Fake
from worker.inference import Inference
from worker.predictor import Predictor

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
