"""Webhooks with the real processes: whatever dies, who listens is told of every job, and no receiver delays another."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.conftest import only_on_sqlite
from tests.faults.conftest import StartService
from tests.support.gate import Gate
from tests.support.receiver import Receiver, failing, receiver, redirect
from tests.support.sent_catalogues import csv_of, send
from tests.support.service import Service, ended, submit
from tests.support.waiting import wait_for
from tests.support.web import hold, reply

SLACK = 5
TOLD_SECONDS = 5.0  # the promise to those who listen beside bad receivers
TIMEOUT_SECONDS = 2.0
GOOD = 97
BURST = 300
DELAYS = "0,0.2,0.2,0.2,0.2"


def start(start_service: StartService, where: Receiver, predictor: str = "Fake", **settings: object) -> Service:
    """A service that may call this receiver, and is quick to try again."""
    rules = {"allowed_networks": "127.0.0.0/8", "allow_http": True, "allowed_ports": where.port}
    return start_service(predictor, webhook_delays=DELAYS, **rules, **settings)


def listen(client: httpx.Client, url: str, **filters: list[str]) -> str:
    """Register a webhook, and return its path."""
    return str(client.post("/api/webhooks", json={"url": url, **filters}).raise_for_status().headers["Location"])


def events(where: Receiver, path: str) -> dict[str, Counter[tuple[str, str]]]:
    """For each job that a path was told of, how often each event (type and id) has come."""
    found: dict[str, Counter[tuple[str, str]]] = {}
    for each in where.at(path):
        found.setdefault(each.event["data"]["id"], Counter())[each.event["type"], each.id] += 1
    return found


def wait_until_told(where: Receiver, path: str, jobs: list[str], seconds: float = 60) -> None:
    wait_for(lambda: set(jobs) <= set(events(where, path)), seconds, f"{path} told of {len(jobs)} jobs")


def one_delivery(client: httpx.Client, webhook: str, status: str) -> dict[str, Any]:
    """The one delivery of a webhook, once it has this status."""

    def look() -> dict[str, Any] | None:
        page = client.get(f"{webhook}/deliveries", params={"status": status}).raise_for_status().json()
        return page["items"][0] if page["items"] else None

    return wait_for(look, 30, f"a delivery that is {status}")


def test_97_of_100_receivers_are_told_in_time_beside_three_bad_ones(start_service: StartService) -> None:
    with receiver() as where:
        where.answers |= {"/hang": where.hang, "/drip": where.drip, "/moved": redirect(where.url("/inside"))}
        service = start(start_service, where, webhook_timeout_seconds=60)  # longer than anybody is waited for
        with service.client() as client:
            for path in where.answers:
                moved = listen(client, where.url(path))
            for number in range(GOOD):
                listen(client, where.url(f"/{number}"))

            jobs = [job["id"] for job in ended(client, submit(client, "one", "two", "three"))]

            end = time.monotonic() + SLACK * TOLD_SECONDS
            for number in range(GOOD):
                wait_until_told(where, f"/{number}", jobs, max(0.1, end - time.monotonic()))
            assert where.at("/hang")
            assert where.at("/drip")
            wait_for(lambda: not client.get(moved).json()["active"], 60, "the one that moved disabled")
            assert "status 302" in client.get(moved).json()["disabled_reason"]
        assert where.at("/inside") == []


@only_on_sqlite
def test_a_receiver_that_fails_for_a_while_gets_the_same_event_until_it_takes_it(start_service: StartService) -> None:
    with receiver(hook=failing(3)) as where:
        service = start(start_service, where)
        with service.client() as client:
            webhook = listen(client, where.url("/hook"))

            submit(client, "title")

            delivery = one_delivery(client, webhook, "delivered")
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 500, 500, 200]
    assert len({(each.id, each.body) for each in where.received}) == 1


def test_what_a_killed_worker_has_sent_and_not_booked_is_sent_again_under_the_same_id(
    start_service: StartService,
) -> None:
    killed = threading.Event()
    with receiver(hook=hold(killed, reply())) as where:
        service = start(start_service, where, webhook_timeout_seconds=TIMEOUT_SECONDS)
        with service.client() as client:
            webhook = listen(client, where.url("/hook"))
            submit(client, "title")
            wait_for(lambda: where.received, 30, "the event sent")

            service.kill("worker-io")
            killed.set()

            delivery = one_delivery(client, webhook, "delivered")
    assert len(where.received) > 1
    assert {each.id for each in where.received} == {delivery["event_id"]}


def test_each_job_of_a_burst_is_told_although_who_tells_is_killed(start_service: StartService) -> None:
    tell_of_a_burst(start_service, victim="worker-io")


@only_on_sqlite
def test_each_job_of_a_burst_is_told_although_the_doorbell_is_killed(start_service: StartService) -> None:
    tell_of_a_burst(start_service, victim="redis")


def tell_of_a_burst(start_service: StartService, victim: str) -> None:
    """Have many products answered, kill a part in the middle, and see that each job was told of as one event."""
    with receiver() as where:
        service = start(start_service, where, webhook_timeout_seconds=TIMEOUT_SECONDS)
        with service.client() as client, ThreadPoolExecutor(8) as pool:
            listen(client, where.url("/hook"))
            posts = [pool.submit(submit, client, f"title {number}") for number in range(BURST)]
            wait_for(lambda: len(where.received) > BURST / 10, 60, "the first events")
            service.kill(victim)
            jobs = [job_id for post in posts for job_id in post.result(60)]

            wait_until_told(where, "/hook", jobs, 120)

    told = events(where, "/hook")
    assert len(jobs) == BURST
    assert {len(of_job) for of_job in told.values()} == {1}  # one event each, however often it came


@only_on_sqlite
def test_every_end_of_a_job_is_told(start_service: StartService, gate: Gate) -> None:
    with receiver() as where:
        service = start(start_service, where, "Gated", gate=gate.path)
        with service.client() as client:
            listen(client, where.url("/hook"))
            gate.close()
            done, canceled = submit(client, "title", "another")
            late = send(client, csv_of(3), expires_in=1)
            refused = send(client, b"\x1f\x8b broken")
            client.post(f"/api/jobs/{canceled}/cancel").raise_for_status()
            wait_until_told(where, "/hook", [canceled, late, refused])
            gate.open()

            wait_until_told(where, "/hook", [done])

    types = {job_id: {kind for kind, _ in of_job} for job_id, of_job in events(where, "/hook").items()}
    assert types == {
        done: {"job.succeeded"},
        canceled: {"job.canceled"},
        late: {"job.expired"},
        refused: {"job.failed"},
    }
