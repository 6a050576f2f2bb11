"""Who may read metrics: the machine itself, but not through a proxy, and who has the token."""

import secrets

import pytest
from pydantic import SecretStr

from shared.metrics.access import may_read

TOKEN = secrets.token_urlsafe(48)
HOST = ("host", "127.0.0.1:9810")


def may(peer: str | None, *headers: tuple[str, str], token: str | None = TOKEN) -> bool:
    return may_read(None if token is None else SecretStr(token), peer, headers)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["127.0.0.1:9810", "localhost", "[::1]:8000"])
def test_a_client_on_this_machine_may(peer: str, host: str) -> None:
    assert may(peer, ("host", host))
    assert may(peer, ("host", host), token=None)


@pytest.mark.parametrize("peer", ["10.0.0.7", "203.0.113.9", "2001:db8::1", "::ffff:10.0.0.7", "", None, "testclient"])
def test_nobody_else_may(peer: str | None) -> None:
    assert not may(peer, HOST)
    assert not may(peer, HOST, token=None)


@pytest.mark.parametrize(
    "header", ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "via", "x-real-ip"]
)
def test_what_a_proxy_on_this_machine_passes_on_is_a_strangers(header: str) -> None:
    assert not may("127.0.0.1", HOST, (header, "127.0.0.1"))


@pytest.mark.parametrize("hosts", [("api.example.com",), (), ("127.0.0.1", "api.example.com"), ("127.0.0.1.nip.io",)])
def test_a_request_for_another_name_is_a_strangers(hosts: tuple[str, ...]) -> None:
    assert not may("127.0.0.1", *(("host", host) for host in hosts))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_who_has_the_token_may_from_anywhere(scheme: str) -> None:
    sent = ("authorization", f"{scheme} {TOKEN}")

    assert may("203.0.113.9", ("host", "api.example.com"), ("x-forwarded-for", "198.51.100.1"), sent)


@pytest.mark.parametrize(
    "credentials",
    [f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer", "Bearer ", "Bearer é\udce9", ""],
    ids=["another scheme", "no scheme", "longer", "shorter", "none", "empty", "no text", "nothing"],
)
def test_a_wrong_token_helps_nobody(credentials: str) -> None:
    assert not may("203.0.113.9", HOST, ("authorization", credentials))


def test_two_tokens_are_none() -> None:
    sent = ("authorization", f"Bearer {TOKEN}")

    assert not may("203.0.113.9", HOST, sent, sent)


def test_without_a_token_in_the_settings_none_is_right() -> None:
    assert not may("203.0.113.9", HOST, ("authorization", "Bearer "), token=None)
