"""The bounds of a connection: the size of a request's head, and the time that it may take."""

import socket
from collections.abc import Iterator

import pytest

from api.http_protocol import LONGEST_HEAD, BoundedHttp
from migrations.upgrade import upgrade
from tests.api.conftest import RunningApi, serve, settings_for
from tests.conftest import RedisServer

LIVE = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"
PATIENCE_SECONDS = 20  # for what comes within one: a machine may be busy


class Impatient(BoundedHttp):
    head_seconds = 1.0


@pytest.fixture(scope="module")
def api(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    settings = settings_for(tmp_path_factory.mktemp("bounds"), shared_redis.broker_url)
    upgrade(settings.database)
    with serve(settings, Impatient) as running:
        yield running


@pytest.fixture
def connection(api: RunningApi) -> Iterator[socket.socket]:
    port = int(api.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as opened:
        yield opened


def rest(connection: socket.socket) -> bytes:
    """What still comes until the other side closes."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:  # closed while we had more to say
        pass
    return received


def answer(connection: socket.socket) -> bytes:
    """One answer that has a body of some length."""
    received = b""
    while b"\r\n\r\n" not in received or not received.endswith(b"}"):
        received += connection.recv(65536)
    return received


def test_headers_without_end_are_cut_off(connection: socket.socket) -> None:
    connection.sendall(LIVE)
    try:
        for _ in range(100 * LONGEST_HEAD // 1024):
            connection.sendall(b"X-More: " + b"x" * 1014 + b"\r\n")
    except (BrokenPipeError, ConnectionResetError):
        return
    assert b" 431 " in rest(connection).partition(b"\r\n")[0]


def test_a_head_that_is_too_long_is_refused_in_the_one_form(connection: socket.socket) -> None:
    connection.sendall(LIVE + b"X-Long: " + b"x" * LONGEST_HEAD)

    refusal = rest(connection)

    assert refusal.startswith(b"HTTP/1.1 431 ")
    assert b"content-type: application/problem+json" in refusal
    assert b'"code":"REQUEST_HEADER_FIELDS_TOO_LARGE"' in refusal


def test_a_head_that_stops_half_way_is_refused(connection: socket.socket) -> None:
    connection.sendall(LIVE)

    assert rest(connection).startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_says_nothing_is_closed(connection: socket.socket) -> None:
    assert rest(connection) == b""


def test_an_empty_line_after_an_answer_holds_no_connection(connection: socket.socket) -> None:
    connection.sendall(LIVE + b"\r\n")
    assert answer(connection).startswith(b"HTTP/1.1 200 ")

    connection.sendall(b"\r\n")

    assert rest(connection).startswith(b"HTTP/1.1 408 ")


def test_a_late_second_head_leaves_the_first_answer_whole(api: RunningApi, connection: socket.socket) -> None:
    token = api.token_of(api.add_account())
    body = b'{"designation": "Lampe"}'
    head = b"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nPrefer: wait=2\r\n"
    head += b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n" % (token.encode(), len(body))
    connection.sendall(head + body + LIVE)

    assert b" 408 " not in rest(connection)


def test_a_body_may_take_longer_than_a_head(api: RunningApi, connection: socket.socket) -> None:
    token = api.token_of(api.add_account())
    body = b'{"designation": "Lampe"}'
    head = b"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    connection.sendall(head + b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n" % (token.encode(), len(body)))
    connection.settimeout(2 * Impatient.head_seconds)
    with pytest.raises(TimeoutError):
        connection.recv(1)  # nothing is said meanwhile

    connection.settimeout(PATIENCE_SECONDS)
    connection.sendall(body)

    assert answer(connection).startswith(b"HTTP/1.1 202 ")


def test_trailers_are_passed_over(api: RunningApi, connection: socket.socket) -> None:
    token = api.token_of(api.add_account())
    head = b"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    head += b"Authorization: Bearer %b\r\nTransfer-Encoding: chunked\r\n\r\n" % token.encode()
    connection.sendall(head + b'18\r\n{"designation": "Lampe"}\r\n0\r\nX-Trailer: 1\r\n\r\n')

    assert answer(connection).startswith(b"HTTP/1.1 202 ")


def test_a_body_that_nobody_reads_is_no_head(connection: socket.socket) -> None:
    length = 4 * LONGEST_HEAD
    head = b"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    head += b"Content-Length: %d\r\n\r\n" % length
    connection.sendall(head)
    assert answer(connection).startswith(b"HTTP/1.1 401 ")

    connection.sendall(b"x" * length + LIVE + b"Connection: close\r\n\r\n")

    assert rest(connection).startswith(b"HTTP/1.1 200 ")


def test_a_connection_is_kept_for_many_requests(connection: socket.socket) -> None:
    for _ in range(100):
        connection.sendall(LIVE + b"\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 200 ")
