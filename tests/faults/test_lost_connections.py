"""PostgreSQL and its connections: cut, away for a while, or left in the middle of a transaction; nothing is lost."""

from functools import partial

from tests.conftest import only_on_postgresql
from tests.faults.conftest import StartService
from tests.support.gate import Gate
from tests.support.postgresql import away, cut_connections
from tests.support.sent_catalogues import ROWS, assert_each_row_once, counts, csv_of, send, wait_until
from tests.support.service import Service, ended, submit
from tests.support.waiting import wait_for

pytestmark = only_on_postgresql

THREADS = {
    ("worker-io", "sweep.failed"),
    ("worker-io", "erase.failed"),
    ("worker-io", "heartbeat.failed"),
    ("worker-model", "heartbeat.failed"),
    ("worker-model", "bundle.failed"),
}

SHORT_PATIENCE = "?options=-c%20idle_in_transaction_session_timeout%3D2000"  # instead of IDLE_SECONDS


def test_connections_that_are_cut_in_the_middle_of_work_lose_no_row(start_service: StartService) -> None:
    service = start_service("Slow")
    processes = service.processes()
    with service.client() as client:
        job_id = send(client, csv_of(ROWS))
        products = submit(client, *[f"title {number}" for number in range(20)])
        for tenths in range(1, 8):
            wait_until(client, job_id, partial(answered, tenths / 10))
            assert cut_connections(service.database_url) > 0

        (job,) = ended(client, [job_id], 120)

        assert job["counts"]["succeeded"] == ROWS
        assert_each_row_once(client, job_id, ROWS)
        assert {job["status"] for job in ended(client, products)} == {"succeeded"}
    assert service.processes() == processes


def test_every_thread_goes_on_after_a_database_that_was_away(start_service: StartService, gate: Gate) -> None:
    service = start_service("Gated", gate=gate.path)
    processes = service.processes()
    gate.close()
    with service.client() as client:
        jobs = [*submit(client, "title", "another"), send(client, csv_of(ROWS))]
        gate.wait_until_reached(service.part("worker-model"))

        with away(service.database_url):
            wait_for(lambda: failing(service) >= THREADS, 30, "every thread in trouble")
            assert client.get("/health/ready").status_code == 503
            assert client.post("/api/predict", json={"designation": "title"}).status_code == 503
            gate.open()

        assert {job["status"] for job in ended(client, jobs, 120)} == {"succeeded"}
        wait_for(lambda: client.get("/api/models/fake-1").json()["workers"] == 1, 30, "the heartbeat")
        gate.close()
        (overdue,) = ended(client, [send(client, csv_of(3, "new"), expires_in=1)])
        assert overdue["status"] == "expired"  # which is the sweeper's work
    assert service.processes() == processes


def test_a_worker_that_vanishes_in_the_middle_of_a_transaction_holds_nobody_up(
    start_service: StartService, database_url: str
) -> None:
    service = start_service(database_url=database_url + SHORT_PATIENCE, model_workers=2)
    with service.client() as client:
        job_id = send(client, csv_of(ROWS))
        wait_until(client, job_id, partial(answered, 0))

        service.hold_with_locks(service.part("worker-model"))

        assert counts(client, job_id)["succeeded"] < ROWS
        (job,) = ended(client, [job_id])
        assert job["counts"]["succeeded"] == ROWS
        assert_each_row_once(client, job_id, ROWS)


def answered(share: float, found: dict[str, int]) -> bool:
    return found["succeeded"] > share * ROWS


def failing(service: Service) -> set[tuple[str, str]]:
    """The threads that have said so far that they have failed."""
    return {(event["process"], name) for _, name in THREADS for event in service.events(name)}
