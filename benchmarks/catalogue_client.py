"""A client that sends whole catalogues and follows their jobs."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import numpy as np

from benchmarks.service import Service
from shared.passwords import generated_password

MEDIA_TYPES = {".csv": "text/csv", ".zip": "application/zip"}
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.5  # seconds between two looks at a job: often at its start and its end
TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Sent:
    """A catalogue that was accepted. `ended` is when the answer was there, on the clock of `time.perf_counter`."""

    job: str
    upload_seconds: float
    ended: float


@dataclass(frozen=True, slots=True)
class Followed:
    """A job's way to its end. Seconds count from the upload's end; rates are rows a second."""

    counts: dict[str, int]
    upload_seconds: float
    first_result_seconds: float
    seconds: float
    rows_per_second: float
    rows_per_second_with_upload: float
    tenths: list[float]  # the rate of each tenth of the rows


class CatalogueClient:
    """One account's connection to a service."""

    def __init__(self, service: Service, username: str = "admin", password: str | None = None) -> None:
        self._service = service
        self.token = service.token(username, password)
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{service.port}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def another(self, username: str) -> "CatalogueClient":
        """A client of a new account; this one must be an administrator's."""
        password = generated_password()
        account = {"username": username, "password": password, "role": "user"}
        self._http.post("/api/users", json=account).raise_for_status()
        return CatalogueClient(self._service, username, password)

    def send(self, catalogue: Path) -> Sent:
        """Send a file."""
        with catalogue.open("rb") as file:
            return self.stream(file, MEDIA_TYPES[catalogue.suffix])

    def stream(self, body: Any, media_type: str) -> Sent:
        """Send what a file, or an iterator of bytes, gives."""
        started = time.perf_counter()
        answer = self._http.post("/api/catalogs", content=body, headers={"Content-Type": media_type})
        ended = time.perf_counter()
        return Sent(answer.raise_for_status().json()["links"]["self"], ended - started, ended)

    def job(self, path: str) -> dict[str, Any]:
        """A job as it is now."""
        return dict(self._http.get(path).raise_for_status().json())

    def done(self, path: str) -> int:
        """How many of a job's rows have ended."""
        return _done(self.job(path))

    def has_results(self, path: str) -> bool:
        """Whether a job's first row has its prediction."""
        page = self._http.get(f"{path}/results", params={"limit": 1}).raise_for_status().json()
        return any(row["category"] for row in page["items"])

    def wait_until_first_result(self, path: str) -> float:
        """Poll until there is one; the moment on the clock of `time.perf_counter`."""
        for _ in self.looks(path):
            if self.has_results(path):
                return time.perf_counter()
        sys.exit(f"A job ended without a result: {self.job(path)['error']}")

    def looks(self, path: str) -> Iterator[dict[str, Any]]:
        """A job again and again, to its end."""
        while True:
            job = self.job(path)
            yield job
            if job["finished_at"]:
                return
            time.sleep(min(LONGEST_PAUSE, max(SHORTEST_PAUSE, (job["eta_seconds"] or 0) / 10)))

    def follow(self, sent: Sent) -> Followed:
        """Wait until a job has ended, and say how it went; exit unless every row has its prediction."""
        first = self.wait_until_first_result(sent.job) - sent.ended
        seen = {0: 0.0}
        for job in self.looks(sent.job):
            seen.setdefault(_done(job), time.perf_counter() - sent.ended)
        if job["status"] != "succeeded":
            sys.exit(
                f"Not every row has a prediction, and so the figures do not count: {job['status']} {job['counts']}"
            )
        rows, seconds = max(seen), max(seen.values())
        return Followed(
            counts=job["counts"],
            upload_seconds=round(sent.upload_seconds, 3),
            first_result_seconds=round(first, 3),
            seconds=round(seconds, 3),
            rows_per_second=round(rows / seconds, 2),
            rows_per_second_with_upload=round(rows / (seconds + sent.upload_seconds), 2),
            tenths=_tenths(seen),
        )

    def run(self, catalogue: Path) -> Followed:
        """Send a catalogue and wait for its end."""
        return self.follow(self.send(catalogue))

    def cancel(self, path: str) -> None:
        """End a job now, unless it has ended by itself."""
        answer = self._http.post(f"{path}/cancel")
        if answer.status_code != httpx.codes.CONFLICT:
            answer.raise_for_status()

    def delete(self, path: str) -> None:
        """Delete a job that has ended, with its file."""
        self._http.delete(path).raise_for_status()


def _done(job: dict[str, Any]) -> int:
    return int(job["counts"]["succeeded"] + job["counts"]["failed"])


def _tenths(seen: dict[int, float]) -> list[float]:
    """The rate of each tenth, from when how many rows were seen to be done."""
    rows = max(seen)
    marks = np.linspace(0, rows, 11)
    moments = np.interp(marks, list(seen.keys()), list(seen.values()))
    return [round(rows / 10 / max(1e-9, float(after - before)), 1) for before, after in pairwise(moments)]
