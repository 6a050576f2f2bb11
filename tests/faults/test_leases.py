"""A lease is lost only by a worker that gets nowhere, and what it writes late touches nothing."""

from contextlib import closing

import httpx

from shared.database import Database
from shared.lanes import MODEL_CALL
from tests.faults.conftest import LEASE_SECONDS, SWEEP_SECONDS, StartService
from tests.support.gate import Gate
from tests.support.ledger import accept_catalogue
from tests.support.predictors import VerySlow
from tests.support.service import Service, ended, submit
from tests.support.waiting import wait_for

TITLES = [f"title {number}" for number in range(8)]


def test_a_worker_stopped_past_its_lease_and_continued_leaves_one_result(
    start_service: StartService, gate: Gate
) -> None:
    service = start_service("Gated", gate=gate.path, model_workers=2)
    first, second = service.parts("worker-model")
    with service.client() as client:
        service.hold_still(second)
        gate.close()
        (job,) = submit(client, "title")
        gate.wait_until_reached(first)
        service.hold_still(first)
        second.resume()
        gate.wait_until_reached(second)  # after the first one's lease
        service.hold_still(second)
        before = state(client, job)
        gate.open()

        first.resume()
        wait_for(lambda: written_late(service), 30, "the late write")

        assert before["status"] == "running"
        assert state(client, job) == before
        second.resume()
        (done,) = ended(client, [job])
        assert (done["status"], done["counts"]["succeeded"]) == ("succeeded", 1)
        assert written_late(service) == 1


def test_a_worker_continued_after_a_cancel_writes_nothing(start_service: StartService, gate: Gate) -> None:
    service = start_service("Gated", gate=gate.path)
    (worker,) = service.parts("worker-model")
    gate.close()
    with service.client() as client:
        (job,) = submit(client, "title")
        gate.wait_until_reached(worker)
        service.hold_still(worker)
        client.post(f"/api/jobs/{job}/cancel").raise_for_status()
        canceled = state(client, job)
        gate.open()

        worker.resume()
        wait_for(lambda: written_late(service), 30, "the late write")

        assert canceled["status"] == "canceled"
        assert state(client, job) == canceled
        assert written_late(service) == 1


def test_a_worker_killed_in_the_middle_of_a_batch_is_noticed_in_time(start_service: StartService, gate: Gate) -> None:
    service = start_service("Gated", gate=gate.path)
    gate.close()
    with service.client() as client:
        jobs = submit(client, *TITLES)
        gate.wait_until_reached(service.part("worker-model"))

        service.kill("worker-model")

        (found,) = wait_for(
            lambda: service.events("sweep.found"), 5 * (LEASE_SECONDS + SWEEP_SECONDS), "the lease that ran out"
        )
        gate.open()
        assert found["leases_expired"] >= 1
        assert {job["status"] for job in ended(client, jobs)} == {"succeeded"}


def test_a_batch_that_takes_longer_than_its_lease_is_not_taken_away(start_service: StartService) -> None:
    lease_seconds = 6 * VerySlow.seconds  # a call may come five times its time late
    calls = 1 + int(2 * lease_seconds / VerySlow.seconds)
    service = start_service("VerySlow", lease_seconds=lease_seconds)
    with service.client() as client, closing(Database(service.database_url)) as database:
        owner = client.get("/api/users/me").json()["id"]
        job_id = accept_catalogue(database, owner, *["title"] * (calls * MODEL_CALL))

        (job,) = ended(client, [job_id])

    assert job["counts"]["succeeded"] == calls * MODEL_CALL
    assert len(service.calls(calls * MODEL_CALL)) == calls
    assert service.events("sweep.found") == []


def state(client: httpx.Client, job_id: str) -> dict[str, object]:
    """What has come of a product so far."""
    answer = client.get(f"/api/jobs/{job_id}").raise_for_status()
    job = answer.json()
    return {"status": job["status"], "prediction": job["prediction"], "version": answer.headers["etag"]}


def written_late(service: Service) -> int:
    """How many products a worker has brought that had been taken away from it: writing them ended no job."""
    return sum(event["rows"] for event in service.events("batch.done") if not event["jobs_ended"])
