"""Against MLflow's store in the data folder, and against a real MLflow server."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from shared.bundle import Bundle
from shared.errors import Unavailable
from tests.support.bundles import fake_bundle
from tests.support.tracking import TrackingServer
from training.config import TrainingConfig
from training.demo.catalogue import demo_catalogue
from training.tracking import TrackedRun, tracked_run
from training.tracking.origin import git_commit
from training.train import train_bundle

ROOT = Path(__file__).parents[2]
FINGERPRINT = "0123456789abcdef" * 4


@dataclass(frozen=True)
class Tracked:
    """A data folder whose runs go to a store, and a client of our own that looks into the store."""

    data_dir: Path
    client: MlflowClient

    def runs(self, name: str) -> list[Run]:
        experiment = self.client.get_experiment_by_name("ecommerce_classification")
        assert experiment is not None
        return list(self.client.search_runs([experiment.experiment_id], f"attributes.run_name = '{name}'"))

    def curve(self, run: TrackedRun, name: str) -> list[tuple[int, float]]:
        points = self.client.get_metric_history(run.run_id, name)
        return sorted((point.step, point.value) for point in points)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingServer]:
    started = TrackingServer(tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests: MLflow needs seconds to make its tables."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def local(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Tracked:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    uri = f"sqlite:///{data_dir}/mlflow/mlflow.db"
    return Tracked(data_dir, MlflowClient(tracking_uri=uri, registry_uri=uri))


@pytest.fixture
def served(server: TrackingServer, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Tracked:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    return Tracked(data_dir, MlflowClient(tracking_uri=server.url, registry_uri=server.url))


@pytest.fixture(params=["local", "served"])
def tracked(request: pytest.FixtureRequest) -> Tracked:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Tracked)
    return found


def test_a_run_holds_all_that_it_was_told(tracked: Tracked, tmp_path: Path) -> None:
    bundle = fake_bundle(tmp_path / "bundle", "whole-1")
    report = tmp_path / "report"
    report.mkdir()
    (report / "text_loss.png").write_bytes(b"a plot")

    with tracked_run(tracked.data_dir, "whole") as run:
        run.params(asdict(replace(TrainingConfig.tiny(), weights=Path("w" * 7000))))
        for number in (1, 2, 3):
            run.epoch("text", number, {"loss": 1 / number, "val_loss": 2 / number})
        run.dataset("my catalogue", FINGERPRINT, {"train": 60, "validation": 20, "test": 20})
        run.metrics({"test/fused/macro_f1": 0.75})
        run.artifacts(report, "report")
        run.register(bundle)

    [kept] = tracked.runs("whole")
    assert kept.info.run_id == run.run_id
    assert kept.info.status == "FINISHED"
    assert kept.data.params["seed"] == "7"
    assert kept.data.params["text.max_tokens"] == "16"
    assert kept.data.params["weights"] == "w" * 6000
    assert kept.data.metrics["test/fused/macro_f1"] == 0.75
    assert kept.data.tags["fingerprint"] == FINGERPRINT
    assert kept.data.tags["library.keras"] == keras.__version__
    assert tracked.curve(run, "text/val_loss") == [(1, 2.0), (2, 1.0), (3, 2 / 3)]
    [used] = kept.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("my catalogue", FINGERPRINT[:36])
    assert used.dataset.profile == '{"num_rows": 100, "train_rows": 60, "validation_rows": 20, "test_rows": 20}'
    [plot] = tracked.client.list_artifacts(run.run_id, "report")
    assert plot.path == "report/text_loss.png"
    folder = tracked.client.download_artifacts(run.run_id, "bundle", str(tmp_path))
    assert Bundle.open(Path(folder)).manifest == bundle.manifest
    [registered] = tracked.client.search_model_versions(f"run_id = '{run.run_id}'")
    assert registered.name == "shelfwise"
    assert registered.tags == {"version": "whole-1", "fingerprint": bundle.manifest.data.fingerprint}
    assert registered.source == f"{kept.info.artifact_uri}/bundle"


def test_more_parameters_than_mlflow_takes_at_once_are_all_written(tracked: Tracked) -> None:
    with tracked_run(tracked.data_dir, "many") as run:
        run.params({"many": {f"parameter_{number:03}": number for number in range(250)}})
    [kept] = tracked.runs("many")
    assert len(kept.data.params) == 250
    assert kept.data.params["many.parameter_249"] == "249"


def test_each_registered_bundle_is_a_new_version_of_one_model(tracked: Tracked, tmp_path: Path) -> None:
    versions = []
    for name in ("first", "second"):
        with tracked_run(tracked.data_dir, name) as run:
            run.register(fake_bundle(tmp_path / name, name))
        [registered] = tracked.client.search_model_versions(f"run_id = '{run.run_id}'")
        versions.append(int(registered.version))
    assert versions[1] == versions[0] + 1


def run_and_interrupt(data_dir: Path, name: str, bundle: Bundle) -> None:
    with tracked_run(data_dir, name) as run:
        run.params({"seed": 7})
        run.epoch("text", 1, {"loss": 3.0})
        run.epoch("text", 2, {"loss": 2.0})
        run.register(bundle)
        raise KeyboardInterrupt


def test_a_run_that_goes_on_is_the_same_run_and_has_every_epoch_once(tracked: Tracked, tmp_path: Path) -> None:
    bundle = fake_bundle(tmp_path / "bundle", "resumed-1")
    with pytest.raises(KeyboardInterrupt):
        run_and_interrupt(tracked.data_dir, "resumed", bundle)
    [kept] = tracked.runs("resumed")
    assert kept.info.status == "KILLED"
    assert kept.data.tags["reason"] == "KeyboardInterrupt"

    with tracked_run(tracked.data_dir, "resumed", resume=kept.info.run_id) as run:
        run.params({"seed": 7})
        for number, loss in ((1, 3.0), (2, 2.0), (3, 1.0)):
            run.epoch("text", number, {"loss": loss})
        run.register(bundle)

    [kept] = tracked.runs("resumed")
    assert kept.info.run_id == run.run_id
    assert kept.info.status == "FINISHED"
    assert "reason" not in kept.data.tags
    assert tracked.curve(run, "text/loss") == [(1, 3.0), (2, 2.0), (3, 1.0)]
    assert len(tracked.client.search_model_versions(f"run_id = '{run.run_id}'")) == 1


def test_a_run_that_is_not_there_any_more_begins_anew(tracked: Tracked) -> None:
    with tracked_run(tracked.data_dir, "deleted") as deleted:
        pass
    tracked.client.delete_run(deleted.run_id)
    for gone in (deleted.run_id, "0" * 32):
        with tracked_run(tracked.data_dir, "anew", resume=gone) as run:
            assert run.run_id != gone
    assert len(tracked.runs("anew")) == 2


def test_a_run_that_fails_says_so_and_why(tracked: Tracked) -> None:
    with pytest.raises(ValueError, match="too few"), tracked_run(tracked.data_dir, "failed"):
        raise ValueError("The rows are too few.")
    [kept] = tracked.runs("failed")
    assert kept.info.status == "FAILED"
    assert kept.data.tags["reason"] == "ValueError: The rows are too few."


def test_a_refused_value_is_told_of_and_the_rest_is_kept(tracked: Tracked) -> None:
    said: list[str] = []
    with tracked_run(tracked.data_dir, "refused", warn=said.append) as run:
        run.params({"seed": 7})
        run.params({"seed": 8})  # MLflow lets no parameter change
        run.metrics({"test/fused/macro_f1": 0.5})
    [kept] = tracked.runs("refused")
    assert kept.data.params == {"seed": "7"}
    assert kept.data.metrics == {"test/fused/macro_f1": 0.5}
    assert said[0].startswith("The tracking store refused what it was sent: ")
    assert said[1] == f"1 messages to the tracking store are lost; run {run.run_id} is incomplete."


@dataclass(frozen=True)
class Outage:
    """Two runs in whose middle the server went away: one ended after it had come back, one before."""

    patient: TrackedRun
    said_to_patient: list[str]
    hasty: TrackedRun
    said_to_hasty: list[str]


@pytest.fixture(scope="module")
def outage(server: TrackingServer, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Outage:
    """One for two tests: a server needs many seconds to start."""
    bundle = fake_bundle(tmp_path_factory.mktemp("outage") / "bundle", "patient-1")
    to_patient, to_hasty = list[str](), list[str]()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_URI", server.url)
        with tracked_run(data_dir, "patient", warn=to_patient.append) as patient:
            patient.epoch("text", 1, {"loss": 3.0})
            try:
                with tracked_run(data_dir, "hasty", warn=to_hasty.append) as hasty:
                    server.stop()
                    hasty.epoch("text", 1, {"loss": 3.0})
                    hasty.metrics({"test/fused/macro_f1": 0.5})
                for number in range(2, 50):
                    patient.epoch("text", number, {"loss": 3.0 / number})
                patient.register(bundle)
            finally:
                server.start()
    return Outage(patient, to_patient, hasty, to_hasty)


def test_a_server_that_comes_back_gets_all_that_it_missed(outage: Outage, served: Tracked) -> None:
    assert [step for step, _ in served.curve(outage.patient, "text/loss")] == list(range(1, 50))
    [kept] = served.runs("patient")
    assert kept.info.status == "FINISHED"
    assert len(served.client.search_model_versions(f"run_id = '{outage.patient.run_id}'")) == 1
    assert outage.said_to_patient == [
        "The tracking store does not answer; training goes on, and what is to be tracked waits."
    ]


def test_a_run_that_ends_without_its_server_says_what_is_lost(outage: Outage) -> None:
    assert outage.said_to_hasty == [
        "The tracking store does not answer; training goes on, and what is to be tracked waits.",
        f"2 messages to the tracking store are lost; run {outage.hasty.run_id} is incomplete.",
        "The tracking store could not be told that the run is over: nothing listens there.",
    ]


def test_a_server_that_cannot_be_reached_stops_the_run_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://somebody:password@127.0.0.1:1")
    with pytest.raises(Unavailable) as refused, tracked_run(tmp_path, "never"):
        pytest.fail("the block was entered")
    assert refused.value.message == "The tracking store http://127.0.0.1:1 cannot be used: nothing listens there."


@pytest.mark.parametrize("address", ["nonsense://somewhere", "sqlite:////proc/no/such/folder/mlflow.db"])
def test_an_address_that_is_no_store_is_told_of_in_one_sentence(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    with pytest.raises(Unavailable) as refused, tracked_run(tmp_path, "never"):
        pytest.fail("the block was entered")
    assert refused.value.message.startswith(f"The tracking store {address} cannot be used: ")
    assert "\n" not in refused.value.message


def test_the_commit_is_that_of_this_work_tree_and_of_no_other(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", "Nothing"], check=True)
    (tmp_path / "installed").mkdir()
    commit = git_commit(tmp_path)
    assert commit is not None
    assert len(commit) == 40
    assert git_commit(tmp_path / "installed") is None


SILENT_RUN = """
from pathlib import Path
from training.tracking import tracked_run
folder = Path({folder!r})
(folder / "report").mkdir()
(folder / "report" / "plot.png").write_bytes(b"a plot")
with tracked_run(folder, "silent") as run:
    run.epoch("text", 1, {{"loss": 1.0}})
    run.artifacts(folder / "report", "report")
"""


def test_mlflow_says_nothing_on_the_terminal(tmp_path: Path) -> None:
    # In a process of its own and with a new store: MLflow speaks when it is imported and when it makes its tables.
    script = SILENT_RUN.format(folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_real_training_writes_the_curves_of_its_models(local: Tracked, tmp_path: Path) -> None:
    config = TrainingConfig.tiny()
    with tracked_run(local.data_dir, "real") as run:
        done = train_bundle(
            demo_catalogue(1, 6),
            config,
            tmp_path / "bundle",
            name="demo catalogue",
            demo=True,
            cache=tmp_path / "cache",
            progress=run,
        )
        run.register(Bundle.open(tmp_path / "bundle"))
    curve = local.curve(run, "text/val_loss")
    assert [step for step, _ in curve] == list(range(1, len(curve) + 1))
    assert 1 <= len(curve) <= config.text_fit.epochs
    [registered] = local.client.search_model_versions(f"run_id = '{run.run_id}'")
    assert registered.tags["version"] == done.manifest.version
