"""Redis is a doorbell: stopped, hung, or wiped, it delays answers and loses none, and nobody has to do anything."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import httpx
import psutil
import pytest
import redis

from shared.broker import HEALTH_SECONDS
from shared.lanes import Lane
from tests.conftest import RedisServer, only_on_sqlite
from tests.faults.conftest import LEASE_SECONDS, SWEEP_SECONDS, StartService
from tests.support.service import Service, ended, submit
from tests.support.waiting import wait_for

SLACK = 5
ANSWER_SECONDS = 1.0  # the promise, whatever Redis does
PARTS = ("api", "worker-io", "worker-model")

Trouble = Callable[[RedisServer, "redis.Redis"], AbstractContextManager[None]]


@pytest.fixture
def queue(redis_server: RedisServer) -> Iterator["redis.Redis"]:
    """The test's own Redis, which nobody starts again but the test."""
    with redis.Redis(unix_socket_path=str(redis_server.folder / "redis.sock")) as client:
        yield client


@contextmanager
def stopped(server: RedisServer, _queue: "redis.Redis") -> Iterator[None]:
    server.stop()
    yield
    server.start()


@contextmanager
def hanging(_server: RedisServer, queue: "redis.Redis") -> Iterator[None]:
    """It takes connections and says nothing, until everybody has given them up, and then goes on."""
    process = psutil.Process(queue.info()["process_id"])
    process.suspend()
    since = time.monotonic()
    yield
    wait_for(lambda: time.monotonic() - since > 3 * HEALTH_SECONDS, 60, "everybody's patience at its end")
    process.resume()


@pytest.mark.parametrize("trouble", [stopped, hanging])
def test_products_are_taken_at_once_while_redis_is_away_and_answered_when_it_is_back(
    start_service: StartService, redis_server: RedisServer, queue: "redis.Redis", trouble: Trouble
) -> None:
    service = start_service(broker_url=redis_server.broker_url)
    before = process_ids(service)
    with service.client() as client:
        with trouble(redis_server, queue):
            jobs = [submitted_at_once(client, number) for number in range(100)]

        assert {job["status"] for job in ended(client, jobs, 90)} == {"succeeded"}
    assert process_ids(service) == before


@only_on_sqlite
def test_forty_products_at_once_are_taken_while_redis_hangs_at_every_write_and_answered_by_themselves(
    start_service: StartService, redis_server: RedisServer, queue: "redis.Redis"
) -> None:
    service = start_service(broker_url=redis_server.broker_url)
    before = process_ids(service)
    with service.client() as client, ThreadPoolExecutor(40) as callers:
        queue.client_pause(20_000, all=False)
        jobs = list(callers.map(lambda number: submitted_at_once(client, number), range(40)))

        assert {job["status"] for job in ended(client, jobs, 90)} == {"succeeded"}
    assert process_ids(service) == before


@pytest.mark.parametrize("started_anew", [False, True])
def test_jobs_whose_rings_were_wiped_end(
    start_service: StartService, redis_server: RedisServer, queue: "redis.Redis", started_anew: bool
) -> None:
    service = start_service(broker_url=redis_server.broker_url)
    before = process_ids(service)
    with service.client() as client:
        with service.paused("worker-model"):
            wait_for(lambda: waiting(queue) == 1, 30, "only the io worker waiting")
            jobs = submit(client, *[f"title {number}" for number in range(20)])
            wait_for(lambda: queue.llen(Lane.INTERACTIVE), 10, "rings that nobody has heard")
            if started_anew:
                queue.shutdown(nosave=True)
                redis_server.stop()
                redis_server.start()
            else:
                queue.flushall()
            assert queue.llen(Lane.INTERACTIVE) == 0

        assert {job["status"] for job in ended(client, jobs)} == {"succeeded"}
    assert process_ids(service) == before


def test_a_ring_that_is_lost_with_the_worker_that_took_it_delays_its_job_by_no_more_than_a_lease_and_a_sweep(
    start_service: StartService, redis_server: RedisServer, queue: "redis.Redis"
) -> None:
    service = start_service(broker_url=redis_server.broker_url, model_workers=2)
    victim, other = service.parts("worker-model")
    with service.client() as client:
        service.hold_still(other)
        wait_for(lambda: waiting(queue) == 2, 30, "the other one's question at its end")
        job_id = rung_for(victim, service, client, queue)
        with nobody_started_again(service):
            victim.kill()
            other.resume()
            started = time.monotonic()

            (job,) = ended(client, [job_id])

        assert job["status"] == "succeeded"
        assert time.monotonic() - started < SLACK * (LEASE_SECONDS + SWEEP_SECONDS)


def rung_for(worker: psutil.Process, service: Service, client: httpx.Client, queue: "redis.Redis") -> str:
    """Stop a worker as it waits for a ring, and have Redis hand it one, for a product; returns the id of its job.

    A worker asks once a second: one that is stopped between two questions is not waiting, and it is tried again.
    """
    for _ in range(20):
        before = rings_ever(queue)
        service.hold_still(worker)
        (job_id,) = submit(client, "title")
        wait_for(partial(rung_since, queue, before), 10, "the ring")
        if rings_ever(queue) - before > queue.llen(Lane.INTERACTIVE):
            assert client.get(f"/api/jobs/{job_id}").json()["status"] == "queued"
            return job_id
        worker.resume()
        ended(client, [job_id])
    raise AssertionError("the worker never waited")


@contextmanager
def nobody_started_again(service: Service) -> Iterator[None]:
    """Hold the keeper still: a worker that is started looks for work, whoever has rung for it or not."""
    keeper = psutil.Process(service.process.pid)
    keeper.suspend()
    try:
        yield
    finally:
        keeper.resume()


def waiting(queue: "redis.Redis") -> int:
    """How many workers wait for a ring now, also one that is just between two questions."""
    return max(int(queue.info("clients")["blocked_clients"]) for _ in range(50))


def rung_since(queue: "redis.Redis", before: int) -> bool:
    return rings_ever(queue) > before


def rings_ever(queue: "redis.Redis") -> int:
    """How many messages have been put into queues since Redis has started."""
    return int(queue.info("commandstats").get("cmdstat_lpush", {"calls": 0})["calls"])


def submitted_at_once(client: httpx.Client, number: int) -> str:
    """Post a product within the promised time; the id of its job."""
    started = time.monotonic()
    (job_id,) = submit(client, f"title {number}")
    assert time.monotonic() - started < SLACK * ANSWER_SECONDS
    return job_id


def process_ids(service: Service) -> list[int]:
    return [service.part(name).pid for name in PARTS]
