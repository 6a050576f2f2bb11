"""New processes for old ones while customers keep their connections and a catalogue runs: nobody notices."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import httpx
from sqlalchemy import func, select

from shared.database import Database
from shared.ledger.audit import contradictions
from shared.tables import Job
from tests.conftest import only_on_sqlite
from tests.faults.conftest import StartService
from tests.support.sent_catalogues import assert_each_row_once, csv_of, send, wait_until
from tests.support.service import Service, ended
from tests.support.waiting import wait_for

CUSTOMERS = 8
ROWS = 10_000


class Orders:
    """What customers have sent: the ids of their jobs, and every request that has failed."""

    def __init__(self) -> None:
        self.jobs: list[str] = []
        self.failures: list[str] = []

    def place(self, client: httpx.Client, **headers: str) -> None:
        """Send a product, and ask for its job until it has ended, without a pause: a request is always on its way."""
        try:
            job = client.post("/api/predict", json={"designation": "Chaise"}, headers=headers).raise_for_status().json()
            self.jobs.append(job["id"])
            while not job["finished_at"]:
                job = client.get(f"/api/jobs/{job['id']}").raise_for_status().json()
        except httpx.HTTPError as error:
            self.failures.append(repr(error))


@contextmanager
def customers(service: Service) -> Iterator[Orders]:
    """Some who order all the time, each on a connection of its own; one in four waits for its answers."""
    orders, over = Orders(), threading.Event()

    def keep_ordering(headers: dict[str, str]) -> None:
        with service.client() as client:
            while not over.is_set():
                orders.place(client, **headers)

    with ThreadPoolExecutor(CUSTOMERS) as threads:
        waits: list[dict[str, str]] = [{"Prefer": "wait=10"}, {}, {}, {}] * (CUSTOMERS // 4)
        ordering = [threads.submit(keep_ordering, headers) for headers in waits]
        try:
            yield orders
        finally:
            over.set()
    for each in ordering:
        each.result()


def renew(service: Service) -> str:
    """Send SIGHUP, and return the last of what `up` says to it."""
    service.process.send_signal(signal.SIGHUP)

    def last_line() -> str | None:
        line = service.output().splitlines()[-1]
        return line if line.startswith(("renewed", "not renewed")) else None

    return wait_for(last_line, 90, "the end of the renewal")


def jobs_in_the_ledger(service: Service) -> int:
    """How many jobs there are. Fails when the ledger contradicts itself."""
    with closing(Database(service.database_url)) as database, database.read() as connection:
        assert contradictions(connection) == []
        return connection.scalars(select(func.count()).select_from(Job)).one()


@only_on_sqlite
def test_a_renewal_under_load_fails_no_request_and_loses_no_row(start_service: StartService) -> None:
    service = start_service("Slow")
    before = {process.pid for process in service.processes()}

    with customers(service) as orders:
        wait_for(lambda: len(orders.jobs) >= CUSTOMERS, 60, "orders")
        with service.client() as client:
            catalogue = send(client, csv_of(ROWS))
            so_far = wait_until(client, catalogue, lambda counts: counts["succeeded"] > 0)
        assert renew(service) == "renewed"

    assert orders.failures == []
    assert so_far["succeeded"] < ROWS, "the catalogue was done before the renewal"
    assert before & {process.pid for process in service.processes()} == {service.part("redis").pid}
    with service.client() as client:
        assert {job["status"] for job in ended(client, [catalogue, *orders.jobs])} == {"succeeded"}
        assert_each_row_once(client, catalogue, ROWS)
    assert jobs_in_the_ledger(service) == len(orders.jobs) + 1


@only_on_sqlite
def test_who_connects_while_no_api_runs_waits_for_the_next_one(start_service: StartService) -> None:
    service = start_service()
    with service.client() as client:
        headers = {"Authorization": client.headers["Authorization"]}
    service.kill("api")

    def post(number: int) -> httpx.Response:
        product = {"designation": f"Chaise {number}"}
        return httpx.post(f"{service.url}/api/predict", json=product, headers=headers, timeout=30, trust_env=False)

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(post, range(20)))

    assert [answer.status_code for answer in answers] == [202] * 20
    with service.client() as client:
        jobs = ended(client, [answer.json()["id"] for answer in answers])
    assert {job["status"] for job in jobs} == {"succeeded"}
