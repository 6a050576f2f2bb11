"""A whole training run: estimate, train, evaluate, judge, report, track, publish.

Everything of a run lies in one folder named after its data and configuration, so that the same command goes on
where an earlier one was killed:

    <data_dir>/training/<name>-<fingerprint>/
        work/         checkpoints of the fits, until the bundle is complete
        bundle/       the bundle, until it is published
        report/       what came of it, for people
        mlflow_run    the id of the run in MLflow, until the bundle is published
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from shared.bundle import Bundle
from shared.database import Database
from shared.releases import publish
from shared.settings import Settings
from shared.store import ObjectStore
from training.baseline import baseline_scores
from training.bundle_answers import BundleAnswers, ask
from training.config import TrainingConfig
from training.datasets import Dataset
from training.estimate import Estimate, estimate_run
from training.export import slug
from training.gate import Verdict, judge
from training.products import fingerprint
from training.progress import Progress, Several, console_progress
from training.report import Report, TrainingCourse, require_report_folder
from training.run_folder import BUNDLE, REPORT, WORK, forget_abandoned, held, remove_work
from training.tracking import TrackedRun, tracked_run
from training.train import TrainedRun, train_bundle


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. The bundle is published, and not active yet."""

    trained: TrainedRun
    report: Report
    report_folder: Path
    verdict: Verdict
    mlflow_run_id: str

    @property
    def version(self) -> str:
        """The new bundle's version."""
        return self.trained.manifest.version

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each part of the split has."""
        data = self.trained.manifest.data
        return {"train": data.train_rows, "validation": data.validation_rows, "test": data.test_rows}

    def to_dict(self) -> dict[str, Any]:
        """For programs: version, mlflow_run_id, rows, metrics of each model, gate (a verdict), report (its folder)."""
        return {
            "version": self.version,
            "mlflow_run_id": self.mlflow_run_id,
            "rows": self.rows,
            "metrics": self.report.to_dict()["figures"],
            "gate": self.verdict.to_dict(),
            "report": str(self.report_folder),
        }


class TrainingRun:
    """One configuration on one data set, in a folder of its own, on which only one process at a time works."""

    def __init__(
        self, settings: Settings, database: Database, store: ObjectStore, dataset: Dataset, config: TrainingConfig
    ) -> None:
        self._settings, self._database, self._store = settings, database, store
        self._dataset, self._config = dataset, config
        self._caches = settings.data_dir / "cache"
        identity = sha256(f"{dataset.name} {fingerprint(dataset.products)} {config!r}".encode()).hexdigest()[:12]
        self.folder = settings.data_dir / "training" / f"{slug(dataset.name)}-{identity}"

    def estimate(self) -> Estimate:
        """How long it will take, measured on its first steps. Raises InvalidInput when there is too little data."""
        return estimate_run(self._dataset.products, self._config, self._caches / "features", baseline_scores)

    def finish(self) -> Outcome:
        """Train, or go on with what was begun, until the bundle is published.

        Raises InvalidInput when there is too little data, or something else than a report where the report goes;
        Conflict while another process works on the same run; Unavailable when the tracking store cannot be used.
        """
        forget_abandoned(self.folder.parent)
        require_report_folder(self.folder / REPORT)
        with held(self.folder), self._tracked() as tracked:
            progress = Several(console_progress(), tracked)
            try:
                trained = self._train(progress)
                bundle = Bundle.open(trained.folder)
                outcome = self._judge(trained, bundle, tracked.run_id, progress)
                self._track(tracked, outcome, bundle)
            finally:
                progress.close()
            publish(self._database, self._store, bundle, activated=False)
        remove_work(self.folder)  # MLflow has copied the bundle by now
        (self.folder / "mlflow_run").unlink(missing_ok=True)
        return outcome

    def _train(self, progress: Progress) -> TrainedRun:
        folder = self.folder / BUNDLE
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed before it was published
        return train_bundle(
            self._dataset.products,
            self._config,
            folder,
            name=self._dataset.name,
            demo=False,
            cache=self._caches / "features",
            work=self.folder / WORK,
            taxonomy=self._dataset.taxonomy,
            progress=progress,
            baseline=baseline_scores,
        )

    def _judge(self, trained: TrainedRun, bundle: Bundle, mlflow_run_id: str, progress: Progress) -> Outcome:
        """Ask the new bundle, the baseline and the active bundle about the test rows, and write the report."""
        progress.stage("evaluation")
        taxonomy = self._dataset.taxonomy
        precision = self._settings.precision
        answers = ask(bundle, trained.split.test, taxonomy, self._caches / "features", progress, precision)
        verdict = judge(
            trained.manifest.version, answers, taxonomy, self._database, self._store, self._caches, progress, precision
        )
        progress.stage("report")
        report = self._report(trained, answers, verdict)
        report.write(self.folder / REPORT)
        return Outcome(trained, report, self.folder / REPORT, verdict, mlflow_run_id)

    def _report(self, trained: TrainedRun, answers: BundleAnswers, verdict: Verdict) -> Report:
        lines = self._dataset.report.lines()
        unread = trained.broken_photos + trained.gone_photos
        if unread:
            lines.append(f"photos that could not be decoded or read: {unread:,}")
        return Report(
            manifest=trained.manifest,
            answers=answers,
            data_name=f"the test split of {self._dataset.name}",
            baseline=trained.baseline_of(answers.products),
            course=TrainingCourse(trained.split, trained.histories, trained.validation, lines),
            notes=[verdict.reason],
        )

    def _track(self, tracked: TrackedRun, outcome: Outcome, bundle: Bundle) -> None:
        for model, history in outcome.trained.histories.items():
            tracked.curves(model, history)
        data = bundle.manifest.data
        tracked.dataset(data.name, data.fingerprint, outcome.rows)
        figures = outcome.to_dict()["metrics"]
        tracked.metrics(
            {f"test/{model}/{name}": value for model, named in figures.items() for name, value in named.items()}
        )
        tracked.tags({"version": outcome.version, "gate": outcome.verdict.reason})
        tracked.artifacts(outcome.report_folder, "report")
        tracked.register(bundle)

    @contextmanager
    def _tracked(self) -> Iterator[TrackedRun]:
        """The run in MLflow; a run that goes on, goes on there too."""
        noted = self.folder / "mlflow_run"
        resume = noted.read_text() if noted.exists() else None
        with tracked_run(self._settings.data_dir, self.folder.name, resume=resume) as tracked:
            noted.write_text(tracked.run_id)
            if tracked.run_id != resume:
                tracked.params(asdict(self._config))
            yield tracked
