"""One training run, as MLflow is told of it."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.bundle import Bundle
from training.tracking.errors import in_short, is_away
from training.tracking.origin import origin_tags
from training.tracking.outbox import Outbox
from training.tracking.store import REASON, Point, TrackingStore

if TYPE_CHECKING:
    from mlflow import MlflowClient

REGISTERED_MODEL = "shelfwise"
BUNDLE_ARTIFACT = "bundle"
# Limits of MLflow (mlflow/utils/validation.py).
PARAMETERS_AT_ONCE = 100
METRICS_AT_ONCE = 1000
LONGEST_PARAMETER = 6000
LONGEST_TAG = 8000
LONGEST_DIGEST = 36


class TrackedRun:
    """A run of the experiment. It listens to training as a Progress, and is told what training does not say.

    Nothing here raises because of the store: what cannot be sent waits in an outbox, and is sent when the store
    answers again or at the end of the run.
    """

    def __init__(
        self,
        client: "MlflowClient",
        run_id: str,
        warn: Callable[[str], None],
        known: frozenset[Point] = frozenset(),
    ) -> None:
        self.run_id = run_id
        self._client, self._warn, self._known = client, warn, set(known)
        self._outbox = Outbox(is_away, warn)

    def stage(self, title: str, total: int | None = None) -> None:
        """Stages are for people who wait."""

    def advance(self, steps: int) -> None:
        """Steps are for people who wait."""

    def epoch(self, model: str, number: int, figures: Mapping[str, float]) -> None:
        """Add a point to the curves `model/...`: one message for all figures of the epoch."""
        named = {f"{model}/{name}": value for name, value in figures.items()}
        new = {name: value for name, value in named.items() if (name, number) not in self._known}
        self._known.update((name, number) for name in new)
        self._send_metrics(new, step=number)

    def curves(self, model: str, history: Mapping[str, Sequence[float]]) -> None:
        """Add the points that the curves `model/...` lack: of epochs that a killed process had finished, but not told.

        `history` has a value for every epoch under each name.
        """
        for number, values in enumerate(zip(*history.values(), strict=True), start=1):
            self.epoch(model, number, dict(zip(history, values, strict=True)))

    def close(self) -> None:
        """Training is over; the run ends with its `with` block."""

    def params(self, values: Mapping[str, object]) -> None:
        """Write the configuration: nested mappings (`dataclasses.asdict`) become names with dots, like `text.units`."""
        from mlflow.entities import Param

        parameters = [Param(name, str(value)[:LONGEST_PARAMETER]) for name, value in flat(values)]
        for first in range(0, len(parameters), PARAMETERS_AT_ONCE):
            part = parameters[first : first + PARAMETERS_AT_ONCE]
            self._outbox.send(partial(self._log, params=part))

    def metrics(self, values: Mapping[str, float]) -> None:
        """Write final figures, like `test/fused/macro_f1`."""
        self._send_metrics(values, step=0)

    def tags(self, values: Mapping[str, str]) -> None:
        """Write tags: what may change later, or is no parameter of training."""
        from mlflow.entities import RunTag

        tags = [RunTag(name, value[:LONGEST_TAG]) for name, value in values.items()]
        self._outbox.send(lambda: self._log(tags=tags))

    def dataset(self, name: str, fingerprint: str, rows: Mapping[str, int]) -> None:
        """Write what is trained on: `rows` counts each split's products, `fingerprint` is SHA-256 over all of them."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        profile = json.dumps({"num_rows": sum(rows.values()), **{f"{split}_rows": n for split, n in rows.items()}})
        dataset = Dataset(
            name=name,
            digest=fingerprint[:LONGEST_DIGEST],
            source_type="shelfwise",
            source=json.dumps({"name": name, "fingerprint": fingerprint}),
            profile=profile,
        )
        inputs = [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])]
        self._outbox.send(lambda: self._client.log_inputs(self.run_id, inputs))
        self.tags({"dataset": name, "fingerprint": fingerprint})

    def artifacts(self, folder: Path, path: str) -> None:
        """Copy the files of `folder` to `path` among the run's artifacts. They must stay until the run has ended."""
        self._outbox.send(lambda: self._client.log_artifacts(self.run_id, str(folder), path))

    def register(self, bundle: Bundle) -> None:
        """Copy the bundle to the run's artifacts and register it as a new version of the model `shelfwise`.

        The folder must stay until the run has ended. A version that this run has registered before stays the one.
        """
        self.artifacts(bundle.folder, BUNDLE_ARTIFACT)
        self._outbox.send(lambda: self._register(bundle))

    def end(self, status: str, reason: str = "") -> None:
        """Send what waits, then say that the run is over: FINISHED, FAILED or KILLED, with the reason in a tag."""
        if reason:
            self.tags({REASON: reason})
        self._outbox.close()
        if self._outbox.lost:
            self._warn(f"{self._outbox.lost} messages to the tracking store are lost; run {self.run_id} is incomplete.")
        try:
            self._client.set_terminated(self.run_id, status)
        except Exception as error:
            self._warn(f"The tracking store could not be told that the run is over: {in_short(error)}")

    def _send_metrics(self, values: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        metrics = [Metric(name, float(value), now, step) for name, value in values.items()]
        for first in range(0, len(metrics), METRICS_AT_ONCE):
            part = metrics[first : first + METRICS_AT_ONCE]
            self._outbox.send(partial(self._log, metrics=part), dispensable=step > 0)

    def _log(self, **parts: Any) -> None:
        self._client.log_batch(self.run_id, **parts)

    def _register(self, bundle: Bundle) -> None:
        client, manifest = self._client, bundle.manifest
        if client.search_model_versions(f"name = '{REGISTERED_MODEL}' and run_id = '{self.run_id}'"):
            return
        if not client.search_registered_models(f"name = '{REGISTERED_MODEL}'"):
            client.create_registered_model(REGISTERED_MODEL, description="Bundles that Shelfwise has trained.")
        client.create_model_version(
            REGISTERED_MODEL,
            source=f"{client.get_run(self.run_id).info.artifact_uri}/{BUNDLE_ARTIFACT}",
            run_id=self.run_id,
            tags={"version": manifest.version, "fingerprint": manifest.data.fingerprint},
            description=f"Bundle {manifest.version}, trained on {manifest.data.name}.",
            await_creation_for=0,
        )


@contextmanager
def tracked_run(
    data_dir: Path, run_name: str, *, resume: str | None = None, warn: Callable[[str], None] | None = None
) -> Iterator[TrackedRun]:
    """A run that begins now and ends with the block: FINISHED, KILLED when it is interrupted, FAILED by any error.

    `resume` is the id of a run that was cut short and goes on; if it is not there any more, a new one begins. `warn`
    is told in a sentence what could not be tracked (standard error unless given).

    Raises ConfigurationError when MLflow is not installed and Unavailable when the store cannot be used, both before
    the block is entered. Later trouble with the store never raises.
    """
    run = _open_run(data_dir, run_name, resume, warn if warn is not None else _to_standard_error)
    try:
        yield run
    except (KeyboardInterrupt, SystemExit) as error:
        run.end("KILLED", f"{type(error).__name__} {error}".strip())
        raise
    except BaseException as error:
        run.end("FAILED", f"{type(error).__name__}: {error}")
        raise
    run.end("FINISHED")


def flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Names with dots and values of a nested mapping, in order."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _open_run(data_dir: Path, run_name: str, resume: str | None, warn: Callable[[str], None]) -> TrackedRun:
    store = TrackingStore.open(data_dir)
    known = store.resume(resume) if resume is not None else None
    if resume is not None and known is not None:
        return TrackedRun(store.client, resume, warn, known)
    return TrackedRun(store.client, store.begin(run_name, origin_tags()), warn)


def _to_standard_error(sentence: str) -> None:
    print(sentence, file=sys.stderr)
