"""Something is sent to real servers on loopback: once there is a status it counts, whatever follows."""

import socket
import threading

import pytest

from shared.errors import FetchFailed, UrlRefused
from shared.outgoing.client import Outgoing, Replied
from shared.outgoing.rules import OutgoingRules, networks_in
from tests.support.web import Answer, Site, drip, flood, hold, raw, reply, site

HELLO = b"HTTP/1.1 200 OK\r\n"
SHORT = 0.4  # seconds that a request may take where the test waits for its end
BODY = b'{"type":"job.succeeded"}'


def post(where: Site, body: bytes = BODY, networks: str = "127.0.0.0/8", seconds: float = 15) -> Replied:
    rules = OutgoingRules(networks_in(networks), allow_http=True, ports=frozenset({where.port}))
    headers = [("Content-Type", "application/json"), ("webhook-id", "1")]
    return Outgoing(rules, seconds).post(f"http://127.0.0.1:{where.port}/told?by=us", body, headers, most=64)


def replied(answer: Answer, seconds: float = 15) -> Replied:
    with site(answer) as where:
        return post(where, seconds=seconds)


def test_a_body_arrives_whole_with_its_headers() -> None:
    body = BODY * 100_000
    with site(reply(b"thanks")) as where:
        assert post(where, body) == Replied(200, b"thanks", None)

    (request,) = where.requests
    assert request.startswith("POST /told?by=us HTTP/1.1\r\n")
    for header in (f"Host: 127.0.0.1:{where.port}", "Content-Type: application/json", "webhook-id: 1"):
        assert f"\r\n{header}\r\n" in request
    assert where.bodies == [body]


@pytest.mark.parametrize("status", ["204 No Content", "404 Not Found", "410 Gone", "500 Oh", "503 Busy", "599 What"])
def test_every_status_is_an_answer(status: str) -> None:
    assert replied(reply(b"", status)).status == int(status[:3])


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_an_answer_and_is_not_followed(status: str) -> None:
    with site(reply(b"secret")) as inside:
        moved = reply(b"", status, f"Location: http://127.0.0.1:{inside.port}/")

        assert replied(moved) == Replied(int(status[:3]), b"", None)

    assert inside.requests == []


def test_the_time_to_come_back_at_is_told_as_it_was_written() -> None:
    assert replied(reply(b"", "503 Busy", "Retry-After: in a  while")).retry_after == "in a  while"


@pytest.mark.parametrize(
    "answer",
    [
        flood(HELLO + b"\r\n", b"x" * 1000),
        flood(HELLO + b"Transfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b"x" * 1000 + b"\r\n"),
        reply(b"x" * 100),
        drip(HELLO + b"\r\n", b"x" * 64),
    ],
    ids=["endless", "endless chunks", "longer", "in pieces"],
)
def test_only_the_first_bytes_of_an_answer_are_read(answer: Answer) -> None:
    assert replied(answer).start == b"x" * 64


@pytest.mark.parametrize(
    "answer",
    [
        raw(HELLO + b"Content-Length: 999\r\n\r\nthanks"),
        raw(HELLO + b"Transfer-Encoding: chunked\r\n\r\n6\r\nthanks\r\nzz\r\n"),
    ],
    ids=["breaks off", "nonsense"],
)
def test_a_body_that_does_not_end_well_does_not_undo_the_status(answer: Answer) -> None:
    assert replied(answer) == Replied(200, b"thanks", None)


@pytest.mark.parametrize("seconds", [SHORT, 15])
def test_a_body_that_drips_is_read_for_a_moment(seconds: float) -> None:
    answer = replied(drip(HELLO + b"Content-Length: 999\r\n\r\n", b"x"), seconds)

    assert answer.status == 200
    assert len(answer.start) < 64


@pytest.mark.parametrize(
    "answer",
    [
        drip(b"", b"H"),
        drip(HELLO, b"X: y\r\n"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        hold(threading.Event(), reply()),
    ],
    ids=["first line", "headers", "informational", "nothing"],
)
def test_a_host_that_comes_to_no_status_is_given_up(answer: Answer) -> None:
    with pytest.raises(FetchFailed):
        replied(answer, SHORT)


def test_a_host_that_does_not_take_the_body_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(FetchFailed, match="in time"):
        post(Site(deaf.getsockname()[1]), bytes(50_000_000), seconds=SHORT)


def test_a_host_that_hangs_up_is_a_failure() -> None:
    with pytest.raises(FetchFailed, match="broke off"):
        replied(raw(b""))


def test_nothing_is_sent_to_an_address_that_is_not_allowed() -> None:
    with site(reply()) as where, pytest.raises(UrlRefused):
        post(where, networks="")

    assert where.requests == []
