"""The database survives, and comes back from a backup that was taken in the middle of everything."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
from sqlalchemy import Select, func, select

from cli.checks.findings import Finding, Patient, findings_of
from cli.doctor import DEEP_CHECKS
from shared.database import Database
from shared.ledger.audit import contradictions
from shared.lifecycle import OPEN_JOB, JobStatus
from shared.settings import load_settings
from shared.tables import Image, Job, Prediction
from tests.cli.command import shelfwise
from tests.conftest import only_on_sqlite
from tests.faults.conftest import LEASE_SECONDS, SWEEP_SECONDS, StartService
from tests.support.gate import Gate
from tests.support.photos import encoded, plain
from tests.support.sent_catalogues import assert_each_row_once, csv_of, send
from tests.support.service import Service, ended, running_service, submit
from tests.support.waiting import wait_for

ROWS = 4_000
ROUNDS = 3
_OPEN = Job.status.in_(OPEN_JOB)


class Customer:
    """Submits products and photos, one after the other, for as long as a block lasts; keeps the ids it was given."""

    def __init__(self, service: Service) -> None:
        self.accepted: list[str] = []
        self._service = service
        self._stopped = threading.Event()

    def wait_for_more(self, number: int) -> None:
        """Return once so many more have been accepted."""
        enough = len(self.accepted) + number
        wait_for(lambda: len(self.accepted) >= enough, 30, f"{number} more submissions")

    @contextmanager
    def submitting(self) -> Iterator[None]:
        thread = threading.Thread(target=self._submit)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()

    def _submit(self) -> None:
        with suppress(httpx.TransportError, httpx.HTTPStatusError), self._service.client() as client:
            while not self._stopped.is_set():
                number = len(self.accepted)
                photo = encoded(plain(size=(20 + number % 50, 30)), "JPEG") if number % 3 == 0 else None
                self.accepted.append(submit_one(client, f"title {number}", photo))


def submit_one(client: httpx.Client, title: str, photo: bytes | None) -> str:
    """Post a product, and return the id of its job."""
    sent = {"designation": title}
    if photo is None:
        answer = client.post("/api/predict", json=sent)
    else:
        answer = client.post("/api/predict", data=sent, files={"image": photo})
    return str(answer.raise_for_status().json()["id"])


def asked(database_url: str, question: Select[Any]) -> list[tuple[Any, ...]]:
    with closing(Database(database_url)) as database, database.read() as connection:
        return [tuple(row) for row in connection.execute(question)]


def answers_of(database_url: str, jobs: set[str]) -> list[tuple[Any, ...]]:
    """All that these jobs have come to, row by row."""
    row = (Prediction.job_id, Prediction.row, Prediction.prediction, Prediction.top, Prediction.error)
    rows = select(*row, Prediction.finished_at).order_by(*row[:2])
    return [found for found in asked(database_url, rows) if found[0] in jobs]


def not_ok(data_dir: Path) -> list[Finding]:
    """What a deep look at the rows and the files finds."""
    patient = Patient(load_settings(data_dir=data_dir), running=True, deep=True)
    return [finding for check in DEEP_CHECKS for finding in findings_of(check, patient) if finding.verdict != "ok"]


@only_on_sqlite
def test_a_backup_of_a_busy_service_goes_on_where_it_was(
    start_service: StartService, gate: Gate, tmp_path: Path
) -> None:
    service = start_service("Gated", gate=gate.path)
    backup, restored = tmp_path / "one.tar", tmp_path / "restored"
    with service.client() as client:
        done = [submit_one(client, "with a photo", encoded(plain(), "JPEG")), *submit(client, "Chaise", "Lampe")]
        done.append(send(client, csv_of(100)))
        ended(client, done)
        gate.close()
        catalogue = send(client, csv_of(ROWS))
    customer = Customer(service)
    with customer.submitting():
        customer.wait_for_more(10)
        gate.wait_until_reached(by=service.part("worker-model"))
        made = shelfwise("backup", backup, "--data-dir", tmp_path / "data", SHELFWISE_DISK_RESERVE_BYTES="0")
        customer.wait_for_more(1)
    service.process.kill()

    assert (made.returncode, made.stderr) == (0, "")
    brought = shelfwise("restore", backup, "--data-dir", restored, SHELFWISE_DISK_RESERVE_BYTES="0")
    assert (brought.returncode, brought.stderr) == (0, "")
    there = load_settings(data_dir=restored).database
    in_backup = {job_id: status for job_id, status in asked(there, select(Job.id, Job.status))}
    was_done = {job_id for job_id, status in in_backup.items() if status not in OPEN_JOB}
    was_open = in_backup.keys() - was_done
    assert was_done == set(done)
    assert {catalogue, *customer.accepted[:10]} <= was_open

    short = {"lease_seconds": LEASE_SECONDS, "sweep_seconds": SWEEP_SECONDS}
    with running_service(restored, predictor="tests.support.predictors:Fake", **short) as again:
        again.wait_until_ready()
        wait_for(lambda: not asked(there, select(Job.id).where(_OPEN)), 60, "the end of every open job")

        assert set(asked(there, select(Job.status))) == {(JobStatus.SUCCEEDED,)}
        assert answers_of(there, was_done) == answers_of(service.database_url, was_done)
        assert asked(there, select(func.count()).select_from(Image))[0][0] > 1
        assert not_ok(restored) == []
        with again.client() as client:
            assert_each_row_once(client, catalogue, ROWS)


@only_on_sqlite
def test_a_database_whose_writers_are_killed_again_and_again_is_whole(
    start_service: StartService, tmp_path: Path
) -> None:
    accepted: list[str] = []
    for number in range(ROUNDS):
        service = start_service("Slow")
        with service.client() as client:
            accepted.append(send(client, csv_of(ROWS, word=f"round {number}")))
        customer = Customer(service)
        with customer.submitting():
            customer.wait_for_more(20 + 5 * number)
            kill_all(service)
        accepted += customer.accepted

        assert not_ok(tmp_path / "data") == []

    service = start_service()
    with service.client() as client:
        assert {job["status"] for job in ended(client, accepted)} == {"succeeded"}
    with closing(Database(service.database_url)) as database, database.read() as connection:
        assert contradictions(connection) == []


def kill_all(service: Service) -> None:
    """End the service and all that it has started at one moment, without a word."""
    everything = [*service.processes(), psutil.Process(service.process.pid)]
    for process in everything:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    service.process.wait()
    _, alive = psutil.wait_procs(everything, 10)
    assert alive == []
