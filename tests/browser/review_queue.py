"""Products that wait for a review, in a catalogue of one test's own, and what was said about them."""

from pathlib import Path
from typing import Any, TypeAlias

import httpx

from cli.demo_catalogue import write_catalogue
from tests.support.service import Service, ended
from training.demo.catalogue import demo_catalogue

Item: TypeAlias = dict[str, Any]


def send_catalogue(service: Service, folder: Path, rows: int) -> str:
    """Send a catalogue of so many drawn products with photos, and return its job's id once it has ended."""
    path = folder / "catalogue.zip"
    write_catalogue(path, demo_catalogue(7, 3)[:rows])
    with service.client() as client:
        sent = client.post("/api/catalogs", content=path.read_bytes(), headers={"Content-Type": "application/zip"})
        job_id = str(sent.raise_for_status().json()["id"])
        (job,) = ended(client, [job_id], seconds=120)
    assert job["status"] == "succeeded", job
    return job_id


def waiting(client: httpx.Client, job_id: str) -> list[Item]:
    """The products of a job that wait for a review, in the order of the queue."""
    query = {"job": job_id, "needs_review": True, "order": "least_sure", "limit": 200}
    items: list[Item] = client.get("/api/predictions", params=query).raise_for_status().json()["items"]
    return items


def verdicts(client: httpx.Client, job_id: str) -> dict[int, int]:
    """What people have said: the category's code by the prediction's id."""
    answer = client.get("/api/predictions", params={"job": job_id, "limit": 200}).raise_for_status().json()
    return {item["id"]: item["correction"]["code"] for item in answer["items"] if item["correction"]}
