"""The log of a running service: one format for all, and ids that lead from a request to the work it made."""

import json
import secrets

import psutil

from tests.support.service import ended, submit
from tests.support.waiting import wait_for
from tests.watching.conftest import Watched


def test_every_line_is_json_with_the_same_four_keys(watched: Watched) -> None:
    with watched.service.client() as client:
        ended(client, submit(client, "Chaise"))
    watched.service.kill("worker-model")  # whose end and start are told, too
    wait_for(lambda: watched.service.events("part.ended"), 20, "the end of a part in the log")
    watched.service.wait_until_ready()

    lines = watched.log.read_text().splitlines()

    assert {json.loads(line)["process"] for line in lines} >= {"up", "api", "worker-io", "worker-model"}
    for line in lines:
        assert {"event", "level", "process", "timestamp"} <= json.loads(line).keys(), line


def test_what_somebody_writes_past_our_logging_is_quoted(watched: Watched) -> None:
    redis: psutil.Process = watched.service.part("redis")
    redis.terminate()  # which it says, in its own words

    (said, *_) = wait_for(
        lambda: [each for each in watched.service.events("part.wrote") if each["process"] == "redis"], 20, "its words"
    )

    assert said["line"]
    watched.service.part("redis")  # the next one, before the service is used again


def test_a_requests_id_leads_to_its_job_and_to_the_worker_that_was_woken_for_it(watched: Watched) -> None:
    request_id = f"order-{secrets.token_hex(4)}"
    with watched.service.client() as client:
        answer = client.post("/api/predict", json={"designation": "Chaise"}, headers={"X-Request-ID": request_id})
        job_id = answer.raise_for_status().json()["id"]
        ended(client, [job_id])

    def done() -> list[dict[str, object]]:
        return [each for each in watched.service.events("batch.done") if job_id in each["jobs"]]

    (batch,) = wait_for(done, 20, "the batch in the log")
    (accepted,) = [each for each in watched.service.events("job.accepted") if each["job"] == job_id]
    assert (accepted["process"], accepted["kind"], accepted["request_id"]) == ("api", "product", request_id)
    assert (batch["woken_by_job"], batch["woken_by_request"]) == (job_id, request_id)
