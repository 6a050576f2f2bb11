"""A receiver of webhooks on loopback: notes all that it is sent, and answers each path as a test says."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

from tests.support.web import Answer, in_turn, reply

OK = reply(b"thanks")
GONE = reply(b"", "410 Gone")


@dataclass(frozen=True, slots=True)
class Received:
    """One request. The names of its headers are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The event's."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        """What it says has happened."""
        said: dict[str, Any] = json.loads(self.body)
        return said


@dataclass
class Receiver:
    """Answers 200, but for the paths that `answers` names; those go by it, also from one request to the next."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/") -> str:
        """Where a path of it is found."""
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> list[Received]:
        """What has come to a path, in order."""
        return [each for each in list(self.received) if each.path == path]

    def hang(self, _connection: socket) -> None:
        """Answer nothing, for as long as the receiver is there."""
        self.ended.wait()

    def drip(self, connection: socket) -> None:
        """Answer a byte a second, so that no status comes in time."""
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Filler: ")
        while not self.ended.wait(1.0):
            connection.sendall(b"x")


def failing(times: int, status: str = "500 Internal Server Error") -> Answer:
    """This status so many times, and then 200."""
    return in_turn(*[reply(b"not now", status)] * times, OK)


def busy(seconds: int | str, times: int = 1) -> Answer:
    """503 with this Retry-After so many times, and then 200."""
    return in_turn(*[reply(b"", "503 Service Unavailable", f"Retry-After: {seconds}")] * times, OK)


def redirect(to: str) -> Answer:
    """Send whoever comes to another URL."""
    return reply(b"", "302 Found", f"Location: {to}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        receiver = self.server.receiver
        headers = {name.lower(): value for name, value in self.headers.items()}
        with suppress(OSError):  # whoever calls may hang up whenever it likes
            body = self.rfile.read(int(headers["content-length"]))
            receiver.received.append(Received(self.path, headers, body))
            receiver.answers.get(self.path, OK)(self.connection)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def receiver(port: int = 0, /, **answers: Answer) -> Iterator[Receiver]:
    """A running receiver, on a free port unless told. `gone=GONE` is the answer for `/gone`."""
    with _Server(("127.0.0.1", port), _Handler) as server:
        running = Receiver(server.server_address[1], {f"/{name}": answer for name, answer in answers.items()})
        server.receiver = running
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        serving.start()
        try:
            yield running
        finally:
            running.ended.set()
            server.shutdown()
