"""A Celery worker as tutorials have it: a message per row, each predicted and stored by itself.

python -m benchmarks.row_worker BROKER BUNDLE DATABASE POOL CONCURRENCY

What Shelfwise is compared with; nothing of the service runs here. It has the service's model, tokeniser and durability.
"""

import sys
import time
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_process_init
from sqlalchemy import Column, Float, Integer, MetaData, String, Table, insert

from shared.database import Database

ROW_TASK = "row.predict"
QUEUE = "rows"
# Many messages are taken off the queue at once, which is quicker than Celery's four per thread.
PREFETCHED = 64
ROWS = Table(
    "rows",
    MetaData(),
    Column("product_id", Integer, primary_key=True),
    Column("designation", String),
    Column("prediction", Integer),
    Column("confidence", Float),
    Column("finished_at", Float),
)


def row_celery(broker_url: str) -> Celery:
    """The application, for the worker and for who sends."""
    app = Celery("rows", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_default_queue=QUEUE,
        worker_prefetch_multiplier=PREFETCHED,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
    )
    return app


class RowPredictor:
    """Answers and stores one row."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._database = Database(database_url)  # before TensorFlow, which brings a SQLite of its own
        from benchmarks.bare import loaded

        self._predictor, bundle = loaded(folder)
        self._codes = [category.code for category in bundle.manifest.classes]
        self._temperature = bundle.manifest.fusion.text_temperature

    def __call__(self, product_id: int, designation: str) -> None:
        """Predict it from its title, and commit."""
        from shared.fusion import calibrated
        from shared.preparation import product_text

        ids = self._predictor._encoder.encode([product_text(designation, None) or ""])
        scores = calibrated(self._predictor._text_call(ids), self._temperature)[0]
        best = int(scores.argmax())
        row = {
            "product_id": product_id,
            "designation": designation,
            "prediction": self._codes[best],
            "confidence": float(scores[best]),
            "finished_at": time.time(),
        }
        with self._database.begin() as connection:
            connection.execute(insert(ROWS), row)


def main() -> None:
    """Work until told to stop."""
    broker, folder, database_url, pool, concurrency = sys.argv[1:]
    app = row_celery(broker)
    predictors: list[RowPredictor] = []

    def load(**_: Any) -> None:
        predictors[:] = [RowPredictor(Path(folder), database_url)]

    @app.task(name=ROW_TASK)  # type: ignore[untyped-decorator]  # Celery carries no types
    def predict(product_id: int, designation: str) -> None:
        predictors[0](product_id, designation)

    if pool == "prefork":  # TensorFlow does not outlive a fork: each child loads its own
        worker_process_init.connect(load, weak=False)
    else:
        load()
    options = (f"--pool={pool}", f"--concurrency={concurrency}", "--without-gossip", "--without-mingle")
    app.start(["--quiet", "worker", "--loglevel=warning", *options])


if __name__ == "__main__":
    main()
