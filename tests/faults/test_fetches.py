"""Photos by URL, with the real processes: whatever dies in the middle of a fetch, every product is answered."""

import threading

import httpx
import pytest

from tests.conftest import only_on_sqlite
from tests.faults.conftest import StartService
from tests.support.photos import jpeg
from tests.support.service import Service, ended
from tests.support.waiting import wait_for
from tests.support.web import Site, hold, in_turn, reply, site


def start(start_service: StartService, where: Site) -> Service:
    """A service that may fetch photos from this site."""
    return start_service(allowed_networks="127.0.0.0/8", allow_http=True, allowed_ports=where.port)


def submit_urls(client: httpx.Client, where: Site, number: int) -> list[str]:
    """Post products whose photos are at this site, and return the ids of their jobs."""
    urls = [f"http://127.0.0.1:{where.port}/{each}.jpg" for each in range(number)]
    answers = [client.post("/api/predict", json={"designation": "Chaise", "image_url": url}) for url in urls]
    return [answer.raise_for_status().json()["id"] for answer in answers]


@only_on_sqlite
def test_a_product_is_answered_by_the_photo_at_its_url_or_told_why_there_is_none(start_service: StartService) -> None:
    with site(in_turn(reply(jpeg()), reply(b"", "404 Not Found"))) as where:
        service = start(start_service, where)
        with service.client() as client:
            (answered,) = ended(client, submit_urls(client, where, 1))
            (unanswered,) = ended(client, submit_urls(client, where, 1))

    assert answered["status"] == "succeeded"
    assert answered["prediction"]["modality"] == "text+image"
    assert unanswered["status"] == "failed"
    assert unanswered["prediction"]["error"]["code"] == "IMAGE_FETCH_FAILED"


@pytest.mark.parametrize(
    ("victim", "database_url"),
    [("worker-io", "sqlite"), ("worker-io", "postgresql"), ("worker-model", "sqlite"), ("redis", "sqlite")],
    indirect=["database_url"],
)
def test_a_part_that_is_killed_in_the_middle_of_fetches_loses_nothing(start_service: StartService, victim: str) -> None:
    killed = threading.Event()
    with site(hold(killed, reply(jpeg()))) as where:
        service = start(start_service, where)
        with service.client() as client:
            jobs = submit_urls(client, where, 10)
            wait_for(lambda: where.requests, 30, "a fetch")
            service.kill(victim)
            killed.set()

            done = ended(client, jobs)

    assert {job["status"] for job in done} == {"succeeded"}
    assert {job["prediction"]["modality"] for job in done} == {"text+image"}


@only_on_sqlite
def test_sigterm_does_not_wait_for_strangers(start_service: StartService) -> None:
    started_again = threading.Event()
    with site(hold(started_again, reply(jpeg()))) as where:
        service = start(start_service, where)
        with service.client() as client:
            jobs = submit_urls(client, where, 10)
            wait_for(lambda: where.requests, 30, "a fetch")
        processes = service.processes()

        assert service.terminate(20) == 0

        assert not [process for process in processes if process.is_running()]
        started_again.set()
        again = start(start_service, where)
        with again.client() as client:
            assert {job["status"] for job in ended(client, jobs)} == {"succeeded"}
