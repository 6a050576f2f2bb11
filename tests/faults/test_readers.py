"""SQLite has one writer, and a log that waits for its readers: whoever stays too long, from outside, loses nothing."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import make_url

from shared.database import WAL_BYTES, sqlite_module
from tests.cli.command import shelfwise
from tests.conftest import only_on_sqlite
from tests.faults.conftest import LEASE_SECONDS, StartService
from tests.support.service import Service, ended, submit, tries_lost
from tests.support.waiting import wait_for

pytestmark = only_on_sqlite
ROWS = 6_000


def test_a_reader_that_stays_stops_nobody_and_the_log_that_it_made_long_is_short_again_without_it(
    start_service: StartService,
) -> None:
    service = start_service()
    log = Path(f"{path_of(service)}-wal")
    with service.client() as client:
        with reading(service):
            job_id = send_catalogue(client)
            (job,) = ended(client, [job_id])
            examined = shelfwise("doctor", "--data-dir", path_of(service).parent, **settings_of(service))
            longest = log.stat().st_size

        wait_for(lambda: log.stat().st_size <= WAL_BYTES, 30, "a short log")

    assert job["counts"]["succeeded"] == ROWS
    assert longest > WAL_BYTES
    assert examined.returncode == 0, examined.stdout


def test_a_writer_that_stays_delays_what_is_written_and_costs_nothing(start_service: StartService) -> None:
    service = start_service("VerySlow")
    with service.client() as client, ThreadPoolExecutor(20) as callers:
        before = submit(client, *[f"title {number}" for number in range(20)])
        wait_for(lambda: client.get(f"/api/jobs/{before[0]}").json()["status"] == "running", 30, "a claim")
        with writing(service):
            since = time.monotonic()
            posts = [callers.submit(submit, client, f"product {number}") for number in range(20)]
            wait_for(lambda: time.monotonic() - since > 3 * LEASE_SECONDS, 30, "every lease run out")
            read = client.get("/api/jobs")
            assert not any(post.done() for post in posts)

        jobs = ended(client, [*before, *[job_id for post in posts for job_id in post.result()]])

    assert len(read.raise_for_status().json()["items"]) == 20
    assert {job["status"] for job in jobs} == {"succeeded"}
    assert tries_lost(service) == 0


@contextmanager
def reading(service: Service) -> Iterator[None]:
    """Look at the database as it is now, and go on looking."""
    with connected(service) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM jobs").fetchone()
        yield


@contextmanager
def writing(service: Service) -> Iterator[None]:
    """Be the one writer, and write nothing."""
    with connected(service) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def connected(service: Service) -> Iterator[Any]:
    with closing(sqlite_module().connect(path_of(service), timeout=30, isolation_level=None)) as connection:
        yield connection


def path_of(service: Service) -> Path:
    return Path(str(make_url(service.database_url).database))


def settings_of(service: Service) -> dict[str, str]:
    """What the service was started with, as far as a doctor must know it."""
    port = service.url.rpartition(":")[2]
    return {"SHELFWISE_PORT": port, "SHELFWISE_FLOWER_PORT": "0", "SHELFWISE_DISK_RESERVE_BYTES": "0"}


def send_catalogue(client: httpx.Client) -> str:
    rows = "".join(f"{number},title {number},{'long ' * 400}\n" for number in range(ROWS))
    content = f"productid,designation,description\n{rows}"
    answer = client.post("/api/catalogs", content=content.encode(), headers={"Content-Type": "text/csv"})
    return str(answer.raise_for_status().json()["id"])
