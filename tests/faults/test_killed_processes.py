"""Whatever dies, what was accepted is answered, with nobody doing anything."""

import httpx
import psutil
import pytest

from tests.conftest import only_on_sqlite
from tests.faults.conftest import StartService
from tests.support.service import Service, ended, submit
from tests.support.waiting import wait_for

TITLES = [f"title {number}" for number in range(40)]


@pytest.mark.parametrize(
    ("victim", "database_url"),
    [("worker-model", "sqlite"), ("worker-model", "postgresql"), ("worker-io", "sqlite"), ("redis", "sqlite")],
    indirect=["database_url"],
)
def test_every_job_succeeds_although_a_part_is_killed_with_jobs_queued(
    start_service: StartService, victim: str
) -> None:
    service = start_service("Slow")
    with service.client() as client:
        before = submit(client, *TITLES)
        service.kill(victim)
        after = submit(client, *TITLES)

        jobs = ended(client, before + after)

    assert {job["status"] for job in jobs} == {"succeeded"}
    service.part(victim)


@only_on_sqlite
def test_a_killed_api_is_started_again_and_has_lost_nothing(start_service: StartService) -> None:
    service = start_service("Slow")
    with service.client() as client:
        jobs = submit(client, *TITLES)
        service.kill("api")
    service.part("api")
    wait_for(lambda: _answers(service), 30, "the API back")

    with service.client() as client:
        assert {job["status"] for job in ended(client, jobs)} == {"succeeded"}


@only_on_sqlite
def test_sigterm_ends_every_process_in_time_and_loses_nothing(start_service: StartService) -> None:
    service = start_service("Slow")
    with service.client() as client:
        jobs = submit(client, *TITLES)
    started = service.processes()

    assert service.terminate(20) == 0

    assert not [process for process in started if process.is_running()]
    again = start_service("Fake")
    with again.client() as client:
        assert {job["status"] for job in ended(client, jobs)} == {"succeeded"}


@only_on_sqlite
def test_killing_the_keeper_leaves_nothing_running(start_service: StartService) -> None:
    service = start_service()
    started = service.processes()
    assert len(started) == 4

    service.process.kill()

    _, alive = psutil.wait_procs(started, 10)
    assert alive == []


def _answers(service: Service) -> bool:
    try:
        return httpx.get(f"{service.url}/health/live", trust_env=False).is_success
    except httpx.TransportError:
        return False
