"""A lease is lost only by a worker that gets nowhere, and what it writes late touches nothing."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import redis
from celery import Celery

from shared.broker import WORK_TASK, make_celery
from shared.database import Database
from shared.lanes import MODEL_CALL, Lane
from tests.faults.conftest import LEASE_SECONDS, StartService
from tests.support.ledger import accept_catalogue
from tests.support.predictors import VerySlow
from tests.support.service import Service, ended, submit
from tests.support.waiting import wait_for


def test_a_worker_stopped_past_its_lease_and_continued_leaves_one_result(start_service: StartService) -> None:
    service = start_service("VerySlow", model_workers=2)  # stopped in its model, not in a transaction
    first, second = [process for process in service.processes() if process.cmdline()[1:4] == ["-m", "worker", "model"]]
    with service.client() as client:
        service.hold_still(first)
        service.hold_still(second)
        jobs = submit(client, *[f"title {number}" for number in range(8)])
        first.resume()
        wait_for(lambda: client.get(f"/api/jobs/{jobs[0]}").json()["status"] == "running", 30, "a claim")
        service.hold_still(first)
        second.resume()
        done = ended(client, jobs, seconds=30 + 10 * LEASE_SECONDS)
        first.resume()

        later = ended(client, submit(client, "one more") + jobs)

    assert {job["status"] for job in done} == {"succeeded"}
    assert later[1:] == done


def test_rings_that_are_lost_change_nothing(start_service: StartService) -> None:
    service = start_service("Slow")
    with service.client() as client:
        with service.paused("worker-model"):
            jobs = submit(client, *[f"title {number}" for number in range(20)])
            service.kill("redis")  # every ring that waits is gone with it
        assert {job["status"] for job in ended(client, jobs)} == {"succeeded"}


def test_rings_that_are_doubled_change_nothing(start_service: StartService) -> None:
    service = start_service("Slow", model_workers=2)
    with service.client() as client, bell_of(service) as bell:
        jobs = []
        for number in range(20):
            jobs += submit(client, f"title {number}")
            bell.ring(jobs[-1:] * 5)
        done = ended(client, jobs)
        before = versions(client, jobs)

        bell.ring(jobs * 5)
        bell.wait_until_heard()
        ended(client, submit(client, "one more"))

        assert {job["status"] for job in done} == {"succeeded"}
        assert {job["counts"]["succeeded"] for job in done} == {1}
        assert versions(client, jobs) == before
        assert sum(event["rows"] for event in service.events("model.called")) == len(jobs) + 1


class Bell:
    """Rings the interactive lane of a running service, as one more of its processes would."""

    def __init__(self, celery: Celery, queue: redis.Redis) -> None:
        self._celery = celery
        self._queue = queue

    def ring(self, job_ids: list[str]) -> None:
        for job_id in job_ids:
            self._celery.send_task(WORK_TASK, args=[job_id], queue=str(Lane.INTERACTIVE))

    def wait_until_heard(self) -> None:
        wait_for(lambda: self._queue.llen(str(Lane.INTERACTIVE)) == 0, 30, "every ring taken")


@contextmanager
def bell_of(service: Service) -> Iterator[Bell]:
    url = service.part("api").environ()["SHELFWISE_BROKER_URL"]
    with make_celery(url) as celery, redis.Redis(unix_socket_path=url.removeprefix("redis+socket://")) as queue:
        yield Bell(celery, queue)


def versions(client: httpx.Client, job_ids: list[str]) -> list[str]:
    return [client.get(f"/api/jobs/{job_id}").raise_for_status().headers["etag"] for job_id in job_ids]


def test_a_batch_that_takes_longer_than_its_lease_is_not_taken_away(start_service: StartService) -> None:
    lease_seconds = 6 * VerySlow.seconds  # a call may come five times its time late
    calls = 1 + int(2 * lease_seconds / VerySlow.seconds)
    service = start_service("VerySlow", lease_seconds=lease_seconds)
    with service.client() as client, closing(Database(service.database_url)) as database:
        owner = client.get("/api/users/me").json()["id"]
        job_id = accept_catalogue(database, owner, *["title"] * (calls * MODEL_CALL))

        (job,) = ended(client, [job_id])

    assert job["counts"]["succeeded"] == calls * MODEL_CALL
    assert len([event for event in service.events("model.called") if event["rows"]]) == calls
    assert service.events("sweep.found") == []
