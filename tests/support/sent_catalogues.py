"""Catalogues that a running service is sent, and what comes of each of their rows."""

import csv
import io
from collections.abc import Callable
from typing import Any

import httpx

from tests.support.waiting import wait_for

ROWS = 30_000  # that are in hand for long enough to kill something in the middle


def csv_of(rows: int, word: str = "title") -> bytes:
    """Rows whose titles have different lengths, by which the fake predictor answers."""
    lines = [f"{number},{word} {number}{'!' * (number % 27)}\n" for number in range(rows)]
    return ("productid,designation\n" + "".join(lines)).encode()


def send(client: httpx.Client, content: bytes, **query: int) -> str:
    answer = client.post("/api/catalogs", content=content, params=query, headers={"Content-Type": "text/csv"})
    return str(answer.raise_for_status().json()["id"])


def counts(client: httpx.Client, job_id: str) -> dict[str, int]:
    job: dict[str, Any] = client.get(f"/api/jobs/{job_id}").raise_for_status().json()
    return dict(job["counts"])


def wait_until(client: httpx.Client, job_id: str, reached: Callable[[dict[str, int]], bool]) -> dict[str, int]:
    """Wait until a job has come so far; returns its counts."""

    def look() -> dict[str, int] | None:
        found = counts(client, job_id)
        return found if reached(found) else None

    return wait_for(look, 60, "the job's counts")


def results(client: httpx.Client, job_id: str) -> list[dict[str, str]]:
    answer = client.get(f"/api/jobs/{job_id}/results", params={"format": "csv"}).raise_for_status()
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def assert_each_row_once(client: httpx.Client, job_id: str, rows: int) -> None:
    """Each row is there once, in order, with the answer to its own title."""
    found = results(client, job_id)
    assert [row["productid"] for row in found] == [str(number) for number in range(rows)]
    assert {row["status"] for row in found} == {"succeeded"}
    by_length: dict[int, set[str]] = {}
    for row in found:
        by_length.setdefault(len(row["designation"]) % 27, set()).add(row["prediction"])
    assert {len(codes) for codes in by_length.values()} == {1}
    assert len(by_length) == 27
