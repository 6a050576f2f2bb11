"""What is reached over a socket: the API and the clock behind it, Flower, and the broker."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from cli.checks.findings import Finding, Patient, fail, ok, warn
from cli.preflight import FLOWER_HOST, OTHER_FLOWER, refuse_used_port
from cli.up import own_url
from shared.broker import make_celery
from shared.errors import ConfigurationError
from shared.redis_server import broker_url

ANSWER_SECONDS = 5
CLOCK_SECONDS = 3  # the Date header knows whole seconds
WANTED_POLICY = "noeviction"


def check_api(patient: Patient) -> Iterator[Finding]:
    """Whether the API answers at its address, is ready, and goes by the same time as this machine."""
    url = own_url(patient.settings)
    try:
        answer = httpx.get(f"{url}/health/ready", trust_env=False, timeout=ANSWER_SECONDS)
    except httpx.TransportError as error:
        yield _silent_api(patient, url, type(error).__name__)
        return
    checks = _readiness(answer)
    if checks is None:
        yield fail("api", f"What answers at {url} is not this service: end it, or set SHELFWISE_PORT.")
        return
    if not all(checks.values()):
        wanting = ", ".join(name for name, good in checks.items() if not good)
        yield fail("api", f"{url} answers and is not ready, for want of: {wanting}.")
    else:
        yield ok("api", f"{url} is ready.")
    yield from _clock(answer, patient.settings.lease_seconds)


def check_flower(patient: Patient) -> Iterator[Finding]:
    """Whether Flower answers, or could be started."""
    port = patient.settings.flower_port
    if not port:
        yield ok("flower", "It is left out.")
        return
    url = f"http://{FLOWER_HOST}:{port}"
    if patient.training:
        yield warn("flower", "`shelfwise up` starts it after the training.")
        return
    if patient.running:
        try:
            httpx.get(url, trust_env=False, timeout=ANSWER_SECONDS)
        except httpx.TransportError:
            yield warn(
                "flower",
                f"{url} does not answer: the log says why, unless `shelfwise up` was started with another "
                "SHELFWISE_FLOWER_PORT, or with 0, which leaves it out.",
            )
        else:
            yield ok("flower", f"{url} answers.")
        return
    try:
        refuse_used_port(FLOWER_HOST, port, OTHER_FLOWER)
    except ConfigurationError as error:
        yield fail("flower", error.message)
    else:
        yield ok("flower", f"Port {port} is free.")


def check_broker(patient: Patient) -> Iterator[Finding]:
    """Whether Redis answers, and keeps its messages when it is full."""
    url = patient.settings.broker_url or _embedded_url(patient.settings.data_dir)
    if url is None:
        if patient.running:
            yield warn("redis", "The embedded Redis has its socket in the system's temporary folder: not looked at.")
        else:
            yield ok("redis", "`shelfwise up` starts its own.")
        return
    try:
        with make_celery(url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=ANSWER_SECONDS)
            client: Any = connection.default_channel.client
            client.ping()
            release, memory = client.info("server")["redis_version"], client.info("memory")
    except Exception as error:  # whatever the transport raises
        if patient.settings.broker_url or patient.running:
            yield fail("redis", f"It does not answer ({type(error).__name__}): jobs are kept, and wait for it.")
        else:
            yield ok("redis", "`shelfwise up` starts its own.")  # the socket is what a killed one left
        return
    policy = memory.get("maxmemory_policy", WANTED_POLICY)
    if policy != WANTED_POLICY and memory.get("maxmemory"):
        yield warn("redis", f"Redis {release} throws wake-ups away when it is full: set maxmemory-policy noeviction.")
    else:
        yield ok("redis", f"Redis {release} answers.")


def _silent_api(patient: Patient, url: str, reason: str) -> Finding:
    if patient.training:
        return warn("api", "`shelfwise up` is still training the demo bundle, and starts the API after that.")
    if patient.running:
        return fail(
            "api",
            f"{url} does not answer ({reason}) although `shelfwise up` runs: look into the log, or give the address "
            "that it was started with, by SHELFWISE_HOST and SHELFWISE_PORT.",
        )
    try:
        refuse_used_port(patient.settings.host, patient.settings.port)
    except ConfigurationError as error:
        return fail("api", f"{error.message} End what listens there, or set SHELFWISE_PORT.")
    return warn("api", f"Nothing runs at {url}; the port is free. `shelfwise up` starts the service.")


def _readiness(answer: httpx.Response) -> dict[str, bool] | None:
    """The checks that the API names; None when this is not how the API answers."""
    try:
        checks = answer.json()["checks"]
        return {str(name): bool(good) for name, good in checks.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _clock(answer: httpx.Response, lease_seconds: float) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    if apart <= CLOCK_SECONDS:
        yield ok("clock", "It goes with the API's.")
    elif apart < lease_seconds / 3:
        yield warn("clock", f"It is {apart:.0f} s from the API's: keep the machines together with NTP.")
    else:
        yield fail("clock", f"It is {apart:.0f} s from the API's: leases will be lost; set it with NTP.")


def _embedded_url(data_dir: Path) -> str | None:
    """The URL of the Redis that `up` runs; None when its socket does not lie in the data folder."""
    folder = data_dir.resolve() / "redis"
    return broker_url(folder) if (folder / "redis.sock").exists() else None
