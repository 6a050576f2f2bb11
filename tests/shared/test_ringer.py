"""Rings on a real Redis: what lies in the queue is what a worker would be woken by."""

import json
import time
from collections.abc import Iterator

import pytest
import redis

from shared.broker import SOCKET_SECONDS, make_celery, task_of
from shared.lanes import Lane
from shared.ringer import CLOSE_SECONDS, ENOUGH_WAITING, Ringer
from tests.conftest import RedisServer
from tests.support.waiting import wait_for

AT_ONCE_SECONDS = SOCKET_SECONDS / 2  # a ring takes microseconds; a publish to a Redis that hangs takes twice this


class Queues:
    """What waits on the lanes now."""

    def __init__(self, client: "redis.Redis") -> None:
        self.client = client

    def length(self, lane: Lane) -> int:
        return int(self.client.llen(lane))

    def wait_for_length(self, lane: Lane, length: int) -> None:
        wait_for(lambda: self.length(lane) >= length, 20, f"{length} messages on {lane}")

    def wait_until_rung(self, ringer: Ringer, lane: Lane) -> None:
        """Return once the ringer has done all that it owed: it rings lanes in the order of their first ring."""
        before = self.length(lane)
        ringer.ring(lane)
        self.wait_for_length(lane, before + 1)


@pytest.fixture
def queues(redis_server: RedisServer) -> Iterator[Queues]:
    with redis.Redis(unix_socket_path=str(redis_server.folder / "redis.sock")) as client:
        yield Queues(client)


@pytest.fixture
def ringer(redis_server: RedisServer) -> Iterator[Ringer]:
    celery = make_celery(redis_server.broker_url)
    with Ringer(celery) as ringing:
        yield ringing
    celery.close()


def test_a_ring_is_one_message_that_names_the_task_and_the_job_and_carries_no_work(
    ringer: Ringer, queues: Queues
) -> None:
    ringer.ring(Lane.BULK, job_id="a-job-id", request_id="a-request-id")
    queues.wait_for_length(Lane.BULK, 1)

    message = json.loads(queues.client.lindex("bulk", 0))
    assert message["headers"]["task"] == task_of(Lane.BULK)
    assert message["headers"]["expires"] is not None
    assert message["content-type"] == "application/json"
    assert json.loads(message["headers"]["argsrepr"].replace("'", '"')) == ["a-job-id", "a-request-id"]
    assert queues.length(Lane.INTERACTIVE) == 0


def test_several_workers_of_a_lane_can_be_woken(ringer: Ringer, queues: Queues) -> None:
    ringer.ring(Lane.BULK, times=3)
    queues.wait_until_rung(ringer, Lane.INTERACTIVE)

    assert queues.length(Lane.BULK) == 3


def test_forty_rings_of_a_busy_bell_become_one(ringer: Ringer, queues: Queues, redis_server: RedisServer) -> None:
    redis_server.stop()
    for number in range(40):
        ringer.ring(Lane.INTERACTIVE, job_id=str(number))
    redis_server.start()
    queues.wait_until_rung(ringer, Lane.BULK)

    assert queues.length(Lane.INTERACTIVE) == 1


def test_of_coalesced_rings_the_largest_number_of_workers_is_woken(
    ringer: Ringer, queues: Queues, redis_server: RedisServer
) -> None:
    redis_server.stop()
    for times in (2, 5, 1):
        ringer.ring(Lane.BULK, times=times)
    redis_server.start()
    queues.wait_until_rung(ringer, Lane.INTERACTIVE)

    assert queues.length(Lane.BULK) == 5


def test_with_redis_stopped_a_ring_returns_at_once_and_arrives_when_it_is_back(
    ringer: Ringer, queues: Queues, redis_server: RedisServer
) -> None:
    ringer.ring(Lane.INTERACTIVE)
    queues.wait_for_length(Lane.INTERACTIVE, 1)
    redis_server.stop()

    started = time.monotonic()
    ringer.ring(Lane.INTERACTIVE)
    ringer.ring(Lane.BULK)
    assert time.monotonic() - started < AT_ONCE_SECONDS

    redis_server.start()
    queues.wait_for_length(Lane.INTERACTIVE, 1)
    queues.wait_for_length(Lane.BULK, 1)


def test_with_redis_hanging_a_ring_returns_at_once(ringer: Ringer, queues: Queues) -> None:
    queues.client.client_pause(30_000, all=False)

    started = time.monotonic()
    for _ in range(40):
        ringer.ring(Lane.BULK)
    assert time.monotonic() - started < AT_ONCE_SECONDS

    queues.client.client_unpause()
    queues.wait_for_length(Lane.BULK, 1)


def test_no_more_messages_ever_wait_than_would_wake_somebody(ringer: Ringer, queues: Queues) -> None:
    ringer.ring(Lane.BULK, times=ENOUGH_WAITING - 1)
    queues.wait_until_rung(ringer, Lane.INTERACTIVE)
    assert queues.length(Lane.BULK) == ENOUGH_WAITING - 1

    for _ in range(3):
        ringer.ring(Lane.BULK, times=10)
        queues.wait_until_rung(ringer, Lane.INTERACTIVE)

    assert queues.length(Lane.BULK) == ENOUGH_WAITING


def test_what_was_rung_before_closing_still_arrives(redis_server: RedisServer, queues: Queues) -> None:
    with Ringer(make_celery(redis_server.broker_url)) as closing:
        closing.ring(Lane.INTERACTIVE)
        closing.ring(Lane.BULK)

    assert (queues.length(Lane.INTERACTIVE), queues.length(Lane.BULK)) == (1, 1)


def test_closing_does_not_wait_for_a_redis_that_is_away(redis_server: RedisServer) -> None:
    redis_server.stop()
    with Ringer(make_celery(redis_server.broker_url)) as closing:
        closing.ring(Lane.BULK)
        started = time.monotonic()

    assert time.monotonic() - started < CLOSE_SECONDS + AT_ONCE_SECONDS


def test_a_message_that_is_no_json_is_never_read() -> None:
    assert make_celery("redis://").conf.accept_content == ["json"]
