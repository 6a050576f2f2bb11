"""The API as a process of its own, whose log and memory can be looked at."""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from migrations.upgrade import upgrade
from shared.database import Database
from shared.settings import Settings, load_settings
from tests.api.conftest import RunningApi
from tests.support.ports import free_port
from tests.support.waiting import wait_for

MIB = 2**20


class ApiProcess(RunningApi):
    """`python -m api`, with the settings and the database that it works on."""

    def __init__(
        self, process: subprocess.Popen[bytes], settings: Settings, database: Database, stack: ExitStack, log: Path
    ) -> None:
        super().__init__(f"http://127.0.0.1:{settings.port}", settings, database, stack)
        self._process = process
        self._log = log

    @property
    def process_id(self) -> int:
        """The process's number."""
        return self._process.pid

    def log(self) -> str:
        """What it has logged of every request answered so far."""
        last = secrets.token_hex(8)
        httpx.get(f"{self.url}/health/live", headers={"X-Request-ID": last}, trust_env=False)
        # A request's line is written after its answer: it may be a moment late.
        return wait_for(lambda: log if last in (log := self.log_so_far()) else None, 20, "the last line of the log")

    def log_so_far(self) -> str:
        """What it has logged, perhaps without the lines of the latest requests; also of a process that has ended."""
        written = self._log.read_text(errors="replace")
        return written[: written.rfind("\n") + 1]  # the line that is being written now may be there in part

    def lines(self) -> list[dict[str, Any]]:
        """The lines of its log. Fails unless each is JSON."""
        return [json.loads(line) for line in self.log().splitlines()]

    def stop(self) -> None:
        """Have it end, so that its log is whole."""
        self._process.terminate()
        self._process.wait(20)

    @contextmanager
    def memory_within(self, mebibytes: int) -> Iterator[None]:
        """Fail if the process needs, at any moment of the block, so much more memory than it had before."""
        folder = Path("/proc") / str(self.process_id)
        (folder / "clear_refs").write_text("5")  # the peak begins anew (proc(5))
        before = self._peak(folder)
        yield
        assert self._peak(folder) - before < mebibytes * MIB

    def _peak(self, folder: Path) -> int:
        found = re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text())
        assert found is not None
        return int(found[1]) * 1024


def environment_of(**settings: object) -> dict[str, str]:
    """The environment of a process with these settings and a good key."""
    given = {"secret_key": secrets.token_urlsafe(48), "disk_reserve_bytes": 0, **settings}
    return os.environ | {f"SHELFWISE_{name.upper()}": str(value) for name, value in given.items()}


@contextmanager
def api_process(data_dir: Path, broker_url: str, **settings: object) -> Iterator[ApiProcess]:
    """Serve from a process of its own for the time of the block."""
    port = free_port()
    given = {"data_dir": data_dir, "broker_url": broker_url, "port": port, "secret_key": secrets.token_urlsafe(48)}
    loaded = load_settings(**given)
    upgrade(loaded.database)
    log = data_dir / "log"
    with log.open("wb") as stderr, ExitStack() as stack:
        database = Database(loaded.database)
        stack.callback(database.close)
        command = [sys.executable, "-m", "api"]
        process = subprocess.Popen(command, env=environment_of(**given, **settings), stderr=stderr)
        try:
            running = ApiProcess(process, loaded, database, stack, log)
            wait_for(lambda: process.poll() is not None or _answers(running.url), 60, "starting the API")
            assert process.poll() is None, running.log_so_far()
            yield running
        finally:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", trust_env=False).is_success
    except httpx.TransportError:
        return False
