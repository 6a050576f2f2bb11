"""The service under measurement: `shelfwise up` in a folder of its own, its processes, and what they cost."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from benchmarks.bundle import CACHE
from migrations.upgrade import upgrade
from shared.bundle import Bundle
from shared.database import Database
from shared.passwords import generated_password
from shared.releases import publish
from shared.settings import load_settings
from shared.store import ObjectStore

ROOT = Path(__file__).parents[1]
START_SECONDS = 120
STOP_SECONDS = 30
PARTS = {"api": ("-m", "api"), "model": ("-m", "worker", "model"), "io": ("-m", "worker", "io")}
# Limits that are there for strangers, out of the way of the load.
UNLIMITED = {
    "SHELFWISE_QUOTA_REQUESTS_PER_MINUTE": "100000000",
    "SHELFWISE_QUOTA_ROWS_PER_DAY": "100000000",
    "SHELFWISE_QUOTA_STORED_BYTES": str(2**50),
    "SHELFWISE_ACCESS_TOKEN_SECONDS": "86400",
}


class Service:
    """A running `shelfwise up`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, data_dir: Path, log: Path, password: str) -> None:
        self.port = port
        self.data_dir = data_dir
        self.log = log
        self._keeper = psutil.Process(process.pid)
        self._password = password

    def token(self, username: str = "admin", password: str | None = None) -> str:
        """An access token of the administrator, or of somebody else."""
        form = {"username": username, "password": password or self._password}
        answer = httpx.post(f"http://127.0.0.1:{self.port}/api/auth", data=form, timeout=30, trust_env=False)
        return str(answer.raise_for_status().json()["access_token"])

    def part(self, name: str) -> psutil.Process:
        """The process that runs a part."""
        wanted = PARTS[name]
        found = (each for each in self._processes() if tuple(each.cmdline()[1 : 1 + len(wanted)]) == wanted)
        return next(found)

    def all_parts(self) -> dict[str, psutil.Process]:
        """Every process by the name of its part, with the `keeper` that starts them and `redis`."""
        redis = next(process for process in self._processes() if process.name().startswith("redis-server"))
        return {name: self.part(name) for name in PARTS} | {"redis": redis, "keeper": self._keeper}

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time that each part has used so far, and all together as `service`."""
        used = {name: _cpu_seconds(self.part(name)) for name in PARTS}
        return used | {"service": sum(_cpu_seconds(process) for process in self._processes())}

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """Hold a part still, so that what arrives meanwhile waits together."""
        held = self.part(name)
        held.suspend()
        try:
            yield
        finally:
            held.resume()

    @contextmanager
    def api_on_core(self, core: int) -> Iterator[None]:
        """Hold the API to one core; the threads that it starts meanwhile stay there, too."""
        _hold_to(self.part("api"), {core})
        try:
            yield
        finally:
            _hold_to(self.part("api"), range(os.cpu_count() or 1))

    def _processes(self) -> Sequence[psutil.Process]:
        return self._keeper.children(recursive=True)


@contextmanager
def running_service(bundle: Bundle) -> Iterator[Service]:
    """Start a service that answers with this bundle, and end it and all it started whatever happens.

    Its folder lies beside the cache, on the disk of the project: /tmp may be memory, which flushes for nothing.
    """
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=CACHE) as folder:
        data_dir, port, password = Path(folder) / "data", _free_port(), generated_password()
        _prepare(data_dir, bundle)
        environment = (
            os.environ
            | UNLIMITED
            | {
                "SHELFWISE_ADMIN_PASSWORD": password,
                "SHELFWISE_FLOWER_PORT": "0",
                "SHELFWISE_METRICS_PORT": "0",
            }
        )
        command = [sys.executable, "-m", "cli", "up", "--data-dir", str(data_dir), "--port", str(port)]
        output, log = Path(folder) / "output", Path(folder) / "log"
        with output.open("wb") as out, log.open("wb") as err:
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=err, cwd=ROOT)
            try:
                _wait_until_ready(process, output, log)
                yield Service(process, port, data_dir, log, password)
            finally:
                _end(process)


def _prepare(data_dir: Path, bundle: Bundle) -> None:
    data_dir.mkdir(mode=0o700)
    settings = load_settings(data_dir=data_dir)
    upgrade(settings.database)
    database = Database(settings.database)
    publish(database, ObjectStore(settings.store), bundle, activated=True)
    database.close()


def _wait_until_ready(process: subprocess.Popen[bytes], output: Path, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while "ready: " not in output.read_text():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"The service did not start. The end of its log:\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()  # which takes its parts along
        process.wait()


def _hold_to(process: psutil.Process, cores: Iterable[int]) -> None:
    """Hold every thread of a process to some cores: the kernel knows affinities of threads only."""
    for thread in process.threads():
        with suppress(ProcessLookupError):  # it has just ended
            os.sched_setaffinity(thread.id, cores)


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
