"""`shelfwise train`, as a data scientist runs it: files in, a bundle out; killed on the way; kept back by the gate."""

import importlib.util
import json
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from cli.labelled_data import require_training_extra
from shared.bundle import Bundle
from shared.bundles import Release, active_version, release_of
from shared.database import Database
from shared.errors import InvalidInput
from shared.settings import load_settings
from tests.cli.command import shelfwise
from tests.support.catalogues import write_photo, write_rakuten
from tests.support.waiting import wait_for
from training.demo.catalogue import demo_catalogue

CATEGORIES = 5
ROWS = 8  # of each category


@dataclass(frozen=True)
class Workplace:
    """A data folder, and what one command in it is told each time."""

    catalogue: Path
    data_dir: Path

    def command(self, *more: str) -> list[str]:
        options = ["--data", str(self.catalogue), "--vgg16-weights", "none", "--data-dir", str(self.data_dir)]
        return [sys.executable, "-m", "cli", "train", *options, "--json", str(self.summary_file), *more]

    def train(self, *more: str) -> subprocess.CompletedProcess[str]:
        self.summary_file.unlink(missing_ok=True)
        return subprocess.run(self.command(*more), capture_output=True, text=True, timeout=300, check=False)

    @property
    def summary_file(self) -> Path:
        return self.data_dir.parent / f"{self.data_dir.name}.json"

    @property
    def summary(self) -> dict[str, Any]:
        return dict(json.loads(self.summary_file.read_text()))

    @property
    def active(self) -> str | None:
        with closing(Database(load_settings(data_dir=self.data_dir).database)) as database, database.read() as reading:
            return active_version(reading)

    def release(self, version: str) -> Release:
        with closing(Database(load_settings(data_dir=self.data_dir).database)) as database, database.read() as reading:
            return release_of(reading, version)

    @property
    def tracked(self) -> MlflowClient:
        return MlflowClient(f"sqlite:///{self.data_dir / 'mlflow' / 'mlflow.db'}")


@dataclass(frozen=True)
class Trained(Workplace):
    """What the first training there came to, and how many runs MLflow had by then."""

    first: dict[str, Any]
    runs: int


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few categories of the demo catalogue, in Rakuten's layout."""
    folder = tmp_path_factory.mktemp("files") / "cat"
    products = demo_catalogue(11, ROWS)
    codes = sorted({product.code for product in products})[:CATEGORIES]
    chosen = [product for product in products if product.code in codes]
    rows = [(row, each.designation, each.description or "", row, 7) for row, each in enumerate(chosen)]
    write_rakuten(folder, rows, [(row, each.code) for row, each in enumerate(chosen)])
    for row, each in enumerate(chosen):
        assert each.photo is not None
        write_photo(folder, 7, row, each.photo.read())
    return folder


@pytest.fixture(scope="module")
def trained(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Trained and activated, in two tries: the first was killed while it fitted the text model."""
    workplace = Workplace(catalogue, tmp_path_factory.mktemp("trained") / "data")
    with subprocess.Popen(workplace.command("--activate"), stdout=subprocess.DEVNULL) as first:
        wait_for(lambda: list(workplace.data_dir.glob("training/*/work/text.npz")), 120, "an epoch of the text model")
        first.send_signal(signal.SIGKILL)
    done = workplace.train("--activate")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    experiment = workplace.tracked.get_experiment_by_name("ecommerce_classification")
    assert experiment is not None
    runs = workplace.tracked.search_runs([experiment.experiment_id])
    return Trained(catalogue, workplace.data_dir, workplace.summary, len(runs))


def test_a_dry_run_says_what_it_would_do_and_leaves_no_bundle_and_no_run(catalogue: Path, tmp_path: Path) -> None:
    workplace = Workplace(catalogue, tmp_path / "data")
    done = workplace.train("--dry-run", "--epochs", "3")
    assert done.returncode == 0, done.stderr
    assert f"{CATEGORIES * ROWS} rows read, {CATEGORIES * ROWS} usable in {CATEGORIES} categories" in done.stdout
    assert "text model" in done.stdout
    assert "3 epochs of 1 steps" in done.stdout
    assert "together" in done.stdout
    assert not list(workplace.data_dir.glob("training/*"))
    assert not (workplace.data_dir / "mlflow").exists()
    assert not list(workplace.data_dir.glob("store/bundles/*"))
    assert not workplace.summary_file.exists()


def test_a_killed_run_goes_on_as_the_same_run_with_every_epoch_once(trained: Trained) -> None:
    run = trained.tracked.get_run(trained.first["mlflow_run_id"])
    assert (run.info.status, trained.runs) == ("FINISHED", 1)
    for curve in ("words/val_loss", "text/val_loss", "head/val_loss"):
        steps = sorted(point.step for point in trained.tracked.get_metric_history(run.info.run_id, curve))
        assert steps == list(range(1, len(steps) + 1))
        assert steps


def test_mlflow_has_configuration_figures_data_report_bundle_and_model(trained: Trained, tmp_path: Path) -> None:
    run = trained.tracked.get_run(trained.first["mlflow_run_id"])
    release = trained.release(trained.first["version"])
    assert run.data.params["seed"] == "7"
    assert run.data.params["head_fit.class_weights"] == "sqrt"
    assert run.data.metrics["test/fused/macro_f1"] == pytest.approx(release.manifest.metrics.fused.macro_f1)
    assert "test/baseline/macro_f1" in run.data.metrics
    assert (run.data.tags["fingerprint"], run.data.tags["version"]) == (
        release.manifest.data.fingerprint,
        trained.first["version"],
    )
    assert run.inputs.dataset_inputs[0].dataset.name == "cat"
    report = Path(trained.tracked.download_artifacts(run.info.run_id, "report", str(tmp_path)))
    assert (report / "curves.png").read_bytes() == (Path(trained.first["report"]) / "curves.png").read_bytes()
    bundle = Path(trained.tracked.download_artifacts(run.info.run_id, "bundle", str(tmp_path)))
    assert Bundle.open(bundle).manifest == release.manifest
    (model,) = trained.tracked.search_model_versions(f"run_id = '{run.info.run_id}'")
    assert (model.name, model.tags["version"]) == ("shelfwise", trained.first["version"])


def test_a_finished_run_leaves_its_report_and_nothing_of_its_work(trained: Trained) -> None:
    report = Path(trained.first["report"])
    assert report.parent.parent == trained.data_dir / "training"
    assert {path.name for path in report.parent.iterdir()} == {"lock", "report"}
    assert {path.name for path in report.iterdir()} == {
        *("report.md", "metrics.json", "per_class.csv", "confusion.csv", "predictions.csv"),
        *("confusion.png", "confusion_text.png", "confusion_image.png"),
        *("class_scores.png", "reliability.png", "coverage.png"),
        *("curves.png", "class_mix.png", "fusion_weight.png"),
    }


def test_the_bundle_was_published_with_its_baseline_and_activated(trained: Trained) -> None:
    release = trained.release(trained.first["version"])
    assert (release.activated_at is not None, trained.first["activated"]) == (True, True)
    assert release.manifest.metrics.baseline is not None
    assert release.manifest.data.name == "cat"


def test_a_worse_bundle_is_published_and_kept_back_unless_it_is_forced(trained: Trained) -> None:
    best = trained.first["version"]
    worse = ("--activate", "--epochs", "1", "--seed", "8")  # and the active one has learnt from most of its test rows
    done = trained.train(*worse)
    summary = trained.summary
    assert done.returncode == 1
    assert f"Not activated: {summary['version']} has macro-F1" in done.stderr
    assert (summary["gate"]["passes"], summary["activated"]) == (False, False)
    assert summary["gate"]["macro_f1"] < summary["gate"]["active_macro_f1"]
    assert summary["gate"]["active"] == best == trained.active
    assert not trained.release(summary["version"]).active

    forced = trained.train(*worse, "--force")
    assert forced.returncode == 0, forced.stderr
    assert trained.active == trained.summary["version"] == summary["version"]
    assert (trained.summary["gate"]["passes"], trained.summary["activated"]) == (False, True)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 1, "Name the data by either --data or --from-service."),
        (["--data", "nowhere"], 1, "nowhere"),
        (["--data", ".", "--force"], 1, "--force belongs to --activate."),
        (["--data", ".", "--vgg16-weights", "nowhere.h5"], 1, "There is no file of VGG16 weights at nowhere.h5"),
        (["--data", ".", "--fine-tune", "6"], 2, "less than or equal to 5"),
        (["--data", ".", "--seed", "-1"], 2, "greater than or equal to 0"),
        (["--data", ".", "--split", "by-hand"], 2, "'by-hand' is not one of"),
    ],
)
def test_the_command_says_what_is_wrong_with_it(arguments: list[str], status: int, said: str, tmp_path: Path) -> None:
    done = shelfwise("train", *arguments, "--data-dir", tmp_path)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_shares_that_leave_nothing_to_train_on_are_refused(catalogue: Path, tmp_path: Path) -> None:
    done = shelfwise("train", "--data", catalogue, "--validation", 0.5, "--test", 0.5, "--data-dir", tmp_path)
    assert done.returncode == 1
    assert "--validation and --test must be shares above 0 that leave something to train on." in done.stderr


def test_weights_that_are_none_are_one_sentence(catalogue: Path, tmp_path: Path) -> None:
    (tmp_path / "weights.h5").write_text("no weights")
    done = shelfwise("train", "--data", catalogue, "--vgg16-weights", tmp_path / "weights.h5", "--data-dir", tmp_path)
    assert done.returncode == 1
    assert "cannot be loaded; name a file of weights without top, or none." in done.stderr
    assert "Traceback" not in done.stderr


def test_another_file_where_the_report_goes_is_found_before_training(trained: Trained) -> None:
    notes = Path(trained.first["report"]) / "notes.txt"
    notes.write_text("mine")
    done = trained.train()
    notes.unlink()
    assert done.returncode == 1
    assert "is no report that could be replaced" in done.stderr
    assert "words model" not in done.stdout


def test_what_is_asked_for_is_what_is_configured() -> None:
    from cli.train import Wishes, _config

    wishes = Wishes(epochs=3, fine_tune=2, split="random", validation=0.3, test=0.1, seed=5, class_weights="balanced")
    config = _config(wishes, "imagenet", 400)
    assert (config.fine_tune_blocks, config.split, config.seed) == (2, "random", 5)
    assert (config.validation_share, config.test_share) == (0.3, 0.1)
    for fit in (config.words_fit, config.text_fit, config.head_fit, config.fine_tune_fit):
        assert (fit.planned_epochs(10**6), fit.class_weights) == (3, "balanced")
    many = _config(Wishes(), None, 10_000)
    assert (many.validation_share, many.test_share, many.weights) == (0.1, 0.1, None)


def test_without_the_training_packages_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "mlflow" else found(name))
    with pytest.raises(InvalidInput, match="make install-training"):
        require_training_extra()
