"""Weekly retraining: the labels of an interval in; a measured bundle out, activated if it is as good as the active one.

    check_labels -> train -> evaluate -> gate -> activate -> report

`check_labels` ends a run without news, `gate` one whose bundle is worse; `report` always runs. Every task calls the
`shelfwise` command, and this file needs nothing but Airflow. What a run makes is in a folder named after its interval,
so a task that is tried again finds what is finished.

From the environment of the tasks: SHELFWISE_DATA_DIR (absolute), SHELFWISE_COMMAND (`shelfwise` unless it says
otherwise), and whatever else the command reads.
"""

import hashlib
import json
import logging
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from airflow.sdk import Context, CronDataIntervalTimetable, Param, TriggerRule, chain, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

PERIOD = timedelta(weeks=1)
STOPPING = timedelta(seconds=30)  # how long a command has to stop when its task's time is over
QUICK, LONG = timedelta(minutes=10), timedelta(hours=12)  # how long a task may take

PARAMS = {
    "since": Param(None, type=["null", "string"], format="date-time", description="Start, instead of the interval's."),
    "until": Param(None, type=["null", "string"], format="date-time", description="End, instead of the interval's."),
    "minimum_new_labels": Param(1, type="integer", minimum=0, description="Train only if so many are new or changed."),
    "train_arguments": Param([], type="array", items={"type": "string"}, description="More for `shelfwise train`."),
    "evaluation_data": Param(None, type=["null", "string"], description="Labelled data to evaluate on as well."),
    "force": Param(False, type="boolean", description="Activate a bundle that is worse than the active one."),
}

log = logging.getLogger(__name__)


class Run(NamedTuple):
    """One run: labels from `since` (included) to `until`, its parameters, and where its results are kept."""

    since: datetime
    until: datetime
    params: dict[str, Any]

    @classmethod
    def of(cls, context: Context) -> "Run":
        """The run of this context; the same for every task and every try.

        A run that was triggered without a logical date has no interval: its week ends when it was triggered.
        """
        params = dict(context["params"])
        start, end = context.get("data_interval_start"), context.get("data_interval_end")
        until = _time(params["until"]) or end or context["dag_run"].run_after
        since = _time(params["since"]) or (start if start and start < until else until - PERIOD)
        if since >= until:
            raise AirflowFailException(f"The interval is empty: {since} to {until}.")
        return cls(since.astimezone(UTC), until.astimezone(UTC), params)

    @property
    def folder(self) -> Path:
        """Where this interval's results are kept; made when it is missing."""
        data_dir = Path(os.environ.get("SHELFWISE_DATA_DIR", ""))
        if not data_dir.is_absolute():
            raise AirflowFailException("SHELFWISE_DATA_DIR must name the service's data folder from the root.")
        folder = data_dir / "airflow" / f"{self.since:%Y%m%dT%H%M%SZ}-{self.until:%Y%m%dT%H%M%SZ}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def training(self) -> list[str]:
        """The arguments of `shelfwise train`: everything labelled until the interval's end."""
        return ["--from-service", "--until", self.until.isoformat(), *self.params["train_arguments"]]

    @property
    def summary(self) -> Path:
        """Where `shelfwise train` says what came of it: one file for each interval and arguments."""
        return self.folder / f"train-{hashlib.sha256(repr(self.training).encode()).hexdigest()[:12]}.json"

    def trained(self) -> dict[str, Any]:
        """What `shelfwise train` said. Raises FileNotFoundError before it is finished."""
        return json.loads(self.summary.read_text())


@task.short_circuit(ignore_downstream_trigger_rules=False)
def check_labels() -> bool:
    """Whether enough products and corrections are new or changed in the interval."""
    run = Run.of(get_current_context())
    answer = _shelfwise("labels", "--since", run.since.isoformat(), "--until", run.until.isoformat(), "--json")
    _keep(run.folder / "labels.json", answer)
    return json.loads(answer)["new"] >= run.params["minimum_new_labels"]


@task(execution_timeout=LONG)
def train() -> str:
    """Train and publish a bundle, not active yet, unless an earlier try has finished; returns its version."""
    run = Run.of(get_current_context())
    if run.summary.exists():
        log.info("%s is there: nothing is trained again", run.summary)
    else:
        _shelfwise("train", *run.training, "--json", str(run.summary))
    return run.trained()["version"]


@task(execution_timeout=LONG)
def evaluate() -> dict[str, Any]:
    """The verdict on the rows that training held out, once the service knows the bundle.

    With `evaluation_data` the bundle answers that too, and its report is kept; the gate does not ask for it.
    """
    run = Run.of(get_current_context())
    trained = run.trained()
    version, data = trained["version"], run.params["evaluation_data"]
    _shelfwise("models", "show", version)
    if data is not None:
        _shelfwise("evaluate", "--bundle", version, "--data", data, "--out", str(run.folder / "evaluation"))
    return trained["gate"]


@task.short_circuit(ignore_downstream_trigger_rules=False)
def gate() -> bool:
    """Whether the new bundle is as good as the active one on the same held-out rows, or `force` says so.

    A verdict on a bundle that is active no longer does not count: an old run that is cleared would undo newer ones.
    """
    run = Run.of(get_current_context())
    trained, active = run.trained(), _active()
    passes, reason = trained["gate"]["passes"], trained["gate"]["reason"]
    if active not in (trained["gate"]["active"], trained["version"]):
        passes, reason = False, f"{active} is active now, and {trained['version']} was never compared with it."
    log.info("%s", reason)
    _keep(run.folder / "gate.json", json.dumps({"passes": passes, "forced": run.params["force"], "reason": reason}))
    return passes or run.params["force"]


@task
def activate() -> str:
    """Activate the new bundle; workers take it up between two batches. Returns its version."""
    version = Run.of(get_current_context()).trained()["version"]
    _shelfwise("models", "activate", version)
    return version


@task(trigger_rule=TriggerRule.ALL_DONE, retries=0)
def report() -> dict[str, Any]:
    """What came of the run, in the log and in `report.json`; fails when a task before it has failed.

    It is the run's last task, whose state is the run's: without this a failed training would look like a success.
    """
    context = get_current_context()
    run, ti = Run.of(context), context["ti"]
    states = ti.get_task_states(ti.dag_id, run_ids=[ti.run_id])[ti.run_id]
    failed = [name for name, state in states.items() if state == "failed"]
    report = {
        "since": run.since.isoformat(),
        "until": run.until.isoformat(),
        "outcome": _outcome(states, failed),
        "failed": failed,
        "labels": _read(run.folder / "labels.json"),
        "training": _read(run.summary) if states["train"] == "success" else None,
        "gate": _read(run.folder / "gate.json") if states["gate"] == "success" else None,
    }
    written = json.dumps(report, indent=2)
    log.info("%s", written)
    _keep(run.folder / "report.json", written)
    if failed:
        raise AirflowFailException(f"Failed: {', '.join(failed)}.")
    return report


@dag(
    dag_id="shelfwise_retrain",
    # The intervals of "@weekly" written as text are empty in Airflow 3.
    schedule=CronDataIntervalTimetable("@weekly", timezone="UTC"),
    start_date=datetime(2020, 1, 5, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params=PARAMS,
    # Tried again after core.default_task_retry_delay, which is five minutes unless you set it.
    default_args={"retries": 2, "execution_timeout": QUICK},
    doc_md=__doc__,
    tags=["shelfwise"],
)
def retrain() -> None:
    """Retrain on the labels of a week."""
    # In one row: a task that ends a run early would skip the report, too, if that came right behind it.
    chain(check_labels(), train(), evaluate(), gate(), activate(), report())


retrain()


def _shelfwise(*arguments: str) -> str:
    """Call the command; returns its output, which is also in the task's log, line by line as it comes."""
    command = [os.environ.get("SHELFWISE_COMMAND", "shelfwise"), *arguments]
    log.info("calling %s", command)
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stdout or ():
                log.info("%s", line.rstrip())
                lines.append(line)
        except BaseException:  # the task's time is over, or it was stopped
            process.terminate()  # training then says to MLflow that it was stopped
            try:
                process.wait(STOPPING.total_seconds())
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return "".join(lines)


def _active() -> str | None:
    """The version of the active bundle: of the table's columns, version is the first and active the second."""
    rows = [line.split() for line in _shelfwise("models", "list").splitlines()]
    return next((row[0] for row in rows if row[1] == "yes"), None)


def _time(written: str | None) -> datetime | None:
    """A time in ISO 8601, in UTC unless it names a zone."""
    if written is None:
        return None
    time = datetime.fromisoformat(written)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _outcome(states: dict[str, str], failed: list[str]) -> str:
    if failed:
        return "failed"
    if states["train"] == "skipped":
        return "nothing new"
    return "activated" if states["activate"] == "success" else "held back"


def _keep(file: Path, content: str) -> None:
    """Write a file whole or not at all."""
    part = file.with_suffix(".part")
    part.write_text(content)
    part.replace(file)


def _read(file: Path) -> Any:
    """A JSON file's content, None when there is none."""
    return json.loads(file.read_text()) if file.exists() else None
