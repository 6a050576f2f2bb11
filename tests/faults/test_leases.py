"""A lease is lost only by a worker that gets nowhere, and what it writes late touches nothing."""

from pathlib import Path

from shared.database import Database
from shared.lanes import MODEL_CALL
from shared.settings import load_settings
from tests.faults.conftest import LEASE_SECONDS, StartService
from tests.support.ledger import accept_catalogue
from tests.support.service import ended, submit
from tests.support.waiting import wait_for


def test_a_worker_stopped_past_its_lease_and_continued_leaves_one_result(start_service: StartService) -> None:
    service = start_service("Slow", model_workers=2)
    first, second = [process for process in service.processes() if process.cmdline()[1:4] == ["-m", "worker", "model"]]
    with service.client() as client:
        first.suspend()
        second.suspend()
        jobs = submit(client, *[f"title {number}" for number in range(8)])
        first.resume()
        wait_for(lambda: client.get(f"/api/jobs/{jobs[0]}").json()["status"] == "running", 30, "a claim")
        first.suspend()
        second.resume()
        done = ended(client, jobs, seconds=30 + 10 * LEASE_SECONDS)
        first.resume()

        later = ended(client, submit(client, "one more") + jobs)

    assert {job["status"] for job in done} == {"succeeded"}
    assert later[1:] == done


def test_rings_that_are_lost_or_doubled_change_nothing(start_service: StartService) -> None:
    service = start_service("Slow")
    with service.client() as client:
        with service.paused("worker-model"):
            jobs = submit(client, *[f"title {number}" for number in range(20)])
            service.kill("redis")  # every ring that waits is gone with it
        assert {job["status"] for job in ended(client, jobs)} == {"succeeded"}


def test_a_batch_that_takes_longer_than_its_lease_is_not_taken_away(
    start_service: StartService, tmp_path: Path
) -> None:
    service = start_service("VerySlow")
    calls = 1 + int(2 * LEASE_SECONDS / 0.5)
    database = Database(load_settings(data_dir=tmp_path / "data").database)
    with service.client() as client:
        owner = client.get("/api/users/me").json()["id"]
        job_id = accept_catalogue(database, owner, *["title"] * (calls * MODEL_CALL))

        (job,) = ended(client, [job_id])
    database.close()

    assert job["counts"]["succeeded"] == calls * MODEL_CALL
    assert len([event for event in service.events("model.called") if event["rows"]]) == calls
    assert service.events("sweep.found") == []
