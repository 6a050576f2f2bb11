"""Products that wait for a review, in a catalogue of one test's own, and what was said about them."""

from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import httpx

from cli.demo_catalogue import write_catalogue
from tests.support.service import Service, ended
from tests.support.waiting import wait_for
from training.demo.catalogue import demo_catalogue

Item: TypeAlias = dict[str, Any]
ROWS = 24
SECONDS_TO_STORE = 20


class Queue(NamedTuple):
    """A catalogue's job, and its products that wait, the least sure first."""

    job_id: str
    items: list[Item]


def send_catalogue(service: Service, folder: Path, rows: int = ROWS) -> Queue:
    """Send a catalogue of so many drawn products with photos, and wait for its end."""
    path = folder / "catalogue.zip"
    write_catalogue(path, demo_catalogue(7, 3)[:rows])
    with service.client() as client:
        sent = client.post("/api/catalogs", content=path.read_bytes(), headers={"Content-Type": "application/zip"})
        job_id = str(sent.raise_for_status().json()["id"])
        (job,) = ended(client, [job_id], seconds=120)
        assert job["status"] == "succeeded", job
        query = {"job": job_id, "needs_review": True, "order": "least_sure", "limit": 200}
        items = client.get("/api/predictions", params=query).raise_for_status().json()["items"]
    assert len(items) >= 6, "too few of them wait"
    return Queue(job_id, items)


def code_of(item: Item, number: int) -> int:
    """The category that one of a product's choices stands for; the first is the predicted one."""
    return int(item["top"][number - 1]["code"])


def assert_stored(service: Service, queue: Queue, expected: dict[int, int]) -> None:
    """Exactly these verdicts are stored, or will be in a moment: a category's code by the prediction's id."""
    with service.client() as client:
        wait_for(lambda: _verdicts(client, queue.job_id) == expected, SECONDS_TO_STORE, f"the verdicts {expected}")


def _verdicts(client: httpx.Client, job_id: str) -> dict[int, int]:
    answer = client.get("/api/predictions", params={"job": job_id, "limit": 200}).raise_for_status().json()
    return {item["id"]: item["correction"]["code"] for item in answer["items"] if item["correction"]}
