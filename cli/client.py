"""A client of a running service, as the commands use it; a short one to copy, too."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import httpx

from shared.errors import ShelfwiseError, Unauthenticated, Unavailable

TIMEOUT_SECONDS = 30
FIRST_POLL_SECONDS = 0.05
LONGEST_POLL_SECONDS = 1.0


class Client:
    """Signs in once, then submits products and waits for their jobs."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._credentials = {"username": username, "password": password}

    def __enter__(self) -> Self:
        self.sign_in()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def sign_in(self) -> None:
        """Exchange name and password for a token."""
        token = self._call("POST", "/api/auth", data=self._credentials)["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def submit(self, product: dict[str, str], photo: bytes | None = None) -> dict[str, Any]:
        """Send a product and return its job."""
        content = {"data": product, "files": {"image": ("photo", photo)}} if photo is not None else {"json": product}
        return self._call("POST", "/api/predict", **content)

    def wait(self, job_id: str, seconds: float = 300) -> dict[str, Any]:
        """Poll a job until it has ended, and return it. Raises Unavailable when that takes longer than `seconds`."""
        end, pause = time.monotonic() + seconds, FIRST_POLL_SECONDS
        while time.monotonic() < end:
            job = self._call("GET", f"/api/jobs/{job_id}")
            if job["finished_at"]:
                return job
            time.sleep(pause)
            pause = min(1.5 * pause, LONGEST_POLL_SECONDS)
        raise Unavailable(f"Job {job_id} did not end within {seconds:.0f} s.")

    def _call(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        with _told_plainly(self._http.base_url):
            response = self._http.request(method, path, **content)
        if response.is_success:
            return _content(response)
        raise _refusal(response)


@contextmanager
def _told_plainly(url: httpx.URL) -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        raise Unavailable(f"{url} does not answer ({type(error).__name__}).") from None


def _content(response: httpx.Response) -> dict[str, Any]:
    """The JSON object that a success answers with. Raises Unavailable when it is something else."""
    try:
        content = response.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Unavailable(f"What answers at {response.url} is not this service.")
    return content


def _refusal(response: httpx.Response) -> ShelfwiseError:
    """The error that a problem+json answer describes."""
    try:
        problem = response.json()
        message = "; ".join(error["message"] for error in problem.get("errors", [])) or problem["detail"]
        code = problem["code"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return Unavailable(f"The service answered {response.status_code} without saying why.")
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return Unauthenticated(message, code=code)
    return ShelfwiseError(message, code=code)
