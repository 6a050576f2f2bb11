"""Where runs are kept: MLflow's store in the data folder, or what MLFLOW_TRACKING_URI names."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

# Binds Python's own sqlite3, through which MLflow works, to the system's SQLite before TensorFlow brings its own.
# In the other order MLflow would use TensorFlow's: four threads writing under load went well both ways, and as MLflow
# leaves its database in SQLite's rollback mode, the fault for which our own needs a newer SQLite does not concern it.
import shared.database  # noqa: F401  # for what it does at its import, above
from shared.errors import ConfigurationError, ShelfwiseError, Unavailable
from training.tracking.errors import REFUSALS, in_short

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

Point = tuple[str, int]  # of a curve: the metric's name and the step

EXPERIMENT = "ecommerce_classification"
REASON = "reason"  # the tag that says why a run failed or was killed
START_TIMEOUT_SECONDS = 10
_TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
# What MLflow would say of itself on the terminal, and how long it waits for a server. What is set already is left.
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    _TIMEOUT: "60",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # 7 by default, with pauses of minutes: the outbox has patience of its own
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}


@dataclass(frozen=True, slots=True)
class TrackingStore:
    """A store that has answered, and the experiment in it that runs belong to."""

    client: "MlflowClient"
    experiment_id: str

    @classmethod
    def open(cls, data_dir: Path) -> Self:
        """Find or make the experiment.

        Raises ConfigurationError when MLflow is not installed, and Unavailable, in one sentence, when the store
        cannot be used; so do the other methods.
        """
        folder = data_dir.resolve() / "mlflow"
        uri = _prepare(folder)
        with _at_the_start(uri):
            client = _client(uri)
            experiment = client.get_experiment_by_name(EXPERIMENT)
            if experiment is not None:
                return cls(client, experiment.experiment_id)
            # A server knows itself where artifacts go; a mere database does not.
            artifacts = None if uri.startswith(("http:", "https:")) else (folder / "artifacts").as_uri()
            return cls(client, client.create_experiment(EXPERIMENT, artifact_location=artifacts))

    def begin(self, run_name: str, tags: dict[str, str]) -> str:
        """Begin a run and return its id."""
        with _at_the_start(self.client.tracking_uri):
            return str(self.client.create_run(self.experiment_id, run_name=run_name, tags=tags).info.run_id)

    def resume(self, run_id: str) -> frozenset[Point] | None:
        """Have the run go on, and return which points its curves have. None when it is not there any more."""
        with _at_the_start(self.client.tracking_uri):
            run = self._find(run_id)
            if run is None:
                return None
            self.client.update_run(run_id, status="RUNNING")
            if REASON in run.data.tags:
                self.client.delete_tag(run_id, REASON)
            history = self.client.get_metric_history
            return frozenset((name, point.step) for name in run.data.metrics for point in history(run_id, name))

    def _find(self, run_id: str) -> "Run | None":
        from mlflow import MlflowException

        try:
            run = self.client.get_run(run_id)
        except MlflowException as error:
            if error.error_code in REFUSALS:
                return None
            raise
        here = run.info.experiment_id == self.experiment_id and run.info.lifecycle_stage == "active"
        return run if here else None


def _prepare(folder: Path) -> str:
    """The store's address; `folder` is made if it lies in there. MLflow is told to be quiet, before it is imported."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # it warns of every attempt that it repeats
    if uri := os.environ.get("MLFLOW_TRACKING_URI"):
        return uri
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'mlflow.db'}"


def _client(uri: str) -> "MlflowClient":
    """A client of its own: MLflow's global state (current experiment, current run) is left alone."""
    try:
        from mlflow import MlflowClient
    except ModuleNotFoundError:
        raise ConfigurationError("Runs are tracked by MLflow, which is not installed: make install-training") from None
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def _at_the_start(uri: str) -> Iterator[None]:
    """Errors become one sentence, and a server that lets connections time out is found out in seconds."""
    before = os.environ[_TIMEOUT]
    os.environ[_TIMEOUT] = str(min(int(before), START_TIMEOUT_SECONDS))
    try:
        yield
    except ShelfwiseError:
        raise
    except Exception as error:
        raise Unavailable(f"The tracking store {_shown(uri)} cannot be used: {in_short(error)}") from error
    finally:
        os.environ[_TIMEOUT] = before


def _shown(uri: str) -> str:
    """The address without a user and password."""
    parts = urlsplit(uri)
    return uri if parts.username is None else uri.replace(parts.netloc, parts.netloc.rpartition("@")[2])
