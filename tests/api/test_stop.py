"""SIGTERM while somebody waits for a job: nobody is cut off, and nobody holds the process up; and SIGUSR1."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx

from api.main import GRACE_SECONDS, KEEP_ALIVE_SECONDS
from tests.api.process import ApiProcess, api_process
from tests.conftest import RedisServer
from tests.support.waiting import wait_for

LAMP = {"designation": "Lampe de chevet"}


def end_of(api: ApiProcess) -> os.waitid_result | None:
    """How the process ended, if it has; whoever started it can still ask."""
    return os.waitid(os.P_PID, api.process_id, os.WEXITED | os.WNOHANG | os.WNOWAIT)


def test_who_waits_is_answered_and_the_process_ends(redis_server: RedisServer, tmp_path: Path) -> None:
    with api_process(tmp_path, redis_server.broker_url) as api:
        client = api.somebody()
        watched = client.post("/api/predict", json=LAMP).json()["id"]
        answers: list[httpx.Response] = []
        post = threading.Thread(
            target=lambda: answers.append(client.post("/api/predict", json=LAMP, headers={"Prefer": "wait=30"}))
        )
        post.start()
        wait_for(lambda: len(client.get("/api/jobs").json()["items"]) == 2, 10, "the job of who waits")

        with client.stream("GET", f"/api/jobs/{watched}/events") as stream:
            told = stream.iter_lines()
            wait_for(lambda: next(told) == "event: job", 10, "the first event")
            os.kill(api.process_id, signal.SIGTERM)
            end = wait_for(lambda: end_of(api), GRACE_SECONDS - 2, "the end of the process")
            rest = list(told)  # raises unless the stream was ended as HTTP has it
        post.join(10)

    assert (end.si_code, end.si_status) == (os.CLD_EXITED, 0)
    assert [answer.status_code for answer in answers] == [202]
    assert "event: job" not in rest


def test_a_process_that_retires_takes_nobody_in_and_answers_everybody_once_more(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    with api_process(tmp_path, redis_server.broker_url) as api:
        clients = [api.somebody() for _ in range(3)]
        for client in clients:
            client.get("/api/jobs").raise_for_status()
        os.kill(api.process_id, signal.SIGUSR1)
        wait_for(lambda: is_refused(api), 10, "nobody new")

        answers = [client.post("/api/predict", json=LAMP) for client in clients]
        end = wait_for(lambda: end_of(api), 10, "the end of the process")

    assert [(answer.status_code, answer.headers["Connection"]) for answer in answers] == [(202, "close")] * 3
    assert (end.si_code, end.si_status) == (os.CLD_EXITED, 0)


def test_a_process_that_retires_waits_for_the_end_of_a_body(redis_server: RedisServer, tmp_path: Path) -> None:
    with api_process(tmp_path, redis_server.broker_url) as api:

        def body() -> Iterator[bytes]:
            yield b'{"designation": '
            os.kill(api.process_id, signal.SIGUSR1)
            wait_for(lambda: is_refused(api), 10, "nobody new")
            yield b'"Lampe de chevet"}'

        answer = api.somebody().post("/api/predict", content=body(), headers={"Content-Type": "application/json"})

    assert answer.status_code == 202


def test_a_process_that_has_retired_ends_when_it_is_told_to(redis_server: RedisServer, tmp_path: Path) -> None:
    with api_process(tmp_path, redis_server.broker_url) as api:
        api.somebody().get("/api/jobs").raise_for_status()  # and stays connected
        os.kill(api.process_id, signal.SIGUSR1)
        wait_for(lambda: is_refused(api), 10, "nobody new")
        assert end_of(api) is None
        os.kill(api.process_id, signal.SIGTERM)

        end = wait_for(lambda: end_of(api), KEEP_ALIVE_SECONDS / 4, "the end of the process")

    assert (end.si_code, end.si_status) == (os.CLD_EXITED, 0)


def is_refused(api: ApiProcess) -> bool:
    """Whether nobody listens at its address any more."""
    try:
        socket.create_connection(("127.0.0.1", api.settings.port)).close()
    except ConnectionRefusedError:
        return True
    return False
