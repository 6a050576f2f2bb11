"""What a Host header names, and which names are ours."""

import pytest

from shared.errors import ConfigurationError
from shared.hosts import host_of, is_every_address
from shared.settings import load_settings


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8000", "localhost"),
        ("api.example.com.", "api.example.com"),
        ("api.example.com.:443", "api.example.com"),
        ("api.example.com:", "api.example.com"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[::1]:8000", "[::1]"),
        ("[0:0:0:0:0:0:0:1]", "[::1]"),
        ("[2001:DB8::A]:80", "[2001:db8::a]"),
    ],
)
def test_a_host_header_names_a_host(header: str, host: str) -> None:
    assert host_of(header) == host


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        ":8000",
        ".",
        "..",
        "a..b",
        "a.example.com..",
        "::1",
        "[::1",
        "[:::1]",
        "[::1]x",
        "[127.0.0.1]",
        "localhost:8000:8000",
        "localhost:http",
        "localhost:123456",
        "user@localhost",
        "localhost/",
        "localhost, evil.example",
        "localhost evil.example",
        "local\x00host",
        "localhost\n",
        "ü.example",
        "x" * 300,
    ],
)
def test_what_names_no_host_is_none(header: str) -> None:
    assert host_of(header) is None


@pytest.mark.parametrize(
    ("allowed", "host", "included"),
    [
        ("", "localhost", True),
        ("", "127.0.0.1", True),
        ("", "[::1]", True),
        ("", "evil.example", False),
        ("", "127.0.0.2", False),
        ("shop.example.com", "shop.example.com", True),
        ("shop.example.com", "localhost", True),
        ("shop.example.com", "example.com", False),
        ("shop.example.com", "a.shop.example.com", False),
        ("shop.example.com", "shop.example.com.evil.example", False),
        (" Shop.Example.com. , 192.0.2.7 ", "shop.example.com", True),
        (" Shop.Example.com. , 192.0.2.7 ", "192.0.2.7", True),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "evilexample.com", False),
        ("2001:db8::1", "[2001:db8::1]", True),
        ("[2001:DB8:0::1]", "[2001:db8::1]", True),
        ("*", "anything.example", True),
    ],
)
def test_which_hosts_are_ours(allowed: str, host: str, included: bool) -> None:
    assert load_settings(allowed_hosts=allowed).trusted_hosts.include(host) is included


@pytest.mark.parametrize(
    ("listening_on", "host"), [("192.0.2.7", "192.0.2.7"), ("Box.Local", "box.local"), ("2001:db8::7", "[2001:db8::7]")]
)
def test_the_address_that_is_listened_on_is_ours(listening_on: str, host: str) -> None:
    assert load_settings(host=listening_on).trusted_hosts.include(host)
    assert load_settings(host=listening_on, allowed_hosts="shop.example.com").trusted_hosts.include(host)


@pytest.mark.parametrize(
    "allowed", ["https://a.example", "a.example:443", "*a.example", "a.*.example", "*.", "**", "a b"]
)
def test_what_is_no_host_is_refused_as_a_setting(allowed: str) -> None:
    with pytest.raises(ConfigurationError, match="SHELFWISE_ALLOWED_HOSTS: it must be host names with commas"):
        load_settings(allowed_hosts=allowed)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "[::]", "0", "0x0", "0:0:0:0:0:0:0:0", ""])
def test_listening_on_every_address_needs_the_names(host: str) -> None:
    assert is_every_address(host)
    with pytest.raises(ConfigurationError, match="SHELFWISE_ALLOWED_HOSTS is not set, and SHELFWISE_HOST is every"):
        _ = load_settings(host=host).trusted_hosts

    named = load_settings(host=host, allowed_hosts="shop.example.com").trusted_hosts
    assert named.include("shop.example.com")
    assert named.include("127.0.0.1"), "`up` asks there whether the service is ready"
    assert not named.include("0.0.0.0")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "0.0.0.1", "box.local"])
def test_other_addresses_are_not_every_address(host: str) -> None:
    assert not is_every_address(host)
