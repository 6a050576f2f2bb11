"""SIGTERM while somebody waits for a job: nobody is cut off, and nobody holds the process up."""

import os
import signal
import threading
from pathlib import Path

import httpx

from api.main import GRACE_SECONDS
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
