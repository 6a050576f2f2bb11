"""Photos by URL, with the real processes: whatever dies in the middle of a fetch, every product is answered."""

import threading

import httpx
import pytest

from tests.faults.conftest import StartService
from tests.support.photos import jpeg
from tests.support.service import Service, ended
from tests.support.waiting import wait_for
from tests.support.web import Site, hold, reply, site


def start(start_service: StartService, where: Site) -> Service:
    """A service that may fetch photos from this site."""
    return start_service(allowed_networks="127.0.0.0/8", allow_http=True, allowed_ports=where.port)


def submit_urls(client: httpx.Client, where: Site, number: int) -> list[str]:
    """Post products whose photos are at this site, and return the ids of their jobs."""
    urls = [f"http://127.0.0.1:{where.port}/{each}.jpg" for each in range(number)]
    answers = [client.post("/api/predict", json={"designation": "Chaise", "image_url": url}) for url in urls]
    return [answer.raise_for_status().json()["id"] for answer in answers]


def test_a_product_is_answered_by_its_text_and_the_photo_at_its_url(start_service: StartService) -> None:
    with site(reply(jpeg())) as where:
        service = start(start_service, where)
        with service.client() as client:
            (job,) = ended(client, submit_urls(client, where, 1))

    assert job["status"] == "succeeded"
    assert job["prediction"]["modality"] == "text+image"


def test_a_product_whose_photo_cannot_be_had_says_why(start_service: StartService) -> None:
    with site(reply(b"", "404 Not Found")) as where:
        service = start(start_service, where)
        with service.client() as client:
            (job,) = ended(client, submit_urls(client, where, 1))

    assert job["status"] == "failed"
    assert job["prediction"]["error"]["code"] == "IMAGE_FETCH_FAILED"


@pytest.mark.parametrize("victim", ["worker-io", "worker-model", "redis"])
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
