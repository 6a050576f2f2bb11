"""The load: clients that each send a request, await its answer and send the next, all in one process of its own.

It must cost little, for it shares the machine with what it measures: blocking sockets kept alive, one epoll loop,
requests that are joined from ready bytes, and of an answer only the status and the length are read.
"""

import os
import re
import select
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing import get_context
from types import TracebackType
from typing import Self

PATIENCE_SECONDS = 30
_RECEIVE = 2**18
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\ncontent-length: *(\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\nlocation: *(\S+)", re.IGNORECASE)
_BODILESS = (204, 304)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send, and for how long.

    Each of `requests` is a request in parts; a number that no other request has goes between them, so that no two
    products are the same. `number` is the first.
    """

    port: int
    clients: int
    seconds: float
    requests: list[tuple[bytes, ...]]
    number: int = 0
    most: int | None = None  # end after this many requests
    core: int | None = None  # the core that the load is held to


@dataclass(slots=True)
class Outcome:
    """What came back: milliseconds per answer, how many of which status, and how busy the load itself was."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0  # requests whose connection broke, or that got no answer in time
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    locations: list[str] = field(default_factory=list)


class LoadProcess:
    """The process that runs plans, started before the first of them so that its start is not measured."""

    def __init__(self) -> None:
        self._process = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        self._process.submit(os.getpid).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.shutdown()

    def run(self, plan: Plan) -> Outcome:
        """Run a plan there, and wait for what comes of it."""
        return self._process.submit(_run, plan).result()


def _run(plan: Plan) -> Outcome:
    os.sched_setaffinity(0, range(os.cpu_count() or 1) if plan.core is None else {plan.core})
    return _Run(plan).run()


class _Client:
    """One connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.started = 0.0
        self._received = b""

    def send(self, request: bytes) -> None:
        """Send a new request and start its clock."""
        self.started = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, bytes] | None:
        """Read what is there; status and head once the answer is complete. Raises OSError when it broke."""
        arrived = self.socket.recv(_RECEIVE)
        if not arrived:
            raise ConnectionResetError
        received = self._received + arrived
        end = received.find(_HEAD_END)
        if end >= 0:
            head, status, length = received[:end], int(received[9:12]), 0
            if status not in _BODILESS and (found := _LENGTH.search(head)):
                length = int(found[1])
            if len(received) >= end + len(_HEAD_END) + length:
                self._received = b""
                return status, head
        self._received = received
        return None


class _Run:
    """A plan under way."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = self._numbered()
        self._outcome = Outcome()
        self._clients: dict[int, _Client] = {}
        self._epoll = select.epoll()

    def run(self) -> Outcome:
        """Start every client, serve them until all have stopped, and say what came back."""
        cpu = time.process_time()
        started = time.perf_counter()
        self._end = started + self._plan.seconds
        for _ in range(self._plan.clients):
            client = _Client(self._plan.port)
            self._clients[client.socket.fileno()] = client
            self._epoll.register(client.socket, select.EPOLLIN)
            self._next(client)
        while self._clients:
            self._serve()
        self._outcome.seconds = time.perf_counter() - started
        self._outcome.cpu_seconds = time.process_time() - cpu
        return self._outcome

    def _numbered(self) -> Iterator[bytes]:
        last = None if self._plan.most is None else self._plan.number + self._plan.most
        for number, parts in enumerate(cycle(self._plan.requests), self._plan.number):
            if number == last:
                return
            yield (b"%08d" % number).join(parts)

    def _serve(self) -> None:
        ready = self._epoll.poll(PATIENCE_SECONDS)
        if not ready:
            for client in list(self._clients.values()):
                self._lose(client)
        for descriptor, _ in ready:
            client = self._clients[descriptor]
            try:
                if answer := client.receive():
                    self._take(client, *answer)
            except OSError:
                self._lose(client)

    def _take(self, client: _Client, status: int, head: bytes) -> None:
        """Note a whole answer and send the client's next request."""
        self._outcome.milliseconds.append(1000 * (time.perf_counter() - client.started))
        self._outcome.statuses[status] += 1
        if found := _LOCATION.search(head):
            self._outcome.locations.append(found[1].decode())
        self._next(client)

    def _next(self, client: _Client) -> None:
        request = next(self._requests, None) if time.perf_counter() < self._end else None
        if request is None:
            self._close(client)
        else:
            client.send(request)

    def _lose(self, client: _Client) -> None:
        self._outcome.lost += 1
        self._close(client)

    def _close(self, client: _Client) -> None:
        del self._clients[client.socket.fileno()]
        self._epoll.unregister(client.socket)
        client.socket.close()
