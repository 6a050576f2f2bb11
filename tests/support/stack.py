"""The service on several hosts, as far as one machine can be several: every part is a process with a data folder of
its own, and all that they share is a PostgreSQL, a Redis and an S3, which they are told of by their environment.
"""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import redis

from cli.first_start import prepare_database
from shared.bundle import Bundle
from shared.database import Database
from shared.redis_server import find_redis_server, short_folder
from shared.settings import Settings, load_settings
from shared.workers import Worker, known_workers
from tests.support.ports import free_port
from tests.support.s3 import Bucket
from tests.support.service import PASSWORD, ROOT, activate_at_once, logged_events
from tests.support.waiting import wait_for

COMMANDS = {"api": ["api"], "io": ["worker", "io"], "model": ["worker", "model"]}
APIS, IO_WORKERS, MODEL_WORKERS = 2, 2, 3
READY_SECONDS = 300  # TensorFlow takes its time where others use the machine


class SharedRedis:
    """A Redis on a port, with a password, and nothing on its disk."""

    def __init__(self) -> None:
        self._port, self._password, self._folder = free_port(), secrets.token_hex(16), short_folder()
        self.start()

    @property
    def url(self) -> str:
        """What SHELFWISE_BROKER_URL says."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it, with nothing in it."""
        command = [
            find_redis_server(),
            *("--bind", "127.0.0.1", "--port", str(self._port), "--requirepass", self._password),
            *("--save", "", "--appendonly", "no", "--dir", str(self._folder), "--maxmemory-policy", "noeviction"),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(self._answers, 20, "Redis")

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it for good."""
        self.kill()
        shutil.rmtree(self._folder)

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


@dataclass(frozen=True)
class Shared:
    """What all hosts share."""

    database_url: str
    redis: SharedRedis
    bucket: Bucket
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def settings(self, **more: object) -> dict[str, object]:
        """The settings that are the same on all of them."""
        return {
            "database_url": self.database_url,
            "broker_url": self.redis.url,
            "store_url": self.bucket.url,
            "secret_key": self.secret_key,
            **more,
        }


@dataclass(frozen=True)
class Host:
    """A host and the one part that runs there."""

    kind: str
    process: subprocess.Popen[bytes]
    data_dir: Path
    log: Path
    url: str

    def is_running(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """End its part as the kernel would, without a word."""
        self.process.kill()
        self.process.wait()


class Stack:
    """A running service on several hosts."""

    def __init__(self, folder: Path, shared: Shared, settings: dict[str, object]) -> None:
        self.shared = shared
        self.hosts: list[Host] = []
        self._folder = folder
        self._settings = shared.settings(disk_reserve_bytes=0, metrics_port=0, flower_port=0, **settings)

    @property
    def settings(self) -> Settings:
        """As a host without a part would read them."""
        return load_settings(**self._settings, data_dir=self._folder / "nowhere")

    def start(self, kind: str) -> Host:
        """Set another host up, and start its part."""
        data_dir, port = self._folder / f"{kind}-{len(self.hosts)}", free_port()
        log = data_dir.with_suffix(".log")
        with log.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-m", *COMMANDS[kind]],
                env=self.environment(data_dir=data_dir, port=port),
                stderr=written,
                cwd=ROOT,
            )
        host = Host(kind, process, data_dir, log, f"http://127.0.0.1:{port}")
        self.hosts.append(host)
        return host

    def environment(self, **settings: object) -> dict[str, str]:
        """The environment of a host: its settings, and how to come to the store."""
        given = {f"SHELFWISE_{name.upper()}": str(value) for name, value in {**self._settings, **settings}.items()}
        plain = {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        return os.environ | plain | self.shared.bucket.environment | given

    def running(self, kind: str) -> list[Host]:
        """The hosts whose part is of this kind, and runs."""
        return [host for host in self.hosts if host.kind == kind and host.is_running()]

    def workers(self, kind: str) -> list[Worker]:
        """The workers on the list that run."""
        running = {host.process.pid for host in self.running(kind)}
        with closing(Database(self.shared.database_url)) as database, database.read() as connection:
            return [worker for worker, _ in known_workers(connection) if worker.process_id in running]

    def wait_until_ready(self) -> None:
        """Return once every host that was set up can do its work."""
        for host in self.hosts:
            settled = partial(self._is_settled, host)
            wait_for(settled, READY_SECONDS, f"{host.kind} ready")
            assert host.is_running(), host.log.read_text()[-3000:]

    def _is_settled(self, host: Host) -> bool:
        return not host.is_running() or self._is_ready(host)

    def _is_ready(self, host: Host) -> bool:
        if host.kind == "api":
            return _is_ready_at(host.url)
        found = [worker for worker in self.workers(host.kind) if worker.process_id == host.process.pid]
        return any(worker.kind == "io" or worker.bundle for worker in found)

    def client(self, number: int = 0, username: str = "admin", password: str = PASSWORD) -> httpx.Client:
        """A client of one of the APIs, signed in there."""
        with self.stranger(number) as stranger:
            answer = stranger.post("/api/auth", data={"username": username, "password": password}).raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return httpx.Client(base_url=stranger.base_url, headers=headers, timeout=60, trust_env=False)

    def stranger(self, number: int = 0) -> httpx.Client:
        """A client of one of the APIs that has not signed in."""
        return httpx.Client(base_url=self.running("api")[number].url, timeout=60, trust_env=False)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of this name in the logs of all hosts."""
        return [event for host in self.hosts for event in logged_events(host.log, name)]

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run `shelfwise` with these arguments on a host of its own, beside the first API."""
        port = self.running("api")[0].url.rpartition(":")[2]
        environment = self.environment(data_dir=self._folder / "desk", port=port)
        command = [sys.executable, "-m", "cli", *map(str, arguments)]
        return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)

    def close(self) -> None:
        """End every part."""
        for host in self.hosts:
            host.process.kill()
        for host in self.hosts:
            host.process.wait()


@contextmanager
def running_stack(
    folder: Path, shared: Shared, bundle: Bundle, model_workers: int = MODEL_WORKERS, **settings: object
) -> Iterator[Stack]:
    """Set up two APIs, two io workers and some model workers that answer with this bundle, and wait until they do."""
    folder.mkdir(parents=True, exist_ok=True)
    first = load_settings(**shared.settings(admin_password=PASSWORD, data_dir=folder / "first"))
    with ExitStack() as cleanup:
        with closing(Database(first.database)) as database:
            prepare_database(first, database)
        activate_at_once(first, bundle)
        stack = Stack(folder, shared, settings)
        cleanup.callback(stack.close)
        for kind, number in (("model", model_workers), ("io", IO_WORKERS), ("api", APIS)):
            for _ in range(number):
                stack.start(kind)
        stack.wait_until_ready()
        yield stack


def _is_ready_at(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False
