"""A whole running service: `shelfwise up` in a folder of its own, its processes, its log, and clients of it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
from sqlalchemy import func, select

from shared.bundle import Bundle
from shared.database import Database
from shared.releases import publish
from shared.settings import Settings, load_settings
from shared.store import ObjectStore
from shared.tables import Batch
from tests.support.ports import free_port
from tests.support.transactions import has_written, is_outside_transactions
from tests.support.waiting import wait_for

PASSWORD = "a long administrator's phrase"
ROOT = Path(__file__).parents[2]
PARTS = {
    "api": ("-m", "api"),
    "worker-io": ("-m", "worker", "io"),
    "worker-model": ("-m", "worker", "model"),
    "redis": ("redis-server",),
}


class Service:
    """A running `shelfwise up`."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, output: Path, log: Path, database_url: str) -> None:
        self.process = process
        self.url = url
        self.database_url = database_url
        self._output = output
        self._log = log

    def wait_until_ready(self, seconds: float = 120) -> None:
        wait_for(lambda: f"ready: {self.url}" in self.output() or self.process.poll() is not None, seconds, "ready")
        assert self.process.poll() is None, self._log.read_text()[-3000:]

    def output(self) -> str:
        """What it has said to its user."""
        return self._output.read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of this name in the log of all parts."""
        return logged_events(self._log, name)

    def calls(self, rows: int, after: int = 0) -> list[int]:
        """The rows of each model call but the first ones, once the log has so many: a line comes by way of `up`."""

        def logged() -> list[int]:
            return [event["rows"] for event in self.events("model.called")[after:] if event["rows"]]

        wait_for(lambda: sum(logged()) >= rows, 10, f"{rows} rows in model calls of the log")
        return logged()

    def processes(self) -> list[psutil.Process]:
        """Every process that it has started and that lives."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def part(self, name: str) -> psutil.Process:
        """The process that runs a part now."""
        return wait_for(lambda: self.parts(name), 30, f"{name} running")[0]

    def parts(self, name: str) -> list[psutil.Process]:
        """The processes that run a part now: there may be several model workers, and none of what has just died."""
        return [process for process in self.processes() if _runs(process, PARTS[name])]

    def kill(self, name: str) -> None:
        """End a part as the kernel would, without a word."""
        victim = self.part(name)
        victim.send_signal(signal.SIGKILL)
        wait_for(lambda: not victim.is_running() or victim.status() == psutil.STATUS_ZOMBIE, 10, f"{name} gone")

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """Hold a part still, so that what arrives meanwhile waits together."""
        held = self.part(name)
        self.hold_still(held)
        try:
            yield
        finally:
            held.resume()

    def hold_still(self, process: psutil.Process) -> None:
        """Suspend a process outside its transactions: SQLite has one writer, and PostgreSQL's locks would stay."""
        wait_for(lambda: self._suspended(process), 30, "a process held still without the database")

    def hold_with_locks(self, process: psutil.Process) -> None:
        """Suspend a process in the middle of a transaction in which it has written (PostgreSQL)."""
        wait_for(lambda: self._suspended(process, with_locks=True), 30, "a process held in a transaction")

    def _suspended(self, process: psutil.Process, *, with_locks: bool = False) -> bool:
        process.suspend()
        stands_right = has_written if with_locks else is_outside_transactions
        if stands_right(process, self.database_url):
            return True
        process.resume()
        return False

    def terminate(self, seconds: float = 20) -> int:
        self.process.terminate()
        return self.process.wait(seconds)

    def client(self, username: str = "admin", password: str = PASSWORD) -> httpx.Client:
        """A client that has signed in."""
        form = {"username": username, "password": password}
        answer = httpx.post(f"{self.url}/api/auth", data=form, timeout=30, trust_env=False).raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)


def _runs(process: psutil.Process, wanted: tuple[str, ...]) -> bool:
    try:
        return wanted == tuple(process.cmdline()[1 : 1 + len(wanted)]) or wanted == (process.name(),)
    except psutil.Error:
        return False  # it has just ended


def tries_lost(service: Service) -> int:
    """How many tries all batches together have lost."""
    with closing(Database(service.database_url)) as database, database.read() as connection:
        return connection.scalar(select(func.sum(Batch.failures))) or 0


def logged_events(log: Path, name: str) -> list[dict[str, Any]]:
    """The events of this name in a log."""
    written = log.read_text(errors="replace")
    lines = written[: written.rfind("\n") + 1].splitlines()  # without what is being written now
    found = [_logged(line) for line in lines if line.startswith("{") and f'"{name}"' in line]
    return [event for event in found if event.get("event") == name]


def _logged(line: str) -> dict[str, Any]:
    """A line of the log; nothing for one that a full disk has cut, or two processes have written into each other."""
    try:
        return dict(json.loads(line))
    except ValueError:
        return {}


def submit(client: httpx.Client, *titles: str) -> list[str]:
    """Post each title as a product, and return the ids of the jobs."""
    answers = [client.post("/api/predict", json={"designation": title}) for title in titles]
    return [answer.raise_for_status().json()["id"] for answer in answers]


def ended(client: httpx.Client, job_ids: list[str], seconds: float = 60) -> list[dict[str, Any]]:
    """Wait until every job has ended, and return them."""

    def finished(job_id: str) -> dict[str, Any] | None:
        job = client.get(f"/api/jobs/{job_id}").raise_for_status().json()
        return job if job["finished_at"] else None

    return [wait_for(partial(finished, job_id), seconds, f"the end of {job_id}") for job_id in job_ids]


@contextmanager
def running_service(data_dir: Path, **settings: object) -> Iterator[Service]:
    """Start `shelfwise up`, and end it and all it started whatever happens."""
    port = free_port()
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "SHELFWISE_ADMIN_PASSWORD": PASSWORD,
        "SHELFWISE_FLOWER_PORT": "0",
        "SHELFWISE_METRICS_PORT": "0",
        "SHELFWISE_DISK_RESERVE_BYTES": "0",
        **{f"SHELFWISE_{name.upper()}": str(value) for name, value in settings.items()},
    }
    command = [sys.executable, "-m", "cli", "up", "--data-dir", str(data_dir), "--port", str(port)]
    database_url = load_settings(data_dir=data_dir, database_url=settings.get("database_url", "")).database
    output, log = data_dir.with_suffix(".out"), data_dir.with_suffix(".log")
    with output.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=err, cwd=ROOT)
        service = Service(process, f"http://127.0.0.1:{port}", output, log, database_url)
        try:
            yield service
        finally:
            left = service.processes() if process.poll() is None else []
            process.kill()
            process.wait()
            psutil.wait_procs(left, 10)


def prepare_data(data_dir: Path, migrated: Path, bundle: Bundle) -> None:
    """Make a data folder with a migrated database and an active bundle, as an earlier start would have left it."""
    data_dir.mkdir(parents=True)
    shutil.copy(migrated, data_dir / "shelfwise.db")
    activate_at_once(load_settings(data_dir=data_dir), bundle)


def activate_at_once(settings: Settings, bundle: Bundle) -> None:
    """Publish a bundle where these settings keep the rows and the files, and activate it."""
    with closing(Database(settings.database)) as database:
        publish(database, ObjectStore(settings.store), bundle, activated=True)
