"""Talking to a running service: signing in, sending, and saying plainly what was answered or that nothing was."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from shared.errors import ShelfwiseError, TooManyRequests, Unauthenticated, Unavailable

TIMEOUT_SECONDS = 30
_FAR_SIDE = (httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT)


class Conversation:
    """Requests of one account. Signs in again when its token has expired, which happens while a long job runs."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._credentials = {"username": username, "password": password}

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def sign_in(self) -> None:
        """Exchange name and password for a token."""
        self._http.headers.pop("Authorization", None)
        answer = self._answer("POST", "/api/auth", stream=False, data=self._credentials)
        self._http.headers["Authorization"] = f"Bearer {content_of(_accepted(answer))['access_token']}"

    def send(self, method: str, path: str, *, stream: bool = False, **content: Any) -> httpx.Response:
        """Send a request and return its answer, 304 among them; with `stream`, before its body has come.

        Raises Unavailable when nobody answers, and the service's own error when it refuses.
        """
        answer = self._answer(method, path, stream=stream, **content)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            answer.close()
            self.sign_in()
            answer = self._answer(method, path, stream=stream, **content)
        return _accepted(answer)

    def call(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        """Send a request and return the JSON object that it is answered with."""
        return content_of(self.send(method, path, **content))

    @contextmanager
    def told_plainly(self) -> Iterator[None]:
        """Say in one sentence that the service does not answer."""
        try:
            yield
        except httpx.TransportError as error:
            raise Unavailable(f"{self._http.base_url} does not answer ({type(error).__name__}).") from None

    def _answer(self, method: str, path: str, *, stream: bool, **content: Any) -> httpx.Response:
        with self.told_plainly():
            return self._http.send(self._http.build_request(method, path, **content), stream=stream)


def content_of(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object that a success answers with. Raises Unavailable when it is something else."""
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Unavailable(f"What answers at {answer.url} is not this service.")
    return content


def _accepted(answer: httpx.Response) -> httpx.Response:
    if answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED:
        return answer
    raise _refusal(answer)


def _refusal(answer: httpx.Response) -> ShelfwiseError:
    """The error that a problem+json answer describes."""
    try:
        problem = json.loads(answer.read())
        message = "; ".join(error["message"] for error in problem.get("errors", [])) or problem["detail"]
        code = problem["code"]
    except (httpx.TransportError, ValueError, KeyError, TypeError, AttributeError):
        return Unavailable(f"The service answered {answer.status_code} without saying why.")
    match answer.status_code:
        case httpx.codes.UNAUTHORIZED:
            return Unauthenticated(message, code=code)
        case httpx.codes.TOO_MANY_REQUESTS:
            return TooManyRequests(message, retry_after=seconds_in(answer), code=code)
        case status if status in _FAR_SIDE:
            return Unavailable(message, code=code)
    return ShelfwiseError(message, code=code)


def seconds_in(answer: httpx.Response) -> int:
    """The seconds that a Retry-After header names; 1 where it says nothing that can be read."""
    written = answer.headers.get("Retry-After", "")
    return min(int(written[:6]), 3600) if written.isascii() and written.isdecimal() else 1
