"""Large bodies are read a few at a time; who waits for a turn is not read any further."""

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from starlette.datastructures import UploadFile

from api.body_limit import SMALL_BODY
from api.large_bodies import FILES_OF_ONE, LargeBodies, Patience, Turns
from api.main import server_config
from api.problems import add_problem_handlers
from api.strict_form import strict_form
from shared.disk import DiskGuard
from tests.api.expect import assert_problem
from tests.support.waiting import wait_for

AT_ONCE = 2
LARGE = 4 * SMALL_BODY
FORM = "multipart/form-data; boundary=b"
DISK = DiskGuard(Path(), 0)


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

    @app.post("/form")
    async def take_form(request: Request) -> int:
        async with strict_form(request, bodies, max_files=1, max_fields=1, longest=1) as form:
            (photo,) = form.values()
            assert isinstance(photo, UploadFile)
            read.append(photo.size or 0)
            return read[-1]

    @app.post("/file")
    async def take_file(request: Request, account: str = "ann") -> int:
        async with bodies.file_of(request, account) as pieces:
            read.append(sum([len(piece) async for piece in pieces]))
            return read[-1]

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
    with served(LargeBodies(DISK, Turns(AT_ONCE, 60))) as found:
        yield found


Spooled = Callable[[], set[str]]


@pytest.fixture
def spooled() -> Spooled:
    """The files without a name that this process has open and did not have before the test."""

    def files() -> set[str]:
        opened = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
        return {name for name in opened if name.endswith("(deleted)")}

    before = files()
    return lambda: files() - before


class Slow:
    """A caller that has announced a large body, and stops in the middle of it."""

    def __init__(self, url: str, path: str = "/", body: bytes = b" " * LARGE) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._connection = socket.create_connection((host, int(port)), timeout=20)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        head += f"Content-Type: {FORM}\r\n\r\n"
        self._rest = body[len(body) // 2 :]
        self._connection.sendall(head.encode() + body[: len(body) // 2])

    def finish(self) -> bytes:
        self.send_rest()
        return self.answer()

    def send_rest(self) -> None:
        self._connection.sendall(self._rest)

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
    with served(LargeBodies(DISK, Turns(1, 0.2))) as (url, _):
        slow = Slow(url)
        try:
            answer = slow.answer()
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b'"code":"REQUEST_TIMEOUT"' in answer
        finally:
            slow.close()

        assert httpx.post(url, content=b" " * LARGE, timeout=20).json() == LARGE


def form_of(size: int) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n'
    return head + bytes(size) + b"\r\n--b--\r\n"


def post_form(url: str, size: int) -> httpx.Response:
    return httpx.post(f"{url}/form", content=form_of(size), headers={"Content-Type": FORM}, timeout=20)


@pytest.mark.parametrize("size", [0, SMALL_BODY, LARGE, 2**22])
def test_a_form_is_read_whole(running: tuple[str, list[int]], size: int) -> None:
    assert post_form(running[0], size).json() == size


def test_a_large_form_waits_for_its_turn_and_small_ones_do_not() -> None:
    with served(LargeBodies(DISK, forms=Turns(1, 60))) as (url, read), ExitStack() as stack:
        slow = Slow(url, "/form", form_of(LARGE))
        stack.callback(slow.close)
        wait_for(lambda: post_form(url, 5).json() == 5, 20, "a small form")
        other = Slow(url, "/form", form_of(2 * LARGE))
        stack.callback(other.close)
        other.send_rest()
        for _ in range(20):
            assert post_form(url, 5).json() == 5
        assert read == [5] * 21

        assert slow.finish().startswith(b"HTTP/1.1 200 ")

        assert other.answer().startswith(b"HTTP/1.1 200 ")
        assert read[21:] == [LARGE, 2 * LARGE]


def test_whoever_leaves_in_the_middle_of_a_form_gives_the_turn_back_and_leaves_no_file(
    spooled: Spooled,
) -> None:
    with served(LargeBodies(DISK, forms=Turns(1, 60))) as (url, _):
        for _ in range(3):
            Slow(url, "/form", form_of(2**22)).close()

        assert post_form(url, LARGE).json() == LARGE
        wait_for(lambda: not spooled(), 20, "the files to be closed")


@pytest.mark.parametrize("size", [LARGE, 2**22, 100], ids=["large", "in a file", "small"])
def test_a_form_that_does_not_come_to_its_end_is_not_waited_for(spooled: Spooled, size: int) -> None:
    with served(LargeBodies(DISK, forms=Turns(1, 0.2))) as (url, _):
        slow = Slow(url, "/form", form_of(size))
        try:
            answer = slow.answer()
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert b'"code":"REQUEST_TIMEOUT"' in answer
        finally:
            slow.close()

        assert post_form(url, LARGE).json() == LARGE
        assert not spooled()


def test_a_form_that_fills_the_disk_is_refused_before_its_end(tmp_path: Path, spooled: Spooled) -> None:
    reserve = shutil.disk_usage(tmp_path).total + 1
    with served(LargeBodies(DiskGuard(tmp_path, reserve))) as (url, _):
        assert post_form(url, LARGE).json() == LARGE  # of one this small, nothing is asked
        slow = Slow(url, "/form", form_of(2**24))
        try:
            assert slow.answer().startswith(b"HTTP/1.1 507 ")
        finally:
            slow.close()

        assert not spooled()


def post_file(url: str, account: str = "ann") -> httpx.Response:
    return httpx.post(f"{url}/file", params={"account": account}, content=b" " * LARGE, timeout=20)


def test_one_account_has_some_of_the_turns_for_files() -> None:
    with served(LargeBodies(DISK)) as (url, _), ExitStack() as stack:
        slow = [Slow(url, "/file") for _ in range(FILES_OF_ONE)]
        for each in slow:
            stack.callback(each.close)
        wait_for(lambda: post_file(url).status_code == 429, 20, "all turns of ann's to be taken")

        refused = post_file(url)

        assert_problem(refused, 429, "TOO_MANY_UPLOADS")
        assert int(refused.headers["retry-after"]) > 0
        assert post_file(url, "ben").json() == LARGE
        assert slow[0].finish().startswith(b"HTTP/1.1 200 ")
        assert post_file(url).json() == LARGE


def test_a_turn_that_does_not_come_is_not_waited_for() -> None:
    with served(LargeBodies(DISK, files=Turns(1, 60), patience=Patience(for_turn=0.2))) as (url, _):
        slow = Slow(url, "/file")
        wait_for(lambda: post_file(url, "ben").status_code == 429, 20, "ann's turn")

        assert_problem(post_file(url, "ben"), 429, "TOO_MANY_UPLOADS")

        slow.close()
        wait_for(lambda: post_file(url, "ben").status_code == 200, 20, "the turn to be given back")


@pytest.mark.parametrize(("path", "body"), [("/file", b" " * LARGE), ("/form", form_of(LARGE))])
def test_who_stops_in_the_middle_loses_the_turn(path: str, body: bytes) -> None:
    with served(LargeBodies(DISK, Turns(1, 60), Turns(1, 60), Turns(1, 60), Patience(for_piece=0.2))) as (url, _):
        slow = Slow(url, path, body)
        try:
            assert slow.answer().startswith(b"HTTP/1.1 408 ")
        finally:
            slow.close()

        assert post_form(url, LARGE).json() == LARGE
        assert post_file(url).json() == LARGE
