"""Flower shows whose wake-ups the workers have had: by queue, with the ids of the job and of its request."""

import ast
import secrets
from typing import Any

import httpx

from tests.support.service import ended, submit
from tests.support.waiting import wait_for
from tests.watching.conftest import Watched


def up(watched: Watched) -> bool:
    try:
        return httpx.get(f"{watched.flower}/healthcheck", trust_env=False).is_success
    except httpx.TransportError:
        return False


def workers(flower: httpx.Client) -> list[str]:
    """The workers of which Flower has heard: from then on it hears of their tasks."""
    known = flower.get("/workers", params={"json": "1"}).raise_for_status().json()["data"]
    return [worker["hostname"] for worker in known if worker["status"]]


def finished(flower: httpx.Client, name: str, job_id: str) -> dict[str, Any] | None:
    """The task of this name that has been done for this job, if Flower knows of it."""
    tasks = flower.get("/api/tasks", params={"taskname": name}).raise_for_status().json().values()
    return next((task for task in tasks if job_id in task["args"] and task["state"] == "SUCCESS"), None)


def test_nobody_sees_anything_without_the_password(watched: Watched) -> None:
    wait_for(lambda: up(watched), 60, "Flower")

    for path in ("/", "/workers", "/tasks", "/broker", "/api/tasks", "/api/workers", "/api/queues/length"):
        for auth in (None, ("admin", "admin"), ("admin", "")):
            assert httpx.get(f"{watched.flower}{path}", auth=auth, trust_env=False).status_code == 401, path


def test_a_finished_task_is_found_by_its_name_its_job_and_its_request(watched: Watched) -> None:
    wait_for(lambda: up(watched), 60, "Flower")
    request_id = f"order-{secrets.token_hex(4)}"
    with watched.flower_client() as flower, watched.service.client() as client:
        wait_for(lambda: len(workers(flower)) == 2, 60, "both workers in Flower")
        answer = client.post("/api/predict", json={"designation": "Chaise"}, headers={"X-Request-ID": request_id})
        job_id = answer.raise_for_status().json()["id"]
        ended(client, [job_id])

        task = wait_for(lambda: finished(flower, "products.predict", job_id), 30, "the task in Flower")

    assert ast.literal_eval(task["args"]) == [job_id, request_id]
    assert task["worker"].startswith("model-")


def test_each_queue_has_tasks_of_a_name_of_its_own(watched: Watched) -> None:
    wait_for(lambda: up(watched), 60, "Flower")
    with watched.flower_client() as flower, watched.service.client() as client:
        wait_for(lambda: len(workers(flower)) == 2, 60, "both workers in Flower")
        sent = client.post("/api/catalogs", content="designation\nA\nB\n", headers={"Content-Type": "text/csv"})
        job_id = sent.raise_for_status().json()["id"]
        ended(client, [job_id, *submit(client, "C")])

        for name in ("jobs.prepare", "catalogues.predict"):
            wait_for(lambda name=name: finished(flower, name, job_id), 30, f"{name} in Flower")


def test_flower_changes_nothing(watched: Watched) -> None:
    wait_for(lambda: up(watched), 60, "Flower")
    with watched.flower_client() as flower:
        wait_for(lambda: len(workers(flower)) == 2, 60, "both workers in Flower")
        (worker, *_) = workers(flower)

        assert flower.post(f"/api/worker/shutdown/{worker}").status_code == 403
