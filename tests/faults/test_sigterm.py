"""SIGTERM in the middle of every kind of work: what is in hand is finished or given back, within the time there is."""

import threading
from contextlib import closing

from sqlalchemy import select

from cli.supervisor import STOP_SECONDS
from shared.database import Database
from shared.ledger.audit import contradictions
from shared.lifecycle import OPEN_BATCH, BatchState
from shared.tables import Batch, WorkerRow
from tests.conftest import only_on_sqlite
from tests.faults.conftest import StartService
from tests.support.photos import jpeg
from tests.support.sent_catalogues import counts, csv_of, send, wait_until
from tests.support.service import Service, ended, submit
from tests.support.waiting import wait_for
from tests.support.web import hold, reply, site

ROWS = 60_000


def open_work(service: Service) -> set[tuple[str, str]]:
    """The kinds and states of batches that are not done. Fails unless every worker has taken itself off the list."""
    with closing(Database(service.database_url)) as database, database.read() as connection:
        assert contradictions(connection) == []
        assert connection.scalars(select(WorkerRow.kind)).all() == []
        found = connection.execute(select(Batch.kind, Batch.state).distinct()).all()
    return {(kind, state) for kind, state in found if state in OPEN_BATCH}


@only_on_sqlite
def test_workers_give_back_what_they_are_in_the_middle_of(start_service: StartService) -> None:
    with site(hold(threading.Event(), reply(jpeg()))) as where:
        service = start_service("VerySlow", allowed_networks="127.0.0.0/8", allow_http=True, allowed_ports=where.port)
        with service.client() as client:
            url = f"http://127.0.0.1:{where.port}/1.jpg"
            client.post("/api/predict", json={"designation": "Chaise", "image_url": url}).raise_for_status()
            wait_for(lambda: where.requests, 30, "a fetch")
            catalogue = send(client, csv_of(ROWS))
            wait_until(client, catalogue, lambda found: found["succeeded"] > 0)
            submit(client, "Lampe", "Piscine")
            assert counts(client, catalogue)["total"] < ROWS, "the file has been read already"

        assert service.terminate() == 0

    assert open_work(service) == {(kind, BatchState.QUEUED) for kind in ("fetch", "intake", "predict")}


@only_on_sqlite
def test_a_model_call_without_end_is_cut_off_in_time_and_its_product_is_answered_later(
    start_service: StartService,
) -> None:
    service = start_service("HangsOnPoison")
    with service.client() as client:
        (job_id,) = submit(client, "poison")
        wait_for(lambda: client.get(f"/api/jobs/{job_id}").json()["status"] == "running", 20, "the call")

    assert service.terminate(STOP_SECONDS + 10) == 0

    again = start_service()
    with again.client() as client:
        (job,) = ended(client, [job_id])
    assert job["status"] == "succeeded"
