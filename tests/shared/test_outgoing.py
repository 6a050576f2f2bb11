"""The client against real servers on loopback, which the settings must allow, and its refusals without that."""

import gzip
import io
import socket
import ssl
import threading
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from shared.errors import FetchFailed, ReplyTooLarge, UrlRefused
from shared.outgoing.client import ETAG_CHARACTERS, Got, Outgoing
from shared.outgoing.network import LOOKUPS_AT_ONCE, Resolve, system_addresses
from shared.outgoing.rules import Address, OutgoingRules, networks_in
from tests.support.waiting import wait_for
from tests.support.web import Answer, Site, certificate_for, drip, flood, hold, in_turn, raw, reply, site

LOOPBACK = "127.0.0.0/8,::1"
KIB = 1024
SHORT = 0.4  # seconds that a request may take where the test waits for its end
HELLO = b"HTTP/1.1 200 OK\r\n"


class Names:
    """A resolver that answers from a list, in turn, and counts how often it is asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append(host)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [ip_address(address) for address in answer]


def client(
    where: Site,
    networks: str = LOOPBACK,
    seconds: float = 15,
    resolve: Resolve = system_addresses,
    ssl_context: ssl.SSLContext | None = None,
) -> Outgoing:
    """A client that may go to this site's port."""
    rules = OutgoingRules(networks_in(networks), allow_http=True, ports=frozenset({where.port}))
    return Outgoing(rules, seconds, resolve=resolve, ssl_context=ssl_context)


def got(outgoing: Outgoing, where: Site, host: str = "127.0.0.1", scheme: str = "http", limit: int = KIB) -> bytes:
    into = io.BytesIO()
    outgoing.get(f"{scheme}://{host}:{where.port}/photo.jpg?size=1", into, limit)
    return into.getvalue()


def failure(answer: Answer, seconds: float = 15, limit: int = KIB) -> FetchFailed:
    """How a request fails that is answered like this."""
    with site(answer) as where, pytest.raises(FetchFailed) as caught:
        got(client(where, seconds=seconds), where, limit=limit)
    return caught.value


def test_what_lies_at_a_url_is_written_into_the_file() -> None:
    with site(reply(b"a photo")) as where:
        assert got(client(where), where) == b"a photo"

    (request,) = where.requests
    assert request.startswith("GET /photo.jpg?size=1 HTTP/1.1\r\n")
    assert f"\r\nHost: 127.0.0.1:{where.port}\r\n" in request
    assert "\r\nAccept-Encoding: identity\r\n" in request


@pytest.mark.parametrize(
    "answer",
    [
        raw(HELLO + b"Transfer-Encoding: chunked\r\n\r\n3\r\na p\r\n", b"4\r\nhoto\r\n0\r\n\r\n"),
        raw(HELLO + b"\r\na p", b"hoto"),
        raw(b"HTTP/1.1 100 Continue\r\n\r\n" + HELLO + b"Content-Length: 7\r\n\r\na photo"),
        reply(b"a photo", "200 OK", "Content-Encoding: identity"),
        raw(HELLO + b"Content-Length: 7\r\n\r\na photo and more than was said"),
    ],
    ids=["chunked", "until it hangs up", "continue", "identity", "more than its length"],
)
def test_every_plain_way_to_send_a_body_is_understood(answer: Answer) -> None:
    with site(answer) as where:
        assert got(client(where), where) == b"a photo"


def test_a_body_may_be_as_long_as_the_limit() -> None:
    with site(reply(b"x" * KIB)) as where:
        assert got(client(where), where) == b"x" * KIB


# --- what has not changed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("etag", ['"v1"', 'W/"v1"', '""', '"%s"' % ("x" * (ETAG_CHARACTERS - 2))])
def test_the_etag_of_an_answer_is_what_to_ask_with_next_time(etag: str) -> None:
    with site(reply(b"a photo", "200 OK", f"ETag: {etag}")) as where:
        assert asked(where) == (Got(is_unchanged=False, etag=etag), b"a photo")


@pytest.mark.parametrize(
    "etag", ["v1", '"v1', '"v 1"', '"v"1"', 'w/"v1"', '"v\xe9"', '"%s"' % ("x" * (ETAG_CHARACTERS - 1))]
)
def test_what_is_no_etag_or_too_long_is_not_asked_with(etag: str) -> None:
    odd = f"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nETag: {etag}\r\n\r\na photo".encode("latin-1")
    with site(raw(odd)) as where:
        assert asked(where) == (Got(is_unchanged=False, etag=None), b"a photo")


@pytest.mark.parametrize(
    ("headers", "etag"), [([], '"v1"'), (['ETag: W/"v1"'], 'W/"v1"')], ids=["as it was", "called otherwise now"]
)
def test_what_is_unchanged_is_not_sent_again(headers: list[str], etag: str) -> None:
    with site(reply(b"", "304 Not Modified", *headers)) as where:
        assert asked(where, '"v1"') == (Got(is_unchanged=True, etag=etag), b"")

    assert '\r\nIf-None-Match: "v1"\r\n' in where.requests[0]


def test_what_has_changed_is_sent() -> None:
    with site(reply(b"another photo", "200 OK", 'ETag: "v2"')) as where:
        assert asked(where, '"v1"') == (Got(is_unchanged=False, etag='"v2"'), b"another photo")


def test_who_has_not_asked_whether_it_is_unchanged_is_not_told_so() -> None:
    with site(reply(b"", "304 Not Modified")) as where, pytest.raises(FetchFailed) as caught:
        asked(where)

    assert not caught.value.transient
    assert "If-None-Match" not in where.requests[0]


def asked(where: Site, etag: str | None = None) -> tuple[Got, bytes]:
    """What is got with an ETag, and what was written."""
    into = io.BytesIO()
    return client(where).get(f"http://127.0.0.1:{where.port}/", into, KIB, etag), into.getvalue()


# --- where it goes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_loopback_is_refused_unless_it_is_allowed(host: str) -> None:
    with site(reply(b"secret")) as where, pytest.raises(UrlRefused):
        got(client(where, networks=""), where, host)

    assert where.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["2606:4700::1111", "::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["169.254.169.254"],
        ["fe80::1%1"],
    ],
    ids=",".join,
)
def test_a_name_is_refused_if_any_of_its_addresses_is_not_public(answer: list[str]) -> None:
    with site(reply(b"secret")) as where, pytest.raises(UrlRefused):
        got(client(where, networks="", resolve=Names(answer)), where, "shop.example")

    assert where.requests == []


def test_a_name_that_also_has_an_address_outside_the_allowed_networks_is_refused() -> None:
    with site(reply(b"secret")) as where, pytest.raises(UrlRefused):
        got(client(where, resolve=Names(["127.0.0.1", "10.0.0.1"])), where, "shop.example")

    assert where.requests == []


def test_a_name_is_looked_up_once_and_the_connection_goes_to_the_address_that_was_checked() -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    with site(reply(b"a photo")) as where, site(reply(b"secret"), host="127.0.0.2") as _:
        assert got(client(where, networks="127.0.0.1/32", resolve=names), where, "rebinding.example") == b"a photo"

    assert names.asked == ["rebinding.example"]
    assert f"\r\nHost: rebinding.example:{where.port}\r\n" in where.requests[0]


def test_a_name_whose_second_lookup_is_not_public_is_refused_then() -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    with site(reply(b"a photo")) as where:
        outgoing = client(where, networks="127.0.0.1/32", resolve=names)
        got(outgoing, where, "rebinding.example")

        with pytest.raises(UrlRefused):
            got(outgoing, where, "rebinding.example")


def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    with site(reply(b"a photo")) as where:
        outgoing = client(where, resolve=Names(["127.0.0.9", "::1", "127.0.0.1"]))

        assert got(outgoing, where, "shop.example") == b"a photo"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_a_failure_and_is_not_followed(status: str) -> None:
    with site(reply(b"secret")) as inside:
        moved = reply(b"", status, f"Location: http://127.0.0.1:{inside.port}/")
        failed = failure(moved)

    assert failed.message == f"The host answered with status {status[:3]}."
    assert not failed.transient
    assert inside.requests == []


def test_a_redirect_to_the_metadata_of_cloud_machines_is_a_failure() -> None:
    assert "302" in failure(reply(b"", "302 Found", "Location: http://169.254.169.254/latest/meta-data")).message


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with site(reply(b"from the proxy")) as proxy, site(reply(b"a photo")) as where:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")

        assert got(client(where), where) == b"a photo"

    assert proxy.requests == []


def test_a_port_where_nobody_listens_may_be_tried_again() -> None:
    with site(reply()) as where:
        pass
    with pytest.raises(FetchFailed, match="could not be connected to") as caught:
        got(client(where), where)

    assert caught.value.transient


@pytest.mark.parametrize(("number", "transient"), [(socket.EAI_AGAIN, True), (socket.EAI_NONAME, False)])
def test_a_name_that_nobody_knows_is_a_failure(number: int, transient: bool) -> None:
    def unknown(host: str, port: int) -> list[Address]:
        raise socket.gaierror(number, "not known")

    with site(reply()) as where, pytest.raises(FetchFailed, match="could not be looked up") as caught:
        got(client(where, resolve=unknown), where, "nowhere.example")

    assert caught.value.transient == transient


def test_a_name_without_an_address_is_a_failure() -> None:
    with site(reply()) as where, pytest.raises(FetchFailed, match="no address"):
        got(client(where, resolve=Names([])), where, "nowhere.example")


# --- how long it takes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        drip(b"", b"H"),
        drip(HELLO, b"X: y\r\n"),
        drip(HELLO + b"Content-Length: 999\r\n\r\n", b"x"),
        drip(HELLO + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["first line", "headers", "body", "chunks", "informational"],
)
def test_a_host_that_drips_is_given_up(answer: Answer) -> None:
    failed = failure(answer, seconds=SHORT)

    assert "in time" in failed.message or "broke off" in failed.message
    assert failed.transient


def test_a_host_that_says_nothing_is_given_up() -> None:
    assert "in time" in failure(hold(threading.Event(), reply()), seconds=SHORT).message


def test_a_host_that_never_finishes_its_tls_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = Site(silent.getsockname()[1])
        with pytest.raises(FetchFailed, match="in time"):
            got(client(where, seconds=SHORT), where, scheme="https")


class Hanging:
    """A resolver that leads every name to loopback, once it is let."""

    def __init__(self) -> None:
        self.answered = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append(host)
        self.answered.wait(30)
        return [ip_address("127.0.0.1")]


def test_a_resolver_that_hangs_is_not_waited_for_and_takes_a_bounded_number_of_threads() -> None:
    hanging = Hanging()

    with site(reply(b"a photo")) as where:
        outgoing = client(where, seconds=0.05, resolve=hanging)
        for number in range(LOOKUPS_AT_ONCE + 3):
            with pytest.raises(FetchFailed, match="in time"):
                got(outgoing, where, f"{number}.example")
        assert len(hanging.asked) == LOOKUPS_AT_ONCE

        hanging.answered.set()
        assert wait_for(lambda: tried(outgoing, where), 10, "room for a lookup") == b"a photo"


def test_where_a_url_leads_is_seen_without_a_request() -> None:
    with site(reply(b"a photo")) as where:
        client(where, resolve=Names(["127.0.0.1"])).look_up(f"http://shop.example:{where.port}/told")

    assert where.requests == []


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"], ["169.254.169.254"], ["64:ff9b::7f00:1"]], ids=str
)
def test_a_url_that_leads_inside_is_refused_before_any_request(addresses: list[str]) -> None:
    outgoing = Outgoing(OutgoingRules(), resolve=Names(addresses))

    with pytest.raises(UrlRefused, match="not public"):
        outgoing.look_up("https://shop.example/told")


def test_a_url_whose_name_leads_nowhere_is_a_failure() -> None:
    with pytest.raises(FetchFailed, match="no address"):
        Outgoing(OutgoingRules(), resolve=Names([])).look_up("https://shop.example/told")


def test_who_asks_for_a_name_that_is_being_looked_up_waits_for_the_same_answer() -> None:
    hanging = Hanging()

    with site(reply(b"a photo")) as where:
        outgoing = client(where, seconds=0.05, resolve=hanging)
        for _ in range(3):
            with pytest.raises(FetchFailed, match="in time"):
                got(outgoing, where, "hanging.example")
        assert hanging.asked == ["hanging.example"]
        hanging.answered.set()


def tried(outgoing: Outgoing, where: Site) -> bytes | None:
    try:
        return got(outgoing, where, "hanging.example")
    except FetchFailed:
        return None


# --- how much it takes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"x" * (KIB + 1)),
        flood(HELLO + b"\r\n", b"x" * KIB),
        flood(HELLO + b"Transfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b"x" * KIB + b"\r\n"),
        raw(HELLO + b"Content-Length: 99999999999999999999\r\n\r\n"),
    ],
    ids=["one byte more", "endless", "endless chunks", "says so"],
)
def test_a_body_past_the_limit_is_cut_off(answer: Answer) -> None:
    failed = failure(answer)

    assert isinstance(failed, ReplyTooLarge)
    assert failed.message == "What lies at the URL has more than 1024 bytes."


def test_headers_without_end_are_cut_off() -> None:
    assert "not HTTP" in failure(flood(HELLO, b"X-Filler: " + b"x" * KIB + b"\r\n")).message


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
def test_packed_data_is_refused_before_it_is_unpacked(encoding: str) -> None:
    bomb = gzip.compress(bytes(10_000_000))

    failed = failure(reply(bomb, "200 OK", f"Content-Encoding: {encoding}"), limit=100 * KIB)

    assert "packed" in failed.message
    assert not failed.transient


@pytest.mark.parametrize(
    "answer",
    [
        raw(HELLO + b"Content-Length: 999\r\n\r\na photo"),
        raw(HELLO + b"Content-Length: 7\r\nContent-Length: 8\r\n\r\na photo"),
        raw(HELLO + b"Content-Length: -7\r\n\r\na photo"),
        raw(HELLO + b"Content-Length: seven\r\n\r\na photo"),
        raw(HELLO + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        raw(HELLO + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        raw(b"220 mail.example ESMTP\r\n"),
        raw(b"\x16\x03\x01\x02"),
        raw(HELLO + b"X: a\0b\r\n\r\n"),
        raw(b""),
    ],
    ids=["too short", "two lengths", "negative", "no number", "packed", "chunk", "mail", "tls", "NUL", "nothing"],
)
def test_what_is_not_a_whole_http_answer_is_a_failure(answer: Answer) -> None:
    assert "broke off" in failure(answer).message


@pytest.mark.parametrize(
    ("status", "transient"),
    [
        ("204 No Content", False),
        ("206 Partial Content", False),
        ("401 Unauthorized", False),
        ("404 Not Found", False),
        ("410 Gone", False),
        ("429 Too Many Requests", True),
        ("500 Internal Server Error", True),
        ("503 Service Unavailable", True),
    ],
)
def test_only_200_is_an_answer_and_some_others_may_be_one_later(status: str, transient: bool) -> None:
    failed = failure(reply(b"" if status.startswith("204") else b"no photo", status))

    assert status[:3] in failed.message
    assert failed.transient == transient


def test_a_host_that_changes_the_protocol_is_a_failure() -> None:
    assert "not HTTP" in failure(raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")).message


# --- TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def trusted(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return certificate_for("shop.example", tmp_path)


def test_tls_goes_by_the_name_and_not_by_the_address(trusted: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, ours = trusted
    asked_for: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    with site(reply(b"a photo"), server) as where:
        outgoing = client(where, resolve=Names(["127.0.0.1"]), ssl_context=ours)

        assert got(outgoing, where, "shop.example", "https") == b"a photo"

    assert asked_for == ["shop.example"]


def test_an_address_may_have_a_certificate_too(tmp_path: Path) -> None:
    server, ours = certificate_for("127.0.0.1", tmp_path)
    with site(reply(b"a photo"), server) as where:
        assert got(client(where, ssl_context=ours), where, scheme="https") == b"a photo"


def test_a_certificate_for_another_name_is_refused(trusted: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, ours = trusted
    with site(reply(b"a photo"), server) as where, pytest.raises(FetchFailed, match="certificate") as caught:
        got(client(where, resolve=Names(["127.0.0.1"]), ssl_context=ours), where, "other.example", "https")

    assert not caught.value.transient
    assert where.requests == []


def test_a_certificate_that_nobody_vouches_for_is_refused(trusted: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, _ = trusted
    with site(reply(b"a photo"), server) as where, pytest.raises(FetchFailed, match="certificate"):
        got(client(where, resolve=Names(["127.0.0.1"])), where, "shop.example", "https")


# --- and again ---------------------------------------------------------------------------------------------------


def test_a_client_can_be_used_again_after_a_failure() -> None:
    with site(in_turn(reply(b"", "503 Busy"), reply(b"a photo"))) as where:
        outgoing = client(where)
        with pytest.raises(FetchFailed, match="503"):
            got(outgoing, where)

        assert got(outgoing, where) == b"a photo"
