"""A client of a running service, as the commands use it; a short one to copy, too."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from cli.catalogue_file import CatalogueFile
from cli.conversation import TIMEOUT_SECONDS, Conversation, content_of, seconds_in
from cli.whole_file import written_whole
from shared.errors import TooManyRequests, Unavailable

T = TypeVar("T")
Counted = Callable[[int], None]  # is told how many bytes there are now
LARGE_FILES = httpx.Timeout(TIMEOUT_SECONDS, read=900)  # one is made safe on disk, or made at all, before the answer
FIRST_POLL_SECONDS = 0.05
LONGEST_POLL_SECONDS = 1.0
OUTAGE_PAUSE_SECONDS = 2
OUTAGE_TRIES = 60  # while a job is watched: a service that is started again has two minutes for it
LOST_TRIES = 3  # of what a lost connection has cut off
LONGEST_PAUSE_SECONDS = 60  # what may be done only after that is refused here and now
PAGE = 200


class Client:
    """Signs in, then submits products and catalogues, follows their jobs, and fetches what came of them."""

    def __init__(self, url: str, username: str, password: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._service = Conversation(url, username, password)
        self._pause = pause

    def __enter__(self) -> Self:
        self._service.sign_in()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._service.close()

    def submit(self, product: dict[str, str], photo: bytes | None = None) -> dict[str, Any]:
        """Send a product and return its job."""
        content = {"data": product, "files": {"image": ("photo", photo)}} if photo is not None else {"json": product}
        return self._service.call("POST", "/api/predict", **content)

    def submit_catalogue(
        self, file: CatalogueFile, asked: Mapping[str, str], key: str, sent: Counted
    ) -> dict[str, Any]:
        """Send a file and return its job. A lost connection is tried again: under the same `key` it is one job."""
        headers = {"Idempotency-Key": key, **file.headers}
        sending = {"params": asked, "headers": headers, "content": file.body(sent), "timeout": LARGE_FILES}
        return self._persistently(partial(self._service.call, "POST", "/api/catalogs", **sending))

    def job(self, job_id: str) -> dict[str, Any]:
        """A job as it is now."""
        return self._service.call("GET", job_path(job_id))

    def jobs(self, limit: int, **asked: str) -> list[dict[str, Any]]:
        """The newest jobs, up to `limit`, of those that are asked for."""
        return list(islice(self.items("/api/jobs", limit=str(min(limit, PAGE)), **asked), limit))

    def act(self, job_id: str, action: str) -> dict[str, Any]:
        """`cancel`, `retry` or `rerun` a job; returns it, or the new one."""
        return self._service.call("POST", f"{job_path(job_id)}/{action}")

    def wait(self, job_id: str, seconds: float = 300) -> dict[str, Any]:
        """Poll a job until it has ended, and return it. Raises Unavailable when that takes longer than `seconds`."""
        end, pause = time.monotonic() + seconds, FIRST_POLL_SECONDS
        while time.monotonic() < end:
            job = self.job(job_id)
            if job["finished_at"]:
                return job
            self._pause(pause)
            pause = min(1.5 * pause, LONGEST_POLL_SECONDS)
        raise Unavailable(f"Job {job_id} did not end within {seconds:.0f} s.")

    def watch(self, job_id: str) -> Iterator[dict[str, Any]]:
        """A job each time it has changed, to its end, asked for as often as the service wishes.

        A service that does not answer is waited for. Raises Unavailable when that takes too long.
        """
        known: dict[str, str] = {}
        while True:
            ask = partial(self._service.send, "GET", job_path(job_id), headers=known)
            answer = self._persistently(ask, OUTAGE_TRIES)
            known = {"If-None-Match": answer.headers["ETag"]} if "ETag" in answer.headers else {}
            if answer.status_code != httpx.codes.NOT_MODIFIED:
                job = content_of(answer)
                yield job
                if job["finished_at"]:
                    return
            self._pause(seconds_in(answer))

    def watch_all(self, limit: int, **asked: str) -> Iterator[list[dict[str, Any]]]:
        """The newest jobs again and again, until none of them is open."""
        while True:
            jobs = self._persistently(partial(self.jobs, limit, **asked), OUTAGE_TRIES)
            yield jobs
            if all(job["finished_at"] for job in jobs):
                return
            self._pause(LONGEST_POLL_SECONDS)

    def items(self, path: str, **asked: str) -> Iterator[dict[str, Any]]:
        """What is on all the pages of a list."""
        while True:
            page = self._service.call("GET", path, params=asked)
            yield from page["items"]
            if not page["next_cursor"]:
                return
            asked["cursor"] = page["next_cursor"]

    def download(self, path: str, target: Path, received: Counted, **asked: str) -> None:
        """Write what a path answers to a file, piece by piece; the file is there when it is complete."""
        self._persistently(partial(self._download, path, target, received, asked))

    def _download(self, path: str, target: Path, received: Counted, asked: Mapping[str, str]) -> None:
        answer = self._service.send("GET", path, stream=True, params=asked, timeout=LARGE_FILES)
        with closing(answer), self._service.told_plainly(), written_whole(target) as file:
            for piece in answer.iter_bytes():
                file.write(piece)
                received(file.tell())

    def _persistently(self, attempt: Callable[[], T], tries: int = LOST_TRIES) -> T:
        """Try again, a few times, what a lost connection has cut off or a busy service has put off."""
        while True:
            tries -= 1
            try:
                return attempt()
            except (Unavailable, TooManyRequests) as refusal:
                seconds = refusal.retry_after if isinstance(refusal, TooManyRequests) else OUTAGE_PAUSE_SECONDS
                if tries == 0 or seconds > LONGEST_PAUSE_SECONDS:
                    raise
                self._pause(seconds)


def job_path(job_id: str) -> str:
    """Where a job is found."""
    return f"/api/jobs/{job_id}"
