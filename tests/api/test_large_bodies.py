"""Large JSON bodies are read a few at a time; who waits for a turn is not read any further."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request

from api.body_limit import SMALL_BODY
from api.large_bodies import LargeBodies
from api.main import server_config
from api.problems import add_problem_handlers
from tests.support.waiting import wait_for

AT_ONCE = 2
LARGE = 4 * SMALL_BODY


@contextmanager
def served(bodies: LargeBodies) -> Iterator[tuple[str, list[int]]]:
    """The address of an application that reads bodies so, and the sizes of those that it has read."""
    app, read = FastAPI(), list[int]()
    add_problem_handlers(app)

    @app.post("/")
    async def take(request: Request) -> int:
        async with bodies.body_of(request) as body:
            read.append(len(body))
            return len(body)

    server = uvicorn.Server(server_config(app, "127.0.0.1", 0))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(lambda: server.started, 20, "starting")
        host, port = server.servers[0].sockets[0].getsockname()
        yield f"http://{host}:{port}", read
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[str, list[int]]]:
    with served(LargeBodies(AT_ONCE)) as found:
        yield found


class Slow:
    """A caller that has announced a large body, and stops in the middle of it."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._connection = socket.create_connection((host, int(port)), timeout=20)
        head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LARGE}\r\n\r\n"
        self._connection.sendall(head.encode() + b" " * (LARGE // 2))

    def finish(self) -> bytes:
        self._connection.sendall(b" " * (LARGE // 2))
        return self.answer()

    def answer(self) -> bytes:
        return self._connection.recv(65_536)

    def close(self) -> None:
        self._connection.close()


@pytest.mark.parametrize("size", [0, 1, SMALL_BODY, SMALL_BODY + 1, LARGE])
def test_a_body_is_read_whole(running: tuple[str, list[int]], size: int) -> None:
    assert httpx.post(running[0], content=b" " * size).json() == size


def test_a_body_of_many_pieces_is_read_whole(running: tuple[str, list[int]]) -> None:
    assert httpx.post(running[0], content=(b"x" * 1_000 for _ in range(300))).json() == 300_000


def test_a_large_body_waits_for_its_turn_and_small_ones_do_not(running: tuple[str, list[int]]) -> None:
    url, read = running
    with ExitStack() as stack:
        slow = [Slow(url) for _ in range(AT_ONCE)]
        for each in slow:
            stack.callback(each.close)
        waiting = threading.Thread(target=httpx.post, args=(url,), kwargs={"content": b" " * LARGE, "timeout": 60})
        wait_for(lambda: httpx.post(url, content=b"small").json() == 5, 20, "a small body")
        before = len(read)
        waiting.start()
        for _ in range(20):  # these are read although the large one, which came before them, is not
            assert httpx.post(url, content=b"small").json() == 5
        assert read[before:] == [5] * 20

        assert slow[0].finish().startswith(b"HTTP/1.1 200 ")

        waiting.join(20)
        assert not waiting.is_alive()
        assert read[before + 20 :] == [LARGE, LARGE]


def test_whoever_leaves_gives_the_turn_back(running: tuple[str, list[int]]) -> None:
    url, _ = running
    for _ in range(3 * AT_ONCE):
        Slow(url).close()

    assert httpx.post(url, content=b" " * LARGE, timeout=20).json() == LARGE


def test_a_body_that_does_not_come_to_its_end_is_not_waited_for() -> None:
    with served(LargeBodies(1, seconds=0.2)) as (url, _):
        slow = Slow(url)
        try:
            answer = slow.answer()
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b'"code":"REQUEST_TIMEOUT"' in answer
        finally:
            slow.close()

        assert httpx.post(url, content=b" " * LARGE, timeout=20).json() == LARGE
