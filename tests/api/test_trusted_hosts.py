"""Requests for another name than ours are refused, whatever they ask for."""

import socket
from collections.abc import Iterator

import pytest

from migrations.upgrade import upgrade
from tests.api.conftest import RunningApi, serve, settings_for
from tests.conftest import RedisServer


@pytest.fixture(scope="module")
def api(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    folder = tmp_path_factory.mktemp("hosts")
    settings = settings_for(folder, shared_redis.broker_url, allowed_hosts="shop.example.com,*.in-house.example")
    upgrade(settings.database)
    with serve(settings) as running:
        yield running


def send(api: RunningApi, *host_lines: str, path: str = "/health/live", version: str = "1.1") -> bytes:
    """The answer to a request with exactly these Host lines; no well-behaved client would send some of them."""
    host, port = api.url.removeprefix("http://").split(":")
    request = "\r\n".join([f"GET {path} HTTP/{version}", *host_lines, "Connection: close", "", ""])
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request.encode("latin-1"))
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost:8000",
        "[::1]:8000",
        "[0:0::1]",
        "shop.example.com",
        "SHOP.example.com.:443",
        "a.in-house.example",
    ],
)
def test_our_own_names_are_served(api: RunningApi, host: str) -> None:
    assert send(api, f"Host: {host}").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "shop.example.com.evil.example",
        "in-house.example",
        "127.0.0.1.evil.example",
        "169.254.169.254",
        "[::2]",
        "[::ffff:127.0.0.1]",
        "localhost:80:80",
        "user@localhost",
        "localhost, evil.example",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/health/live", "/api/jobs", "/nowhere"])
def test_another_name_is_a_problem(api: RunningApi, host: str, path: str) -> None:
    answer = send(api, f"Host: {host}", path=path)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    assert b'"code":"INVALID_HOST"' in body
    assert b"x-content-type-options: nosniff" in head.lower()
    assert b"x-request-id: " in head.lower()


@pytest.mark.parametrize(
    "lines", [(), ("Host: localhost", "Host: localhost"), ("Host: localhost", "Host: evil.example")]
)
def test_no_host_and_two_hosts_are_refused(api: RunningApi, lines: tuple[str, ...]) -> None:
    assert send(api, *lines).startswith(b"HTTP/1.1 400 ")


def test_an_old_client_without_a_host_gets_a_problem(api: RunningApi) -> None:
    assert b'"code":"INVALID_HOST"' in send(api, version="1.0")


def test_a_forwarded_host_is_nobodys_word(api: RunningApi) -> None:
    assert b"INVALID_HOST" in send(api, "Host: evil.example", "X-Forwarded-Host: localhost")
    assert b"INVALID_HOST" not in send(api, "Host: localhost", "X-Forwarded-Host: evil.example")
