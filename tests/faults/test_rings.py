"""A ring carries no work: one that comes again and again changes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import redis
from celery import Celery

from shared.broker import make_celery, task_of
from shared.lanes import Lane
from tests.faults.conftest import StartService
from tests.support.service import Service, ended, submit
from tests.support.waiting import wait_for


def test_rings_that_come_five_times_change_nothing(start_service: StartService) -> None:
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
        assert sum(service.calls(len(jobs) + 1)) == len(jobs) + 1


class Bell:
    """Rings the interactive lane of a running service, as one more of its processes would."""

    def __init__(self, celery: Celery, queue: redis.Redis) -> None:
        self._celery = celery
        self._queue = queue

    def ring(self, job_ids: list[str]) -> None:
        for job_id in job_ids:
            self._celery.send_task(task_of(Lane.INTERACTIVE), args=[job_id], queue=str(Lane.INTERACTIVE))

    def wait_until_heard(self) -> None:
        wait_for(lambda: self._queue.llen(str(Lane.INTERACTIVE)) == 0, 30, "every ring taken")


@contextmanager
def bell_of(service: Service) -> Iterator[Bell]:
    url = service.part("api").environ()["SHELFWISE_BROKER_URL"]
    with make_celery(url) as celery, redis.Redis(unix_socket_path=url.removeprefix("redis+socket://")) as queue:
        yield Bell(celery, queue)


def versions(client: httpx.Client, job_ids: list[str]) -> list[str]:
    return [client.get(f"/api/jobs/{job_id}").raise_for_status().headers["etag"] for job_id in job_ids]
