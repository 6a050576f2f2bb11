"""The DAG as Airflow reads it, and runs of it that train, gate and activate for real on demo products."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from stage import Airflow, Ran, Service

from training.demo.catalogue import demo_catalogue

CATEGORIES = (10, 1160, 1281, 1560)
PER_CATEGORY = 15
QUICK = ["--vgg16-weights", "none"]
# One epoch on a fifth of the rows, tested on many that the bundle before learned from.
WORSE = [*QUICK, "--epochs", "1", "--validation", "0.3", "--test", "0.5", "--seed", "8"]
DESCRIPTION = """
import json
import airflow
from airflow.dag_processing.dagbag import DagBag

dags = DagBag().dags
dag = dags["shelfwise_retrain"]
print(json.dumps({
    "airflow is the installed one": "site-packages" in airflow.__file__,
    "dags": list(dags),
    "following": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
    "without an end": [task.task_id for task in dag.tasks if task.execution_timeout is None],
    "params": dag.params.dump(),
    "schedule": dag.timetable.expression,
    "catchup": dag.catchup,
    "runs at once": dag.max_active_runs,
}))
"""

Interval = tuple[datetime, datetime]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return Service(tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory, service: Service) -> Airflow:
    return Airflow(tmp_path_factory.mktemp("airflow"), service)


@pytest.fixture(scope="module")
def interval(service: Service) -> Interval:
    """An interval in which demo products were labelled."""
    service.label(product for product in demo_catalogue(3, PER_CATEGORY) if product.code in CATEGORIES)
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    return end - timedelta(days=7), end


@pytest.fixture(scope="module")
def evaluation_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled products that nothing is trained on."""
    path = tmp_path_factory.mktemp("evaluation") / "products.csv"
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["designation", "description", "prdtypecode"])
        for product in demo_catalogue(4, 3):
            if product.code in CATEGORIES:
                table.writerow([product.designation, product.description, product.code])
    return path


@pytest.fixture(scope="module")
def first(airflow: Airflow, interval: Interval) -> Ran:
    """The first run on that interval."""
    return airflow.retrain(*interval, train_arguments=QUICK)


@pytest.fixture(scope="module")
def held_back(first: Ran, airflow: Airflow, interval: Interval) -> Ran:
    """A second training on it that yields a worse bundle."""
    return airflow.retrain(*interval, train_arguments=WORSE)


@pytest.fixture(scope="module")
def forced(held_back: Ran, airflow: Airflow, interval: Interval, evaluation_data: Path) -> Ran:
    """The same once more, with `force`, and with other labelled data to evaluate on."""
    return airflow.retrain(*interval, train_arguments=WORSE, force=True, evaluation_data=str(evaluation_data))


def test_airflow_reads_the_folder_without_errors(airflow: Airflow) -> None:
    listed = airflow.call("airflow", "dags", "list-import-errors", "--output", "json")

    assert json.loads(listed.splitlines()[-1]) == []


def test_the_dag_is_what_the_documentation_says(airflow: Airflow) -> None:
    described = json.loads(airflow.call("python", "-c", DESCRIPTION).splitlines()[-1])

    assert described == {
        "airflow is the installed one": True,  # and not the project's folder of that name
        "dags": ["shelfwise_retrain"],
        "following": {
            "check_labels": ["train"],
            "train": ["evaluate"],
            "evaluate": ["gate"],
            "gate": ["activate"],
            "activate": ["report"],
            "report": [],
        },
        "without an end": [],
        "params": {
            "since": None,
            "until": None,
            "minimum_new_labels": 1,
            "train_arguments": [],
            "evaluation_data": None,
            "force": False,
        },
        "schedule": "0 0 * * 0",
        "catchup": False,
        "runs at once": 1,
    }


def test_new_labels_become_the_active_bundle(first: Ran, service: Service) -> None:
    assert (first.status, first.report["outcome"]) == (0, "activated"), first.log
    assert first.report["labels"]["new"] == PER_CATEGORY * len(CATEGORIES)
    assert first.active == first.report["training"]["version"]
    assert service.published() == {first.active}


def test_the_same_interval_is_not_trained_on_twice(
    first: Ran, airflow: Airflow, interval: Interval, service: Service
) -> None:
    again = airflow.retrain(*interval, train_arguments=QUICK)

    assert again.status == 0, again.log
    assert again.report == first.report
    assert "nothing is trained again" in again.log
    assert service.published() == {first.active}


def test_an_interval_without_new_labels_trains_nothing(first: Ran, airflow: Airflow, service: Service) -> None:
    quiet = airflow.retrain(datetime(2020, 2, 2, tzinfo=UTC), datetime(2020, 2, 9, tzinfo=UTC))

    assert (quiet.status, quiet.report["outcome"]) == (0, "nothing new"), quiet.log
    assert quiet.report["training"] is None
    assert service.published() == {first.active}


def test_a_run_of_a_day_covers_the_last_whole_week_before_it(first: Ran, airflow: Airflow) -> None:
    since, until = datetime(2020, 1, 26, tzinfo=UTC), datetime(2020, 2, 2, tzinfo=UTC)  # from Sunday to Sunday

    of_wednesday = airflow.retrain_of(datetime(2020, 2, 5, 12, tzinfo=UTC), since, until)

    assert (of_wednesday.status, of_wednesday.report["outcome"]) == (0, "nothing new"), of_wednesday.log
    assert (of_wednesday.report["since"], of_wednesday.report["until"]) == (since.isoformat(), until.isoformat())


def test_a_worse_bundle_is_held_back(first: Ran, held_back: Ran) -> None:
    assert (held_back.status, held_back.report["outcome"]) == (0, "held back"), held_back.log
    assert held_back.report["gate"]["passes"] is False
    assert held_back.active == first.report["training"]["version"] != held_back.report["training"]["version"]


def test_force_activates_it_without_another_training(held_back: Ran, forced: Ran) -> None:
    assert (forced.status, forced.report["outcome"]) == (0, "activated"), forced.log
    assert "nothing is trained again" in forced.log
    assert forced.active == held_back.report["training"]["version"]


def test_evaluation_data_is_reported_on(forced: Ran) -> None:
    assert (forced.folder / "evaluation/report.md").exists(), forced.log


def test_an_old_run_does_not_undo_a_newer_activation(forced: Ran, airflow: Airflow, interval: Interval) -> None:
    old = airflow.retrain(*interval, train_arguments=QUICK)

    assert (old.status, old.report["outcome"]) == (0, "held back"), old.log
    assert "was never compared with it" in old.report["gate"]["reason"]
    assert old.active == forced.active


def test_a_training_that_fails_fails_the_run(airflow: Airflow, interval: Interval, service: Service) -> None:
    active = service.active()

    failed = airflow.retrain(*interval, train_arguments=["--no-such-option"])

    assert failed.status == 1
    assert (failed.report["outcome"], failed.report["failed"]) == ("failed", ["train"])
    assert failed.active == active
