"""`shelfwise up`: the whole service on one machine, from an empty folder to `ready`, until it is told to stop."""

import shutil
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from cli.data_folder import held_alone, refuse_unfinished_restore
from cli.first_start import ADMIN, prepare_bundle, prepare_database
from cli.listening import listening
from cli.preflight import FLOWER_HOST, check_before_starting, metrics_ports
from cli.renewal import Renewal
from cli.secret_files import kept_secret
from cli.supervisor import Part, Supervisor, environment_of_parts
from cli.terminal import say
from shared.database import Database
from shared.errors import Unavailable
from shared.logs import configure_logging
from shared.redis_server import broker_url, redis_command, short_folder, wait_until_up
from shared.settings import Settings
from shared.workers import alive, answering

READY_SECONDS = 120
# Models take every core they get. The API goes first, so that a burst is accepted at once and then answered
# together, and so that it stays quick beside long work.
MODEL_NICENESS = 10
FLOWER_TASKS = 10_000  # that it remembers; some KiB each


def run_service(settings: Settings) -> None:
    """Start every part, print `ready: URL` once a product can be predicted, and keep them all running.

    SIGHUP renews what runs our code.
    """
    check_before_starting(settings)
    configure_logging("up", settings.log_level)
    with ExitStack() as stack:
        running = f"Another `shelfwise up` already runs on {settings.data_dir}."
        stack.enter_context(held_alone(settings.data_dir, running))
        refuse_unfinished_restore(settings.data_dir)
        supervisor = Supervisor()
        stack.callback(supervisor.stop)
        environment = _environment(settings)
        if not settings.broker_url:
            environment["SHELFWISE_BROKER_URL"] = stack.enter_context(
                _embedded_redis(settings.data_dir, supervisor, environment)
            )
        database = Database(settings.database)
        stack.callback(database.close)
        prepare_database(settings, database)
        prepare_bundle(settings, database, supervisor, environment)
        api = _api(environment, stack.enter_context(listening(settings.host, settings.port)))
        workers = _workers(settings, environment)
        for part in (api, *workers, *_flower(settings, environment)):
            if not supervisor.stop_asked:
                supervisor.keep(part)
        _wait_until_ready(settings, database, supervisor)
        renewal = Renewal(supervisor, database, workers, api)
        while not supervisor.stop_asked:
            supervisor.tend()
            if supervisor.renewal_asked:
                renewal.run()
        say("stopping")


def _environment(settings: Settings) -> dict[str, str]:
    """What every part needs to know."""
    key = settings.secret_key.get_secret_value() if settings.secret_key else None
    return environment_of_parts() | {
        "SHELFWISE_DATA_DIR": str(settings.data_dir.resolve()),
        "SHELFWISE_SECRET_KEY": key or kept_secret(settings.data_dir / "secret_key"),
        "SHELFWISE_HOST": settings.host,
        "SHELFWISE_PORT": str(settings.port),
    }


def _api(environment: dict[str, str], sockets: Sequence[socket.socket]) -> Part:
    fds = [each.fileno() for each in sockets]
    return Part("api", [sys.executable, "-m", "api", *(f"--fd={fd}" for fd in fds)], environment, fds=fds)


def _workers(settings: Settings, environment: dict[str, str]) -> Sequence[Part]:
    command, (io_port, *model_ports) = [sys.executable, "-m", "worker"], metrics_ports(settings)
    io = Part("worker-io", [*command, "io"], environment | _metrics(io_port))
    models = [
        Part(f"worker-model-{number}", [*command, "model"], environment | _metrics(port), niceness=MODEL_NICENESS)
        for number, port in enumerate(model_ports, start=1)
    ]
    return [io, *models]


def _metrics(port: int) -> dict[str, str]:
    return {"SHELFWISE_METRICS_PORT": str(port)}


def _flower(settings: Settings, environment: dict[str, str]) -> Sequence[Part]:
    if not settings.flower_port:
        return []
    password = kept_secret(settings.data_dir / "flower_password")
    flower_settings = {
        "FLOWER_BASIC_AUTH": f"{ADMIN}:{password}",
        "FLOWER_COOKIE_SECRET": kept_secret(settings.data_dir / "flower_cookie_secret"),
        "FLOWER_ADDRESS": FLOWER_HOST,
        "FLOWER_PORT": str(settings.flower_port),
        "FLOWER_MAX_TASKS": str(FLOWER_TASKS),
        "FLOWER_TASKS_COLUMNS": "name,args,state,received,runtime,worker,uuid",
        "FLOWER_PURGE_OFFLINE_WORKERS": "60",  # seconds; a renewal makes new ones each time
        "FLOWER_READ_ONLY": "true",  # what ends a worker or changes its pool is for who keeps it
        "CELERY_BROKER_URL": environment["SHELFWISE_BROKER_URL"],
    }
    command = [sys.executable, "-m", "celery", "flower", "--logging=warning"]
    return [Part("flower", command, environment | flower_settings)]


@contextmanager
def _embedded_redis(data_dir: Path, supervisor: Supervisor, environment: dict[str, str]) -> Iterator[str]:
    """Keep a Redis of our own, and yield its URL."""
    folder = short_folder(data_dir.resolve() / "redis")
    try:
        process = supervisor.keep(Part("redis", redis_command(folder), environment, stage=0))
        wait_until_up(folder, process)
        yield broker_url(folder)
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(settings: Settings, database: Database, supervisor: Supervisor) -> None:
    """Print the address once a product can be predicted. Raises Unavailable when that takes too long."""
    url = own_url(settings)
    end = time.monotonic() + READY_SECONDS
    while not supervisor.stop_asked:
        if _is_ready(url, settings, database):
            say(f"ready: {url}")
            return
        if time.monotonic() > end:
            raise Unavailable(f"The service was not ready after {READY_SECONDS} s; its log says why.")
        supervisor.tend()


def _is_ready(url: str, settings: Settings, database: Database) -> bool:
    within = timedelta(seconds=settings.lease_seconds)
    with database.read() as connection:
        if not (answering(connection, within) and alive(connection, "io", within)):
            return False
    try:
        return httpx.get(f"{url}/health/ready", trust_env=False, timeout=5).is_success
    except httpx.TransportError:
        return False


def own_url(settings: Settings) -> str:
    """Where the API is reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104  # compared, not bound
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
